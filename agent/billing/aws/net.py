"""Net or gross: whether the amounts after private discounts are used, decided once for all files of a delivery.

AWS fills the Net columns only for accounts with a discount. Taking them for some lines of a class and not for others
would count a discount twice or never, so a class of lines is net throughout or gross throughout.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from agent.billing.aws.header import COST, NET_OF, PARENT, SPLIT_COST, UNUSED_COST
from agent.billing.reading.batch import Mask, rows_by_values
from agent.billing.reading.columns import Columns
from agent.billing.reading.moments import charge_days

PERIOD = "bill_billing_period_start_date"
TYPE = "line_item_line_item_type"
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


class NetSurvey:
    """Counts, on all lines, which net amounts are filled. ``present``: columns that all files have."""

    def __init__(self, present: frozenset[str]) -> None:
        self.pairs = {gross: net for gross, net in NET_OF.items() if {gross, net} <= present}
        if COST not in self.pairs:
            self.pairs = {}
        self._found: dict[LineClass, _Filled] = defaultdict(_Filled)

    @property
    def columns(self) -> tuple[str, ...]:
        """What has to be read for it; nothing where there is nothing to choose."""
        return (PERIOD, TYPE, PARENT, *self.pairs, *self.pairs.values()) if self.pairs else ()

    def count(self, columns: Columns) -> None:
        """Looks at the lines of one block."""
        if not self.pairs:
            return
        amounts = {name: _filled(columns, name) for pair in self.pairs.items() for name in pair}
        # NOTE: a part of a split has no cost of its own, filled or not, so it says nothing of how its type is filled
        part = columns.words(PARENT).filled(columns.rows)
        starts = columns.moments(PERIOD)
        for (month, line_type), found in rows_by_values(charge_days(starts, starts)[0], columns.words(TYPE)):
            rows = np.broadcast_to(True if found is None else found, columns.rows)
            for gross, net in self.pairs.items():
                counted = rows & (part if gross in (SPLIT_COST, UNUSED_COST) else ~part)
                filled = self._found[(month or "")[:7], line_type or "", gross]
                _count(filled, counted, amounts[gross], amounts[net])

    def choice(self) -> NetChoice:
        """What follows from all lines counted."""
        classes: set[LineClass] = set()
        notes: list[str] = []
        for month in sorted({month for month, _, _ in self._found}):
            lines = {key: filled for key, filled in self._found.items() if key[0] == month}
            mixed = sorted({key[1] for key, filled in lines.items() if 0 < filled.net < filled.gross})
            if mixed:
                types = ", ".join(mixed)
                notes.append(f"{month}: net costs are filled for a part of {types} only; gross costs are used")
            elif _tells(lines):
                classes |= {key for key, filled in lines.items() if filled.net}
        return NetChoice(frozenset(classes), tuple(notes))


def _count(filled: _Filled, rows: Mask, gross: tuple[Mask, Mask], net: tuple[Mask, Mask]) -> None:
    has_gross = rows & gross[0]
    filled.gross += int(has_gross.sum())
    filled.net += int((has_gross & net[0]).sum())
    filled.gross_counts |= bool((rows & gross[1]).any())
    filled.net_counts |= bool((rows & net[1]).any())


def _tells(lines: Mapping[LineClass, _Filled]) -> bool:
    """Whether the month's net costs mean anything: zeros beside a real bill are a column that was never filled."""
    costs = [filled for (_, _, column), filled in lines.items() if column == COST]
    return any(filled.net_counts for filled in costs) or not any(filled.gross_counts for filled in costs)


def _filled(columns: Columns, name: str) -> tuple[Mask, Mask]:
    """Where an amount is filled, and where it is not zero."""
    amount = columns.optional(name)
    if amount is None:
        nowhere = np.zeros(columns.rows, np.bool_)
        return nowhere, nowhere
    return amount[1], amount[0].signs() != 0
