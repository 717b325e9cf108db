"""FOCUS charge -> ledger kind, decided once per distinct combination of what it depends on (ALLOCATION section 2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from agent.billing.reading.batch import NULL, Codes, Ints, Words

CATEGORIES = ("usage", "purchase", "tax", "credit", "adjustment")
"""FOCUS ChargeCategory values, folded."""
_SUPPORT = re.compile(r"\bsupport\b|^awssupport", re.IGNORECASE)
_REFUND, _ROUNDING, _DISCOUNT = 1, 2, 4
_WORDINGS = (
    (_REFUND, re.compile(r"\brefund", re.IGNORECASE)),
    (_ROUNDING, re.compile(r"\brounding\b", re.IGNORECASE)),
    (_DISCOUNT, re.compile(r"\bdiscounts?\b|\bEDP\b|\bprivate rate\b|\bbundled\b", re.IGNORECASE)),
)
_OWN_PUBLISHERS = {
    "aws": ("amazon", "aws"),
    "amazon": ("amazon", "aws"),
    "microsoft": ("microsoft",),
    "azure": ("microsoft",),
    "google": ("google",),
    "oracle": ("oracle",),
}
"""Known providers, by the first word of ProviderName, and how the names of their own publishers begin."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What the kind of a FOCUS row depends on."""

    category: str
    commitment: bool
    unused: bool
    support: bool
    foreign_publisher: bool
    wording: int
    negative: bool


def kind_of(charge: Charge) -> str:
    """The ledger kind. A correction of a closed period keeps the kind of what it corrects."""
    kind: str
    match charge.category:
        case "tax" | "credit":
            kind = charge.category
        case "adjustment":
            by_wording = "rounding" if charge.wording & _ROUNDING else "correction"
            kind = "refund" if charge.wording & _REFUND else by_wording
        case "purchase" if charge.commitment:
            kind = "commitment_purchase"
        case "usage" if charge.unused:
            kind = "commitment_unused"
        case _ if charge.support or charge.foreign_publisher:
            kind = "support" if charge.support else "marketplace"
        case "purchase":
            kind = "fee"
        case _:
            kind = "discount" if charge.negative and charge.wording & _DISCOUNT else "usage"
    return kind


def kinds_of(words: Mapping[str, Words], billed: Ints) -> Words:
    """x_Kind of every row; ``words`` holds FOCUS columns (missing = null), ``billed`` the sign of each BilledCost.

    ChargeCategory must hold known categories only.
    """
    parts = (
        _Part(words["ChargeCategory"].flags(lambda value: CATEGORIES.index((value or "").casefold())), len(CATEGORIES)),
        _Part(words.get("CommitmentDiscountId", NULL).flags(lambda value: value is not None), 2),
        _Part(words.get("CommitmentDiscountStatus", NULL).flags(lambda value: (value or "").casefold() == "unused"), 2),
        _Part(_support(words), 2),
        _Part(_foreign_publisher(words), 2),
        _Part(words.get("ChargeDescription", NULL).flags(_wording), 8),
        _Part((billed < 0).astype(np.int32), 2),
    )
    code: Codes = np.zeros(len(billed), np.int32)
    for part in parts:
        code = code * np.int32(part.size) + part.flags
    return Words(_every_kind(), code)


@dataclass(frozen=True, slots=True)
class _Part:
    flags: Codes | int
    size: int


def _every_kind() -> list[str | None]:
    """The kind of every combination, in the order its code counts them."""
    flags = (False, True)
    return [
        kind_of(Charge(category, commitment, unused, support, foreign, wording, negative))
        for category in CATEGORIES
        for commitment in flags
        for unused in flags
        for support in flags
        for foreign in flags
        for wording in range(8)
        for negative in flags
    ]


def _support(words: Mapping[str, Words]) -> Codes | int:
    def named(value: str | None) -> bool:
        return value is not None and _SUPPORT.search(value) is not None

    return words["ServiceName"].flags(named) | words.get("ServiceSubcategory", NULL).flags(named)


def _foreign_publisher(words: Mapping[str, Words]) -> Codes | int:
    """1 where a known provider sells another's product. Publishers are matched against each known provider."""
    providers, publishers = words["ProviderName"], words.get("PublisherName", NULL)
    foreign: Codes | int = 0
    for provider, own in _OWN_PUBLISHERS.items():
        # NOTE: the default binds the loop's value; mypy cannot type such a lambda
        sold = providers.flags(lambda value, name=provider: _first_word(value) == name)  # type: ignore[misc]
        other = publishers.flags(
            lambda value, names=own: value is not None and not value.casefold().startswith(names)  # type: ignore[misc]
        )
        foreign = foreign | (sold & other)
    return foreign


def _first_word(value: str | None) -> str:
    return (value or "").casefold().split(" ")[0]


def _wording(description: str | None) -> int:
    if description is None:
        return 0
    return sum(bit for bit, pattern in _WORDINGS if pattern.search(description))
