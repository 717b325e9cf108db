"""Findings that one fix mends, together: forty buckets without a tag need one ``default_tags``, shown once."""

from collections.abc import Iterable

from policies.finding import Finding
from policies.formats.wording import severity


def grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings with the same rule, key, weight, reason and fix stand together, in the order of their first one.

    Where there is neither fix nor reason, they must say the same but for the address.
    """
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        same = (severity(finding), finding.verdict, finding.rule, finding.key, finding.reason, finding.until)
        said = "" if finding.fix or finding.reason else template(finding)
        groups.setdefault((*same, finding.fix, said), []).append(finding)
    return list(groups.values())


def template(finding: Finding) -> str:
    """The message as it would read for any resource."""
    return finding.message.replace(finding.address, "…") if finding.address else finding.message
