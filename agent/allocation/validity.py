"""On which days which rules hold: a period is cut where one begins or ends, or where a customer becomes another.

Rules are asked about distinct subjects without dates. Within a span the same rules hold on every day, so each subject
is asked about once a span; where nothing has dates there is one span, and nothing costs more than before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from agent.allocation.tables import FIRST_DAY, LAST_DAY
from agent.config.allocation import AllocationFile
from policies.registry import Registry
from policies.rules import Bounded, in_force

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``first`` to ``last``, both included; the outermost spans of a period have no ends."""

    first: date
    last: date
    day: date
    """A day of the span within the period: what holds on it holds on every day of the period in the span."""


def spans(all_rules: Iterable[AllocationFile], registry: Registry, first: date, last: date) -> list[Span]:
    """The period from ``first`` to ``last``, cut wherever a rule or pool of any of these files begins or has ended.

    So it is where a customer has merged into another.
    """
    starts = {start for rules in all_rules for start in _starts(rules)}
    starts |= {ended + _DAY for _, ended, _ in registry.mergers if ended < LAST_DAY}
    cuts = sorted(start for start in starts if first < start <= last)
    begins, ends = [FIRST_DAY, *cuts], [*(cut - _DAY for cut in cuts), LAST_DAY]
    return [Span(begin, end, max(begin, first)) for begin, end in zip(begins, ends, strict=True)]


def _starts(rules: AllocationFile) -> Iterator[date]:
    """The first days on which another set of rules holds than on the day before."""
    for bounded in bounds(rules):
        if bounded.from_ is not None:
            yield bounded.from_
        if bounded.until is not None and bounded.until < LAST_DAY:
            yield bounded.until + _DAY


def bounds(rules: AllocationFile) -> list[Bounded]:
    """Everything that may have days: customer rules, environment rules, matches of pools."""
    return [*rules.customer, *rules.environment.rules, *(pool.match for pool in rules.pools)]


def holding(rules: Sequence[Bounded], day: date) -> list[int]:
    """The places of the rules that hold on that day."""
    return [at for at, rule in enumerate(rules) if in_force(rule, day)]
