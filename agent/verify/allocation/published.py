"""allocation.parquet and classification.parquet as they were published, in whole units."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent.verify.allocation.splitting import Money

_MONEY = ("BilledCost", "EffectiveCost")
_ONE = Decimal(10) ** 24
SPREAD, FOLLOW, DIRECT = ("pro_rata", "tax", "bucket"), "follow", "direct"
"""Methods of rows that no pool made."""


class Allocation:
    """The month's own rows; adjustments of closed months are left out."""

    def __init__(self, path: Path, period: str) -> None:
        table = pq.read_table(path)
        own = pc.or_kleene(pc.is_null(table["OriginPeriod"]), pc.equal(table["OriginPeriod"], period))
        self.adjusted = len(table) - pc.sum(pc.cast(own, pa.int64())).as_py() if len(table) else 0
        """Rows that are adjustments."""
        self._table = table.filter(own)

    def __len__(self) -> int:
        return len(self._table)

    def rows(
        self, names: Sequence[str], methods: Collection[str], *, without: bool = False
    ) -> Iterator[tuple[tuple[Any, ...], Money]]:
        """(values of ``names``, money) of the rows of some methods, or of all others; null is ``''``."""
        return _pairs(self._of(methods, without=without), names)

    def chosen(
        self,
        names: Sequence[str],
        methods: Collection[str],
        keys: Collection[tuple[Any, ...]],
        *,
        without: bool = False,
    ) -> Iterator[tuple[tuple[Any, ...], Money]]:
        """As :meth:`rows`, of those rows whose first columns are one of ``keys``."""
        table = self._of(methods, without=without)
        width = len(next(iter(keys), ()))
        columns = [pc.fill_null(pc.cast(table[name], pa.string()), "") for name in names[:width]]
        held = pc.binary_join_element_wise(*columns, "\n") if columns else pa.nulls(len(table), pa.string())
        asked = pa.array(["\n".join(map(str, key)) for key in keys], pa.string())
        return _pairs(table.filter(pc.is_in(held, value_set=asked)), names)

    def sums(
        self,
        names: Sequence[str],
        methods: Collection[str],
        *,
        without: bool = False,
        through: date | None = None,
    ) -> Iterator[tuple[tuple[Any, ...], Money]]:
        """As :meth:`rows`, added up by ``names``; with ``through``, up to that charge date."""
        table = self._of(methods, without=without)
        if through is not None:
            table = table.filter(pc.less_equal(table["ChargeDate"], pa.scalar(through, pa.date32())))
        grouped = table.group_by(list(names)).aggregate([(name, "sum") for name in _MONEY])
        return _pairs(grouped.rename_columns([name.removesuffix("_sum") for name in grouped.column_names]), names)

    def _of(self, methods: Collection[str], *, without: bool) -> pa.Table:
        held = pc.is_in(self._table["Method"], value_set=pa.array(sorted(methods), pa.string()))
        return self._table.filter(pc.invert(held) if without else held)


def read_classification(path: Path, names: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], Money]]:
    """(values of ``names``, money) of every row; null is ``''``."""
    return _pairs(pq.read_table(path, columns=[*names, *_MONEY]), names)


def _pairs(table: pa.Table, names: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], Money]]:
    columns = [["" if value is None else value for value in table[name].to_pylist()] for name in names]
    amounts = [[_units(value) for value in table[name].to_pylist()] for name in _MONEY]
    return zip(zip(*columns, strict=True), map(Money, *amounts), strict=True)


def _units(amount: Decimal) -> int:
    found = amount * _ONE
    if found != int(found):
        raise TypeError(f"{amount} is finer than 1e-24")
    return int(found)
