"""The first step of the pipeline: every delivered bill into the ledger; usage, revenue and customers kept as they are.

A file of its own, so that a process that only ingests loads nothing of what allocates and reports.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from agent import inputs, results
from agent.billing import Delivered, ingest_source
from agent.billing.ledger.unread import Unread, keep_unread
from agent.config.loading import Settings
from agent.errors import NothingToDo, SourceError
from agent.period import Period
from agent.progress import Progress


@dataclass(frozen=True, slots=True)
class Failed:
    """A source that was not taken in; what it delivered before stays in force. ``Unreachable``: nothing is known."""

    source: str
    error: SourceError


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest did: one entry a source and month, and the sources that it could not take in."""

    delivered: tuple[Delivered, ...]
    failed: tuple[Failed, ...] = ()

    @property
    def exit_code(self) -> int:
        """0; 2 when one was refused or its place does not exist; 4 when those missing could only not be reached."""
        return min((failure.error.exit_code for failure in self.failed), default=0)


def take_in(settings: Settings, periods: Collection[Period] | None, progress: Progress) -> Ingested:
    """Takes every source into the ledger, and keeps usage, revenue and registry as delivered.

    A source that cannot be reached or is refused keeps no other back. Where none could be taken in, the error of the
    first is raised.
    """
    settings.need("sources")
    # NOTE: Arrow's own allocator gives the memory of each batch back, and the next one pays for it page by page
    pa.set_memory_pool(pa.system_memory_pool())
    wanted = set(periods) if periods else None
    delivered: list[Delivered] = []
    failed: list[Failed] = []
    with results.writing(settings.data):
        for source in settings.app.sources:
            try:
                delivered += ingest_source(source, settings.data, settings.root, wanted, progress)
            except SourceError as error:
                progress.step(f"{source.name}: not taken in: {error.message}")
                failed.append(Failed(source.name, error))
        today = datetime.now(UTC).date()
        keep_unread(settings.data, {one.source: Unread(today, one.error.message) for one in failed})
        if len(failed) == len(settings.app.sources):
            raise failed[0].error
        progress.step("keeping usage, revenue and customers")
        inputs.take_in(settings, progress)
    if not delivered and not failed:
        asked = ", ".join(map(str, sorted(wanted))) if wanted else "any month"
        raise NothingToDo(f"no source delivers {asked}", mend="apportion doctor says where each source is looked for")
    return Ingested(tuple(delivered), tuple(failed))


def ingest(settings: Settings, periods: Collection[Period] | None, progress: Progress) -> list[Delivered]:
    """As :func:`take_in`, for callers that need every source: raises the error of the first that failed."""
    done = take_in(settings, periods, progress)
    if done.failed:
        raise done.failed[0].error
    return list(done.delivered)
