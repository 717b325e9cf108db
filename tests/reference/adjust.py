"""Prior-period adjustments: a later bill of a closed month, parted into money that changed and money that moved.

A cell is a row without its tags and without what may be filled in later. In a cell each tag set's money changed by
``d``; ``D`` is their sum. D = 0: nothing is an amount. All of one sign: every ``d`` is. Else D is split over the tag
sets that changed with its sign, by how much, in the order of their ids. Each metric by itself.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.reference.allocate import allocate
from tests.reference.records import Allocation, Company, Money, Row
from tests.reference.split import shares

LATER = ("invoice", "issuer", "region", "resource_name")
"""What a provider may fill in later: an amount takes the least of the rows it comes from."""
Cells = dict[Row, dict[str, Money]]
"""A row without tags, money and :data:`LATER` -> tag set id -> money."""


def adjusted(earlier: Sequence[Row], later: Sequence[Row]) -> list[Row]:
    """The later bill's money, cell by cell, under the tags of the earlier one."""
    before, now = _cells(earlier), _cells(later)
    tags = {_tag_id(row): row.tags for row in (*earlier, *later)}
    beside = {**_beside(earlier), **_beside(later)}
    rows = list(earlier)
    for cell in {**before, **now}:
        old, new = before.get(cell, {}), now.get(cell, {})
        names = sorted({*old, *new})
        changes = [_less(new.get(name, Money()), old.get(name, Money())) for name in names]
        billed = _amounts([change.billed for change in changes])
        effective = _amounts([change.effective for change in changes])
        for name, b, e in zip(names, billed, effective, strict=True):
            if b or e:
                rows.append(replace(cell, tags=tags[name], billed=b, effective=e, **beside[cell, name]))
    return rows


def amounts(closed: Company, later: Sequence[Row], posted: Allocation | None = None) -> Allocation:
    """What is to be posted: the adjusted bill's allocation, less the closed one's, less what was posted before."""
    found = dict(allocate(replace(closed, rows=adjusted(closed.rows, later))))
    for counted in (allocate(closed), posted or {}):
        for row, money in counted.items():
            found[row] = _less(found.get(row, Money()), money)
    return {row: money for row, money in found.items() if money != Money()}


def _cells(rows: Sequence[Row]) -> Cells:
    cells: Cells = {}
    for row in rows:
        of = cells.setdefault(_cell(row), {})
        name = _tag_id(row)
        of[name] = of.get(name, Money()) + Money(row.billed, row.effective)
    return cells


def _cell(row: Row) -> Row:
    return replace(row, tags=None, billed=0, effective=0, **dict.fromkeys(LATER))  # type: ignore[arg-type]  # all are null


def _beside(rows: Sequence[Row]) -> dict[tuple[Row, str], dict[str, str | None]]:
    found: dict[tuple[Row, str], dict[str, str | None]] = {}
    for row in rows:
        least = found.setdefault((_cell(row), _tag_id(row)), dict.fromkeys(LATER))
        for name in LATER:
            texts: Iterator[str] = (text for text in (least[name], getattr(row, name)) if text is not None)
            least[name] = min(texts, default=None)
    return found


def _tag_id(row: Row) -> str:
    text = json.dumps(row.tags, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _amounts(changes: Sequence[int]) -> list[int]:
    whole = sum(changes)
    if not whole:
        return [0] * len(changes)
    if all(change >= 0 for change in changes) or all(change <= 0 for change in changes):
        return list(changes)
    return shares(whole, [abs(change) if change * whole > 0 else 0 for change in changes])


def _less(one: Money, other: Money) -> Money:
    return Money(one.billed - other.billed, one.effective - other.effective)
