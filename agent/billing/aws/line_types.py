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
    ``plain``: support and marketplace are told by product and billing entity. ``refund``: on a refund bill it corrects
    a closed period.
    """

    name: str
    category: str
    kind: str
    effective: Amortised = Amortised.COST
    paired: bool = False
    covered: bool = False
    unused: Amortised | None = None
    plain: bool = False
    refund: bool = False


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
    LineType("FlatRateSubscription", "Purchase", "fee", plain=True),
    LineType("Discount", "Usage", "discount"),
    LineType("EdpDiscount", "Usage", "discount"),
    LineType("PrivateRateDiscount", "Usage", "discount"),
    LineType("BundledDiscount", "Usage", "discount"),
    LineType("RiVolumeDiscount", "Usage", "discount"),
    LineType("SppDiscount", "Usage", "discount"),
    LineType("DistributorDiscount", "Usage", "discount"),
    LineType("Credit", "Credit", "credit"),
    LineType("Refund", "Adjustment", "refund", refund=True),
    LineType("Tax", "Tax", "tax"),
    # NOTE: the last two are never delivered under these names: a Fee that carries a reservation's ARN is the upfront
    # payment for it, and a Refund that carries a commitment's ARN takes back a payment for it. What such payments cost
    # is told by the lines of their use, so neither has a cost of its own
    LineType("Fee of a reservation", "Purchase", "commitment_purchase", Amortised.NOTHING),
    LineType("Refund of a commitment", "Purchase", "commitment_purchase", Amortised.NOTHING, refund=True),
)
DELIVERED = LINE_TYPES[:-2]
PLACES = {line_type.name: place for place, line_type in enumerate(DELIVERED)}
USAGE, FEE, REFUND = PLACES["Usage"], PLACES["Fee"], PLACES["Refund"]
RESERVATION_FEE, COMMITMENT_REFUND = len(LINE_TYPES) - 2, len(LINE_TYPES) - 1
NET_AS = {RESERVATION_FEE: FEE, COMMITMENT_REFUND: REFUND}
"""Net or gross is judged by the type as delivered."""
