"""What a billing source is: a way to find its files and to read one of them as FOCUS-shaped batches."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.reading.batch import Batch
from agent.billing.reading.raw_tags import TagSets
from agent.config.application import SourceConfig
from agent.period import Period
from agent.progress import Progress
from agent.storage import Folder

PROVEN = "manifest"
"""The completeness of a delivery whose manifest says what belongs to it."""


class BillingSource(ABC):
    """One per ingest. A file of its own for each kind of export; ``agent.billing.SOURCES`` lists them."""

    kind: ClassVar[str]
    """As written in apportion.yaml: ``sources: [{kind: ...}]``."""

    def __init__(self, source: SourceConfig, tag_sets: TagSets, files: Mapping[str, bytes] | None = None) -> None:
        self.source = source
        self.tag_sets = tag_sets
        self.files = files or {}
        """Content of the configuration files that the source's entry names, by key: ``columns`` of kind ``csv``."""
        self.notes: list[str] = []
        """Sentences for the manifest: what was decided while reading."""
        self._told: dict[str, int] = {}

    @property
    def configured(self) -> dict[str, str]:
        """The sha256 of each of ``files``, by key: another file makes another ledger of the same export."""
        return {key: hashlib.sha256(content).hexdigest() for key, content in sorted(self.files.items())}

    def tell(self, about: str, sentence: str) -> None:
        """Notes a sentence; it takes the place of what was told about the same before, such as a count so far."""
        if about not in self._told:
            self._told[about] = len(self.notes)
            self.notes.append(sentence)
        self.notes[self._told[about]] = sentence

    def pull(self, raw: Path, progress: Progress) -> None:
        """Brings what a service holds (BigQuery, an API) into ``raw`` as files; nothing to do for files.

        Called under the writer lock before :meth:`find`, for locations that hold no files. What is in ``raw`` already
        and has not changed at the service is left as it is; a file is replaced whole.
        """
        del raw, progress

    @abstractmethod
    def find(self, folder: Folder) -> Delivery:
        """The files of the export. Raises ``SourceError`` when the delivery is not whole."""

    def periods_of(self, file: ExportFile) -> AbstractSet[Period] | None:
        """The billing periods that a file holds, by a quick look; None where only reading it all tells.

        Only a source that decides and checks each period by the lines of that period alone may tell them: it is then
        given every file that holds a period which changed, and no others.
        """
        del file
        return None

    def prepare(self, files: Sequence[ExportFile]) -> None:
        """Looks at files that belong together before the first is read, for decisions that hold for all of them.

        Called once for each billing period where manifests state it, else once for all files that are read: those of
        the periods that changed where :meth:`periods_of` tells them, otherwise the whole delivery. A note on one month
        begins with it (``2026-10: …``) and stands in the manifest of that month alone.
        """
        del files

    @abstractmethod
    def batches(self, file: ExportFile) -> Iterator[Batch]:
        """The rows of one file. Raises ``SourceError`` naming file and row for what cannot be read exactly."""

    def dataset_of(self, file: ExportFile) -> str:
        """Which of several statements of the same charges a file was read as; '' where a source has only one."""
        return file.dataset

    def conclude(self) -> None:  # noqa: B027  # most sources have one statement of each charge, and nothing to compare
        """Checks across files once all are read, such as two statements of one bill against each other.

        Called after the files of each :meth:`prepare`; what it compares must be of these files alone. Raises
        ``SourceError`` where they contradict; what may only be told goes into ``notes``.
        """


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
    change: str = ""
    """What a new version changes of the one before it, in one sentence; empty without one."""
    estimated_until: str | None = None
    """The day by which the provider usually has settled the month; None once every charge names its invoice."""
    estimated_because: str = ""
    completeness: str = PROVEN
    """``manifest`` where one proves that nothing is missing, else ``not proven``."""
