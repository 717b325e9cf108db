"""DigitalOcean invoices: an invoice of the API bills its summary's amount, whatever its items are; EffectiveCost too.

The month to date bills the same where its items, with whole parts of the summary or cents of rounding, make up the
amount; else, being an estimate, what its items are. A CSV bills the sum of its column of dollars.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain, combinations, pairwise
from pathlib import Path
from typing import Any

from agent.verify.exact import ZERO, FileSums
from agent.verify.rawfile import columns, rows

BESIDE = ("overages", "taxes", "credits_and_adjustments")
HALF_A_CENT = Decimal("0.005")
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
CURRENCY = re.compile(r"[a-z]{3}")


def read_digitalocean(path: Path, period: str) -> FileSums:
    """Rows and sums of ``period``; ``ValueError`` or ``KeyError`` names what is missing."""
    return _document(path, period) if path.suffix == ".json" else _csv(path, period)


def _document(path: Path, period: str) -> FileSums:
    found = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal)
    summary = found["answers"][0]["answer"]
    items = [item for page in found["answers"][1:] for item in page["answer"]["invoice_items"] or []]
    if summary["billing_period"] != period:
        return FileSums(0, {})
    billed = _dollars(summary["amount"])
    if not found["final"]:
        billed = _to_date(items, summary, billed)
    return FileSums(len(items), {"USD": (billed, billed)})


def _to_date(items: list[dict[str, Any]], summary: dict[str, Any], amount: Decimal) -> Decimal:
    known = sum((_dollars(item["amount"]) for item in items), ZERO)
    parts = [_dollars(summary[key]["amount"]) for key in BESIDE if summary.get(key)]
    ways = chain.from_iterable(combinations(parts, count) for count in range(len(parts) + 1))
    bound = HALF_A_CENT * (len(items) + len(parts))
    return amount if any(abs(amount - known - sum(way, ZERO)) <= bound for way in ways) else known


def _csv(path: Path, period: str) -> FileSums:
    header = columns(path)
    named = [name for name in header.names if CURRENCY.fullmatch(name) and name != "end"]
    currency = next((name for name in named if name == "usd"), named[0] if named else "usd")
    places = (header.needed(currency, "amount"), header.needed("start", "start_time"))
    amounts, starts = [], []
    for amount, start in rows(path, places):
        amounts.append(_dollars(str(amount)))
        starts.append(str(start)[:7])
    if (_named_month(path.name) or max(starts)) != period:
        return FileSums(0, {})
    total = sum(amounts, ZERO)
    return FileSums(len(amounts), {currency.upper(): (total, total)})


def _named_month(name: str) -> str | None:
    for year, month in _year_and_month(name):
        number = MONTHS.index(month) + 1 if month in MONTHS else int(month)
        return f"{year}-{number:02d}"
    return None


def _year_and_month(name: str) -> Iterator[tuple[str, str]]:
    parts = re.split(r"[ _-]+|(?<=\d)(?=\D)|(?<=\D)(?=\d)", name.casefold())
    for year, month in pairwise(parts):
        if re.fullmatch(r"20\d\d", year) and (month in MONTHS or re.fullmatch(r"0[1-9]|1[0-2]", month)):
            yield year, month


def _dollars(text: str) -> Decimal:
    return Decimal(str(text).replace("$", "").replace(",", "").strip())
