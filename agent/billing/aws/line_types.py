"""AWS line item types: how each one's money is read, and the kind of ledger row it becomes.

Rules: the AWS billing guide's line item details; FOCUS for billed against amortised. A type that is not listed is an
error: a line skipped in silence would understate the bill.
"""

from dataclasses import dataclass
from enum import Enum


class Amortised(Enum):
    """Where a line's EffectiveCost comes from."""

    COST = "its own cost"
    NOTHING = "nothing: other lines carry it"
    RESERVATION = "the reservation's effective cost"
    SAVINGS_PLAN = "the savings plan's effective cost"


@dataclass(frozen=True, slots=True)
class LineType:
    """How lines of a type are read.

    ``paired``: the cost is cancelled by another line, so it goes to the row that books what remains of the pair.
    ``covered``: usage a commitment pays for. ``unused``: the line also tells what its commitment left unused.
    ``plain``: support and marketplace are told by product and billing entity.
    """

    name: str
    category: str
    kind: str
    effective: Amortised = Amortised.COST
    paired: bool = False
    covered: bool = False
    unused: Amortised | None = None
    plain: bool = False


LINE_TYPES = (
    LineType("Usage", "Usage", "usage", plain=True),
    LineType("DiscountedUsage", "Usage", "usage", Amortised.RESERVATION, covered=True),
    LineType("SavingsPlanCoveredUsage", "Usage", "usage", Amortised.SAVINGS_PLAN, paired=True, covered=True),
    LineType("SavingsPlanNegation", "Usage", "discount", Amortised.NOTHING, paired=True),
    LineType(
        "SavingsPlanRecurringFee",
        "Purchase",
        "commitment_purchase",
        Amortised.NOTHING,
        unused=Amortised.SAVINGS_PLAN,
    ),
    LineType("SavingsPlanUpfrontFee", "Purchase", "commitment_purchase", Amortised.NOTHING),
    LineType("RIFee", "Purchase", "commitment_purchase", Amortised.NOTHING, unused=Amortised.RESERVATION),
    LineType("Fee", "Purchase", "fee", plain=True),
    LineType("Discount", "Usage", "discount"),
    LineType("EdpDiscount", "Usage", "discount"),
    LineType("PrivateRateDiscount", "Usage", "discount"),
    LineType("BundledDiscount", "Usage", "discount"),
    LineType("RiVolumeDiscount", "Usage", "discount"),
    LineType("SppDiscount", "Usage", "discount"),
    LineType("Credit", "Credit", "credit"),
    LineType("Refund", "Adjustment", "refund"),
    LineType("Tax", "Tax", "tax"),
    # NOTE: never delivered under this name: a Fee that carries a reservation's ARN is the upfront payment for it
    LineType("Fee of a reservation", "Purchase", "commitment_purchase", Amortised.NOTHING),
)
PLACES = {line_type.name: place for place, line_type in enumerate(LINE_TYPES[:-1])}
FEE = PLACES["Fee"]
RESERVATION_FEE = len(LINE_TYPES) - 1
