"""DigitalOcean's products -> kinds of charge, and its amounts as plain decimals."""

import re
from decimal import Decimal

from agent.billing.reading.batch import EXACT

KINDS = (
    ("tax", re.compile(r"\btax(es)?\b|\bVAT\b|\bGST\b", re.IGNORECASE)),
    ("refund", re.compile(r"\brefund", re.IGNORECASE)),
    ("discount", re.compile(r"\bdiscounts?\b", re.IGNORECASE)),
    ("credit", re.compile(r"\bcredits?\b|\bpromo(tion)?", re.IGNORECASE)),
    ("rounding", re.compile(r"\brounding\b", re.IGNORECASE)),
    ("correction", re.compile(r"\badjustments?\b", re.IGNORECASE)),
    ("support", re.compile(r"\bsupport\b", re.IGNORECASE)),
    ("marketplace", re.compile(r"\bmarketplace\b|\badd-?ons?\b", re.IGNORECASE)),
)
"""Products are names, and new ones come: one that says none of this is usage."""
CATEGORIES = {
    "tax": "Tax",
    "refund": "Adjustment",
    "credit": "Credit",
    "rounding": "Adjustment",
    "correction": "Adjustment",
}
"""The FOCUS charge category of a kind; Usage for all others."""
_AMOUNT = re.compile(r"(-?)\$?(-?)(\d{1,3}(?:,\d{3})+|\d*)(\.\d*)?([eE][+-]?\d{1,4})?", re.ASCII)


def kind_of(product: str) -> str:
    """The kind of charge that a product's name tells."""
    return next((kind for kind, pattern in KINDS if pattern.search(product)), "usage")


def category_of(kind: str) -> str:
    """The FOCUS charge category of a kind."""
    return CATEGORIES.get(kind, "Usage")


def plain(text: str) -> str | None:
    """``$1,234.50`` as ``1234.50``; None for what is no amount."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None or not re.search(r"\d", match[3] + (match[4] or "")) or (match[1] and match[2]):
        return None
    return f"{match[1]}{match[2]}{match[3].replace(',', '') or '0'}{match[4] or ''}{match[5] or ''}"


def amount(text: object) -> Decimal:
    """An amount of the API, exactly. Raises ``ValueError`` for what is none."""
    found = plain(str(text))
    if found is None:
        raise ValueError(f"{text!r} is no amount")
    return EXACT.create_decimal(found)
