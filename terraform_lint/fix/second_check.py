"""What a second check, of the source as the patch leaves it, says of the findings of the first."""

from policies.finding import Finding, Report
from terraform_lint.addresses import without_keys

_OPEN = ("violation", "unknown")
_OF_SOURCE = "declared"


class SecondCheck:
    """Two reports side by side."""

    def __init__(self, first: Report, second: Report) -> None:
        self._first = first
        self._before = {_identity(finding) for finding in first.findings}
        self._second = [finding for finding in second.findings if finding.verdict in _OPEN]
        self._exact = {_identity(finding): finding for finding in self._second}
        self._loose = {_declaration(finding): finding for finding in self._second}
        self.unread = [unread for unread in second.unread if unread not in first.unread]
        """Inputs that could be read before the edits."""

    def still(self, finding: Finding) -> Finding | None:
        """What is still found of a finding; None: it is mended.

        A plan's finding is looked for in the source that declares the resource, whatever the instance: the plan itself
        would have to be made again.
        """
        if finding.action == _OF_SOURCE:
            return self._exact.get(_identity(finding))
        return self._loose.get(_declaration(finding))

    def was_told(self, finding: Finding) -> bool:
        """Whether the first check told of the tag."""
        return _identity(finding) in self._before

    def new(self) -> list[Finding]:
        """Violations that were not there; of a plan nobody can tell, for its source may say less than it."""
        if any(finding.action not in (_OF_SOURCE, "") for finding in self._first.findings):
            return []
        return [each for each in self._second if each.verdict == "violation" and not self.was_told(each)]


def _identity(finding: Finding) -> tuple[str, ...]:
    """The tag of a resource, whatever is wrong with it."""
    return finding.path, finding.address, finding.part, finding.key


def _declaration(finding: Finding) -> tuple[str, ...]:
    return finding.file, without_keys(finding.address), finding.part, finding.key
