"""``apportion allocate``: a month split over customers, and the line that proves it."""

from argparse import Namespace

from agent import pipeline, results
from agent.commands.interface import Answer
from agent.commands.project import month, opened
from agent.progress import Progress


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The proof line and where the results are."""
    settings = opened(arguments)
    period = month(settings, arguments)
    pipeline.allocate(settings, period, progress)
    proof = results.read_proof(settings.data, period) or {}
    folder = str(results.folder(settings.data, period))
    document = {"period": str(period), "results": folder, "proof_line": proof["proof_line"], "totals": proof["totals"]}
    return Answer(f"Proof: {proof['proof_line']}\nresults: {folder}", document)
