"""The report as versioned JSON, for other programs. Values are as found, nothing is cut."""

from typing import Any

import msgspec

from policies.finding import Finding, Report, Summary, Unread
from policies.formats.printable import encodable, json_spoken_to_nobody

_FINDING = tuple(Finding.__dataclass_fields__)


def as_json(report: Report, tool_version: str) -> str:
    """One object: ``version``, ``tool``, ``summary``, ``findings``, ``errors`` (inputs not read) and ``notes``."""
    document = {
        "version": 1,
        "tool": {"name": "apportion", "version": tool_version},
        "summary": report.summary,
        "findings": [_finding(finding) for finding in report.findings],
        "errors": report.unread,
        "notes": report.notes,
    }
    try:
        encoded = msgspec.json.encode(document)
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(_encodable(msgspec.to_builtins(document)))
    return json_spoken_to_nobody(msgspec.json.format(encoded, indent=1).decode()) + "\n"


def schema() -> dict[str, Any]:
    """JSON Schema of :func:`as_json`'s object."""
    parts = (Finding, Summary, Unread)
    (finding, summary, unread), components = msgspec.json.schema_components(parts, ref_template="#/$defs/{name}")
    components["Finding"]["properties"]["fingerprint"] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
    texts = {"type": "array", "items": {"type": "string"}}
    return {
        "type": "object",
        "properties": {
            "version": {"const": 1},
            "tool": {"type": "object"},
            "summary": summary,
            "findings": {"type": "array", "items": finding},
            "errors": {"type": "array", "items": unread},
            "notes": texts,
        },
        "required": ["version", "summary", "findings", "errors", "notes"],
        "$defs": components,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in _FINDING} | {"fingerprint": finding.fingerprint}


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return encodable(value)
        case dict():
            return {name: _encodable(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_encodable(inner) for inner in value]
    return value
