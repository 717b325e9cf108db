"""Source ``gcp``: Google Cloud's billing export to BigQuery, standard or detailed.

Read from files that BigQuery exported (Parquet, JSON lines, dotted CSV), or from the table itself, a partition a file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.delivery.finding import find
from agent.billing.google import files
from agent.billing.google.bigquery import Table
from agent.billing.google.commitments import Commitments
from agent.billing.google.labels import Labels
from agent.billing.google.lines import Lines, unused_batch
from agent.billing.google.pulling import Pull, PulledPartitions
from agent.billing.google.two_exports import TwoExports
from agent.billing.interface import BillingSource
from agent.billing.reading.batch import Batch
from agent.billing.reading.columns import ReadFault
from agent.period import Period
from agent.progress import Progress
from agent.storage import Folder


class Gcp(BillingSource):
    """BilledCost is the cost and every credit of a line; EffectiveCost spreads the fees of commitments."""

    kind = "gcp"

    def pull(self, raw: Path, progress: Progress) -> None:
        Pull(Table.parse(self.source.location), self.source.storage, raw, progress).run()

    def find(self, folder: Folder) -> Delivery:
        found = find(folder, files.SUFFIXES, "the usage cost export of Google Cloud", (PulledPartitions(),))
        # NOTE: a partition holds what was exported on its day, of several days of usage: partitions are parts of one
        # bill, in whatever folders they lie
        parts = tuple(replace(file, export="") for file in found.files)
        return replace(found, files=parts)

    def periods_of(self, file: ExportFile) -> set[Period]:
        """The invoice months of a file: commitments are worked out within each."""
        try:
            return {month for found in files.invoice_months(file) for month in found}
        except ReadFault as fault:
            raise files.located(file, fault) from fault

    def prepare(self, files_: Sequence[ExportFile]) -> None:
        """Sums the fees of commitments and what they cover, of all files."""
        self._commitments = Commitments()
        self._labels = Labels(self.tag_sets)
        self._exports = TwoExports(files_)
        for file in files_:
            try:
                for found in files.commitment_rows(file):
                    if found.columns.rows:
                        Lines(found).count_commitments(self._commitments, file.shown)
            except ReadFault as fault:
                raise files.located(file, fault) from fault
        self.notes += self._commitments.settle()

    def batches(self, file: ExportFile) -> Iterator[Batch]:
        try:
            for found in files.rows(file):
                if found.columns.rows:
                    lines = Lines(found)
                    self._exports.add(lines, file.shown)
                    yield from lines.batches(self._commitments, self._labels.ids(found, file.shown))
        except ReadFault as fault:
            raise files.located(file, fault) from fault
        if unused := self._commitments.unused(file.shown):
            yield unused_batch(unused)

    def conclude(self) -> None:
        """Refuses the standard export beside the detailed one."""
        self._exports.refuse()
