"""The report as GitLab reads code quality: a list of issues with a place each."""

from collections import Counter
from typing import Any

import msgspec

from policies.finding import Finding, Report, Unread
from policies.formats import wording
from policies.formats.printable import json_spoken_to_nobody, one_line

_FIRST_LINE = 1


def as_code_quality(report: Report) -> str:
    """What counts, and existing debt as ``info``; exempt and ignored findings are no issues of anyone.

    GitLab compares two branches by fingerprint and wants each once, and a line for every place: a finding about a
    whole file stands on its first line, one without a file in the folder itself.
    """
    seen = Counter[str]()
    issues = [_unread(unread) for unread in report.unread]
    issues += [_finding(finding) for finding in report.findings if finding.verdict not in ("exempt", "ignored")]
    for issue in issues:
        fingerprint = issue["fingerprint"]
        seen[fingerprint] += 1
        if seen[fingerprint] > 1:
            issue["fingerprint"] = f"{fingerprint}-{seen[fingerprint]}"
    return json_spoken_to_nobody(msgspec.json.format(msgspec.json.encode(issues), indent=1).decode()) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    why, cost = wording.reason(finding), wording.cost([finding])
    said = [wording.headline(finding), why, f"costs {cost}" if cost else ""]
    return {
        "description": "; ".join(part for part in said if part),
        "check_name": one_line(finding.rule),
        "fingerprint": finding.fingerprint,
        "severity": _severity(finding),
        "location": _location(finding.file, finding.line),
    }


def _severity(finding: Finding) -> str:
    if finding.blocks:
        return "blocker"
    if finding.verdict == "violation":
        return "major"
    return "minor" if finding.verdict in wording.COUNTED else "info"


def _unread(unread: Unread) -> dict[str, Any]:
    said = wording.unread_headline(unread)
    identity = Finding("unread", "", "violation", "block", "", "", unread.file, "", said, path=unread.file)
    return {
        "description": f"{said}; {one_line(unread.mend)}" if unread.mend else said,
        "check_name": "unread",
        "fingerprint": identity.fingerprint,
        "severity": "blocker",
        "location": _location(unread.file, unread.line),
    }


def _location(file: str, line: int | None) -> dict[str, Any]:
    return {"path": one_line(file).removeprefix("./") or ".", "lines": {"begin": line or _FIRST_LINE}}
