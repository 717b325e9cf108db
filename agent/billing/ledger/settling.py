"""When a billing period stops moving: read from its invoice ids, and until then a day by which it usually does.

The day alone never makes a period final: it says until when to expect changes, and that they may come later still.
Sources of the days: each provider's documentation of its export, named beside its entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from agent.period import Period


@dataclass(frozen=True, slots=True)
class Habit:
    """A provider's way of settling: ``days`` after the last day of the month, and what stands behind them."""

    days: int
    why: str
    by_invoice: bool = True
    """Whether an invoice id on every charge means that the month is invoiced."""


@dataclass(frozen=True, slots=True)
class Charges:
    """Ledger rows with a BilledCost: those that name an invoice, and those that do not."""

    invoiced: int = 0
    open: int = 0


HABITS: dict[str, Habit] = {
    # AWS rewrites a month for about two weeks after its end; the invoice id is blank until it is final
    "aws": Habit(14, "AWS rewrites a month for about two weeks after its end"),
    # Azure: charges may change until the 5th, and data arrives up to 72 hours later
    "azure": Habit(8, "Azure changes charges until the 5th, and usage arrives up to 72 hours later"),
    # Google promises no day; corrections come as rows of their own, ids of invoices do not come at all
    "gcp": Habit(10, "Google names no day after which a month is complete", by_invoice=False),
    # DigitalOcean makes the invoice on the 1st; what is read before is its preview
    "digitalocean": Habit(1, "DigitalOcean makes the invoice on the 1st"),
    # Oracle names no day; corrections refer back to the line they correct
    "oci": Habit(10, "Oracle names no day after which a month is complete", by_invoice=False),
    "": Habit(10, "nothing says when this provider settles a month"),
}
_BY_KIND = {"aws-cur": "aws", "aws-cur2": "aws", "azure": "azure", "gcp": "gcp", "digitalocean": "digitalocean"}
_BY_KIND |= {"oci": "oci", "csv": ""}
_BY_NAME = {"aws": "aws", "amazon": "aws", "microsoft": "azure", "azure": "azure", "google": "gcp", "oracle": "oci"}
_BY_NAME |= {"digitalocean": "digitalocean"}


def estimated(
    kind: str, period: Period, charges: Mapping[str | None, Charges], after_days: int | None = None
) -> tuple[str | None, str]:
    """(day until which the period is an estimate, why); (None, "") once every charge names its invoice.

    The reason is what can be said of the source: ``has no invoice yet; AWS rewrites ...``.

    ``charges`` by ProviderName, which decides for kind ``focus`` (one file may hold several providers). ``after_days``
    is the user's own number of days after the month's end. A period without any charge is an estimate, too.
    """
    waiting = {name: found for name, found in charges.items() if not _invoiced(kind, name, found)}
    if charges and not waiting:
        return None, ""
    habits = [_habit(kind, name) for name in waiting] or [_habit(kind, None)]
    slowest = max(habits, key=lambda habit: (habit.days, habit.why))
    days = slowest.days if after_days is None else after_days
    return str(period.last_day + timedelta(days=days)), f"{_missing(slowest, waiting)}; {slowest.why}"


def _invoiced(kind: str, provider: str | None, found: Charges) -> bool:
    return _habit(kind, provider).by_invoice and found.invoiced > 0 and not found.open


def _habit(kind: str, provider: str | None) -> Habit:
    if kind in _BY_KIND:
        return HABITS[_BY_KIND[kind]]
    name = (provider or "").casefold()
    return HABITS[next((key for word, key in _BY_NAME.items() if word in name), "")]


def _missing(habit: Habit, waiting: Mapping[str | None, Charges]) -> str:
    """What is said of the source: ``aws`` + ``has no invoice yet``."""
    invoiced, waits = (sum(getattr(each, name) for each in waiting.values()) for name in ("invoiced", "open"))
    if not habit.by_invoice:
        return "names no final invoice"
    return (
        f"has charges without an invoice yet ({waits:,} of {waits + invoiced:,})" if invoiced else "has no invoice yet"
    )
