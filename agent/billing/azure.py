"""Source ``azure``: cost details exported by Azure Cost Management, actual and amortised costs, CSV and Parquet.

Microsoft's rule for FOCUS: all amortised lines, and of the actual costs only payments for reservations and savings
plans. BilledCost is then what was charged, EffectiveCost the amortised cost. Every other actual line states a charge
again; it is counted, held against the amortised costs and left out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from agent.billing.delivery.azure import AzureExports
from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.delivery.finding import find
from agent.billing.interface import BillingSource
from agent.billing.microsoft.charges import USAGE
from agent.billing.microsoft.comparison import Stated, compare, written_on
from agent.billing.microsoft.content import dataset_by_content
from agent.billing.microsoft.datasets import ACTUAL, AMORTIZED, PAYMENTS, plan, settled, told
from agent.billing.microsoft.day_first import refuse_day_first, refuse_other_period
from agent.billing.microsoft.header import resolve
from agent.billing.microsoft.lines import Lines
from agent.billing.microsoft.resources import Resources
from agent.billing.reading.batch import Batch, Mask, Numbers
from agent.billing.reading.columns import ReadFault
from agent.billing.reading.table_files import columns_of, located
from agent.errors import SourceError
from agent.storage import Folder

SUFFIXES = (".csv", ".csv.gz", ".parquet")
STATED_TWICE = "the amortised costs state these charges too"


class Azure(BillingSource):
    """Cost details of an Enterprise Agreement, a Customer Agreement or a pay-as-you-go subscription."""

    kind = "azure"

    def find(self, folder: Folder) -> Delivery:
        self._exports = AzureExports("actualcost", "amortizedcost")
        self._location = folder.shown
        self._resources = Resources()
        delivery = find(folder, SUFFIXES, "Azure cost details", (self._exports,))
        asked = self.source.dataset
        if asked not in {ACTUAL, AMORTIZED}:
            return delivery
        files = tuple(file for file in delivery.files if told(file) in {asked, ""})
        if not files:
            raise SourceError(
                f"`dataset: {asked}` is set, and no file of the delivery holds {asked} costs",
                where=folder.shown,
                expected=f"an export of type {'ActualCost' if asked == ACTUAL else 'AmortizedCost'}",
                mend="create that export in Cost Management, or correct `dataset` of this source",
            )
        if len(files) < len(delivery.files):
            self.notes.append(f"{len(delivery.files) - len(files)} files of the other dataset are not read")
        return replace(delivery, files=files)

    def prepare(self, files: Sequence[ExportFile]) -> None:
        """Decides of every file which dataset it is, and how the two are put together."""
        self._stated = {ACTUAL: Stated(), AMORTIZED: Stated()}
        self._moved: Counter[str] = Counter()
        asked = self.source.dataset
        if asked in {ACTUAL, AMORTIZED}:
            datasets = {file.shown: str(asked) for file in files}
        else:
            known = {file.shown: told(file) for file in files}
            untold = {file.shown: dataset_by_content(file) for file in files if not known[file.shown]}
            datasets = settled(untold, {shown: dataset for shown, dataset in known.items() if dataset})
        self._plan = plan(files, datasets, self._exports.runs, both=asked == "both")
        self.notes += self._plan.notes

    def dataset_of(self, file: ExportFile) -> str:
        return self._plan.reading[file.shown]

    def batches(self, file: ExportFile) -> Iterator[Batch]:
        for columns in columns_of(file.path, file.shown, resolve):
            try:
                lines = Lines(columns)
                self._refuse_other_days(lines, file)
                yield from self._read(lines, file)
            except ReadFault as fault:
                raise located(file.path, file.shown, fault) from fault

    def conclude(self) -> None:
        if self._plan.compared:
            self.notes += compare(self._stated[ACTUAL], self._stated[AMORTIZED], self._location)
        if self._moved:
            self.notes.append(_moved(self._moved))

    def _read(self, lines: Lines, file: ExportFile) -> Iterator[Batch]:
        match self._plan.reading[file.shown]:
            case dataset if dataset == AMORTIZED:
                batch = self._amortized(lines, file)
                if file.shown in self._plan.compared:
                    self._stated[AMORTIZED].add(batch, batch.costs["BilledCost"], self._written(file))
                yield batch
            case dataset if dataset == PAYMENTS:
                yield from self._payments(lines, file)
            case _:
                _refuse_amortised(lines)
                yield self._batch(lines, file, lines.cost, lines.cost)

    def _refuse_other_days(self, lines: Lines, file: ExportFile) -> None:
        run = self._exports.runs.get(file.manifest)
        refuse_day_first(lines.columns, run.span if run else None)
        refuse_other_period(lines.columns, lines.period, file.period)

    def _amortized(self, lines: Lines, file: ExportFile) -> Batch:
        payments = lines.payments() & (lines.cost.signs() != 0)
        if payments.any():
            raise lines.columns.fault(
                f"{int(payments.sum())} lines of amortised costs are payments for reservations or savings plans",
                int(np.argmax(payments)),
                "an export of type AmortizedCost, which spreads such payments over usage",
                "this file looks like actual costs: correct `dataset`, the file's name or its folder's",
            )
        paid = lines.paid_before()
        billed = lines.cost.only(~paid) if paid.any() else lines.cost
        return self._batch(lines, file, billed, lines.cost)

    def _payments(self, lines: Lines, file: ExportFile) -> Iterator[Batch]:
        _refuse_amortised(lines)
        payments = lines.payments()
        if payments.any():
            whole = self._batch(lines, file, lines.cost, lines.cost.only(~payments))
            paid = whole.where(np.flatnonzero(payments))
            self._stated[ACTUAL].saw(paid)
            yield paid
        if not payments.all():
            rest = lines.statement(lines.cost, STATED_TWICE).where(np.flatnonzero(~payments))
            self._stated[ACTUAL].add(rest, rest.costs["BilledCost"], self._written(file))
            yield rest

    def _batch(self, lines: Lines, file: ExportFile, billed: Numbers, effective: Numbers) -> Batch:
        """The rows of all lines; counts those that Azure's own cost allocation has moved already."""
        words = lines.columns.words("CostAllocationRuleName")
        if words.codes is not None and any(value is not None for value in words.values):
            counts = np.bincount(words.codes, minlength=len(words.values)).tolist()
            for value, count in zip(words.values, counts, strict=True):
                if value is not None and count:
                    self._moved[value] += count
        tag_ids = self.tag_sets.ids(lines.columns, "Tags", file.shown)
        return lines.batch(tag_ids, self._resources, billed, effective)

    def _written(self, file: ExportFile) -> date | None:
        run = self._exports.runs.get(file.manifest)
        return None if run is None else written_on(run.submitted)


def _refuse_amortised(lines: Lines) -> None:
    """Actual costs state a commitment when it is paid for: what it covers costs 0, and no line states unused parts."""
    unused: Mask = lines.where(lambda charge: charge.status == "Unused")
    if unused.any():
        raise _amortised(lines, unused, "are unused parts of commitments", "which has no such lines")
    charged = lines.committed & (lines.types == USAGE)
    if charged.any() and (charged := charged & (lines.cost.signs() != 0)).any():
        raise _amortised(
            lines, charged, "charge for usage that a commitment covers", "which has 0 there: the commitment is paid for"
        )


def _amortised(lines: Lines, rows: Mask, found: str, actual: str) -> ReadFault:
    return lines.columns.fault(
        f"{int(rows.sum())} lines of actual costs {found}",
        int(np.argmax(rows)),
        f"an export of type ActualCost, {actual}",
        "this file looks like amortised costs: correct `dataset`, the file's name or its folder's",
    )


def _moved(rules: Mapping[str, int]) -> str:
    named = ", ".join(f"{name} ({count:,} lines)" for name, count in sorted(rules.items()))
    return f"Azure's own cost allocation has moved cost already: {named}; pools must not split it again"
