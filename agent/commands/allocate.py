"""``apportion allocate``: a month split over customers, and the line that proves it."""

from argparse import Namespace

from agent import pipeline, results
from agent.commands.interface import Answer
from agent.commands.project import month, opened
from agent.progress import Progress
from agent.reconciliation import absences


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The proof line, where the results are, and which configured sources they are without."""
    settings = opened(arguments)
    period = month(settings, arguments)
    pipeline.allocate(settings, period, progress)
    proof = results.read_proof(settings.data, period) or {}
    folder = str(results.folder(settings.data, period))
    document = {"period": str(period), "results": folder, "proof_line": proof["proof_line"], "totals": proof["totals"]}
    missing = list(absences(settings, period).values())
    lines = [f"Proof: {proof['proof_line']}", f"results: {folder}", *(f"missing: {text}" for text in missing)]
    return Answer("\n".join(lines), document | {"missing": missing})
