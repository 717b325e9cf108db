"""Billing exports -> the exact ledger. One file a source; :data:`SOURCES` lists them."""

from collections.abc import Set as AbstractSet
from pathlib import Path

from agent.billing.aws_cur2 import AwsCur2
from agent.billing.focus import Focus
from agent.billing.intake.ingest import Ingest
from agent.billing.interface import BillingSource, Delivered
from agent.billing.reading.raw_tags import TagSets
from agent.config.application import SourceConfig
from agent.period import Period
from agent.progress import Progress

SOURCES: tuple[type[BillingSource], ...] = (Focus, AwsCur2)

__all__ = ["SOURCES", "BillingSource", "Delivered", "ingest_source"]


def ingest_source(
    source: SourceConfig, location: Path, data: Path, periods: AbstractSet[Period] | None, progress: Progress
) -> list[Delivered]:
    """Brings the ledger at ``data`` up to what ``location`` delivers; ``periods`` None means every period found.

    One answer a period, in order of time. The same delivery again changes nothing. Raises ``SourceError`` for a
    delivery that is not whole, not exact or not clear; the ledger is then as it was.
    """
    reader = next(reader for reader in SOURCES if reader.kind == source.kind)
    return Ingest(reader(TagSets()), source, data, periods, progress).run(location)
