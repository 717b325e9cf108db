"""Method sampled: what was traced in windows stands for months; who was not traced has the median of its tier."""

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from statistics import median

from agent.verify.allocation.method import Pool
from agent.verify.allocation.people import People
from agent.verify.allocation.splitting import fitted
from agent.verify.allocation.usage import Usage, Weights, day_after


def traced(pool: Pool, usage: Usage, people: People, first: date) -> Weights:
    """The weights of the month that begins with ``first``, for one active day; none where nothing was traced.

    NOTE: twice the quantities, so that the median of two is whole; below 1e14 in total before days are counted.
    """
    month = f"{first:%Y-%m}"
    windows = [window for window in pool.windows if window.begin <= month <= window.until]
    days = {
        window.first + timedelta(days=at) for window in windows for at in range((window.last - window.first).days + 1)
    }
    sums: Weights = {}
    for day in days:
        for consumer, quantity in usage.between(day, day_after(day)).items():
            sums[consumer] = sums.get(consumer, 0) + 2 * quantity
    if not any(sums.values()):
        return {}
    last = first.replace(day=monthrange(first.year, first.month)[1])
    absent = [
        known for known in people.leaves if known not in sums and people.active_days(known, first, day_after(last))
    ]
    return dict(fitted(sums | {known: _median(known, sums, people, last) for known in absent}))


def _median(customer: str, sums: Weights, people: People, day: date) -> int:
    """Of the traced customers of its tier; of all traced ones where its tier has none."""
    known = {other: weight for other, weight in sums.items() if people.registered(other)}
    tier = people.tier(customer, day)
    same = [weight for other, weight in known.items() if people.tier(other, day) == tier]
    found = same or list(known.values())
    return int(median(map(Fraction, found))) if found else 0
