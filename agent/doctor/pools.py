"""Rules that decide nothing: pools that match nothing, everything or what others take, and customer rules."""

from collections.abc import Callable, Iterator, Sequence

from agent.config.allocation import AllocationFile
from agent.doctor.records import Finding, warn
from policies.columns import Subjects
from policies.pool_masks import OPEN_KINDS, first
from policies.recognition import Recogniser
from policies.rules import Rule

Asking = Callable[[Sequence[Rule]], Recogniser]
"""The rules of a project with other customer rules."""


def idle_rules(allocation: AllocationFile, asked: Recogniser, asking: Asking, of: Subjects) -> Iterator[Finding]:
    """What the rules of ``allocation`` never decide over ``of``, the distinct keys of a month."""
    yield from _pools(allocation, asked, of)
    yield from _customer_rules(allocation.customer, asking, of)


def _pools(allocation: AllocationFile, asked: Recogniser, of: Subjects) -> Iterator[Finding]:
    masks, owners = asked.pool_masks(of), asked.recognise(of).own_customer
    by_rules = asked.recognise(of).customer
    for at, pool in enumerate(allocation.pools):
        matched = [row for row, mask in enumerate(masks) if mask >> at & 1]
        taken = [row for row in matched if first(masks[row]) == at]
        free = [row for row in taken if (by_rules if of.kind[row] in OPEN_KINDS else owners)[row] is None]
        if not matched:
            if not _is_sent_charges(allocation, pool.name):
                yield warn("pools", f"{pool.name} matches no charge", "is its match spelt as the bill spells it?")
        elif not taken:
            names = sorted({str(allocation.pools[first(masks[row]) or 0].name) for row in matched})
            yield warn("pools", f"{pool.name} takes nothing: {', '.join(names)}, listed before it, take all it matches")
        elif not free:
            yield warn("pools", f"{pool.name} takes nothing: every charge it matches has a customer of its own")
        elif len(matched) > 1 and all(masks[row] >> at & 1 for row, kind in enumerate(of.kind) if kind in OPEN_KINDS):
            yield warn("pools", f"{pool.name} matches every charge", "nothing is left that could be found untagged")


def _is_sent_charges(allocation: AllocationFile, name: str) -> bool:
    charges = allocation.charges
    return f"pool:{name}" in (charges.tax, charges.support, charges.credit, charges.refund, charges.fee)


def _customer_rules(rules: Sequence[Rule], asking: Asking, of: Subjects) -> Iterator[Finding]:
    """Rules that find a customer, but only where an earlier one has found one already."""
    before: list[str | None] = [None] * len(of)
    for at, rule in enumerate(rules):
        now = asking(rules[: at + 1]).recognise(of).customer
        if now == before and any(asking([rule]).recognise(of).customer):
            mend = "list it earlier, or remove it"
            yield warn("customers", f"customer rule {at + 1} never decides: earlier ones find all it matches", mend)
        before = now
