"""What a billing source is: a way to find its files and to read one of them as FOCUS-shaped batches."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.reading.batch import Batch
from agent.billing.reading.raw_tags import TagSets
from agent.period import Period


class BillingSource(ABC):
    """One per ingest. A file of its own for each kind of export; ``agent.billing.SOURCES`` lists them."""

    kind: ClassVar[str]
    """As written in apportion.yaml: ``sources: [{kind: ...}]``."""

    def __init__(self, tag_sets: TagSets) -> None:
        self.tag_sets = tag_sets
        self.notes: list[str] = []
        """Sentences for the manifest: what was decided while reading."""

    @abstractmethod
    def find(self, location: Path) -> Delivery:
        """The files of the export. Raises ``SourceError`` when the delivery is not whole."""

    def prepare(self, files: Sequence[ExportFile]) -> None:
        """Looks at all files before the first is read, for decisions that must be the same everywhere."""
        del files

    @abstractmethod
    def batches(self, file: ExportFile) -> Iterator[Batch]:
        """The rows of one file. Raises ``SourceError`` naming file and row for what cannot be read exactly."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What an ingest did for one billing period."""

    source: str
    period: Period
    version: int
    changed: bool
    rows: int
    """Ledger rows."""
    lines: int
    """Raw lines."""
    billed_text: str
    """Exact BilledCost by currency: ``1,234.5 USD``, several joined by a comma."""
    notes: tuple[str, ...]
