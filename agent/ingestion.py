"""The first step of the pipeline: every delivered bill into the ledger; usage, revenue and customers kept as they are.

A file of its own, so that a process that only ingests loads nothing of what allocates and reports.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from agent import clock, inputs, results
from agent.billing import Delivered, ingest_source
from agent.billing.ledger.unread import DRIVER, Unread, keep_unread, unread
from agent.config.loading import Settings
from agent.errors import ApportionError, NothingToDo, SourceError
from agent.period import Period
from agent.progress import Progress


@dataclass(frozen=True, slots=True)
class Failed:
    """A source that was not taken in; what it delivered before stays in force. ``Unreachable``: nothing is known.

    A live driver that did not answer is named ``usage <name>``.
    """

    source: str
    error: ApportionError

    @property
    def told(self) -> str:
        """``source <name>`` or ``usage <name>``."""
        return self.source if self.source.startswith(DRIVER) else f"source {self.source}"


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

    A source or live driver that cannot be reached or is refused keeps no other back. Where no source could be taken
    in, the error of the first is raised.
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
        today = clock.now().date()
        not_asked = {name: why for name, why in unread(settings.data).items() if name.startswith(DRIVER)}
        keep_unread(settings.data, not_asked | _unread(failed, today))
        if len(failed) == len(settings.app.sources):
            raise failed[0].error
        progress.step("keeping usage, revenue and customers")
        taken = inputs.take_in(settings, progress, today)
        for name, unanswered in taken.unanswered.items():
            progress.step(f"{DRIVER}{name}: not taken in: {unanswered.message}")
            failed.append(Failed(f"{DRIVER}{name}", unanswered))
        keep_unread(settings.data, _unread(failed, today))
    if not delivered and not failed:
        asked = ", ".join(map(str, sorted(wanted))) if wanted else "any month"
        raise NothingToDo(f"no source delivers {asked}", mend="apportion doctor says where each source is looked for")
    return Ingested(tuple(delivered), tuple(failed))


def _unread(failed: Sequence[Failed], today: date) -> dict[str, Unread]:
    return {one.source: Unread(today, one.error.message) for one in failed}


def ingest(settings: Settings, periods: Collection[Period] | None, progress: Progress) -> list[Delivered]:
    """As :func:`take_in`, for callers that need every source: raises the error of the first that failed."""
    done = take_in(settings, periods, progress)
    if done.failed:
        raise done.failed[0].error
    return list(done.delivered)
