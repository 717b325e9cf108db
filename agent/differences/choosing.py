"""Which two versions of each source are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.billing.ledger.versions import LedgerVersion, head, heads, kept_numbers, kept_version
from agent.closing.books import closed_month
from agent.errors import NothingToDo
from agent.period import Period

CURRENT, CLOSED = "current", "closed"
Side = int | str
"""A version's number, ``current`` (in force) or ``closed`` (what the month was closed with)."""


@dataclass(frozen=True, slots=True)
class Versions:
    """One source's two versions; None where the source has no data on that side."""

    source: str
    before: LedgerVersion | None
    after: LedgerVersion | None

    @property
    def same(self) -> bool:
        return self._number(self.before) == self._number(self.after)

    @staticmethod
    def _number(version: LedgerVersion | None) -> int | None:
        return version.version if version is not None else None


def choose(data: Path, period: Period, source: str | None, before: Side | None, after: Side | None) -> list[Versions]:
    """The versions of every source of the month, or of ``source`` alone, by name.

    Without ``after`` it is the one in force, without ``before`` the one kept before ``after``. Over several sources a
    number that one of them has not reached means its newest. Raises ``NothingToDo`` where a version asked for of one
    source is not there, and where there is nothing to compare.
    """
    names = [version.source for version in heads(data, period)]
    if not names or (source is not None and source not in names):
        raise NothingToDo(
            f"there is no billing data of {source or 'any source'} for {period}",
            expected=f"a source with data: {', '.join(names)}" if names else "",
            mend="run apportion ingest",
        )
    chosen = _Choice(data, period, strict=source is not None)
    pairs = [chosen.pair(name, before, after) for name in ([source] if source is not None else names)]
    if all(pair.same for pair in pairs):
        told = ", ".join(f"{pair.source} v{pair.after.version}" for pair in pairs if pair.after is not None)
        raise NothingToDo(f"{period} has no two versions to compare: {told}", mend="name them with --from and --to")
    return pairs


@dataclass(frozen=True, slots=True)
class _Choice:
    data: Path
    period: Period
    strict: bool

    def pair(self, name: str, before: Side | None, after: Side | None) -> Versions:
        later = self._version(name, CURRENT if after is None else after)
        if before is not None:
            return Versions(name, self._version(name, before), later)
        earlier = [] if later is None else [n for n in self._kept(name) if n < later.version]
        return Versions(name, self._numbered(name, earlier[-1]) if earlier else later, later)

    def _version(self, name: str, side: Side) -> LedgerVersion | None:
        if side == CURRENT:
            return head(self.data, name, self.period)
        if side == CLOSED:
            return self._closed(name)
        return self._numbered(name, int(side))

    def _closed(self, name: str) -> LedgerVersion | None:
        month = closed_month(self.data, self.period)
        if month is None:
            raise NothingToDo(f"{self.period} is not closed", mend="compare versions by their numbers")
        number = month.ledger.get(name)
        return None if number is None else kept_version(self.data, name, self.period, number)

    def _numbered(self, name: str, number: int) -> LedgerVersion:
        kept: Sequence[int] = self._kept(name)
        reached = [n for n in kept if n <= number]
        if number not in kept and reached and not self.strict and number > kept[-1]:
            number = reached[-1]
        return kept_version(self.data, name, self.period, number)

    def _kept(self, name: str) -> list[int]:
        return kept_numbers(self.data, name, self.period)
