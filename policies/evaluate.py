"""The verdict: which tags of which resources are wrong, and whether that stops a merge."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from policies.baseline import Baseline
from policies.demands import Demand, Demands
from policies.finding import Finding, FindingMode, Report, Summary, Verdict, fingerprint
from policies.inline import covers
from policies.policy import Mode
from policies.resource import CHANGING, BadIgnore, Carrier, External, Gathered, Remark, Resource
from policies.ruleset import Ruleset, Strictness, Waiver, milder
from policies.tag_check import UNKNOWN, Problem
from policies.tags import fold_key

Advice = Callable[[Resource, Carrier, str, str | None, str, str], str]
"""(resource, carrier, key as it has to be written, value that is right or None, rule, key as found) -> text to paste.

The key as found is empty where it is not another spelling."""
SOON = timedelta(days=14)
"""How long before its end an exemption is announced."""
_NEVER_JUDGED = ("delete", "forget", "read")
_ADVISED: tuple[Verdict, ...] = ("violation", "existing")
_GOOGLE = ("google", "gcp")
_EXTERNAL = "external-module"
_BAD_IGNORE = "bad-ignore"
_ABOUT_TAGS = ("ignored-changes",)
"""Remarks that say nothing where no tag is asked for."""
_IN_BASELINE = "it is in the baseline"


class Standing(NamedTuple):
    """Whether a finding counts. ``note`` goes on after the message."""

    verdict: Verdict
    reason: str = ""
    until: str = ""
    owner: str = ""
    note: str = ""


def judge(
    gathered: Gathered, ruleset: Ruleset, *, today: date, advice: Advice, baseline: Baseline | None = None
) -> Report:
    """Judges everything that was gathered. The order of resources does not matter."""
    judging = _Judging(ruleset, today, advice, baseline)
    for resource in gathered.resources:
        judging.resource(resource)
    for external in gathered.externals:
        judging.external(external)
    for bad in gathered.bad_ignores:
        judging.bad_ignore(bad)
    findings = tuple(sorted(judging.findings, key=_place))
    gone = judging.gone(gathered) if baseline is not None and not gathered.unread else frozenset[str]()
    notes = [*gathered.notes, *judging.notes()]
    if ruleset.asks_account and not ruleset.account and not all(each.account for each in gathered.resources):
        notes.append(
            "policy.yaml goes by account, and which one this is deployed to is not known: give it with --account"
        )
    if baseline is not None and gone:
        entries = f"{len(gone)} of {_counted(len(baseline.entries), 'baseline entry', 'baseline entries')}"
        notes.append(f"{entries} {'is' if len(gone) == 1 else 'are'} gone: shrink it with --write-baseline")
    if baseline is not None and judging.moved:
        entries = f"{len(judging.moved)} of {_counted(len(baseline.entries), 'baseline entry', 'baseline entries')}"
        of = "is of a resource that has moved" if len(judging.moved) == 1 else "are of resources that have moved"
        notes.append(f"{entries} {of}: renew it with --write-baseline")
    summary = _summary(findings)
    summary.checked = judging.checked
    summary.not_taggable = gathered.not_taggable
    summary.skipped = gathered.skipped + judging.skipped
    return Report(findings, summary, tuple(gathered.unread), tuple(notes), gone, judging.moved)


def _place(finding: Finding) -> tuple[object, ...]:
    return (
        finding.file,
        finding.line or 0,
        finding.address,
        finding.part,
        finding.key,
        finding.rule,
        finding.path,
        finding.message,
    )


def _summary(findings: tuple[Finding, ...]) -> Summary:
    counts = Counter(finding.verdict for finding in findings)
    return Summary(
        violations=counts["violation"],
        blocking=sum(finding.blocks for finding in findings),
        unknown=counts["unknown"],
        external=counts["external"],
        existing=counts["existing"],
        exempt=counts["exempt"],
        ignored=counts["ignored"],
    )


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


class _Judging:
    """One run. What is the same for many resources is worked out once."""

    def __init__(self, ruleset: Ruleset, today: date, advice: Advice, baseline: Baseline | None) -> None:
        self.findings: list[Finding] = []
        self.moved: dict[str, Finding] = {}
        self.checked = self.skipped = 0
        self._ruleset = ruleset
        self._today = today
        self._day = today.isoformat()
        self._advice = advice
        self._accepted = baseline.fingerprints if baseline is not None else None
        self._baseline = baseline
        self._demands = Demands(ruleset, today)
        self._unlisted: set[tuple[str, str, str]] = set()
        self._externals_unlisted = 0
        self._waived: Counter[Waiver] = Counter()
        self._counting_again: Counter[Waiver] = Counter()

    def resource(self, resource: Resource) -> None:
        """Judges one resource with all that bears its tags."""
        if resource.action in _NEVER_JUDGED:
            self.skipped += 1
            return
        self.checked += 1
        demands = self._demands.of(resource)
        own = resource.carriers
        parts: tuple[Carrier, ...] = ()
        if len(own) > 1 or (own and own[0].part):
            own = tuple(carrier for carrier in resource.carriers if not carrier.part)
            parts = tuple(carrier for carrier in resource.carriers if carrier.part)
        for demand in demands:
            # NOTE: what the resource itself lacks its parts lack, too: one message for one cause
            if not self._carried(resource, own, demand) and parts:
                self._carried(resource, parts, demand)
        for remark in resource.remarks:
            self._remark(resource, remark, demands)

    def _carried(self, resource: Resource, carriers: tuple[Carrier, ...], demand: Demand) -> bool:
        """Whether something is wrong with the key; then it is a finding, or counted as not listed."""
        told = False
        for carrier in carriers:
            label = resource.provider.startswith(_GOOGLE) and carrier.attribute.endswith("labels")
            check = demand.label if label else demand.plain
            problem = check.problem(carrier.tags)
            if problem is not None:
                told |= self._tells(resource, carrier, demand, problem, check.exact)
        return told

    def _tells(self, resource: Resource, carrier: Carrier, demand: Demand, problem: Problem, key: str) -> bool:
        """``key`` as it has to be written. False where the policy does not look for such a problem."""
        mode = self._mode(demand.strictness, carrier, problem)
        if mode == "off":
            return False
        unknown = problem.rule == UNKNOWN
        if unknown:
            if demand.strictness.unknown is None and demand.waiver is None:
                self._unlisted.add((resource.path, resource.address, demand.key))
                return True
            listed = demand.strictness.unknown or "warn"
            mode = milder(mode, listed) if resource.action in CHANGING else "warn"
        rule = problem.rule if unknown else carrier.rule or problem.rule
        standing = self._standing(resource, rule, demand.key, carrier.part, demand.waiver, problem)
        declared = f" (declared at {resource.downloaded})" if resource.downloaded else ""
        message = _message(resource, carrier, problem, key) + declared + standing.note
        if standing.verdict == "violation" and demand.strictness.since:
            message += f"; blocks from {demand.strictness.since}"
        fix = ""
        if standing.verdict in _ADVISED and not unknown:
            value = problem.proposal or _own_value(resource, carrier, key)
            fix = self._advice(resource, carrier, key, value, rule, problem.spelling)
        self._count_exemption(demand, standing.verdict)
        self._add(
            Finding(
                rule=rule,
                key=demand.key,
                verdict=standing.verdict,
                mode=mode,
                provider=resource.provider,
                type=resource.type,
                address=resource.address,
                action=resource.action,
                message=message,
                fix=fix,
                file=carrier.file or resource.file,
                line=carrier.line if carrier.line is not None else resource.line,
                part=carrier.part,
                attribute=carrier.attribute,
                value=problem.value,
                spelling=problem.spelling,
                proposal=problem.proposal if rule == "wrong-case" else None,
                reason=standing.reason,
                until=standing.until,
                owner=standing.owner,
                path=resource.path,
            ),
            resource,
        )
        return True

    def _mode(self, strictness: Strictness, carrier: Carrier, problem: Problem) -> Mode:
        mode: FindingMode = strictness.mode
        for rule in (carrier.rule, problem.rule):
            own = self._ruleset.rules.get(rule) if rule is not None else None
            if own == "off":
                return "off"
            if own is not None:
                mode = milder(mode, own)
        return mode

    def _standing(
        self, resource: Resource, rule: str, key: str, part: str, waiver: Waiver | None, problem: Problem | None
    ) -> Standing:
        """Whether a finding counts, and if not, why."""
        if waiver is not None:
            exemption = waiver.exemption
            return Standing("exempt", exemption.reason, exemption.until, exemption.owner)
        ignores = [each for each in resource.ignores if covers(each, rule, key)] if resource.ignores else []
        current = next((each for each in ignores if each.until is None or each.until >= self._day), None)
        if current is not None:
            return Standing("ignored", current.reason, current.until or "")
        note = f"; the ignore on line {ignores[0].line} expired on {ignores[0].until}" if ignores else ""
        unknown = problem is not None and problem.rule == UNKNOWN
        if resource.action not in CHANGING and not unknown:
            return Standing("existing", note=note)
        if self._accepted and self._accepts(resource, rule, key, part):
            return Standing("existing", _IN_BASELINE, note=note)
        if problem is not None and unknown:
            return Standing("unknown", problem.reason, note=note)
        return Standing("violation", note=note)

    def _accepts(self, resource: Resource, rule: str, key: str, part: str) -> bool:
        """Whether the baseline has the finding, by the resource's address or by one that it had."""
        addresses = (resource.address, *resource.previous)
        return any(fingerprint(rule, key, resource.path, each, part) in (self._accepted or ()) for each in addresses)

    def _add(self, finding: Finding, resource: Resource) -> None:
        self.findings.append(finding)
        for address in resource.previous:
            known = fingerprint(finding.rule, finding.key, finding.path, address, finding.part)
            if self._accepted and known in self._accepted:
                self.moved[known] = finding

    def _count_exemption(self, demand: Demand, verdict: Verdict) -> None:
        if demand.waiver is not None:
            self._waived[demand.waiver] += 1
        elif demand.lapsed is not None and verdict != "ignored":
            self._counting_again[demand.lapsed] += 1

    def _remark(self, resource: Resource, remark: Remark, demands: tuple[Demand, ...]) -> None:
        mode = self._ruleset.rules.get(remark.rule, "warn")
        about = [demand for demand in demands if not remark.key or fold_key(demand.key) == fold_key(remark.key)]
        if mode == "off" or (remark.rule in _ABOUT_TAGS and all(demand.waiver is not None for demand in about)):
            return
        if not any(demand.strictness.mode == "block" and demand.waiver is None for demand in about):
            mode = "warn"
        standing = self._standing(resource, remark.rule, "", "", None, None)
        self._add(
            Finding(
                rule=remark.rule,
                key="",
                verdict=standing.verdict,
                mode=mode,
                provider=resource.provider,
                type=resource.type,
                address=resource.address,
                action=resource.action,
                message=remark.message + standing.note,
                file=resource.file,
                line=remark.line if remark.line is not None else resource.line,
                reason=standing.reason,
                until=standing.until,
                path=resource.path,
            ),
            resource,
        )

    def external(self, external: External) -> None:
        """A module that is not there to be read: one finding, whatever its resources may be."""
        mode = self._ruleset.external
        if mode == "ignore":
            self._externals_unlisted += 1
            return
        identity = fingerprint(_EXTERNAL, "", external.path, external.address, "")
        accepted = self._accepted is not None and identity in self._accepted
        self.findings.append(
            Finding(
                rule=_EXTERNAL,
                key="",
                verdict="existing" if accepted else "external",
                mode=mode,
                provider="",
                type="module",
                address=external.address,
                action="declared",
                message=f"{external.address} ({external.source}) is not there to be read: {external.reason}",
                fix=external.mend,
                file=external.file,
                line=external.line,
                reason=_IN_BASELINE if accepted else external.reason,
                path=external.path,
            )
        )

    def bad_ignore(self, bad: BadIgnore) -> None:
        """A comment that was meant to ignore something: a warning, for what it should ignore is found as well."""
        address = bad.address or bad.file
        accepted = fingerprint(_BAD_IGNORE, "", bad.path, address, "") in (self._accepted or ())
        self.findings.append(
            Finding(
                rule=_BAD_IGNORE,
                key="",
                verdict="existing" if accepted else "violation",
                mode="warn",
                provider="",
                type="comment",
                address=address,
                action="declared",
                message=f"{bad.address}: {bad.message}" if bad.address else bad.message,
                file=bad.file,
                line=bad.line,
                reason=_IN_BASELINE if accepted else "",
                path=bad.path,
            )
        )

    def gone(self, gathered: Gathered) -> frozenset[str]:
        """The baseline's entries that nothing needs any more, in the folders that were looked at.

        What has become unknown may still be wrong, so its entry stays.
        """
        if self._baseline is None:
            return frozenset()
        paths = {each.path for each in gathered.resources} | {each.path for each in gathered.externals}
        there = {finding.fingerprint for finding in self.findings} | self.moved.keys()
        now = {(each.path, address): each.address for each in gathered.resources for address in each.previous}
        unclear = self._unlisted | {(f.path, f.address, f.key) for f in self.findings if f.rule == UNKNOWN}
        return frozenset(
            entry.fingerprint
            for entry in self._baseline.entries
            if entry.path in paths
            and entry.fingerprint not in there
            and (entry.path, now.get((entry.path, entry.address), entry.address), entry.key) not in unclear
        )

    def notes(self) -> Iterator[str]:
        """What a person should know about the run."""
        if not self._ruleset.keys:
            yield "policy.yaml asks for no tag, so that nothing can be missing"
        if self._unlisted:
            tags = _counted(len(self._unlisted), "tag that cannot be known yet is", "tags that cannot be known yet are")
            yield f"{tags} not listed, as the policy says (unknown: ignore)"
        if self._externals_unlisted:
            modules = _counted(
                self._externals_unlisted, "module that was not read is", "modules that were not read are"
            )
            yield f"{modules} not listed, as the policy says (external: ignore)"
        for waiver in self._ruleset.waivers:
            exemption = waiver.exemption
            at = f"exemption of line {waiver.line}" if waiver.line else "an exemption"
            ends = date.fromisoformat(exemption.until)
            if again := self._counting_again[waiver]:
                findings = _counted(again, "finding counts", "findings count")
                yield f"{at} expired on {ends}: {findings} again (owner {exemption.owner})"
            elif (covered := self._waived[waiver]) and ends - self._today <= SOON:
                findings = _counted(covered, "finding", "findings")
                yield f"{at} expires on {ends}: {findings} will count again (owner {exemption.owner})"


def _own_value(resource: Resource, carrier: Carrier, key: str) -> str | None:
    """The resource's own value for a part of it: a part is told only where the resource has a good one."""
    if not carrier.part:
        return None
    own = (each.tags for each in resource.carriers if not each.part and not each.tags.sensitive)
    return next((value for tags in own if (value := tags.known.get(key))), None)


def _message(resource: Resource, carrier: Carrier, problem: Problem, key: str) -> str:
    if not carrier.part:
        return f"{resource.address} {problem.clause}"
    if carrier.rule != "not-propagated":
        return f"{resource.address}: {carrier.part} {problem.clause}"
    if problem.rule == "missing-tag":
        return f"{resource.address} does not propagate its tag {key} to its {carrier.part}"
    return f"{resource.address}: what it propagates to its {carrier.part} {problem.clause}"
