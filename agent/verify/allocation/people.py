"""customers.csv: who may be charged, and what is known of each on a day."""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta

from agent.verify.allocation.folding import folded

_COLUMNS = ("id", "name", "kind", "tier", "plan", "segment", "cohort", "parent", "start", "end", "successor")
_BEGIN, _END = date.min, date(9999, 12, 30)


@dataclass(frozen=True, slots=True)
class Row:
    """One dated row; ``last`` is inclusive."""

    id: str
    texts: dict[str, str]
    first: date
    last: date

    def away(self, day: date) -> int:
        """Days between ``day`` and the row's dates; 0 within them."""
        return max((self.first - day).days, (day - self.last).days, 0)


class People:
    """The registry, asked by customer and day."""

    def __init__(self, content: bytes) -> None:
        """``unknown`` are columns that say something, and that this page knows nothing of."""
        rows, strange = _rows(content)
        self.unknown: tuple[str, ...] = tuple(f"customers.csv: {name}" for name in strange)
        self._rows: dict[str, list[Row]] = {}
        for row in sorted(rows, key=lambda row: row.first):
            self._rows.setdefault(row.id, []).append(row)
        self._known = {folded(known): known for known in self._rows}
        parents = {row.texts["parent"] for row in rows}
        self._external = [row for row in rows if row.texts["kind"] != "internal" and row.id not in parents]
        """Rows that take part where every active customer does: splits are by leaf."""
        self._internal: dict[tuple[str, date], bool] = {}

    def known(self, text: str) -> str | None:
        """The id that a text spells."""
        return self._known.get(folded(text))

    def registered(self, customer: str) -> bool:
        """Whether it is an id."""
        return customer in self._rows

    def heir(self, customer: str, day: date) -> str:
        """The customer that this one has become by ``day``."""
        row = self._rows[customer][-1] if customer in self._rows else None
        return row.texts["successor"] if row is not None and row.texts["successor"] and row.last < day else customer

    @property
    def mergers(self) -> list[date]:
        """The last day of each customer that merged into another."""
        return [rows[-1].last for rows in self._rows.values() if rows[-1].texts["successor"]]

    def active(self, customer: str, day: date) -> bool:
        """Whether ``day`` lies within the dates of one of its rows."""
        return any(row.first <= day <= row.last for row in self._rows.get(customer, ()))

    def internal(self, customer: str, day: date) -> bool:
        """Whether the row of that day, or the nearest, is an internal customer's."""
        key = (customer, day)
        if key not in self._internal:
            self._internal[key] = customer in self._rows and self._row(customer, day).texts["kind"] == "internal"
        return self._internal[key]

    def within(self, population: dict[str, set[str]], customer: str, day: date) -> bool:
        """Whether the row of that day, or the nearest, has one of the wanted texts (casefolded) under every key."""
        if customer not in self._rows:
            return False
        row = self._row(customer, day)
        return all(row.texts[key].casefold() in wanted for key, wanted in population.items())

    def active_days(self, customer: str, start: date, end: date) -> int:
        """Days from ``start`` to before ``end`` within the dates of its rows."""
        spans = (
            (min(row.last + timedelta(days=1), end) - max(row.first, start)).days
            for row in self._rows.get(customer, ())
        )
        return sum(max(0, days) for days in spans)

    def tier(self, customer: str, day: date) -> str:
        """The tier of the last row begun by ``day``, else of the first; casefolded."""
        rows = self._rows[customer]
        begun = [row for row in rows if row.first <= day]
        return (begun[-1] if begun else rows[0]).texts["tier"].casefold()

    @property
    def leaves(self) -> list[str]:
        """Every id that is nobody's parent, in bytewise order."""
        parents = {row.texts["parent"] for rows in self._rows.values() for row in rows}
        return sorted(known for known in self._rows if known not in parents)

    def external_days(self, start: date, end: date) -> dict[str, int]:
        """Active days from ``start`` to before ``end`` of customers that are not internal, where there are any."""
        found: dict[str, int] = {}
        for row in self._external:
            days = (min(row.last + timedelta(days=1), end) - max(row.first, start)).days
            if days > 0:
                found[row.id] = found.get(row.id, 0) + days
        return found

    def _row(self, customer: str, day: date) -> Row:
        return min(self._rows[customer], key=lambda row: row.away(day))


def _rows(content: bytes) -> tuple[list[Row], list[str]]:
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    records = [[cell.strip() for cell in record] for record in reader if any(cell.strip() for cell in record)]
    columns = records[0]
    dicts = [dict(zip(columns, record, strict=True)) for record in records[1:]]
    begun: dict[str, date] = {}
    for row in dicts:
        begun[row["id"]] = min(begun.get(row["id"], date.max), _day(row.get("start", ""), _BEGIN))
    strange = [name for name in columns if name not in _COLUMNS and any(row[name] for row in dicts)]
    return [_row(row, begun[row["id"]]) for row in dicts], strange


def _row(cells: dict[str, str], begun: date) -> Row:
    texts = {name: cells.get(name, "") for name in _COLUMNS}
    texts["kind"] = texts["kind"].casefold() or "paying"
    texts["name"] = texts["name"] or texts["id"]
    if not texts["cohort"] and begun != _BEGIN:
        texts["cohort"] = f"{begun:%Y-%m}"
    return Row(texts["id"], texts, _day(texts["start"], _BEGIN), _day(texts["end"], _END))


def _day(text: str, default: date) -> date:
    return date.fromisoformat(text) if text else default
