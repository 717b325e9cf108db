"""Charge types of Azure cost details: how each one's money is read, and the kind of ledger row it becomes.

Rules: Microsoft's conversion of cost details to FOCUS, and FOCUS for what a commitment has left unused. A type or
pricing model that is not listed is an error: a line skipped in silence would understate the bill.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChargeType:
    """How charges of a type are read; ``committed`` ones are priced by a reservation or a savings plan.

    ``of_commitment``: the kind where committed. ``paid_before``: a committed one was paid with its purchase, so it
    costs nothing on the invoice. ``pays``: a committed one is the payment itself, so its cost is spread over other
    rows. ``plain``: marketplace and support are told by publisher and service.
    """

    name: str
    category: str
    kind: str
    of_commitment: str
    paid_before: bool = False
    pays: bool = False
    correction: bool = False
    status: str | None = None
    plain: bool = False


CHARGE_TYPES = (
    ChargeType("Usage", "Usage", "usage", "usage", paid_before=True, status="Used", plain=True),
    ChargeType("Purchase", "Purchase", "fee", "commitment_purchase", pays=True, plain=True),
    # NOTE: the refund of a commitment is a negative payment for it, and follows what the commitment covers
    ChargeType("Refund", "Purchase", "refund", "commitment_purchase", pays=True, correction=True),
    ChargeType(
        "UnusedReservation", "Usage", "commitment_unused", "commitment_unused", paid_before=True, status="Unused"
    ),
    ChargeType(
        "UnusedSavingsPlan", "Usage", "commitment_unused", "commitment_unused", paid_before=True, status="Unused"
    ),
    ChargeType("Credit", "Credit", "credit", "credit"),
    ChargeType("Tax", "Tax", "tax", "tax"),
    ChargeType("Adjustment", "Adjustment", "correction", "correction"),
    ChargeType("RoundingAdjustment", "Adjustment", "rounding", "rounding"),
)
PLACES = {charge.name.casefold(): place for place, charge in enumerate(CHARGE_TYPES)}
USAGE = PLACES["usage"]
UNUSED = frozenset({PLACES["unusedreservation"], PLACES["unusedsavingsplan"]})
PRICING_MODELS = {"ondemand": False, "spot": False, "reservation": True, "savingsplan": True}
"""Folded pricing model -> whether a commitment sets the price."""
