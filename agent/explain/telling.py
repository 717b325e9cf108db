"""An explanation as text that people read: a tree with the amounts in one column, and what is behind each amount.

Cents are cut so that what stands below an amount sums to it (``agent.money.shown``); ``exact`` shows all digits.
"""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from agent import terminal
from agent.explain import amounts
from agent.explain.records import COLUMNS, Asked, Explanation, Part, SourceVersion
from agent.money import UNITS_PER_ONE, legible, shown, text_from_units

_INDENT = 2
_LEAST_LABEL = 24
_FILES = 5
_SHA = 12
_NARROW = 40


def told(explanation: Explanation, width: int = terminal.WIDTH) -> str:
    """The whole explanation, no line wider than ``width`` (at least 40)."""
    page = _Page(explanation.asked, max(width, _NARROW))
    lines = [*page.folded(_title(explanation)), ""]
    lines += page.tree(explanation.tree, "Cost")
    for beside in explanation.beside:
        lines += ["", *page.folded("Beside it, and no part of it:"), *page.tree(beside, beside.name)]
    lines += ["", *page.folded(_standing(explanation))]
    for fault in explanation.faults:
        left, right = text_from_units(fault.left), text_from_units(fault.right)
        lines += page.folded(f"does not hold: {fault.step}: {left} is not {right}")
    for source in explanation.sources:
        lines += page.source(source)
    return "\n".join(lines)


def _title(explanation: Explanation) -> str:
    asked, name = explanation.asked, explanation.name
    whose = f"{explanation.tree.name} ({name})" if name and name != explanation.tree.name else explanation.tree.name
    column = COLUMNS[asked.metric]
    closed = f"; {explanation.closed}" if explanation.closed else ""
    return (
        f"{whose}: {column} of {explanation.period} through {explanation.as_of}, {explanation.currency} "
        f"{text_from_units(explanation.tree.units)}{closed}"
    )


def _standing(explanation: Explanation) -> str:
    count, wrong = len(explanation.checks), len(explanation.faults)
    if wrong:
        return f"{wrong} of {count} steps do not hold: the sums differ."
    published = "cost_per_customer.csv" if explanation.asked.metric == "effective" else "allocation.parquet"
    return (
        f"Each amount is the sum of those below it, and the first is the one in {published}: {count} sums and shares "
        "compared, difference exactly 0."
    )


class _Page:
    def __init__(self, asked: Asked, width: int) -> None:
        self._asked = asked
        self._width = width

    def folded(self, text: str, depth: int = 0) -> list[str]:
        indent = " " * min(depth * _INDENT, self._width // 2)
        return wrap(terminal.cell(text), self._width, initial_indent=indent, subsequent_indent=indent) or [""]

    def tree(self, part: Part, name: str) -> list[str]:
        """A tree with its amounts to the right."""
        rows = list(self._rows(part, name, 0, 0))
        column = max(len(amount) for _, _, amount in rows)
        lines: list[str] = []
        for depth, text, amount in rows:
            if not amount:
                lines += self.folded(text, depth)
                continue
            indent = " " * min(depth * _INDENT, self._width // 2)
            room = self._width - column - 2
            label = _cut(indent + terminal.cell(text), room)
            if len(indent) + _LEAST_LABEL > room:
                lines.append(_cut(indent + terminal.cell(text), self._width))
                label = ""
            lines.append(f"{label.ljust(room)}  {amount.rjust(column)}")
        return lines

    def _rows(self, part: Part, name: str, depth: int, before: int) -> Iterator[tuple[int, str, str]]:
        """(depth, text, amount); an empty amount for a sentence. ``before``: the units shown above it in the column."""
        yield depth, name, self._amount(before, part.units)
        for sentence in part.told:
            yield depth + 1, sentence, ""
        if self._shows_parts(part):
            running = before
            for below in part.parts:
                yield from self._rows(below, _label(below), depth + 1, running)
                running += below.units
        if part.whole is not None and part.whole.parts and self._shows_whole(part):
            yield depth + 1, f"a share of {part.whole.name}, which is made of:", ""
            yield from self._rows(part.whole, part.whole.name, depth + 2, 0)

    def _shows_parts(self, part: Part) -> bool:
        """The integers of a split stand on a day of their own."""
        return part.kind != "day" or self._asked.day is not None

    def _shows_whole(self, part: Part) -> bool:
        return part.name == self._asked.pool if part.kind == "pool" else self._asked.rows

    def _amount(self, before: int, units: int) -> str:
        if self._asked.exact:
            return legible(units)
        cut = shown([before, units])[1]
        scaled = int(cut.replace(".", "")) * (UNITS_PER_ONE // 100)
        return amounts.money(scaled, exact=False)

    def source(self, source: SourceVersion) -> list[str]:
        """A version of the ledger and the files that it was read from."""
        ledger = amounts.listed(source.ledger) if source.ledger else "no file"
        count = len(source.files)
        head = f"{source.source} {source.period} v{source.version}: {ledger}, of {count} delivered file"
        lines = self.folded(head + ("" if count == 1 else "s"))
        shown_files: Sequence[tuple[str, str, int]] = source.files[:_FILES]
        for path, sha256, rows in shown_files:
            lines += self.folded(f"{path}  sha256 {sha256[:_SHA]}  {rows:,} rows", 1)
        if count > _FILES:
            rest = sum(rows for _, _, rows in source.files[_FILES:])
            lines += self.folded(f"{count - _FILES} more files  {rest:,} rows", 1)
        return lines


def _label(part: Part) -> str:
    match part.kind:
        case "source":
            return f"{part.name} v{part.facts['version']}"
        case "pool":
            return f"pool {part.name}"
        case "resource":
            rows = part.facts["ledger_rows"]
            return f"{part.name} ({rows} row{'' if rows == 1 else 's'})"
    return part.name


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(room - 3, 0)]}..."
