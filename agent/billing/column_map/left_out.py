"""Rows that a map leaves out, such as totals: taken apart before anything else is read, and their sums kept."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa

from agent.billing.column_map.amounts import amounts
from agent.billing.column_map.cells import words
from agent.billing.reading.batch import Batch, Ints, Mask, Numbers, Words
from agent.billing.reading.columns import Columns, ReadFault
from agent.config.columns import CellMap, ColumnsFile


class LeftOut:
    """The rules of a map at work on one file. What they leave out counts with the last month that the file bills.

    It is counted in the first of the file's currencies: a total has none of its own.
    """

    def __init__(self, column_map: ColumnsFile) -> None:
        self._map = column_map
        self._apart: list[tuple[str, Numbers]] = []
        self.month: str | None = None
        self._currency: str | None = None

    def taken_apart(self, columns: Columns) -> tuple[Columns, Ints]:
        """The rows that stay, counted from 0, and their places among all. Raises ``ReadFault``."""
        stay = np.ones(columns.rows, np.bool_)
        for rule in self._map.leave_out:
            equal = partial(_is, rule.equals)
            matching = stay & words(columns, CellMap(column=rule.column)).mask(equal, columns.rows)
            if matching.any():
                stay &= ~matching
                self._apart.append((f"{rule.reason} ({rule.column} {rule.equals})", self._cost(columns, matching)))
        rows = np.flatnonzero(stay)
        if len(rows) == columns.rows:
            return columns, rows
        kept = {name: column.take(pa.array(rows)) for name, column in columns.arrays.items()}
        return Columns(kept, len(rows), 0), rows

    def note(self, batch: Batch) -> None:
        """Sees what the file bills."""
        self.month = max(filter(None, [self.month, *batch.words["BillingPeriodStart"].used()]))
        self._currency = min(filter(None, [self._currency, *batch.words["BillingCurrency"].used()]))

    def batches(self) -> Iterator[Batch]:
        """What was left out, once the whole file is read: no ledger rows, but lines and sums of the manifest."""
        for reason, cost in self._apart:
            rows = len(cost.pico)
            read = {
                "BillingPeriodStart": Words.same(self.month),
                "BillingAccountId": Words.same(None),
                "BillingCurrency": Words.same(self._currency),
            }
            costs = {"BilledCost": cost, "EffectiveCost": cost}
            nothing = np.zeros(rows, np.int64)
            yield Batch(rows, read, costs, None, None, nothing, nothing, left_out=reason)

    def _cost(self, columns: Columns, matching: Mask) -> Numbers:
        rows = np.flatnonzero(matching)
        name = self._map.columns.BilledCost
        apart = Columns({name: columns.arrays[name].take(pa.array(rows))}, len(rows), 0)
        try:
            found = amounts(apart, name, self._map.file).optional(name)
        except ReadFault as fault:
            fault.row = columns.first + int(rows[fault.row])
            raise
        return Numbers.zero(len(rows)) if found is None else found[0]


def _is(wanted: str, value: str | None) -> bool:
    return (value or "") == wanted
