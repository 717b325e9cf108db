"""Configured sources and live drivers that a month has nothing new of: not there, or not read by the last ingest."""

from collections.abc import Iterator, Mapping

from agent.billing.ledger.closed import closed
from agent.billing.ledger.unread import DRIVER, Unread, unread
from agent.billing.ledger.versions import heads
from agent.config.loading import Settings
from agent.config.usage import LiveUsage
from agent.inputs import current
from agent.period import Period


def absences(settings: Settings, period: Period, versions: Mapping[str, int] | None = None) -> dict[str, str]:
    """Source -> what is missing of it, in one sentence; empty when every configured source was delivered.

    A live driver that a pool of the month uses and that did not answer is named ``usage <name>``.

    ``versions``: the ledger version by source that figures were made from; by default those in force. A source that
    begins in a later month is named as well: nothing tells it from one whose export was made too late.
    """
    if versions is None:
        versions = {version.source: version.version for version in heads(settings.data, period)}
    return dict(_absences(settings, period, versions))


def _absences(settings: Settings, period: Period, present: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    # NOTE: what the last ingest met says nothing about a month that was closed before
    failed = {} if closed(settings.data, period) else unread(settings.data)
    for name in (source.name for source in settings.app.sources):
        version = present.get(name)
        if (attempt := failed.get(name)) is not None:
            rest = f"nothing of it is known for {period}"
            if version is not None:
                rest = f"figures from its last version, v{version}"
            yield name, f"source {name} could not be read on {attempt.day} ({attempt.why}); {rest}"
        elif version is None:
            yield name, f"source {name} has no data for {period}"
    yield from _unanswered(settings, period, failed)


def _unanswered(settings: Settings, period: Period, failed: Mapping[str, Unread]) -> Iterator[tuple[str, str]]:
    used = {name for pool in settings.allocation(period).pools for name in pool.drivers_used}
    for config in settings.app.usage:
        name = f"{DRIVER}{config.name}"
        if config.name in used and isinstance(config, LiveUsage) and (attempt := failed.get(name)) is not None:
            answer = current(settings.data).answer(config)
            rest = "nothing of it is known: its pools fall back"
            if answer is not None and answer.last is not None:
                rest = f"figures from its last answer, of {answer.last}"
            yield name, f"driver {config.name} could not be read on {attempt.day} ({attempt.why}); {rest}"
