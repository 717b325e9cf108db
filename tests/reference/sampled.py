"""Method ``sampled``: the windows' quantities, medians of tiers for who is in none, weight on active days only."""

from datetime import date
from fractions import Fraction

from agent.config.allocation import Pool
from policies.registry import Customer
from tests.reference.company import ONE_DAY, People, Usage, days
from tests.reference.records import Company

BOUND = 10**14


def sampled(company: Company, pool: Pool, usage: Usage, start: date, end: date) -> dict[str, Fraction]:
    """Weights on the days from ``start`` to before ``end``."""
    people = People(company)
    spans = len(days(start, end))
    found = {}
    for consumer, weight in ratios(company, pool, usage).items():
        active = [day for day in days(start, end) if people.active(consumer, day)]
        found[consumer] = Fraction(weight * (spans if consumer.startswith("@") else len(active)))
    return found


def ratios(company: Company, pool: Pool, usage: Usage) -> dict[str, int]:
    """Whole weights below the bound: twice the quantities, so that the mean of two is whole, too."""
    assert pool.sample is not None
    traced: dict[str, Fraction] = {}
    for window in pool.sample.windows:
        if window.from_ <= str(company.period) <= window.until:
            for consumer, quantity in usage.over(days(window.first, window.last + ONE_DAY), None).items():
                traced[consumer] = traced.get(consumer, Fraction(0)) + quantity
    if not any(traced.values()):
        return {}
    ids = {row.id for row in company.customers}
    tiers = {known: _tier(company, known) for known in ids}
    weights = dict(traced)
    for known in _active(company) - {row.parent for row in company.customers} - set(traced):
        others = [quantity for other, quantity in traced.items() if other in ids]
        same = [quantity for other, quantity in traced.items() if other in ids and tiers[other] == tiers[known]]
        weights[known] = _median(same or others)
    scale = 1
    while any((quantity * scale).denominator > 1 for quantity in traced.values()):
        scale *= 10
    whole = {consumer: int(2 * weight * scale) for consumer, weight in weights.items()}
    while sum(whole.values()) >= BOUND:
        whole = {consumer: weight // 10 for consumer, weight in whole.items()}
    return whole


def _active(company: Company) -> set[str]:
    people = People(company)
    month = days(company.period.first_day, company.period.last_day + ONE_DAY)
    return {row.id for row in company.customers if any(people.active(row.id, day) for day in month)}


def _tier(company: Company, known: str) -> str:
    """That of the last row that has begun by the end of the month, else of the first."""
    rows: list[Customer] = sorted(
        (row for row in company.customers if row.id == known), key=lambda row: row.start or date.min
    )
    begun = [row for row in rows if (row.start or date.min) <= company.period.last_day]
    return (begun[-1] if begun else rows[0]).tier.casefold()


def _median(quantities: list[Fraction]) -> Fraction:
    ordered = sorted(quantities)
    middle = len(ordered) // 2
    if not ordered:
        return Fraction(0)
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
