"""How many days a customer was active: what revenue to date and comparisons are scaled by."""

from datetime import date

from policies.registry import Customer, Registry


def active_days(registry: Registry, customer: str, first: date, last: date) -> int:
    """Days from ``first`` to ``last``, both included, that lie inside one of the customer's dated rows."""
    return sum(row_days(row, first, last) for row in registry.rows(customer))


def row_days(row: Customer, first: date, last: date) -> int:
    """Days from ``first`` to ``last``, both included, inside one dated row."""
    return max(0, (min(row.end or last, last) - max(row.start or first, first)).days + 1)


def is_active_customer(registry: Registry, customer: str, first: date, day: date) -> bool:
    """Active customers of ALLOCATION 8: not internal, begun by ``day``, not ended before ``first``."""
    return any(
        row.kind != "internal" and (row.start is None or row.start <= day) and (row.end is None or row.end >= first)
        for row in registry.rows(customer)
    )
