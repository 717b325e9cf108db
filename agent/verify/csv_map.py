"""Any CSV by its column map: BilledCost is the column so named, with the sign that the map gives it.

EffectiveCost is its own column, or the same. Tax that a map takes from beside the cost is added to both: the amount of
its column, or the percentage of the cost, of rows that are no tax themselves. Rows that the map leaves out count as
rows of the last month of the file, with their sum apart, and cost nothing.
"""

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.config.columns import CellMap, ColumnsFile
from agent.verify.exact import NULLS, ZERO, Costs, FileSums
from policies.source import validate
from policies.yaml_tree import yaml_tree

DIRECTIVES = (("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("M", "%m"), ("D", "%d"))
CLOCK = (("HH", "%H"), ("mm", "%\0"), ("ss", "%S"))
Row = dict[str, str]


def column_map(content: bytes) -> ColumnsFile:
    """The map as it was when the month was read."""
    return validate(yaml_tree(content, "columns"), ColumnsFile).value


class MappedFile:
    """One file, read by a map."""

    def __init__(self, by: ColumnsFile) -> None:
        self._by = by
        self._zone = UTC if by.dates.timezone == "UTC" else ZoneInfo(by.dates.timezone)

    def sums(self, path: Path, period: str) -> FileSums:
        """Rows and sums of ``period``; ``KeyError`` names a column that is missing."""
        months: dict[str, int] = {}
        currencies: set[str] = set()
        left: list[Decimal] = []
        costs = Costs()
        for row in self._rows(path):
            if any(row[rule.column].strip() == rule.equals for rule in self._by.leave_out):
                left.append(self._number(row[self._by.columns.BilledCost]))
                continue
            month = self._month(row)
            months[month] = months.get(month, 0) + 1
            currency = self._cell(row, self._by.columns.cells()["BillingCurrency"]).upper()
            currencies.add(currency)
            if month == period:
                billed, effective = costs.get(currency, (ZERO, ZERO))
                more = self._costs(row)
                costs[currency] = (billed + more[0], effective + more[1])
        if not left or max(months) != period:
            return FileSums(months.get(period, 0), costs)
        return FileSums(months[period] + len(left), costs, len(left), {min(currencies): sum(left, ZERO)})

    def _rows(self, path: Path) -> Iterator[Row]:
        form = self._by.file
        content = path.read_bytes()
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode(form.encoding)
        lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
        for _ in range(form.lines_before):
            lines.readline()
        reader = csv.reader(lines, delimiter="\t" if form.delimiter == "tab" else form.delimiter, strict=True)
        names = form.names or [name.strip() for name in next(reader)]
        for cells in reader:
            if cells:
                yield dict(zip(reversed(names), reversed(cells), strict=True))

    def _costs(self, row: Row) -> tuple[Decimal, Decimal]:
        columns, kind = self._by.columns, self._kind(row)
        billed = self._number(row[columns.BilledCost])
        effective = billed if columns.EffectiveCost is None else self._number(row[columns.EffectiveCost])
        tax = self._tax(row, billed, kind)
        sign = -1 if self._by.negate == "all" or kind in self._by.negate else 1
        return sign * (billed + tax), sign * (effective + tax)

    def _tax(self, row: Row, billed: Decimal, kind: str) -> Decimal:
        percent = self._by.percent()
        if percent is not None:
            category = self._by.columns.cells().get("ChargeCategory")
            taxed = kind == "tax" or (not kind and self._cell(row, category).casefold() == "tax")
            rate = self._cell(row, percent).replace("%", "")
            return ZERO if taxed else billed * self._number(rate) / 100
        if self._by.tax is None or self._by.tax.amount is None:
            return ZERO
        return self._number(row[self._by.tax.amount])

    def _kind(self, row: Row) -> str:
        return self._cell(row, self._by.columns.cells().get("Kind"))

    def _cell(self, row: Row, cell: CellMap | None) -> str:
        if cell is None:
            return ""
        if cell.column is None:
            return cell.value or ""
        written = row[cell.column].strip()
        written = "" if written.casefold() in NULLS else written
        return cell.values.get(written, cell.otherwise or written)

    def _number(self, text: str) -> Decimal:
        form = self._by.file
        for symbol in form.symbols:
            text = text.replace(symbol, "")
        text = "".join(text.split()).replace("\N{MINUS SIGN}", "-")
        if form.thousands is not None:
            text = text.replace(form.thousands, "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
        return ZERO if text.casefold() in NULLS else Decimal(text.replace(form.decimal, "."))

    def _month(self, row: Row) -> str:
        columns, dates = self._by.columns, self._by.dates
        if columns.BillingPeriodStart is not None:
            return self._day(row[columns.BillingPeriodStart], dates.period_format or dates.format)
        return self._day(row[columns.ChargePeriodStart], dates.format)

    def _day(self, text: str, form: str | None) -> str:
        written = text.strip()
        # NOTE: a time without an offset is of the zone that the map says, whose month is asked for
        read = datetime.fromisoformat if form is None else _reader(form)
        found = read(written)
        if found.tzinfo is not None:
            found = found.astimezone(self._zone)
        return f"{found:%Y-%m}"


def _reader(form: str) -> Callable[[str], datetime]:
    directives = _directives(form)
    return lambda written: datetime.strptime(written, directives)  # noqa: DTZ007  # only its month is asked for


def _directives(form: str) -> str:
    for token, directive in (*CLOCK, *DIRECTIVES):
        form = form.replace(token, directive)
    return form.replace("\0", "M")
