"""The report as SARIF 2.1.0, for code scanning."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from policies.finding import Finding, Report, Unread
from policies.formats import wording
from policies.formats.printable import encodable, json_spoken_to_nobody, many_lines, one_line
from policies.formats.rule_texts import meaning, mending

RESULT_LIMIT = 25_000
"""Results in one run; GitHub refuses a file with more."""

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_WEIGHT = {"error": 0, "warning": 1, "note": 2}


def as_sarif(report: Report, tool_version: str) -> str:
    """One run. What does not fit into 25,000 results is left out, the least grave first, and a notification says so."""
    findings = report.findings
    if len(findings) > RESULT_LIMIT:
        findings = tuple(sorted(findings, key=lambda finding: _WEIGHT[wording.severity(finding)])[:RESULT_LIMIT])
    rules = {rule: at for at, rule in enumerate(sorted({finding.rule for finding in findings}))}
    driver = {
        "name": "apportion",
        "version": tool_version,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(report, len(report.findings) - len(findings))],
        "results": [_result(finding, rules[finding.rule]) for finding in findings],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_spoken_to_nobody(msgspec.json.format(msgspec.json.encode(document), indent=1).decode()) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    name = one_line(rule)
    return {
        "id": name,
        "shortDescription": {"text": meaning(name)},
        "fullDescription": {"text": f"{meaning(name)} {mending(name)}"},
        "help": {"text": mending(name)},
        "properties": {"tags": ["cost", "tags", "terraform"]},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    # Anything that is no failure has no level: SARIF 2.1.0, 3.27.10.
    review = finding.verdict in ("unknown", "external") and not finding.blocks
    result: dict[str, Any] = {
        "ruleId": one_line(finding.rule),
        "ruleIndex": rule,
        "kind": "review" if review else "fail",
        "level": "none" if review else wording.severity(finding),
        "message": {"text": _message(finding)},
        "locations": [_location(finding.file, finding.line) | _named(finding)],
        "partialFingerprints": {"apportion/v1": finding.fingerprint},
        # A result that was there before is no business of this change; every result has a state, or none.
        "baselineState": "unchanged" if finding.verdict == "existing" or finding.action == "no-op" else "new",
        "properties": _properties(finding),
    }
    if finding.verdict in ("exempt", "ignored"):
        result["suppressions"] = [_suppression(finding)]
    return result


def _message(finding: Finding) -> str:
    cost = wording.cost([finding])
    lines = [
        wording.headline(finding) + ".",
        _sentence(wording.reason(finding)),
        f"It costs {cost} that nobody can be charged for." if cost else "",
        *(["", "Fix:", *many_lines(finding.fix)] if finding.fix else []),
    ]
    return "\n".join(line for at, line in enumerate(lines) if line or at > 2)


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}." if clause else ""


def _location(file: str, line: int | None) -> dict[str, Any]:
    """The place; without a line the file as a whole. GitHub refuses a file of results if one has no file at all."""
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(file) or "."}}
    if line is not None and file:
        physical["region"] = {"startLine": max(line, 1)}
    return {"physicalLocation": physical}


def _named(finding: Finding) -> dict[str, Any]:
    if not finding.address:
        return {}
    return {"logicalLocations": [{"fullyQualifiedName": one_line(finding.address), "kind": "resource"}]}


def _uri(file: str) -> str:
    """A relative URI reference, so that it is the same on every machine; an absolute path becomes a file URI."""
    try:
        name = file.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        name = encodable(file).encode()
    path = quote(name.removeprefix(b"./"), safe="/!$&'()*+,;=@")
    return f"file://{path}" if path.startswith("/") else path


def _suppression(finding: Finding) -> dict[str, Any]:
    kind = "inSource" if finding.verdict == "ignored" else "external"
    why = wording.reason(finding)
    return {"kind": kind, "status": "accepted"} | ({"justification": why} if why else {})


def _properties(finding: Finding) -> dict[str, Any]:
    said = {
        "verdict": finding.verdict,
        "mode": finding.mode,
        "key": one_line(finding.key),
        "type": one_line(finding.type),
        "action": one_line(finding.action),
        "part": one_line(finding.part),
    }
    return {name: value for name, value in said.items() if value}


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    notes = [_notification("error", _unread_text(unread), unread) for unread in report.unread]
    if left_out:
        said = f"{left_out:,} of {len(report.findings):,} findings are left out: a run holds {RESULT_LIMIT:,} results."
        notes.append(_notification("warning", said))
    notes += [_notification("note", one_line(note)) for note in report.notes]
    notes.append(_notification("note", wording.summary_line(report)))
    return {
        "executionSuccessful": not report.unread,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": notes,
    }


def _unread_text(unread: Unread) -> str:
    return "\n".join([wording.unread_headline(unread), *(many_lines(unread.mend) if unread.mend else [])])


def _notification(level: str, text: str, unread: Unread | None = None) -> dict[str, Any]:
    locations: Sequence[dict[str, Any]] = [_location(unread.file, unread.line)] if unread is not None else []
    return {"level": level, "message": {"text": text}} | ({"locations": locations} if locations else {})
