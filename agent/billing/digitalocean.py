"""Source ``digitalocean``: invoices by the API, or as the CSV files that the control panel gives.

BilledCost is an item's amount, EffectiveCost the same. Of an invoice by the API, the items and what its summary states
beside them sum to its amount; the month to date has no invoice yet and stays an estimate.
"""

from collections.abc import Iterator
from pathlib import Path

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.delivery.finding import find
from agent.billing.digital_ocean import charges, documents, invoice_csv
from agent.billing.digital_ocean.api import Api
from agent.billing.digital_ocean.charges import Invoice
from agent.billing.digital_ocean.documents import Document
from agent.billing.digital_ocean.invoices import each_once
from agent.billing.digital_ocean.pulling import Pull
from agent.billing.digital_ocean.tying import beside
from agent.billing.interface import BillingSource
from agent.billing.reading.batch import Batch, Words
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.table_files import located
from agent.billing.reading.tag_columns import tag_maps
from agent.errors import SourceError
from agent.progress import Progress
from agent.storage import Folder
from agent.storage.locations import PULLED

SUFFIXES = (".csv", ".csv.gz", ".json")


class DigitalOcean(BillingSource):
    """Every invoice that an account has, and the month to date."""

    kind = "digitalocean"

    def pull(self, raw: Path, progress: Progress) -> None:
        Pull(Api(self.source.location, progress), raw, progress).run()

    def find(self, folder: Folder) -> Delivery:
        found = find(folder, SUFFIXES, "DigitalOcean invoices")
        # NOTE: invoices are parts of one bill, in whatever folders they lie
        files = [ExportFile(folder, file.shown, "") for file in found.files]
        counted = each_once(files, self.notes.append)
        # NOTE: the API says how many invoices and items there are, and all of them have come
        proven = self.source.location.startswith(PULLED)
        return Delivery(tuple(counted), "manifest" if proven else found.completeness)

    def batches(self, file: ExportFile) -> Iterator[Batch]:
        try:
            yield from self._document(file) if file.shown.endswith(".json") else self._csv(file)
        except ReadFault as fault:
            if not file.shown.endswith(".json"):
                raise located(file.path, file.shown, fault) from fault
            where = f"{file.shown}, item {fault.row + 1}"
            raise SourceError(fault.message, where=where, expected=fault.expected, mend=fault.mend) from fault

    def _document(self, file: ExportFile) -> Iterator[Batch]:
        document = documents.read(file.path, file.shown)
        invoice = Invoice(document.period, "USD", document.account, document.uuid if document.final else None)
        if document.items:
            ids = charges.tag_ids(document, self.tag_sets)
            yield charges.batch_of(charges.columns_of(document.items), invoice, ids)
        parts, note = beside(document, file.shown)
        if parts:
            yield charges.batch_beside(parts, invoice)
        self.notes += filter(None, [note])
        self._tell_unread(document)

    def _tell_unread(self, document: Document) -> None:
        for path, why in sorted(document.unread.items()):
            self.tell(path, f"{path} could not be read, so its resources have the tags last seen: {why}")

    def _csv(self, file: ExportFile) -> Iterator[Batch]:
        columns, invoice = invoice_csv.read(file)
        if invoice.id is None:
            self.notes.append(f"{file.shown} does not tell the invoice's number by its name")
        yield charges.batch_of(_in_hours(columns), invoice, self._tag_ids(columns))

    def _tag_ids(self, columns: Columns) -> Words:
        tags = {"project": columns.words("project_name"), "group": columns.words("group_description")}
        return self.tag_sets.from_maps(tag_maps(list(tags.items()), columns.rows))


def _in_hours(columns: Columns) -> Columns:
    """A CSV tells durations in hours, and has no column for it."""
    known = columns.arrays["duration"].is_valid().to_numpy(zero_copy_only=False)
    unit = charges.column_where("Hours", known)
    return Columns(columns.arrays | {"duration_unit": unit}, columns.rows, columns.first)
