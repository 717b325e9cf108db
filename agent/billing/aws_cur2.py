"""Source ``aws-cur2``: AWS Data Exports' Cost and Usage Report 2.0 in Parquet, with its manifests.

BilledCost is the unblended (or net unblended) cost to the last digit; EffectiveCost is amortised as
:mod:`agent.billing.aws.line_types` says.
"""

from collections.abc import Iterator, Sequence

from agent.billing.aws.lines import COST, COVERED_COST, UNUSED_COST, Lines
from agent.billing.aws.net import NET_OF, NetChoice, choose
from agent.billing.delivery.aws_data_exports import AwsDataExports
from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.delivery.finding import find
from agent.billing.interface import BillingSource
from agent.billing.reading import parquet_files
from agent.billing.reading.batch import Batch, Words
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.raw_tags import EMPTY_ID
from agent.errors import SourceError
from agent.storage import Folder

REQUIRED = (
    "bill_payer_account_id",
    "bill_billing_period_start_date",
    "line_item_usage_account_id",
    "line_item_line_item_type",
    "line_item_usage_start_date",
    "line_item_usage_end_date",
    "line_item_product_code",
    "line_item_currency_code",
    COST,
)
OPTIONAL = (
    "bill_invoice_id",
    "bill_invoicing_entity",
    "bill_billing_entity",
    "bill_bill_type",
    "line_item_resource_id",
    "line_item_usage_amount",
    "line_item_tax_type",
    "line_item_legal_entity",
    "product_sku",
    "product_region_code",
    "pricing_unit",
    "pricing_public_on_demand_cost",
    "reservation_reservation_a_r_n",
    "savings_plan_savings_plan_a_r_n",
    *COVERED_COST.values(),
    *(column for parts in UNUSED_COST.values() for column, _ in parts),
    *NET_OF.values(),
)
TAGS = ("resource_tags", "tags")
"""The map read as tags: the first that is there (``tags`` repeats the resource tags under other keys)."""


class AwsCur2(BillingSource):
    """CUR 2.0 as AWS Data Exports delivers it."""

    kind = "aws-cur2"
    _net = NetChoice()

    def find(self, folder: Folder) -> Delivery:
        return find(folder, (".parquet",), "CUR 2.0 (Parquet)", (AwsDataExports(),))

    def prepare(self, files: Sequence[ExportFile]) -> None:
        """Decides between net and gross costs, on all files at once."""
        present = [frozenset(_columns_of(file)) for file in files]
        self._net = choose(files, frozenset.intersection(*present))
        self.notes += self._net.notes

    def batches(self, file: ExportFile) -> Iterator[Batch]:
        names = _columns_of(file)
        wanted = [name for name in (*REQUIRED, *OPTIONAL) if name in names]
        wanted += [name for name in TAGS if name in names][:1]
        first = 0
        for batch in parquet_files.batches(file.path, file.shown, wanted):
            columns = Columns({name: batch[name] for name in wanted}, len(batch), first)
            first += len(batch)
            try:
                yield from Lines(columns, self._net, self._tag_ids(columns)).batches()
            except ReadFault as fault:
                raise SourceError(
                    fault.message, where=f"{file.shown}, row {fault.row + 1}", expected=fault.expected, mend=fault.mend
                ) from fault

    def _tag_ids(self, columns: Columns) -> Words:
        name = next((name for name in TAGS if name in columns.arrays), None)
        if name is None:
            return Words.same(EMPTY_ID)
        maps = columns.key_values(name)
        if maps is None:
            raise columns.fault(f"{name} is stored as {columns.arrays[name].type}", 0, "a map of texts")
        return self.tag_sets.from_maps(maps)


def _columns_of(file: ExportFile) -> tuple[str, ...]:
    """The file's columns. Raises ``SourceError`` naming every required one that is missing."""
    names = parquet_files.column_names(file.path, file.shown)
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise SourceError(
            f"{len(missing)} CUR 2.0 column{'s are' if len(missing) > 1 else ' is'} missing: {', '.join(missing)}",
            where=file.shown,
            expected="an export of COST_AND_USAGE_REPORT with at least these columns",
            mend="add the columns to the export's column selection, or choose the source kind that matches this file",
        )
    return names
