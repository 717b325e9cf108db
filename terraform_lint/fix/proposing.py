"""From findings to a patch: each finding to a place in a file, all tags of a place to one edit, edits to a diff.

What the patch mends is not what it was meant to mend, but what a second check no longer finds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from policies.finding import Finding, Report
from policies.resource import Resource
from terraform_lint.fix.edits import Edit, applied
from terraform_lint.fix.patch import unified
from terraform_lint.fix.second_check import SecondCheck
from terraform_lint.fix.targets import Cannot, Target, edits_for, target_of
from terraform_lint.fix.text import SourceText

_SOURCE = (".tf", ".tofu")
Recheck = Callable[[Mapping[str, bytes]], Report]
"""The report on the source with these contents in the place of files, which are named as in findings."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """``patch``: a unified diff, empty where nothing can be mended. ``fixed``: findings that it is proven to mend.

    ``left``: one sentence for each finding it does not mend, why, and for each that it would bring.
    """

    patch: str
    fixed: int
    left: tuple[str, ...]


@dataclass(slots=True)
class _Work:
    """What is to be written at one target, and for which findings."""

    tags: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def propose(
    report: Report, resources: Sequence[Resource], *, base: Path, values: Mapping[str, str], recheck: Recheck
) -> Proposal:
    """A patch for the violations of a report.

    ``values``: what a missing tag shall say; a value that is another spelling of a known one needs none. ``base``: the
    folder that file names of findings are relative to. A file is only changed if it is sound HCL afterwards, and an
    edit after which ``recheck`` still finds all it was for is left out.
    """
    by_address = {(resource.path, resource.address): resource for resource in resources}
    files = _Files(base)
    work: dict[Target, _Work] = {}
    left: list[str] = []
    for finding in (finding for finding in report.findings if finding.verdict == "violation"):
        try:
            target, value = _wanted(finding, by_address, files, values)
        except Cannot as reason:
            left.append(f"{finding.address}: {reason}")
            continue
        at = work.setdefault(target, _Work())
        at.findings.append(finding)
        at.tags[finding.key] = value
    return _proven(report, files, work, left, recheck)


def _proven(
    report: Report, files: "_Files", work: dict[Target, _Work], left: list[str], recheck: Recheck
) -> Proposal:  # fmt: skip
    """The edits, less those that prove to mend nothing."""
    while True:
        edited, reasons = files.edit(work)
        if not files.after:
            return Proposal("", 0, tuple(dict.fromkeys([*left, *reasons])))
        second = SecondCheck(report, recheck(files.after))
        if second.unread:
            broken = [f"{each.file}: with the edits it could not be read: {each.message}" for each in second.unread]
            return Proposal("", 0, tuple(dict.fromkeys([*left, *reasons, *broken])))
        idle = [target for target in edited if all(map(second.still, work[target].findings))]
        if not idle:
            break
        for target in idle:
            left += _still_found(second, work.pop(target).findings)
    meant = [finding for target in edited for finding in work[target].findings]
    remaining = _still_found(second, meant)
    brought = [f"{each.address}: the patch would bring: {each.message}" for each in second.new()]
    return Proposal(
        files.patch(), len(meant) - len(remaining), tuple(dict.fromkeys([*left, *reasons, *remaining, *brought]))
    )


def _still_found(second: SecondCheck, findings: Iterable[Finding]) -> list[str]:
    found = ((finding, second.still(finding)) for finding in findings)
    return [f"{one.address}: an edit does not mend it: {still.message}" for one, still in found if still is not None]


def _wanted(
    finding: Finding, resources: Mapping[tuple[str, str], Resource], files: "_Files", values: Mapping[str, str]
) -> tuple[Target, str]:
    resource = resources.get((finding.path, finding.address))
    if resource is None or not finding.key:
        raise Cannot("there is no tag to write")
    if finding.rule == "not-propagated":
        return target_of(finding, resource, files), "true"
    if finding.rule in ("wrong-case", "invalid-value", "unknown-customer", "conflicting-tags"):
        value = finding.proposal if finding.proposal is not None else finding.value
        if finding.rule != "wrong-case" or value is None:
            raise Cannot(f"which {finding.key} is meant is for a person to say")
        return target_of(finding, resource, files), value
    if finding.key not in values:
        raise Cannot(f"what its {finding.key} is must be given: --set {finding.key}=VALUE")
    return target_of(finding, resource, files), values[finding.key]


class _Files:
    """Source files as they are and as they shall be."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._sources: dict[str, SourceText | None] = {}
        self.after: dict[str, bytes] = {}

    def get(self, name: str) -> SourceText | None:
        """The file, if it is HCL that can be read."""
        if name not in self._sources:
            self._sources[name] = self._read(name)
        return self._sources[name]

    def beside(self, folder: str) -> list[str]:
        """The HCL files of a folder, relative to the base."""
        path = self._base / folder
        found = sorted(file for file in path.iterdir() if file.name.endswith(_SOURCE)) if path.is_dir() else []
        return [f"{folder}/{file.name}".removeprefix("./") if folder not in ("", ".") else file.name for file in found]

    def edit(self, work: Mapping[Target, _Work]) -> tuple[list[Target], list[str]]:
        """Puts the work, and nothing else, into the files. The targets that are edited, and why the others are not."""
        self.after = {}
        by_file: dict[str, list[Target]] = {}
        for target in work:
            by_file.setdefault(target.file, []).append(target)
        edited, left = list[Target](), list[str]()
        for name, targets in by_file.items():
            done, reasons = self._edit_file(name, {target: work[target] for target in targets})
            edited += done
            left += reasons
        return edited, left

    def _edit_file(self, name: str, work: Mapping[Target, _Work]) -> tuple[list[Target], list[str]]:
        source = self.get(name) or SourceText(b"")
        edits: list[Edit] = []
        edited, left = list[Target](), list[str]()
        for target, at in work.items():
            try:
                edits += edits_for(source, target, at.tags)
            except Cannot as reason:
                left += [f"{finding.address}: {reason}" for finding in at.findings]
            else:
                edited.append(target)
        after = _sound(source, edits)
        if after is None:
            return [], [f"{name}: the edits would not leave it sound; mend it by hand"]
        if edited:
            self.after[name] = after
        return edited, left

    def patch(self) -> str:
        """All changes, in the order of file names."""
        return "".join(
            unified(name, source.content if (source := self._sources.get(name)) else b"", after)
            for name, after in sorted(self.after.items())
        )

    def _read(self, name: str) -> SourceText | None:
        path = self._base / name
        # NOTE: git applies no patch to a symbolic link
        if not name.endswith(_SOURCE) or path.is_symlink() or not path.is_file():
            return None
        content = path.read_bytes()
        try:
            content.decode()
        except UnicodeDecodeError:
            return None
        source = SourceText(content)
        return source if source.sound else None


def _sound(source: SourceText, edits: Iterable[Edit]) -> bytes | None:
    try:
        after = applied(source.content, edits)
    except ValueError:
        return None
    return after if SourceText(after).sound else None
