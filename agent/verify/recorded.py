"""What a run wrote down: manifests, the proof, ledger and result tables, read without the code that wrote them."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from agent.verify.exact import ZERO, Costs, number

BATCH = 65_536
LEDGER_SCALE = -24
"""The ledger counts in units of 1e-24 of the currency."""

Cell = tuple[str | None, str | None, str | None, date, str]
"""(BillingAccountId, SubAccountId, ServiceName, date, currency), nulls kept."""
Cells = dict[Cell, tuple[Decimal, Decimal]]
Json = dict[str, Any]


class Outcome(NamedTuple):
    """Where money of the allocation ended; ``prior``: of an earlier period; ``late``: dated after the as-of day."""

    currency: str
    bucket: str
    customer: str
    cls: str | None
    group: str | None
    prior: bool
    late: bool


Outcomes = dict[Outcome, tuple[Decimal, Decimal]]
"""Outcome -> (BilledCost, EffectiveCost)."""

CELL_COLUMNS = ("BillingAccountId", "SubAccountId", "ServiceName")


def document(path: Path) -> Json:
    """A JSON object; ``TypeError`` when it is none."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise TypeError(f"{path.name} is not a JSON object")
    return found


def recorded(sums: Json) -> Costs:
    """BilledCost and EffectiveCost by currency of a ``sums`` object in a manifest or proof."""
    return {currency: (number(by["BilledCost"]), number(by["EffectiveCost"])) for currency, by in sums.items()}


def ledger_cells(files: list[Path], kind: str | None = None) -> Cells:
    """Ledger parts summed by cell; with ``kind``, the rows of that kind only. Memory grows with cells, not rows."""
    cells: Cells = {}
    names = (*CELL_COLUMNS, "ChargePeriodStart", "BillingCurrency", "x_BilledUnits", "x_EffectiveUnits", "x_Kind")
    for path in files:
        for *key, billed, effective, row_kind in _rows(path, names):
            if kind in (None, row_kind):
                _count(cells, tuple(key), billed, effective)
    return {key: (b.scaleb(LEDGER_SCALE), e.scaleb(LEDGER_SCALE)) for key, (b, e) in cells.items()}


def classified_cells(path: Path) -> dict[str, Cells]:
    """classification.parquet summed by source and cell."""
    sources: dict[str, Cells] = {}
    names = ("Source", *CELL_COLUMNS, "ChargeDate", "Currency", "BilledCost", "EffectiveCost")
    for source, *key, billed, effective in _rows(path, names):
        _count(sources.setdefault(source, {}), tuple(key), billed, effective)
    return sources


def outcomes(path: Path, as_of: date | None) -> Outcomes:
    """allocation.parquet summed by where the money ended; without ``as_of`` nothing is late."""
    found: Outcomes = {}
    names = ("Currency", "Bucket", "Customer", "Class", "CostGroup", "OriginPeriod", "Period", "ChargeDate")
    for *where, origin, period, day, billed, effective in _rows(path, (*names, "BilledCost", "EffectiveCost")):
        late = as_of is not None and day > as_of
        _count(found, Outcome._make((*where, origin not in (None, period), late)), billed, effective)
    return found


def by_currency(cells: Cells) -> Costs:
    """Totals of cells; the currency is the last part of their key."""
    sums: Costs = {}
    for key, (billed, effective) in cells.items():
        _count(sums, key[-1], billed, effective)
    return sums


def csv_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a result CSV as text."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def ledger_rows(path: Path, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """The values of some columns of a ledger part, row by row."""
    yield from _rows(path, names)


def _count(sums: dict[Any, tuple[Decimal, Decimal]], key: object, billed: Decimal, effective: Decimal) -> None:
    before = sums.get(key, (ZERO, ZERO))
    sums[key] = (before[0] + billed, before[1] + effective)


def _rows(path: Path, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=BATCH, columns=list(names)):
            yield from zip(*(batch.column(name).to_pylist() for name in names), strict=True)
