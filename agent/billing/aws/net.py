"""Net or gross: whether the amounts after private discounts are used, decided once for all files of a delivery.

AWS fills the Net columns only for accounts with a discount. Taking them for some lines of a class and not for others
would count a discount twice or never, so a class of lines is net throughout or gross throughout.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.delivery.export import ExportFile
from agent.billing.reading import parquet_files
from agent.billing.reading.batch import Mask, rows_by_values
from agent.billing.reading.columns import words_of
from agent.billing.reading.moments import charge_days, moments

NET_OF = {
    "line_item_unblended_cost": "line_item_net_unblended_cost",
    "reservation_effective_cost": "reservation_net_effective_cost",
    "reservation_unused_amortized_upfront_fee_for_billing_period": (
        "reservation_net_unused_amortized_upfront_fee_for_billing_period"
    ),
    "reservation_unused_recurring_fee": "reservation_net_unused_recurring_fee",
    "savings_plan_savings_plan_effective_cost": "savings_plan_net_savings_plan_effective_cost",
}
_COST = "line_item_unblended_cost"
_PERIOD = "bill_billing_period_start_date"
_TYPE = "line_item_line_item_type"
LineClass = tuple[str, str, str]
"""Billing month (YYYY-MM), line item type, gross column."""


@dataclass(frozen=True, slots=True)
class NetChoice:
    """The classes of lines that are read net, and what is to be said about the choice."""

    classes: frozenset[LineClass] = frozenset()
    notes: tuple[str, ...] = ()

    def types(self, month: str, gross: str) -> frozenset[str]:
        """Line types whose ``gross`` column is replaced by its net twin in this billing month."""
        return frozenset(line_type for of, line_type, column in self.classes if (of, column) == (month, gross))


@dataclass(slots=True)
class _Filled:
    """Lines of a class with a gross amount, how many of them have a net one, and whether any is not zero."""

    gross: int = 0
    net: int = 0
    gross_counts: bool = False
    net_counts: bool = False


def choose(files: Iterable[ExportFile], present: frozenset[str]) -> NetChoice:
    """Looks at every line's type and which of its net amounts are filled. ``present``: columns all files have."""
    pairs = {gross: net for gross, net in NET_OF.items() if {gross, net} <= present}
    if _COST not in pairs:
        return NetChoice()
    found: dict[LineClass, _Filled] = defaultdict(_Filled)
    for file in files:
        for batch in parquet_files.batches(file.path, file.shown, [_PERIOD, _TYPE, *pairs, *pairs.values()]):
            _count(batch, pairs, found)
    classes: set[LineClass] = set()
    notes: list[str] = []
    for month in sorted({month for month, _, _ in found}):
        lines = {key: filled for key, filled in found.items() if key[0] == month}
        mixed = sorted({key[1] for key, filled in lines.items() if 0 < filled.net < filled.gross})
        if mixed:
            notes.append(f"{month}: net costs are filled for a part of {', '.join(mixed)} only; gross costs are used")
        elif _tells(lines):
            classes |= {key for key, filled in lines.items() if filled.net}
    return NetChoice(frozenset(classes), tuple(notes))


def _tells(lines: Mapping[LineClass, _Filled]) -> bool:
    """Whether the month's net costs mean anything: zeros beside a real bill are a column that was never filled."""
    costs = [filled for (_, _, column), filled in lines.items() if column == _COST]
    return any(filled.net_counts for filled in costs) or not any(filled.gross_counts for filled in costs)


def _count(batch: pa.RecordBatch, pairs: Mapping[str, str], found: dict[LineClass, _Filled]) -> None:
    starts = moments(batch[_PERIOD])
    months, types = charge_days(starts, starts)[0], words_of(batch[_TYPE])
    for (month, line_type), rows in rows_by_values(months, types):
        for gross, net in pairs.items():
            filled = found[(month or "")[:7], line_type or "", gross]
            before, after = (_at(batch[name], rows) for name in (gross, net))
            has_gross = pc.is_valid(before)
            filled.gross += pc.sum(has_gross).as_py() or 0
            filled.net += pc.sum(pc.and_(has_gross, pc.is_valid(after))).as_py() or 0
            filled.gross_counts |= bool(pc.any(pc.not_equal(before, 0)).as_py())
            filled.net_counts |= bool(pc.any(pc.not_equal(after, 0)).as_py())


def _at(column: pa.Array, rows: Mask | None) -> pa.Array:
    return column if rows is None else column.filter(pa.array(rows))
