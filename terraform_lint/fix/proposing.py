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
from terraform_lint.fix.targets import Cannot, Target, edits_for, key_to_write, target_of
from terraform_lint.fix.text import SourceText

_SOURCE = (".tf", ".tofu")
_SPELLED = ("wrong-case", "invalid-value", "unknown-customer", "conflicting-tags")
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
    """What is to be written at one target, and for which findings; ``names``: what each is called where it is left."""

    tags: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def propose(
    report: Report, resources: Sequence[Resource], *, base: Path, values: Mapping[str, str], recheck: Recheck
) -> Proposal:
    """A patch for the violations of a report.

    ``values``: what a missing tag shall say; a value that is another spelling of a known one needs none. ``base``: the
    folder that file names of findings are relative to. A file is only changed if it is sound HCL afterwards, and an
    edit after which ``recheck`` still finds all it was for is left out.
    """
    plan = _Planning({(each.path, each.address): each for each in resources}, _Files(base), values)
    for finding in report.findings:
        if finding.verdict == "violation":
            plan.take(finding)
    return _proven(report, plan, recheck)


def _proven(report: Report, plan: "_Planning", recheck: Recheck) -> Proposal:
    """The edits, less those that prove to mend nothing, and those for what is told only once the first are made."""
    while True:
        edited, reasons = plan.files.edit(plan.work)
        left = [*plan.left, *reasons]
        if not plan.files.after:
            return Proposal("", 0, tuple(dict.fromkeys(left)))
        second = SecondCheck(report, recheck(plan.files.after))
        if second.unread:
            left += [f"{each.file}: with the edits it could not be read: {each.message}" for each in second.unread]
            return Proposal("", 0, tuple(dict.fromkeys(left)))
        idle = [target for target in edited if all(map(second.still, plan.work[target].findings))]
        for target in idle:
            plan.left += _still_found(second, plan.work.pop(target).findings)
        more = [plan.take(finding, told=False) for finding in second.new()]
        if not idle and not any(more):
            break
    meant = [finding for target in edited for finding in plan.work[target].findings if second.was_told(finding)]
    remaining = _still_found(second, meant)
    return Proposal(plan.files.patch(), len(meant) - len(remaining), tuple(dict.fromkeys([*left, *remaining])))


def _still_found(second: SecondCheck, findings: Iterable[Finding]) -> list[str]:
    found = ((finding, second.still(finding)) for finding in findings)
    return [f"{one.address}: an edit does not mend it: {still.message}" for one, still in found if still is not None]


class _Planning:
    """What is to be written where; ``left``: why some of it is not."""

    def __init__(
        self, resources: Mapping[tuple[str, str], Resource], files: "_Files", values: Mapping[str, str]
    ) -> None:  # fmt: skip
        self.files = files
        self.work: dict[Target, _Work] = {}
        self.left: list[str] = []
        self._resources = resources
        self._values = values
        self._taken: set[str] = set()

    def take(self, finding: Finding, *, told: bool = True) -> bool:
        """Plans the edit for a finding. False where it was taken before or cannot be mended; ``left`` says why.

        ``told``: people know of it from the report.
        """
        if finding.fingerprint in self._taken:
            return False
        self._taken.add(finding.fingerprint)
        name = finding.address if told else f"{finding.message} (found once the patch is applied)"
        try:
            target, value = self._wanted(finding)
        except Cannot as reason:
            self.left.append(f"{name}: {reason}")
            return False
        at = self.work.setdefault(target, _Work())
        at.findings.append(finding)
        at.names.append(name)
        at.tags[key_to_write(finding)] = value
        return True

    def _wanted(self, finding: Finding) -> tuple[Target, str]:
        resource = self._resources.get((finding.path, finding.address))
        if resource is None or not finding.key:
            raise Cannot("there is no tag to write")
        if finding.rule == "not-propagated":
            return target_of(finding, resource, self.files), "true"
        if finding.rule in _SPELLED:
            value = finding.proposal if finding.proposal is not None else finding.value
            if finding.rule != "wrong-case" or value is None:
                raise Cannot(f"which {finding.key} is meant is for a person to say")
            return target_of(finding, resource, self.files), value
        if finding.key not in self._values:
            raise Cannot(f"what its {finding.key} is must be given: --set {finding.key}=VALUE")
        return target_of(finding, resource, self.files), self._values[finding.key]


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
                left += [f"{each}: {reason}" for each in at.names]
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
