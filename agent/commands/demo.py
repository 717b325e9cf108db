"""``apportion demo [DIR]``: an invented company, and the whole job run on it, offline."""

from argparse import Namespace
from pathlib import Path

from agent import pipeline, terminal
from agent.commands import run as run_command
from agent.commands.interface import Answer
from agent.config.loading import load_application
from agent.demo import write_demo
from agent.errors import UsageError
from agent.margins.records import PeriodReport
from agent.progress import Progress
from reports import preview
from reports.figures import percent, whole

TOP = 10


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The proof line, the dearest customers, the digest and the report's files."""
    folder = Path(arguments.folder)
    _refuse_foreign(folder)
    company = write_demo(folder, progress)
    outcome = pipeline.run(load_application(company.config), None, progress, send=False)
    parts = [
        outcome.figures.proof_line,
        _dearest(outcome.figures),
        preview.render(outcome.digest).rstrip(),
        "\n".join(["The report of the month:", *(f"  {path}" for path in outcome.files)]),
        f"Look around: cd {folder} && apportion doctor",
    ]
    return Answer("\n\n".join(parts), {"folder": str(folder), **run_command.record(outcome)})


def _refuse_foreign(folder: Path) -> None:
    """A folder of the user's own is not written into; an earlier demo's is."""
    taken = folder.is_file() or (folder.is_dir() and any(folder.iterdir()))
    if taken and not (folder / "apportion.yaml").is_file():
        raise UsageError(f"{folder} is not empty and holds no earlier demo", mend="apportion demo DIR, a new folder")


def _dearest(figures: PeriodReport) -> str:
    """The top of the cost-per-customer table."""
    lines = sorted((line for line in figures.customers if not line.reserved), key=lambda line: (-line.cost, line.customer))
    currency = figures.summary.currency
    rows = [
        (line.name, line.tier, whole(line.cost, currency))
        + ("unknown" if line.revenue is None else whole(line.revenue, currency),)
        + ("-" if line.margin_pct is None else percent(line.margin_pct),)
        for line in lines[:TOP]
    ]
    headers = ("customer", "tier", "cost", "revenue", "margin on allocated COGS")
    table = terminal.table(headers, rows, right=(2, 3, 4))
    return f"{table}\n{min(TOP, len(lines))} of {len(lines)} customers, dearest first"
