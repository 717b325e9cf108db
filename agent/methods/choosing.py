"""Which two methods are compared, and over which months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.billing.ledger.versions import periods
from agent.closing import Closed, closed_months, frozen_settings
from agent.config.allocation import AllocationFile
from agent.config.loading import Settings, read_rules
from agent.errors import NothingToDo, UsageError
from agent.period import Period
from policies.nearest import did_you_mean

CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Method:
    """One side of a comparison, by the words it was asked for with."""

    named: str
    rules: AllocationFile
    by_month: Mapping[Period, AllocationFile] = field(default_factory=dict)
    """``current`` alone: what is in force for each month; what a closed one was closed with."""

    def of(self, period: Period) -> AllocationFile:
        """The rules of that month."""
        return self.by_month.get(period, self.rules)


def choose(settings: Settings, named: str, over: Sequence[Period]) -> Method:
    """``current``, the id of a version (configured, or kept with a closed month), or the path of an allocation.yaml.

    Raises ``UsageError`` for what is none of these, ``ConfigError`` with every fault of a file.
    """
    books = closed_months(settings.data)
    if named == CURRENT:
        shut = {month.period: _frozen(settings, month) for month in books if month.period in over}
        return Method(named, settings.allocation(max(over)), {each: settings.allocation(each) for each in over} | shut)
    if (version := settings.methods.named(named)) is not None:
        return Method(named, version.rules)
    kept = {rules.methodology.id: rules for month in books if (rules := _frozen(settings, month)).methodology}
    if named in kept:
        return Method(named, kept[named])
    if Path(named).is_file():
        return Method(named, read_rules(settings, Path(named)))
    known = [CURRENT, *(each.id for each in settings.methods.versions if each.id), *kept]
    raise UsageError(
        f"no method {named!r}{did_you_mean(named, known)}",
        expected=f"{', '.join(dict.fromkeys(known))}, or the path of an allocation.yaml",
    )


def _frozen(settings: Settings, month: Closed) -> AllocationFile:
    return frozen_settings(settings, month).allocation(month.period)


def months(settings: Settings, last: Period | None, first: Period | None, count: int | None) -> list[Period]:
    """The months with billing data from ``first``, or the last ``count``, to ``last``; by default ``last`` alone.

    ``last`` None: the last month there is. Raises ``NothingToDo`` where there is no month to compare.
    """
    known = [period for period in periods(settings.data) if last is None or period <= last]
    if last is not None and first is None and count is None:
        known = [period for period in known if period == last]
    if first is not None:
        known = [period for period in known if period >= first]
    elif count is not None or last is None:
        known = known[-(count or 1) :]
    if not known:
        asked = f" from {first}" if first else ""
        until = f" to {last}" if last and (first or count) else f" for {last}" if last else ""
        raise NothingToDo(f"there is no billing data{asked}{until}", mend="run apportion ingest")
    return known
