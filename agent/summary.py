"""``summary.json``: the figures the report opens with, for programs. Money and percentages are exact text."""

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal

from agent.margins.records import GroupLine, PeriodReport
from agent.money import text_from_units

_COUNTS = {"customers", "active", "active_customers"}
"""Integers that are no money."""


def render(figures: PeriodReport) -> bytes:
    """The summary, its tiers, and what was estimated or missing."""
    content = {
        "version": 1,
        **_plain(asdict(figures.summary)),
        "tiers": [_tier(line) for line in figures.groups if line.dimension == "tier"],
        "notes": [asdict(note) for note in figures.notes],
    }
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def _tier(line: GroupLine) -> dict[str, object]:
    fields = _plain(asdict(line))
    del fields["dimension"]
    return fields


def _plain(fields: dict[str, object]) -> dict[str, object]:
    return {name: _text(name, value) for name, value in fields.items()}


def _text(name: str, value: object) -> object:
    match value:
        case bool():
            return value
        case int() if name not in _COUNTS:
            return text_from_units(value)
        case Decimal() | date():
            return str(value)
    return value
