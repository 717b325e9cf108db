"""Amounts as an invoice writes them -> plain decimals: marks, groups and currency signs as the column map says."""

import re
from collections.abc import Callable, Sequence

import pyarrow as pa

from agent.billing.column_map.cells import words
from agent.billing.reading.batch import EXACT, Mask, Numbers, numbered
from agent.billing.reading.columns import Columns
from agent.config.columns import CellMap, FileForm

_GROUPS = {" ": "[ \u00a0\u202f\u2009]", "'": "['\u2019]"}
"""Marks that are written in more ways than one."""
_MINUS = ("-", "\u2212")


def plain(form: FileForm) -> Callable[[str], str | None]:
    """Turns a text into a plain decimal, or into None where it is none in this form."""
    group = "" if form.thousands is None else _GROUPS.get(form.thousands, re.escape(form.thousands))
    grouped = rf"\d{{1,3}}(?:{group}\d{{3}})+|" if group else ""
    number = re.compile(rf"({grouped}\d*)(?:{re.escape(form.decimal)}(\d*))?([eE][+-]?\d{{1,4}})?", re.ASCII)

    def read(text: str) -> str | None:
        sign, rest = _sign(text.strip())
        rest = _without(rest, form.symbols)
        if not sign:
            sign, rest = _sign(rest)
        match = number.fullmatch(rest)
        if match is None or not (match[1] or match[2]):
            return None
        return f"{sign}{re.sub('[^0-9]', '', match[1])}.{match[2] or ''}{match[3] or ''}".replace(".e", ".0e")

    return read


def _sign(text: str) -> tuple[str, str]:
    if text.startswith(_MINUS):
        return "-", text[1:].strip()
    return ("", text[1:].strip()) if text.startswith("+") else ("", text)


def _without(text: str, symbols: Sequence[str]) -> str:
    for symbol in symbols:
        text = text.removeprefix(symbol).removesuffix(symbol).strip()
    return text


def amounts(columns: Columns, name: str, form: FileForm) -> Columns:
    """The column ``name`` with plain decimals. Raises ``ReadFault`` for what is no number in this form."""
    group = f", groups of three by {form.thousands!r}" if form.thousands else ", no mark between thousands"
    return columns.rewritten(name, plain(form), "no number", f"a number with the decimal mark {form.decimal!r}{group}")


def negated(numbers: Numbers, rows: Mask | None) -> Numbers:
    """The amounts with the other sign, in these rows; None is all."""
    if rows is None:
        return Numbers.zero(len(numbers.pico)).plus(numbers, times=-1)
    return numbers.only(~rows).plus(numbers.only(rows), times=-1)


def percentages(columns: Columns, cost: str, percent: CellMap, form: FileForm) -> Numbers:
    """Exactly ``percent`` hundredths of the amount in the column ``cost``, row by row."""
    bases = amounts(columns, cost, form).words(cost)
    if percent.column is None:
        rates = words(columns, percent)
    else:
        with_sign = form.model_copy(update={"symbols": [*form.symbols, "%"]})
        rates = amounts(columns, percent.column, with_sign).words(percent.column)
    pairs, places = numbered([bases, rates], columns.rows)
    products = [
        str(EXACT.scaleb(EXACT.multiply(EXACT.create_decimal(base or "0"), EXACT.create_decimal(rate or "0")), -2))
        for base, rate in pairs
    ]
    coded = pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(products, pa.string()))
    return Columns({"tax": coded}, columns.rows, columns.first).cost("tax")
