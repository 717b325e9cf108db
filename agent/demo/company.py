"""Writes the whole demo company into a folder; read this file first."""

from dataclasses import dataclass
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path

from agent.demo import cur2, cur2_lines, focus, lines, usage
from agent.demo.clock import PERIODS, Clock
from agent.demo.fleet import fleet
from agent.demo.invoices import Amounts, write_invoices
from agent.demo.tables import FOLDER, accounts, customers
from agent.errors import UsageError
from agent.period import Period
from agent.progress import Progress

HOURLY_LINES = 200_000
"""Lines of the two months when every resource is billed hour by hour and there is one copy of each."""
CONFIGURATION = ("apportion.yaml", "policy.yaml", "allocation.yaml", "customers.csv")
TERRAFORM = ("terraform/main.tf", "terraform/tenants.tf")


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """What was written. ``billed`` is the exact BilledCost by (source, period) in dollars."""

    folder: Path
    config: Path
    periods: tuple[Period, ...]
    lines: int
    billed: dict[tuple[str, Period], Decimal]
    months: tuple[cur2.Written, ...]
    focus: Path


def write_demo(folder: Path, progress: Progress, *, lines: int = HOURLY_LINES, seed: int = 7) -> DemoCompany:
    """Writes about ``lines`` billing lines and everything beside them; the same arguments give the same bytes.

    Fewer lines mean longer steps of time (down to one line a day and resource), more lines mean more resources;
    the spend stays. Raises :class:`UsageError` where a configuration of the user's own would be overwritten.
    """
    config = _write_configuration(folder)
    clients = customers()
    progress.step("Writing the demo company: AWS billing")
    months = _write_aws(folder / "exports" / "aws", lines, seed, progress)
    progress.step("Writing the demo company: the second provider, usage and revenue")
    google = focus.write_focus(folder / "exports" / "focus-gcp", seed)
    usage.write_usage(folder / "usage", clients, seed)
    usage.write_revenue(folder / "revenue.csv", clients)
    invoiced: Amounts = {(month.period, "aws", name): cost for month in months for name, cost in month.invoices.items()}
    over = {month.period for month in months if month.invoices}
    write_invoices(folder, invoiced | {(month, "gcp", ""): google.billed[month] for month in over})
    billed = {("aws", month.period): month.unblended for month in months}
    billed |= {("gcp", period): amount for period, amount in google.billed.items()}
    count = sum(size for month in months for _, size in month.files) + google.lines
    return DemoCompany(folder, config, PERIODS, count, billed, months, google.path)


def _write_configuration(folder: Path) -> Path:
    contents = {name: _file(name).read_bytes() for name in (*CONFIGURATION, *TERRAFORM)}
    foreign = [name for name, content in contents.items() if _differs(folder / name, content)]
    if foreign:
        raise UsageError(
            f"{folder} already holds {', '.join(foreign)} with other content",
            expected="an empty folder, or one the demo was written to",
            mend="name another folder, or delete these files",
        )
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder / CONFIGURATION[0]


def _differs(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() != content


def _file(name: str) -> Traversable:
    return FOLDER.joinpath(*name.split("/"))


def _write_aws(folder: Path, wanted: int, seed: int, progress: Progress) -> tuple[cur2.Written, ...]:
    known = accounts()
    resources = fleet(known, customers(), copies=max(1, round(wanted / HOURLY_LINES)))
    clocks = [Clock(period, _step(wanted)) for period in PERIODS]
    months = [lines.usage(resources, clock, seed) for clock in clocks]
    plan = lines.commitment(months, clocks)
    written = []
    for number, (month, clock) in enumerate(zip(months, clocks, strict=True)):
        period = clock.period
        beside = lines.charges(period, known) + lines.negotiated_discounts(month, period)
        blocks = [
            cur2_lines.usage_block(month, clock, known["payer"]),
            cur2_lines.negation_block(month, clock, known["payer"]),
            cur2_lines.fee_block(plan[period], clock, known["payer"]),
            cur2_lines.charge_block(beside, period, known["payer"]),
        ]
        written.append(cur2.write_month(folder, period, blocks, parts=_parts(wanted)))
        progress.advance(number + 1, len(months), str(period))
    return tuple(written)


def _step(wanted: int) -> int:
    """Hours a line covers: the least divisor of 24 that keeps to the wanted number of lines."""
    fitting = [hours for hours in (1, 2, 3, 4, 6, 8, 12, 24) if HOURLY_LINES // hours <= max(wanted, 1)]
    return fitting[0] if fitting else 24


def _parts(wanted: int) -> int:
    return max(3, wanted // 400_000)
