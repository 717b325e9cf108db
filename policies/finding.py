"""What a check found: one finding, the report of a whole run, and the identity of a finding over time."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["violation", "unknown", "external", "existing", "exempt", "ignored"]
"""``violation``: wrong, and this change brings it. ``unknown``: cannot be known yet. ``external``: a module that is
not there to be read. ``existing``: wrong, but the change does not touch it, or the baseline lists it. ``exempt``: by
policy.yaml. ``ignored``: by a comment in the source."""
FindingMode = Literal["block", "warn"]


def fingerprint(rule: str, key: str, path: str, address: str, part: str) -> str:
    """The identity of a finding: see :attr:`Finding.fingerprint`."""
    identity = f"{rule}\0{key}\0{path}\0{address}\0{part}"
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Finding:
    """One wrong or unknown tag of one resource.

    ``key`` is empty for findings about no single key (a remark, an external module). ``file`` and ``line`` are where
    to change something (``line`` None: the file as a whole). ``fix`` is text to paste, possibly of several lines,
    empty where there is none. ``reason``: why a value is unknown, or why the finding does not count (exempt, ignored,
    with ``until``). ``attribute`` and ``part`` as in ``Carrier``.

    ``value`` is the tag's value as found, None where there is none or it is sensitive; ``spelling`` the key as found,
    where it is spelled otherwise; ``proposal`` the value that is meant, where that is sure (another spelling of a
    known one). ``cost``: decimal text, a month's cost of such a resource, with its ``currency``; empty where nothing
    is known.
    """

    rule: str
    key: str
    verdict: Verdict
    mode: FindingMode
    provider: str
    type: str
    address: str
    action: str
    message: str
    fix: str = ""
    file: str = ""
    line: int | None = None
    part: str = ""
    attribute: str = "tags"
    value: str | None = None
    spelling: str = ""
    proposal: str | None = None
    reason: str = ""
    until: str = ""
    owner: str = ""
    cost: str = ""
    currency: str = ""
    path: str = ""

    @property
    def fingerprint(self) -> str:
        """32 hex digits that stay the same while the resource keeps its address, whatever line it stands on."""
        return fingerprint(self.rule, self.key, self.path, self.address, self.part)

    @property
    def blocks(self) -> bool:
        """Whether this finding alone stops a merge."""
        return self.mode == "block" and self.verdict in ("violation", "unknown", "external")


@dataclass(frozen=True, slots=True)
class Unread:
    """An input that could not be read, wholly or from ``line`` on. A run with one never ends with exit code 0."""

    file: str
    line: int | None
    message: str
    mend: str = ""


@dataclass(slots=True)
class Summary:
    """Counts.

    ``checked``: resources that can carry tags and were judged, existing ones included; ``not_taggable`` and
    ``skipped`` (deleted, forgotten, data sources): resources that were not. The others count findings; ``blocking``
    those that stop a merge, whatever their verdict.
    """

    checked: int = 0
    violations: int = 0
    blocking: int = 0
    unknown: int = 0
    external: int = 0
    existing: int = 0
    exempt: int = 0
    ignored: int = 0
    not_taggable: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run: findings in the order of file, line, address, part, key, rule.

    ``notes`` are sentences about the run itself: expired exemptions, what was not read and is no error, how many
    baseline entries are gone. ``gone``: fingerprints of the baseline that nothing needs any more. ``moved``: those that
    accept a finding whose resource has another address by now, each with that finding.
    """

    findings: tuple[Finding, ...]
    summary: Summary
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = field(default=())
    gone: frozenset[str] = frozenset()
    moved: Mapping[str, Finding] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 fine, 1 something blocks, 2 an input could not be read."""
        if self.unread:
            return 2
        return 1 if self.summary.blocking else 0
