"""Columns of a raw export file by folded name: CSV, CSV.gz and Parquet, in rows of plain values."""

import csv
import gzip
import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 65_536
_GZIP = b"\x1f\x8b"
# NOTE: Python's csv refuses a cell above 128 KiB; providers put whole tag sets into one
csv.field_size_limit(2**31 - 1)

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """The header: folded names to positions in the file, first of equals."""

    names: dict[str, int]

    def place(self, *accepted: str) -> int | None:
        """Position of the first accepted name that the file has."""
        found = [self.names[fold(name)] for name in accepted if fold(name) in self.names]
        return found[0] if found else None

    def needed(self, *accepted: str) -> int:
        """The same; ``ValueError`` names the first where there is none."""
        place = self.place(*accepted)
        if place is None:
            raise ValueError(f"no column {accepted[0]}")
        return place


def fold(name: str) -> str:
    """Case, spaces and punctuation do not matter: ``lineItem/UnblendedCost`` is ``line_item_unblended_cost``.

    A translated header carries the English name in parentheses.
    """
    inner = re.search(r"\(([^()]+)\)\s*$", name)
    return re.sub(r"[^0-9a-z]", "", (inner[1] if inner else name).casefold())


def columns(path: Path) -> Columns:
    """The header of ``path``."""
    if _is_parquet(path):
        with pq.ParquetFile(path) as file:
            return _positions(list(file.schema_arrow.names))
    with _open(path) as stream:
        return _positions(next(csv.reader(stream), []))


def rows(path: Path, places: tuple[int, ...]) -> Iterator[Row]:
    """The values at ``places`` of every row, in order. CSV values are text; blank lines are skipped."""
    if _is_parquet(path):
        yield from _parquet_rows(path, places)
        return
    with _open(path) as stream:
        reader = csv.reader(stream, strict=True)
        next(reader, None)
        for cells in reader:
            if cells:
                yield tuple([cells[place] for place in places])


def _parquet_rows(path: Path, places: tuple[int, ...]) -> Iterator[Row]:
    with pq.ParquetFile(path) as file:
        names = [file.schema_arrow.names[place] for place in places]
        for batch in file.iter_batches(batch_size=BATCH, columns=list(dict.fromkeys(names))):
            yield from zip(*(values(batch.column(name)) for name in names), strict=True)


def values(column: pa.Array) -> list[object]:
    """The values of a Parquet column; a float of 32 bits is the decimal that names it, also within records."""
    found: list[object] = column.to_pylist()
    # NOTE: 'float' is the 32 bits; the 64 are called 'double'
    return [_named(value, column.type) for value in found] if "float" in str(column.type) else found


def _named(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {field.name: _named(value[field.name], field.type) for field in kind}
    if pa.types.is_list(kind):
        return [_named(inner, kind.value_type) for inner in value]
    if pa.types.is_float32(kind):
        return Decimal(_shortest(value))
    return value


def _shortest(value: float) -> str:
    """The fewest digits that make this float of 32 bits; nine always do."""
    texts = (f"{value:.{digits}g}" for digits in range(1, 9))
    return next((text for text in texts if _in_32_bits(float(text)) == value), f"{value:.9g}")


def _in_32_bits(value: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.inf


def _positions(names: list[str]) -> Columns:
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        found.setdefault(fold(name), place)
    return Columns(found)


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _open(path: Path) -> IO[str]:
    with path.open("rb") as raw:
        packed = raw.read(len(_GZIP)) == _GZIP
    if packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
