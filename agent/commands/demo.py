"""``apportion demo [DIR]``: an invented company, and the whole job run on it, offline."""

from argparse import Namespace
from pathlib import Path

from agent import pipeline, terminal
from agent.commands import run as run_command
from agent.commands.interface import Answer
from agent.config.loading import load_application
from agent.demo import write_demo
from agent.errors import UsageError
from agent.margins.records import CustomerLine, PeriodReport
from agent.progress import Progress
from reports import preview
from reports.figures import percent, whole

TOP = 10


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The proof line, the dearest customers, the digest and the report's files."""
    folder = Path(arguments.folder)
    _refuse_foreign(folder)
    company = write_demo(folder, progress, lines=arguments.lines)
    outcome = pipeline.run(load_application(company.config), None, progress, send=False)
    parts = [
        f"Proof: {outcome.figures.proof_line}",
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
    customers = [line for line in figures.customers if not line.reserved]
    ranked = sorted(customers, key=lambda line: (-line.cost, line.customer))[:TOP]
    headers = ("customer", "tier", "cost", "revenue", "margin on allocated COGS")
    table = terminal.table(headers, [_row(line, figures.summary.currency) for line in ranked], right=(2, 3, 4))
    return f"{table}\n{len(ranked)} of {len(customers)} customers, dearest first"


def _row(line: CustomerLine, currency: str) -> tuple[str, ...]:
    revenue = "unknown" if line.revenue is None else whole(line.revenue, currency)
    margin = "-" if line.margin_pct is None else percent(line.margin_pct)
    return line.name, line.tier, whole(line.cost, currency), revenue, margin
