"""Source ``csv``: any invoice or export in CSV, read by a column map (:mod:`agent.config.columns`).

BilledCost is the mapped column, with its sign turned where the map says so; EffectiveCost is its own column, or the
same. Tax that stands in a column beside the cost becomes rows of its own. Rows that the map leaves out are counted in
the manifest with their sum.
"""

from collections.abc import Iterator, Mapping, Sequence

from agent.billing.column_map.charges import Charges
from agent.billing.column_map.dates import Dates
from agent.billing.column_map.left_out import LeftOut
from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.delivery.finding import find
from agent.billing.interface import BillingSource
from agent.billing.reading import csv_files
from agent.billing.reading.batch import Batch, combinations
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.header_names import twice
from agent.billing.reading.raw_tags import TagSets
from agent.billing.reading.table_files import columns_of, located
from agent.config.application import SourceConfig
from agent.config.columns import ColumnsFile
from agent.errors import ConfigError, SourceError
from agent.storage import Folder
from policies.faults import FaultsError
from policies.nearest import did_you_mean
from policies.source import validate
from policies.yaml_tree import yaml_tree

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")


class MappedCsv(BillingSource):
    """One column map, and all files that are written as it says."""

    kind = "csv"

    def __init__(self, source: SourceConfig, tag_sets: TagSets, files: Mapping[str, bytes] | None = None) -> None:
        super().__init__(source, tag_sets, files)
        try:
            tree = yaml_tree(self.files.get("columns", b""), str(source.columns))
            self._map = validate(tree, ColumnsFile).value
        except FaultsError as error:
            raise ConfigError(error.faults) from error
        form = self._map.file
        delimiter = "\t" if form.delimiter == "tab" else form.delimiter
        self._dialect = csv_files.Dialect(delimiter, form.encoding, tuple(form.names), form.lines_before)
        self._charges = Charges(self._map, Dates(self._map.dates), tag_sets, source.name)
        self._invoices: dict[tuple[str | None, ...], str] = {}
        """The first file of each invoice that a column names: billing account, number and month."""

    def find(self, folder: Folder) -> Delivery:
        return find(folder, SUFFIXES, "CSV")

    def batches(self, file: ExportFile) -> Iterator[Batch]:
        left_out = LeftOut(self._map)
        for columns in columns_of(file.path, file.shown, self._places, self._dialect):
            try:
                for batch in self._charged(columns, left_out, file):
                    left_out.note(batch)
                    self._refuse_again(batch, file)
                    yield batch
            except ReadFault as fault:
                raise located(file.path, file.shown, fault, self._dialect) from fault
        rest = list(left_out.batches())
        if rest and left_out.month is None:
            raise SourceError(
                "every row of the file is left out",
                where=file.shown,
                expected="at least one charge",
                mend=f"correct leave_out in {self.source.columns}",
            )
        yield from rest

    def _refuse_again(self, batch: Batch, file: ExportFile) -> None:
        """Refuses a second file of one invoice: a number that the map gives for all files tells nothing."""
        cell = self._map.columns.cells().get("InvoiceId")
        if cell is None or cell.column is None:
            return
        names = ("BillingAccountId", "InvoiceId", "BillingPeriodStart")
        for invoice in combinations([batch.words[name] for name in names]):
            first = self._invoices.setdefault(invoice, file.shown)
            if first != file.shown and invoice[1] is not None:
                one, other = sorted((first, file.shown))
                raise SourceError(
                    f"{one} and {other} both hold invoice {invoice[1]}",
                    where=other,
                    expected="each invoice of a month in one file",
                    mend="keep the newer file; if both are parts of the invoice, join them in one file",
                )

    def _charged(self, columns: Columns, left_out: LeftOut, file: ExportFile) -> Iterator[Batch]:
        kept, rows = left_out.taken_apart(columns)
        if not kept.rows:
            return
        try:
            yield from self._charges.batches(kept, file.shown)
        except ReadFault as fault:
            if kept is not columns:
                fault.row = columns.first + int(rows[fault.row])
            raise

    def _places(self, header: Sequence[str], shown: str) -> dict[str, int]:
        """Position of each column that the map names. Raises ``SourceError`` naming all that are missing."""
        names = [name.strip() for name in header]
        prefixes = tuple(tags.prefix for tags in self._map.tags if tags.prefix is not None)
        wanted = dict.fromkeys(column for _, column in self._map.named())
        wanted |= dict.fromkeys(name for name in names if prefixes and name.startswith(prefixes))
        line = f"{shown}:{self._dialect.lines_before + 1}"
        missing = [name for name in wanted if name not in names]
        if missing:
            hints = ", ".join(f"{name!r}{did_you_mean(name, names)}" for name in missing)
            raise SourceError(
                f"the column map names columns that are not here: {hints}",
                where=line,
                expected=f"the columns that {self.source.columns} names; here are {', '.join(names)}",
                mend="deliver the export again, or correct the column map",
            )
        for name in wanted:
            if names.count(name) > 1:
                raise twice(name, line)
        unused = [name for name in dict.fromkeys(names) if name not in wanted]
        if unused:
            self.tell(f"unused {unused}", f"columns that the map does not use: {', '.join(unused)}")
        return {name: names.index(name) for name in wanted}
