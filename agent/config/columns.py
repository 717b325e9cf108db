"""The model of a column map: how the rows of any invoice or export in CSV become charges (source kind ``csv``)."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from policies.strict import Mistakes, Steps, Strict

Kind = Literal[
    "usage",
    "discount",
    "tax",
    "support",
    "credit",
    "refund",
    "fee",
    "marketplace",
    "commitment_purchase",
    "commitment_unused",
    "correction",
    "rounding",
]
"""What a charge is to the ledger, in its column x_Kind (docs/definitions.md)."""
KINDS: tuple[str, ...] = get_args(Kind)
Mistake = tuple[Steps, str]
TOKENS = {
    "YYYY": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d{2})",
    "DD": r"(?P<day>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "D": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d{2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
}
"""What a date format is made of; everything else in it stands for itself."""
_TOKEN = re.compile("YYYY|MM|DD|HH|mm|ss|M|D")
AMOUNTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")


def pattern_of(written: str) -> re.Pattern[str]:
    """The regular expression of a date format such as ``DD.MM.YYYY HH:mm``. ``ValueError`` for what is none."""
    parts, at = list[str](), 0
    for token in _TOKEN.finditer(written):
        parts += [re.escape(written[at : token.start()]), TOKENS[token[0]]]
        at = token.end()
    try:
        pattern = re.compile("".join([*parts, re.escape(written[at:])]), re.ASCII)
    except re.error:
        raise ValueError("each part of a date stands in a format once") from None
    if not {"year", "month"} <= pattern.groupindex.keys():
        raise ValueError(f"expected at least YYYY and MM, such as DD.MM.YYYY, found {written!r}")
    return pattern


def _format(written: str) -> str:
    pattern_of(written)
    return written


def _zone(name: str) -> str:
    if name != "UTC":  # needs no time zone data, which a small image may lack
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is not a time zone such as Europe/Paris") from None
    return name


Format = Annotated[str, AfterValidator(_format)]
Zone = Annotated[str, AfterValidator(_zone)]


class CellMap(Strict):
    """Where a value comes from: ``column``, or ``value`` for all rows.

    ``values`` replaces what stands in the column, compared as written but for spaces around it; ``otherwise`` replaces
    everything it does not list, empty cells included. Without it, what is not listed stays as written.
    """

    column: str | None = None
    value: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    otherwise: str | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is None) == (self.value is None):
            raise ValueError("expected either column or value")
        if self.value is not None and (self.values or self.otherwise is not None):
            raise ValueError("values and otherwise go with column")
        return self


Cell = str | CellMap
"""A column's name, or more about it."""


