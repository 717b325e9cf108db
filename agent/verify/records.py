"""What the audit found, as records, and as the text and JSON that are printed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from agent.verify.exact import brief

WIDEST = 44
"""Characters of a side in the table: any amount with its 24 decimals fits; JSON has all of every text."""
_TINY = re.compile(r"-?0\.0{24}[0-9]*$")


@dataclass(frozen=True, slots=True)
class Check:
    """Two things that must be equal. ``left`` and ``right`` are exact plain text; ``difference`` is left - right.

    For hashes ``difference`` is empty; for comparisons cell by cell the sides are numbers of cells, ``difference``
    is how many of them differ and ``detail`` names the first of them.
    """

    name: str
    left: str
    right: str
    difference: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """Every check of one period, in the order of the money's way, and what could only be stated."""

    period: str
    checks: tuple[Check, ...]
    statements: tuple[str, ...] = ()
    recomputed: Mapping[str, object] = field(default_factory=dict)
    """How much of the allocation was recomputed in fractions, and the largest difference; empty where none was."""

    @property
    def ok(self) -> bool:
        """True when every check holds. A verification without a check is not one."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    def text(self) -> str:
        """A table of all checks, the statements, and one line with the outcome."""
        failed = sum(not check.ok for check in self.checks)
        count = len(self.checks)
        outcome = f"all {count} checks hold" if self.ok else f"{failed} of {count} checks do not hold"
        lines = [*_table(self.checks), *(f"note: {text}" for text in self.statements)]
        return "\n".join([*lines, f"{self.period}: {outcome}"])

    def records(self) -> dict[str, object]:
        """The same as plain values, ready for JSON."""
        keys = ("name", "left", "right", "difference", "ok", "detail")
        checks = [{key: getattr(check, key) for key in keys} for check in self.checks]
        statements = list(self.statements)
        said = {"version": 1, "period": self.period, "ok": self.ok, "checks": checks, "statements": statements}
        return said | {"recomputed": dict(self.recomputed)}


def _table(checks: Iterable[Check]) -> list[str]:
    rows = [("", "check", "left", "right", "difference")]
    rows += [("ok" if c.ok else "FAIL", c.name, _short(c.left), _short(c.right), _short(c.difference)) for c in checks]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    details = ["", *(check.detail for check in checks)]
    return [part for line, detail in zip(lines, details, strict=True) for part in _with(line, detail)]


def _with(line: str, detail: str) -> list[str]:
    return [line, f"      {detail}"] if detail else [line]


def _short(text: str) -> str:
    if _TINY.match(text):
        return brief(Decimal(text))
    is_hash = len(text) == 64 and "." not in text and not text.startswith("-")
    widest = 12 if is_hash else WIDEST
    return f"{text[:widest]}…" if len(text) > widest else text
