"""Standard and detailed export of one account: the detailed one states every charge of the standard one by resource.

Both in one location would be billed twice. By their sums they need not show it, as one of them may be of another day.
"""

from collections.abc import Sequence

import numpy as np

from agent.billing.delivery.export import ExportFile
from agent.billing.google import files
from agent.billing.google.line_types import USAGE
from agent.billing.google.lines import Lines
from agent.billing.reading.batch import Words, combinations
from agent.errors import SourceError

_RESOURCES = ("resource.global_name", "resource.name")
_Cell = tuple[str | None, ...]
"""Billing account, invoice month, SKU, day."""


class TwoExports:
    """Usage that a file of the standard export has, and the same with its resource in one of the detailed export."""

    def __init__(self, found: Sequence[ExportFile]) -> None:
        detailed = [files.is_detailed(file) for file in found] if len(found) > 1 else []
        self._both = any(detailed) and not all(detailed)
        self._standard = {file.shown for file, known in zip(found, detailed, strict=False) if not known}
        self._cells: dict[bool, dict[_Cell, str]] = {True: {}, False: {}}

    def add(self, lines: Lines, shown: str) -> None:
        """Counts in usage; of a detailed file only what names its resource. Nothing to do for files of one export."""
        if not self._both:
            return
        standard = shown in self._standard
        counted = lines.types.kinds == USAGE
        if not standard:
            resource = lines.columns.words(_RESOURCES[0]).otherwise(lines.columns.words(_RESOURCES[1]))
            counted = counted & resource.filled(lines.columns.rows)
        rows = np.flatnonzero(counted)
        if len(rows):
            cells = self._cells[standard]
            for cell in sorted(combinations([words.where(rows) for words in _cell(lines)]), key=str):
                cells.setdefault(cell, shown)

    def refuse(self) -> None:
        """Raises ``SourceError`` where both state the usage of one account, SKU and day."""
        shared = sorted(self._cells[True].keys() & self._cells[False].keys(), key=lambda cell: (cell[-1] or "", *cell))
        if not shared:
            return
        cell = shared[0]
        standard, detailed = (self._cells[kind][cell] for kind in (True, False))
        account, month, sku, day = cell
        raise SourceError(
            f"{standard} is of the standard export and {detailed} of the detailed one, and both bill SKU {sku} of "
            f"{account} on {day} ({(month or '')[:7]}): together they would double the bill",
            where=standard,
            expected="one of Google's two exports of a billing account",
            mend="keep the detailed export and remove the standard one from this location",
        )


def _cell(lines: Lines) -> tuple[Words, ...]:
    return (
        lines.columns.words("billing_account_id"),
        lines.period,
        lines.columns.ids("sku.id"),
        lines.day,
    )
