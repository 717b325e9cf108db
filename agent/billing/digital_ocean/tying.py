"""An invoice's items against its amount: what the summary alone states, and cents that were rounded away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from agent.billing.digital_ocean.documents import Document
from agent.billing.digital_ocean.products import amount, kind_of
from agent.billing.reading.batch import EXACT
from agent.errors import SourceError

PARTS = {"overages": "usage", "taxes": "tax", "credits_and_adjustments": "credit"}
"""Parts of a summary beside the charges of products, and their kinds of charge."""
_ROUNDED = Decimal("0.005")
"""An item and the invoice are both told in cents: each item hides at most half a one."""


@dataclass(frozen=True, slots=True)
class Beside:
    """An amount that no item holds."""

    name: str
    kind: str
    amount: Decimal


def beside(document: Document, shown: str) -> tuple[list[Beside], str]:
    """What must stand beside the items for their sum to be the invoice's amount, and a note of it.

    Raises ``SourceError`` for an invoice that does not add up. The preview is allowed to: it is an estimate.
    """
    told = amount(document.summary["amount"])
    missing = EXACT.subtract(told, _total(amount(item["amount"]) for item in document.items))
    if not missing:
        return [], ""
    for parts in _ways(document):
        rest = EXACT.subtract(missing, _total(part.amount for part in parts))
        if not rest:
            return list(parts), _note(document, parts)
    for parts in _ways(document):
        rest = EXACT.subtract(missing, _total(part.amount for part in parts))
        if abs(rest) <= EXACT.multiply(_ROUNDED, Decimal(len(document.items) + len(parts))):
            found = (*parts, Beside("Rounding of the invoice", "rounding", rest))
            return list(found), _note(document, found)
    message = f"the items of {document.uuid} sum to {EXACT.subtract(told, missing):f} USD, its amount is {told:f} USD"
    if not document.final:
        return [], f"{message}: the month to date is an estimate"
    raise SourceError(
        message,
        where=shown,
        expected="items, overages, taxes and credits that add up to the amount",
        mend="remove the file: the next ingest fetches the invoice again; if it differs still, ask DigitalOcean",
    )


def _ways(document: Document) -> Iterator[tuple[Beside, ...]]:
    """Which parts of the summary may be missing among the items, fewest first."""
    kinds = {kind_of(str(item["product"])) for item in document.items}
    parts = [
        Beside(str(part.get("name") or key), kind, amount(part.get("amount") or "0"))
        for key, kind in PARTS.items()
        if (part := document.summary.get(key)) and (kind == "usage" or kind not in kinds)
    ]
    there = [part for part in parts if part.amount]
    for count in range(len(there) + 1):
        yield from combinations(there, count)


def _note(document: Document, parts: Sequence[Beside]) -> str:
    named = ", ".join(f"{part.name} {part.amount:f}" for part in parts)
    return f"invoice {document.uuid} has no items for {named} USD; booked from its summary"


def _total(amounts: Iterator[Decimal]) -> Decimal:
    total = Decimal(0)
    for each in amounts:
        total = EXACT.add(total, each)
    return total
