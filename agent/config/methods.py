"""The versions of the method, each in force from its month on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.config.allocation import AllocationFile
from agent.period import Period

_NEVER_SAID = Period(1, 1)


@dataclass(frozen=True, slots=True)
class Version:
    """One version: the rules, and the file they stand in as it is configured ('' where there is none)."""

    name: str
    rules: AllocationFile

    @property
    def id(self) -> str:
        """Its name in the file; '' where the file gives none."""
        return self.rules.methodology.id if self.rules.methodology is not None else ""

    @property
    def begins(self) -> Period | None:
        """The first month it is meant for; None: the file does not say."""
        return Period.parse(self.rules.methodology.from_) if self.rules.methodology is not None else None


@dataclass(frozen=True, slots=True)
class Methods:
    """At least one version; several begin in months of their own, the earliest first."""

    versions: Sequence[Version]

    @classmethod
    def of(cls, versions: Iterable[Version]) -> "Methods":
        """The versions in any order; where there are several, each says when it begins."""
        return cls(tuple(sorted(versions, key=lambda version: version.begins or _NEVER_SAID)))

    def first_month_missed(self, period: Period) -> Period | None:
        """The month in which the version of ``period`` begins, where that is later: it was not meant for it."""
        begins = self.in_force(period).begins
        return begins if begins is not None and begins > period else None

    def named(self, known: str) -> Version | None:
        """The version of that id."""
        return next((version for version in self.versions if known and version.id == known), None)

    def in_force(self, period: Period) -> Version:
        """The version that began last, at ``period`` at the latest; for a month before the first one, the first."""
        begun = [each for each in self.versions if each.begins is None or each.begins <= period]
        return begun[-1] if begun else self.versions[0]
