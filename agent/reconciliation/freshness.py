"""Whether a source's month can still move, as of a day: open, estimated, overdue or final.

Final is read from the bill's invoice ids or from the user's lock on the month (``apportion close``), never from the
calendar. The ledger's manifest holds the facts; the day they are looked at is given.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from agent.billing.ledger.closed import closed
from agent.billing.ledger.versions import LedgerVersion, heads
from agent.period import Period

State = Literal["open", "estimated", "overdue", "final"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One source's month. ``until``: the day by which the provider usually has settled it; None when final."""

    source: str
    period: Period
    state: State
    until: date | None
    because: str
    """What is said of the source: ``has no invoice yet; ...``."""

    @property
    def text(self) -> str:
        """In one sentence."""
        match self.state:
            case "final":
                return f"final: {self.because}"
            case "open":
                return f"open; estimated until {self.until}: {self.source} {self.because}"
            case "estimated":
                return f"estimated until {self.until}: {self.source} {self.because}"
        return f"not final though {self.until} has passed: {self.source} {self.because}"


def standing(version: LedgerVersion, today: date, *, locked: bool = False) -> Standing:
    """How a version stands on ``today``; ``locked``: the user has closed its month."""
    manifest = version.manifest
    if locked:
        return Standing(version.source, version.period, "final", None, "the month is closed")
    until = date.fromisoformat(manifest.estimated_until) if manifest.estimated_until else None
    if not manifest.invoices and until is None:
        return Standing(version.source, version.period, "overdue", version.period.last_day, "was taken in without ids")
    if today <= version.period.last_day:
        because = manifest.estimated_because or "is invoiced so far, and the month goes on"
        return Standing(version.source, version.period, "open", until or version.period.last_day, because)
    if until is None:
        return Standing(version.source, version.period, "final", None, "every charge names its invoice")
    state: State = "estimated" if today <= until else "overdue"
    return Standing(version.source, version.period, state, until, manifest.estimated_because)


def standings(data: Path, period: Period, today: date) -> list[Standing]:
    """How every source with data of a month stands on ``today``, by name."""
    locked = closed(data, period)
    return [standing(version, today, locked=locked) for version in heads(data, period)]
