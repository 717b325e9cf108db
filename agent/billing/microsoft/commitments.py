"""The identity of a reservation or savings plan: its order, which purchases, usage and unused parts have in common.

A purchase names the order only (``…/reservationOrders/<order>/reservations/``), usage the reservation within it.
"""

import re

from agent.billing.reading.batch import Mask, Words
from agent.billing.reading.columns import Columns

_ORDER = re.compile(r"/providers/microsoft\.(?:capacity/reservationorders|billingbenefits/savingsplanorders)/[^/]+")
_RESERVATION = "/providers/microsoft.capacity/reservationorders/"
_SAVINGS_PLAN = "/providers/microsoft.billingbenefits/savingsplanorders/"


def identities(columns: Columns, committed: Mask) -> Words:
    """CommitmentDiscountId of every line: of its benefit, else made of the order or reservation that it names."""
    benefits = columns.ids("BenefitId").mapped(_order)
    if not committed.any():
        return benefits
    order = columns.ids("ProductOrderId").otherwise(columns.ids("ReservationId"))
    plan = columns.words("PricingModel").mask(_is_plan, columns.rows)
    named = order.mapped(lambda value: _of(_RESERVATION, value)).only(committed & ~plan)
    return benefits.otherwise(named).otherwise(
        order.mapped(lambda value: _of(_SAVINGS_PLAN, value)).only(committed & plan)
    )


def _order(benefit: str | None) -> str | None:
    if benefit is None:
        return None
    folded = benefit.casefold().rstrip("/")
    found = _ORDER.search(folded)
    return found[0] if found else folded


def _of(prefix: str, value: str | None) -> str | None:
    """A bare id below its provider; a whole path, as some files have it, by its order."""
    if value is None:
        return None
    return _order(value) if value.startswith("/") else prefix + value.casefold()


def _is_plan(value: str | None) -> bool:
    return (value or "").replace(" ", "").casefold() == "savingsplan"
