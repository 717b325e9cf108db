"""An explanation for programs: the same tree as JSON, and the schema of it. Money is exact decimal text."""

from typing import Any

from agent.explain.records import COLUMNS, Explanation, Part
from agent.money import text_from_units

_TEXT = {"type": "string"}
_MONEY = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}
KINDS = {
    "customer": "the published line of a customer",
    "reserved": "a reserved row",
    "reason": "why money is unallocated or on the balance sheet",
    "whose": "under whose name an operating expense is booked",
    "class": "how rows were recognised: a published column",
    "source": "a source and its version",
    "service": "an account's service",
    "resource": "a resource",
    "row": "a row of the ledger",
    "line": "a line of a delivered file",
    "file": "a delivered file",
    "split": "ledger rows that were split before they found anybody",
    "pool": "a pool's part",
    "day": "a day",
    "share": "one cell that was split, with its integers",
    "spread": "idle or untagged money",
    "unused": "capacity of a pool that nobody used",
    "charge": "charges that follow, by kind",
    "followed": "charges that followed cost of their own scope",
    "landed": "charges that took the distribution of what they fell on",
    "origin": "a closed month that is adjusted",
    "adjustment": "what was posted to it",
    "whole": "what an amount is a share of",
    "others": "parts not shown, with their number",
}
"""What a part can be."""


def document(explanation: Explanation) -> dict[str, object]:
    """Plain values; the command line adds the version."""
    asked = explanation.asked
    return {
        "period": explanation.period,
        "customer": explanation.tree.name,
        "name": explanation.name,
        "metric": COLUMNS[asked.metric],
        "currency": explanation.currency,
        "as_of": explanation.as_of.isoformat(),
        "closed": explanation.closed,
        "cost": text_from_units(explanation.tree.units),
        "holds": not explanation.faults,
        "tree": _part(explanation.tree),
        "beside": [_part(part) for part in explanation.beside],
        "sources": [
            {
                "source": source.source,
                "period": source.period,
                "version": source.version,
                "ledger": list(source.ledger),
                "files": [{"path": path, "sha256": sha256, "rows": rows} for path, sha256, rows in source.files],
            }
            for source in explanation.sources
        ],
        "checks": [
            {
                "step": check.step,
                "left": text_from_units(check.left),
                "right": text_from_units(check.right),
                "difference": text_from_units(check.left - check.right),
            }
            for check in explanation.checks
        ],
    }


def _part(part: Part) -> dict[str, object]:
    found: dict[str, object] = {"kind": part.kind, "name": part.name, "amount": text_from_units(part.units)}
    if part.told:
        found["told"] = list(part.told)
    if part.facts:
        found["facts"] = {name: value if isinstance(value, str | int) else list(value)
                          for name, value in part.facts.items()}  # fmt: skip
    if part.parts:
        found["parts"] = [_part(below) for below in part.parts]
        found["sum_of_parts"] = text_from_units(part.units - part.rest)
        found["difference"] = text_from_units(part.rest)
    if part.whole is not None:
        found["whole"] = _part(part.whole)
    return found


def schema() -> dict[str, Any]:
    """The JSON Schema of what ``explain --format json`` prints. Keys may be added within a version."""
    check = {"step": _TEXT, "left": _MONEY, "right": _MONEY, "difference": _MONEY}
    file = {"path": _TEXT, "sha256": _TEXT, "rows": {"type": "integer"}}
    source = {
        "source": _TEXT,
        "period": _TEXT,
        "version": {"type": "integer"},
        "ledger": {"type": "array", "items": _TEXT},
        "files": {"type": "array", "items": _object(file)},
    }
    part = {"$ref": "#/$defs/part"}
    parts = {"type": "array", "items": part}
    return {
        **_object(
            {
                "version": {"const": 1},
                "period": {"type": "string", "pattern": r"^\d{4}-\d{2}$"},
                "customer": _TEXT,
                "name": _TEXT,
                "metric": {"enum": list(COLUMNS.values())},
                "currency": _TEXT,
                "as_of": {"type": "string", "format": "date"},
                "closed": _TEXT,
                "cost": _MONEY,
                "holds": {"type": "boolean"},
                "tree": part,
                "beside": parts,
                "sources": {"type": "array", "items": _object(source)},
                "checks": {"type": "array", "items": _object(check)},
            }
        ),
        "$defs": {
            "part": _object(
                {
                    "kind": {"enum": list(KINDS), "description": "; ".join(f"{k}: {v}" for k, v in KINDS.items())},
                    "name": _TEXT,
                    "amount": _MONEY,
                },
                {
                    "told": {"type": "array", "items": _TEXT},
                    "facts": {
                        "type": "object",
                        "additionalProperties": {
                            "anyOf": [_TEXT, {"type": "integer"}, {"type": "array", "items": _TEXT}]
                        },
                    },
                    "parts": parts,
                    "sum_of_parts": _MONEY,
                    "difference": _MONEY,
                    "whole": part,
                },
            )
        },
    }


def _object(needed: dict[str, Any], more: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "required": list(needed), "properties": needed | (more or {})}