class MappedColumns(Strict):
    """The FOCUS columns that are filled, and ``Kind``, the ledger's own. A text names the file's column."""

    BilledCost: str
    EffectiveCost: str | None = None
    ListCost: str | None = None
    ContractedCost: str | None = None
    BillingCurrency: Cell
    BillingPeriodStart: str | None = None
    ChargePeriodStart: str
    ChargePeriodEnd: str | None = None
    ProviderName: Cell | None = None
    InvoiceIssuerName: Cell | None = None
    BillingAccountId: Cell
    SubAccountId: Cell | None = None
    InvoiceId: Cell | None = None
    ServiceName: Cell
    ServiceCategory: Cell | None = None
    ResourceId: Cell | None = None
    ResourceName: Cell | None = None
    ResourceType: Cell | None = None
    RegionId: Cell | None = None
    SkuId: Cell | None = None
    ChargeDescription: Cell | None = None
    ChargeCategory: Cell | None = None
    ChargeClass: Cell | None = None
    CommitmentDiscountId: Cell | None = None
    CommitmentDiscountStatus: Cell | None = None
    ConsumedQuantity: str | None = None
    ConsumedUnit: Cell | None = None
    TaxType: Cell | None = None
    Kind: Cell | None = None

    def cells(self) -> dict[str, CellMap]:
        """What is mapped, by the ledger's name, in the order above."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: cell if isinstance(cell, CellMap) else CellMap(column=cell)
            for name, cell in found.items()
            if cell is not None
        }


class FileForm(Strict):
    """How the file is written.

    ``symbols`` are taken off amounts. ``names`` are the columns of a file without a header.
    """

    delimiter: Literal[",", ";", "tab", "|"] = ","
    encoding: Literal["utf-8", "cp1252", "iso-8859-1", "iso-8859-15"] = "utf-8"
    decimal: Literal[".", ","] = "."
    thousands: Literal[".", ",", " ", "'"] | None = None
    symbols: list[str] = Field(default_factory=list)
    lines_before: int = Field(default=0, ge=0, le=1000)
    names: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _clear(self) -> Self:
        found: list[Mistake] = []
        if self.thousands == self.decimal:
            found.append((("thousands",), f"{self.thousands!r} is the decimal mark, too"))
        found += [
            (("names", at), f"{name!r} is already listed")
            for at, name in enumerate(self.names)
            if name in self.names[:at]
        ]
        found += [
            (("symbols", at), "a symbol is neither empty nor a digit or a mark of a number")
            for at, symbol in enumerate(self.symbols)
            if not symbol.strip() or re.search(r"[\d.,+-]", symbol)
        ]
        if found:
            raise Mistakes(found)
        return self


class DateForm(Strict):
    """How dates are written. A date alone is that day, in UTC; a time without an offset is in ``timezone``.

    ``length`` is what a row spans where no end is mapped. ``inclusive_end``: the last day is within the span.
    """

    format: Format | None = None
    period_format: Format | None = None
    timezone: Zone = "UTC"
    inclusive_end: bool = False
    length: Literal["day", "month"] = "day"

    @model_validator(mode="after")
    def _clear(self) -> Self:
        if self.format is not None:
            parts = pattern_of(self.format).groupindex.keys()
            if "day" not in parts:
                raise Mistakes([(("format",), f"expected a day, such as DD.MM.YYYY, found {self.format!r}")])
            if "hour" in parts and self.inclusive_end:
                raise Mistakes([(("inclusive_end",), "an end with a time of day is exact; this is for dates alone")])
        return self


class TagCells(Strict):
    """Tags from a column: the value of one ``key``, several ``as: json`` or ``as: list``; or columns by ``prefix``."""

    column: str | None = None
    key: str | None = Field(default=None, min_length=1)
    as_: Literal["json", "list"] | None = Field(default=None, alias="as")
    separator: str = Field(default=";", min_length=1)
    equals: str = Field(default="=", min_length=1)
    prefix: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is None) == (self.prefix is None):
            raise ValueError("expected either column or prefix")
        if self.column is not None and (self.key is None) == (self.as_ is None):
            raise ValueError("a column takes either key, for one tag, or as, for several")
        if self.prefix is not None and (self.key is not None or self.as_ is not None):
            raise ValueError("key and as go with column")
        return self


class TaxCells(Strict):
    """Tax that stands beside each row: its ``amount`` in a column, or the ``percent`` of the cost that it is."""

    amount: str | None = None
    percent: Cell | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise ValueError("expected either amount or percent")
        return self


class LeaveOut(Strict):
    """Rows that are no charges, such as totals: ``column`` holds ``equals``. Their sum is told with the ``reason``."""

    column: str
    equals: str
    reason: str = Field(min_length=1)


class ColumnsFile(Strict):
    """A column map."""

    version: Literal["1"]
    file: FileForm = Field(default_factory=FileForm)
    dates: DateForm = Field(default_factory=DateForm)
    columns: MappedColumns
    tags: list[TagCells] = Field(default_factory=list)
    negate: Literal["all"] | list[Kind] = Field(default_factory=list)
    tax: TaxCells | None = None
    leave_out: list[LeaveOut] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        found = [*self._lengths(), *self._kinds(), *self._unnamed()]
        if found:
            raise Mistakes(found)
        return self

    def _lengths(self) -> Iterator[Mistake]:
        if self.columns.ChargePeriodEnd is not None:
            if "length" in self.dates.model_fields_set:
                yield ("dates", "length"), "goes without ChargePeriodEnd, which says what a row spans"
        elif self.dates.inclusive_end:
            yield ("dates", "inclusive_end"), "needs ChargePeriodEnd"

    def _kinds(self) -> Iterator[Mistake]:
        cell = self.columns.Kind
        if cell is None and self.negate and self.negate != "all":
            yield ("negate",), "kinds are turned where columns.Kind is filled; else say all"
        for steps, kind in _outcomes(cell):
            if kind not in KINDS:
                yield ("columns", "Kind", *steps), f"{kind!r} is no kind of charge; expected {', '.join(KINDS)}"

    def _unnamed(self) -> Iterator[Mistake]:
        """Columns that a file without header does not have."""
        for steps, column in self.named():
            if self.file.names and column not in self.file.names:
                yield steps, f"{column!r} is not listed under file.names"

    def named(self) -> Iterator[tuple[Steps, str]]:
        """Every column of the file that the map names, and where it does."""
        for name, cell in self.columns.cells().items():
            if cell.column is not None:
                yield ("columns", name), cell.column
        yield from ((("tags", at), tag.column) for at, tag in enumerate(self.tags) if tag.column is not None)
        yield from ((("leave_out", at), rule.column) for at, rule in enumerate(self.leave_out))
        if self.tax is not None:
            if self.tax.amount is not None:
                yield ("tax", "amount"), self.tax.amount
            percent = self.percent()
            if percent is not None and percent.column is not None:
                yield ("tax", "percent"), percent.column

    def percent(self) -> CellMap | None:
        """The percentage of tax, where it is told as one."""
        if self.tax is None or self.tax.percent is None:
            return None
        return self.tax.percent if isinstance(self.tax.percent, CellMap) else CellMap(column=self.tax.percent)


def _outcomes(cell: Cell | None) -> Iterator[tuple[Steps, str]]:
    if isinstance(cell, CellMap):
        yield from ((("values", key), kind) for key, kind in cell.values.items())
        yield from (((name,), kind) for name in ("value", "otherwise") if (kind := getattr(cell, name)) is not None)
