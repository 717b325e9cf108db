"""FOCUS charge -> ledger kind, decided once per distinct combination of what it depends on (ALLOCATION section 2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from agent.billing.reading.batch import NULL, Codes, Ints, Words

CATEGORIES = ("usage", "purchase", "tax", "credit", "adjustment")
"""FOCUS ChargeCategory values, folded."""
_SUPPORT = re.compile(r"\bsupport\b|^awssupport", re.IGNORECASE)
_REFUND, _ROUNDING, _DISCOUNT, _CREDIT = 1, 2, 4, 8
_WORDINGS = (
    (_REFUND, re.compile(r"\brefund", re.IGNORECASE)),
    (_ROUNDING, re.compile(r"\brounding\b", re.IGNORECASE)),
    (_DISCOUNT, re.compile(r"\bdiscounts?\b|\bEDP\b|\bprivate rate\b|\bbundled\b", re.IGNORECASE)),
)
_DRAFT_WORDINGS = {"refund": _REFUND, "rounding error": _ROUNDING, "credit": _CREDIT}
"""ChargeSubcategory of adjustments before FOCUS 1.0."""
_ALL_WORDINGS = 16
_OWN_NAMES = {
    "aws": ("amazon", "aws"),
    "amazon": ("amazon", "aws"),
    "microsoft": ("microsoft",),
    "azure": ("microsoft",),
    "google": ("google",),
    "oracle": ("oracle",),
}
"""Known providers, by the first word of their names, and how their own names begin, as seller and as publisher."""
_MARKETPLACE = re.compile(r"\bmarketplace\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Charge:
    """What the kind of a FOCUS row depends on."""

    category: str
    commitment: bool
    unused: bool
    support: bool
    foreign: bool
    wording: int
    negative: bool


def kind_of(charge: Charge) -> str:
    """The ledger kind. A correction of a closed period keeps the kind of what it corrects."""
    kind: str
    match charge.category:
        case "tax" | "credit":
            kind = charge.category
        case "adjustment":
            kind = _adjustment(charge.wording)
        case "purchase" if charge.commitment:
            kind = "commitment_purchase"
        case "usage" if charge.unused:
            kind = "commitment_unused"
        case _ if charge.support or charge.foreign:
            kind = "support" if charge.support else "marketplace"
        case "purchase":
            kind = "fee"
        case _:
            kind = "discount" if charge.negative and charge.wording & _DISCOUNT else "usage"
    return kind


def _adjustment(wording: int) -> str:
    named = ((_REFUND, "refund"), (_ROUNDING, "rounding"), (_CREDIT, "credit"))
    return next((kind for bit, kind in named if wording & bit), "correction")


def kinds_of(words: Mapping[str, Words], billed: Ints) -> Words:
    """x_Kind of every row; ``words`` holds FOCUS columns (missing = null), ``billed`` the sign of each BilledCost.

    ChargeCategory must hold known categories only.
    """
    parts = (
        _Part(words["ChargeCategory"].flags(lambda value: CATEGORIES.index((value or "").casefold())), len(CATEGORIES)),
        _Part(words.get("CommitmentDiscountId", NULL).flags(lambda value: value is not None), 2),
        _Part(words.get("CommitmentDiscountStatus", NULL).flags(lambda value: (value or "").casefold() == "unused"), 2),
        _Part(_support(words), 2),
        _Part(_foreign(words), 2),
        _Part(_wordings(words), _ALL_WORDINGS),
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
        for wording in range(_ALL_WORDINGS)
        for negative in flags
    ]


def _support(words: Mapping[str, Words]) -> Codes | int:
    def named(value: str | None) -> bool:
        return value is not None and _SUPPORT.search(value) is not None

    return words["ServiceName"].flags(named) | words.get("ServiceSubcategory", NULL).flags(named)


def _foreign(words: Mapping[str, Words]) -> Codes | int:
    """1 where a known provider sells what another makes, by any of the ways in which releases of FOCUS say so.

    Up to 1.3 the publisher is another than the provider; from 1.3 on the service provider is the seller, and another
    than the issuer of the invoice; and some providers call their marketplace the provider.
    """
    provider = words["ProviderName"]
    seller = words.get("ServiceProviderName", NULL).otherwise(provider)
    foreign: Codes | int = provider.flags(lambda name: name is not None and _MARKETPLACE.search(name) is not None)
    for known, own in _OWN_NAMES.items():
        by_publisher = _named(provider, known) & _others(words.get("PublisherName", NULL), own)
        by_issuer = _named(words.get("InvoiceIssuerName", NULL), known) & _others(seller, own)
        foreign = foreign | by_publisher | by_issuer
    return foreign


def _named(names: Words, known: str) -> Codes | int:
    return names.flags(lambda name: _first_word(name) == known)


def _others(names: Words, own: tuple[str, ...]) -> Codes | int:
    return names.flags(lambda name: name is not None and not name.casefold().startswith(own))


def _first_word(value: str | None) -> str:
    return (value or "").casefold().split(" ")[0]


def _wordings(words: Mapping[str, Words]) -> Codes | int:
    described = words.get("ChargeDescription", NULL).flags(_wording)
    drafted = words.get("ChargeSubcategory", NULL).flags(lambda value: _DRAFT_WORDINGS.get((value or "").casefold(), 0))
    return described | drafted


def _wording(description: str | None) -> int:
    if description is None:
        return 0
    return sum(bit for bit, pattern in _WORDINGS if pattern.search(description))
