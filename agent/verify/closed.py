"""Closed months: the chain of entries, every frozen file, and adjustments against what has come in since.

Read by a path of its own: JSON, hashes, Parquet and decimals, nothing of the code that closes.
"""

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from agent.verify.compare import costs, equal
from agent.verify.exact import ZERO, Costs, add, sha256, total
from agent.verify.recorded import BATCH, Json, by_currency, classified_cells, document
from agent.verify.records import Check

ENTRY = "close.json"
CLASSIFICATION, ALLOCATION = "classification.parquet", "allocation.parquet"


def closed_folder(data: Path, period: str) -> Path | None:
    """Where a closed month's frozen results lie; None while it is open."""
    place = data / "closed" / period
    found = sorted(path.parent for path in place.glob("v*/proof.json")) if place.is_dir() else []
    return found[0] if found else None


def books_checks(data: Path) -> Iterator[Check]:
    """Every entry: its files, its own hash, and that it follows the one before it."""
    listed = sorted((_numbered(path) for path in (data / "closed").glob("*/v*/" + ENTRY)), key=lambda pair: pair[0])
    before: str | None = None
    for place, (number, folder, content) in enumerate(listed, start=1):
        name = f"closed {content['period']} {folder.name}"
        yield equal(f"{name}: place in the books", str(number), str(place))
        yield equal(f"{name}: hash of the entry", _hash(content), str(content["hash"]))
        yield equal(f"{name}: entry before it", str(content["previous"]), str(before))
        wrong = [file for file, digest in sorted(content["files"].items()) if _digest(folder / file) != digest]
        count = len(content["files"])
        detail = f"not as it was closed: {', '.join(wrong[:3])}" if wrong else ""
        yield Check(f"{name}: files", str(count - len(wrong)), str(count), str(len(wrong)), not wrong, detail)
        before = str(content["hash"])


def published_checks(data: Path, period: str) -> Iterator[Check]:
    """Results published of a closed month are the closed ones, where they are still there."""
    closed, place = closed_folder(data, period), data / "results" / period
    for path in sorted(closed.iterdir()) if closed is not None else ():
        if path.is_file() and (place / path.name).is_file():
            yield equal(f"published {path.name} == closed", _digest(place / path.name), _digest(path))


def adjustment_checks(data: Path, period: str, origin: str, allocation: Path, latest: Costs) -> Iterator[Check]:
    """Closed + posted before + posted in ``period`` == the latest ledger of ``origin``, per currency and metric."""
    closed = closed_folder(data, origin)
    if closed is None:
        yield Check(
            f"{origin} is closed", "open", "closed", "", ok=False, detail="it is adjusted, and no longer closed"
        )
        return
    source = total(by_currency(cells) for cells in classified_cells(closed / CLASSIFICATION).values())
    before = total(by_origin(folder / ALLOCATION).get(origin, {}) for folder in _carriers(data, period, origin))
    posted = by_origin(allocation).get(origin, {})
    yield from costs(f"{origin}: closed + posted == latest ledger", add(add(source, before), posted), latest)


def by_origin(path: Path) -> dict[str, Costs]:
    """allocation.parquet summed by the month that its money is of, then by currency."""
    found: dict[str, Costs] = {}
    names = ["OriginPeriod", "Period", "Currency", "BilledCost", "EffectiveCost"]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=BATCH, columns=names):
            for origin, period, currency, billed, effective in _rows(batch, names):
                sums = found.setdefault(origin or period, {})
                so_far = sums.get(currency, (ZERO, ZERO))
                sums[currency] = (so_far[0] + billed, so_far[1] + effective)
    return found


def _rows(batch: Any, names: list[str]) -> Iterator[tuple[str, str, str, Decimal, Decimal]]:
    yield from zip(*(batch.column(name).to_pylist() for name in names), strict=True)


def _carriers(data: Path, period: str, origin: str) -> Iterator[Path]:
    """Months closed before ``period`` was, other than the origin itself: what they carry of it was posted before."""
    entries = {folder: number for number, folder, _ in map(_numbered, (data / "closed").glob("*/v*/" + ENTRY))}
    own = closed_folder(data, period)
    for folder, number in sorted(entries.items(), key=lambda pair: pair[1]):
        frozen = (folder / ALLOCATION).is_file() and folder.parent.name not in (origin, period)
        if frozen and (own is None or number < entries[own]):
            yield folder


def _numbered(path: Path) -> tuple[int, Path, Json]:
    content = document(path)
    return int(content["number"]), path.parent, content


def _hash(content: Json) -> str:
    rest = {key: value for key, value in content.items() if key != "hash"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(path: Path) -> str:
    return sha256(path) if path.is_file() else "missing"
