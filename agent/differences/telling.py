"""A difference as text that finance can read, and as plain values for JSON. Every amount is exact."""

from collections.abc import Iterator, Sequence

from agent import terminal
from agent.differences.records import DIMENSIONS, Compared, Difference, Line, Moved
from agent.money import legible, signed, text_from_units

SHOWN = 10
"""Lines of a dimension, unless it is the only one asked for."""
_HEADINGS = {"category": ("category", "kind"), "invoice": ("source", "invoice"), "customer": ("customer",)}
_HEADINGS |= {"provider": ("provider",), "account": ("provider", "billing account", "account")}
_HEADINGS |= {"service": ("provider", "service")}
_AMOUNTS = ("billed before", "billed after", "difference", "effective before", "effective after", "difference")


def told(difference: Difference) -> str:
    """Sources and versions, rows, totals, and a table for each dimension that ends in its sum."""
    parts = ["\n".join([f"{difference.period}: {_source(each)}" for each in difference.sources] + [_rows(difference)])]
    parts.append(_table("", ("",), [_row(("total",), line, difference) for line in difference.totals]))
    whole = len(difference.dimensions) == 1
    for name, lines in difference.dimensions.items():
        parts.append(_dimension(difference, name, lines, len(lines) if whole else SHOWN))
    if difference.without_customers:
        parts.append(f"by customer: cannot be told: {difference.without_customers}")
    parts.append("\n".join(_sums(difference)))
    return "\n\n".join(parts)


def _source(each: Compared) -> str:
    sides = " -> ".join("nothing" if number is None else f"v{number}" for number in (each.before, each.after))
    lines = f"{each.lines_before:,} -> {each.lines_after:,} lines ({each.lines_after - each.lines_before:+,})"
    return f"{each.source} {sides}: {lines}"


def _rows(difference: Difference) -> str:
    rows = difference.rows
    return f"ledger rows: {rows.removed:,} removed, {rows.added:,} added, {rows.kept:,} as before"


def _dimension(difference: Difference, name: str, lines: Sequence[Line], most: int) -> str:
    moved = [line for line in lines if line.moved]
    still = [line for line in lines if not line.moved]
    if not moved:
        return f"by {name}: no amount moved ({len(still):,} as before)"
    width = len(DIMENSIONS[name])
    rows = [_row(line.key, line, difference) for line in moved[:most]]
    rows += [
        _row((f"{word} ({sum(one.currency == line.currency for one in rest):,})",), line, difference)
        for word, rest in (("others", moved[most:]), ("as before", still))
        for line in _together(rest)
    ]
    rows += [_row(("sum",), line, difference) for line in _together(lines)]
    heading = f"by {name}" + (" (all sources of the month, current rules)" if name == "customer" else "")
    padded = [(*row[0], *[""] * (width - len(row[0])), *row[1]) for row in rows]
    return _table(heading, _HEADINGS[name], [(row[:width], row[width:]) for row in padded])


def _together(lines: Sequence[Line]) -> Iterator[Line]:
    """One line a currency."""
    for currency in sorted({line.currency for line in lines}):
        of = [line for line in lines if line.currency == currency]
        billed = sum((line.billed for line in of), Moved())
        yield Line((), currency, billed, sum((line.effective for line in of), Moved()))


Row = tuple[tuple[str, ...], tuple[str, ...]]


def _row(key: tuple[str, ...], line: Line, difference: Difference) -> Row:
    names = tuple(part or "(none)" for part in key)
    several = len(difference.totals) > 1
    amounts = tuple(text for moved in (line.billed, line.effective) for text in _moved(moved))
    return names, (*((line.currency,) if several else ()), *amounts)


def _moved(moved: Moved) -> tuple[str, str, str]:
    return legible(moved.before), legible(moved.after), signed(moved.difference)


def _table(heading: str, names: tuple[str, ...], rows: Sequence[Row]) -> str:
    listed = [(*key, *amounts) for key, amounts in rows]
    extra = len(listed[0]) - len(names) - len(_AMOUNTS)
    headers = (*names, *["currency"] * extra, *_AMOUNTS)
    right = range(len(names) + extra, len(headers))
    drawn = terminal.table(headers, listed, right=list(right))
    return f"{heading}\n{drawn}" if heading else drawn


def _sums(difference: Difference) -> Iterator[str]:
    for line in difference.totals:
        of = ", ".join(difference.dimensions)
        yield (
            f"sum of differences by {of} == difference of the bill, {line.currency}: "
            f"billed {signed(line.billed.difference)}, effective {signed(line.effective.difference)}"
        )


def document(difference: Difference) -> dict[str, object]:
    """The same as plain values; money as exact text."""
    return {
        "period": difference.period,
        "sources": [
            {
                "source": each.source,
                "from": each.before,
                "to": each.after,
                "lines": {"before": each.lines_before, "after": each.lines_after},
            }
            for each in difference.sources
        ],
        "rows": {
            "removed": difference.rows.removed,
            "added": difference.rows.added,
            "kept": difference.rows.kept,
        },
        "totals": [_values(line, ()) for line in difference.totals],
        "by": {
            name: [_values(line, DIMENSIONS[name]) for line in lines] for name, lines in difference.dimensions.items()
        },
        "without_customers": difference.without_customers,
    }


def _values(line: Line, columns: Sequence[str]) -> dict[str, object]:
    named: dict[str, object] = dict(zip(columns, line.key, strict=True))
    return named | {
        "currency": line.currency,
        "BilledCost": _exact(line.billed),
        "EffectiveCost": _exact(line.effective),
    }


def _exact(moved: Moved) -> dict[str, str]:
    return {
        "before": text_from_units(moved.before),
        "after": text_from_units(moved.after),
        "difference": text_from_units(moved.difference),
    }
