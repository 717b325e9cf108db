"""Source ``focus``: FOCUS 1.0 to 1.4 Cost and Usage files of any provider, CSV, CSV.gz or Parquet.

BilledCost and EffectiveCost are the file's own, to the last digit; tags keep their raw keys and values.
"""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from agent.billing.delivery.aws_data_exports import AwsDataExports
from agent.billing.delivery.azure import AzureExports
from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.delivery.finding import find
from agent.billing.focus_dataset import own_export, values
from agent.billing.focus_dataset.account_ids import AccountIds
from agent.billing.focus_dataset.fixups import FixUps
from agent.billing.focus_dataset.header import resolve
from agent.billing.focus_dataset.other_datasets import without_other_datasets
from agent.billing.focus_dataset.splits import Splits
from agent.billing.interface import BillingSource
from agent.billing.ledger.columns import IDS, NAMES
from agent.billing.reading.batch import NULL, Batch, Ints, Words
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.currencies import known_currencies
from agent.billing.reading.kinds import kinds_of
from agent.billing.reading.moments import charge_days, day_as_written
from agent.billing.reading.raw_tags import TagSets
from agent.billing.reading.table_files import columns_of, located
from agent.config.application import SourceConfig
from agent.storage import Folder

SUFFIXES = (".csv", ".csv.gz", ".parquet")
_FOR_KINDS = ("PublisherName", "ServiceProviderName", "ServiceSubcategory", "ChargeDescription", "ChargeSubcategory")


class Focus(BillingSource):
    """FOCUS files as delivered: by the manifests of AWS and Azure where they lie, else the whole folder."""

    kind = "focus"

    def __init__(self, source: SourceConfig, tag_sets: TagSets, files: Mapping[str, bytes] | None = None) -> None:
        super().__init__(source, tag_sets, files)
        self._fixups = FixUps()
        self._accounts = AccountIds()
        self._found: list[str] = []

    def find(self, folder: Folder) -> Delivery:
        layouts = (AwsDataExports(), AzureExports("focuscost"))
        delivery, statuses = without_other_datasets(find(folder, SUFFIXES, "FOCUS", layouts))
        self._found = [status.note() for status in statuses]
        self.notes = list(self._found)
        return delivery

    def batches(self, file: ExportFile) -> Iterator[Batch]:
        for columns in columns_of(file.path, file.shown, resolve):
            try:
                yield self._batch(columns, file)
            except ReadFault as fault:
                raise located(file.path, file.shown, fault) from fault
        self.notes = [*self._found, *self._fixups.notes(), *self._accounts.notes()]

    def _batch(self, columns: Columns, file: ExportFile) -> Batch:
        starts = columns.moments("ChargePeriodStart")
        ends = columns.ends("ChargePeriodEnd", "ChargePeriodStart", starts)
        costs = {name: columns.cost(name) for name in ("BilledCost", "EffectiveCost")}
        for name in ("ListCost", "ContractedCost"):
            if (amount := columns.optional(name)) is not None:
                costs[name] = amount[0]
        quantity = columns.quantity("ConsumedQuantity")
        words = _dimensions(columns, costs["BilledCost"].signs())
        self._accounts.look_at(columns, words)
        words["BillingCurrency"] = known_currencies(columns, "BillingCurrency")
        # NOTE: Microsoft bills subscriptions of its own from the day on which they began
        others = ~values.of_microsoft(words["ProviderName"], columns.rows)
        words["BillingPeriodStart"] = columns.firsts_of_months("BillingPeriodStart", _billing_periods(columns), others)
        words["ChargePeriodStart"], words["ChargePeriodEnd"] = charge_days(starts, ends)
        words["x_TagSetId"] = self.tag_sets.ids(columns, "Tags", file.shown)
        if (splits := Splits.of(columns)) is not None:
            words |= splits.resources(columns, words)
            allocated = self.tag_sets.ids(columns, "AllocatedTags", file.shown)
            words["x_TagSetId"] = splits.tags(words["x_TagSetId"], allocated, self.tag_sets)
        effective = costs["EffectiveCost"]
        costs["EffectiveCost"] = self._fixups.effective(words, effective, effective.signs() != 0)
        return Batch(
            columns.rows,
            words,
            costs,
            None if quantity is None else quantity[0],
            None if quantity is None else quantity[1],
            starts,
            ends,
        )


def _dimensions(columns: Columns, billed: Ints) -> dict[str, Words]:
    """Ids, names and kinds of every row; ``billed`` is the sign of each BilledCost."""
    own = own_export.is_own(columns)
    words = {"ProviderName": values.provider(columns)}
    words |= {name: columns.ids(name) for name in IDS} | {name: columns.words(name) for name in (*NAMES, "x_TaxType")}
    columns.required("BillingAccountId", words["BillingAccountId"])
    words["ChargeCategory"] = values.charge_category(columns)
    words["ChargeClass"] = values.charge_class(columns)
    words["CommitmentDiscountStatus"] = values.commitment_status(columns)
    words = values.without_placeholders(words, columns.rows)
    for name in ("ResourceId", "CommitmentDiscountId"):
        words[name] = values.joinable(words[name])
    if own:
        return own_export.emptied(columns, words) | {"x_Kind": own_export.kinds(columns)}
    words["x_TaxType"] = NULL
    deciding = words | {name: columns.words(name) for name in _FOR_KINDS}
    return words | {"x_Kind": kinds_of(deciding, billed)}


def _billing_periods(columns: Columns) -> Words:
    """BillingPeriodStart as ISO dates, the day its provider wrote, whatever the zone."""
    column = columns.arrays["BillingPeriodStart"]
    starts = columns.moments("BillingPeriodStart")
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return charge_days(starts, starts)[0]
    words = columns.words("BillingPeriodStart")
    # NOTE: a dictionary may list texts of other batches, which nobody has read as moments
    used = set(words.used())
    return words.mapped(lambda value: str(day_as_written(value)) if value in used else None)
