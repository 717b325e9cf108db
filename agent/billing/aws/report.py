"""What the two Cost and Usage Reports share as sources: decisions on all files first, then one file after the other."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import pyarrow as pa

from agent.billing.aws.header import (
    CATEGORY_MAP,
    COST,
    LINE_ID,
    NET_OF,
    OPTIONAL,
    PARENT,
    PRODUCT_MAP,
    REQUIRED,
    TAG_MAPS,
    USAGE_TYPE,
)
from agent.billing.aws.line_ids import LineIds, may_repeat
from agent.billing.aws.lines import Lines
from agent.billing.aws.net import NetChoice, NetSurvey
from agent.billing.aws.products import with_products
from agent.billing.aws.report_file import Block, ReportFile
from agent.billing.aws.split_costs import Instances, SplitCosts
from agent.billing.aws.tags import ReportTags
from agent.billing.delivery.export import ExportFile
from agent.billing.interface import BillingSource
from agent.billing.reading.batch import Batch

SUFFIXES = (".csv", ".csv.gz", ".parquet")
_READ = (*REQUIRED, *OPTIONAL, *TAG_MAPS, CATEGORY_MAP)


class CostAndUsageReport(BillingSource):
    """Lines of AWS, whatever their columns are called and however their tags are written."""

    report: ClassVar[str]
    """What the report is called in messages."""
    _net = NetChoice()
    _splits: SplitCosts | None = None
    _tags: ReportTags | None = None
    _ids: LineIds | None = None
    """Names of lines, where no manifest says that the files are one delivery."""

    def prepare(self, files: Sequence[ExportFile]) -> None:
        """Decides between net and gross costs, and finds the instances that parts are split from: on all files at once.

        Files are read for it only where their headers leave something to decide, and then only the columns needed.
        """
        opened = [ReportFile(file, self.report) for file in files]
        self._ids = LineIds() if may_repeat(opened) and not any(file.manifest for file in files) else None
        headers = [frozenset(file.header.places) for file in opened]
        survey = NetSurvey(frozenset.intersection(*headers))
        parents: set[str] = set()
        wanted = dict.fromkeys((*survey.columns, PARENT))
        for file in opened:
            if survey.columns or PARENT in file.header.places:
                for block in file.blocks(list(wanted)):
                    with file.located():
                        survey.count(block.columns)
                    parents.update(block.columns.words(PARENT).used())
        self._net = survey.choice()
        self.notes += self._net.notes
        if not survey.pairs and any(NET_OF[COST] in header for header in headers):
            self.notes.append("net costs are not in every file; gross costs are used")
        # NOTE: files are prepared by month where manifests tell them apart, so nothing of the last month may stay
        self._splits = SplitCosts(self._instances(opened, parents), self.tag_sets) if parents else None

    def _instances(self, files: Sequence[ReportFile], parents: set[str]) -> Instances:
        instances = Instances()
        for file in files:
            for block in file.blocks(_needed(file, USAGE_TYPE), tags=True):
                lines = block.where(_rows_of(block, parents))
                if lines.columns.rows:
                    with file.located():
                        hours = self._lines(lines, file).of_instances()
                    if hours is not None:
                        instances.add(hours)
        return instances

    def batches(self, file: ExportFile) -> Iterator[Batch]:
        opened = ReportFile(file, self.report)
        ids = () if self._ids is None else LINE_ID
        for block in opened.blocks(_needed(opened, *ids), tags=True, plain=ids[:1]):
            with opened.located():
                if self._ids is not None:
                    self._ids.add(block, opened)
                yield from self._lines(block, opened).batches(self._splits)

    def conclude(self) -> None:
        """Refuses lines that two files both have; tells of split costs that did not fit the instances."""
        if self._ids is not None:
            self._ids.refuse_repeated()
        if self._splits is not None:
            self.notes += self._splits.findings()

    def _lines(self, block: Block, file: ReportFile) -> Lines:
        if self._tags is None:
            self._tags = ReportTags(self.tag_sets)
        return Lines(with_products(block.columns), self._net, self._tags.ids(block, file.file.shown))


def _needed(file: ReportFile, *more: str) -> list[str]:
    """The columns that lines are read from; the nested product only where a plain column of it is missing."""
    products = () if {"product_sku", "product_region_code"} <= file.header.places.keys() else (PRODUCT_MAP,)
    maps = [name for name in TAG_MAPS if name in file.header.places][:1]
    return [name for name in (*_READ, *products, *more) if name not in TAG_MAPS or name in maps]


def _rows_of(block: Block, parents: set[str]) -> pa.Array:
    """The rows of these resources that are no parts themselves."""
    columns = block.columns
    known = columns.words("line_item_resource_id").mask(lambda value: value in parents, columns.rows)
    return pa.array(known & ~columns.words(PARENT).filled(columns.rows))
