"""Source ``oci``: Oracle Cloud's own cost reports, CSV.gz files of some hours each that Oracle only ever adds to.

Oracle's page of the report says that ``cost/myCost`` includes overage: BilledCost is that column alone, to the last
digit, and ``cost/myCostOverage`` tells a part of it. Nothing is amortised, so EffectiveCost is the same. A correction
is a row of its own, which is added and never takes the place of the row it names.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.delivery.finding import find
from agent.billing.interface import BillingSource
from agent.billing.reading.batch import Batch, Mask, Numbers, Words, sum_units
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.currencies import known_currencies
from agent.billing.reading.header_names import missing_columns, twice
from agent.billing.reading.kinds import kinds_of
from agent.billing.reading.moments import DAY, charge_days, day_words, first_of_month
from agent.billing.reading.table_files import columns_of, located
from agent.billing.reading.tag_columns import tag_maps
from agent.errors import SourceError
from agent.storage import Folder

SUFFIXES = (".csv", ".csv.gz")
COST, OVERAGE = "cost/myCost", "cost/myCostOverage"
CORRECTION, CORRECTED = "lineItem/isCorrection", "lineItem/backreferenceNo"
UNIT, OLD_UNIT = "cost/skuUnitDescription", "cost/billingUnitReadable"
REQUIRED = (
    "lineItem/tenantId",
    "lineItem/intervalUsageStart",
    "lineItem/intervalUsageEnd",
    "product/service",
    "cost/currencyCode",
    COST,
)
OPTIONAL = (
    "product/compartmentId",
    "product/compartmentName",
    "product/region",
    "product/resourceId",
    "product/Description",
    "usage/billedQuantity",
    "cost/productSku",
    OVERAGE,
    CORRECTION,
    CORRECTED,
    UNIT,
    OLD_UNIT,
)
TAG = "tags/"
COMPARTMENT = "compartment"
"""The key under which the name of a row's compartment stands among its tags."""
_OTHER_REPORTS = re.compile(r"usage-csv|focus reports", re.IGNORECASE)
_FLAGS = {None: 0, "false": 0, "true": 1}


class Oci(BillingSource):
    """The cost reports of a tenancy; the usage and FOCUS reports that lie beside them are left alone."""

    kind = "oci"
    _cost = _overage = _corrections = _unlinked = 0

    def find(self, folder: Folder) -> Delivery:
        found = find(folder, SUFFIXES, "OCI cost reports")
        files = [file for file in found.files if not _OTHER_REPORTS.search(file.shown)]
        if not files:
            raise SourceError(
                "only usage or FOCUS reports lie here",
                where=folder.shown,
                expected="OCI cost reports: reports/cost-csv/*.csv.gz",
                mend="copy the cost reports, or read the FOCUS reports by a source of kind focus",
            )
        if others := len(found.files) - len(files):
            self.notes.append(f"{others} usage or FOCUS reports lie beside the cost reports and are not read")
        # NOTE: each file is a part of the whole, in whatever folders a copy has sorted them
        return Delivery(tuple(replace(file, export="") for file in files), found.completeness)

    def batches(self, file: ExportFile) -> Iterator[Batch]:
        for columns in columns_of(file.path, file.shown, _resolved):
            try:
                yield self._batch(columns)
            except ReadFault as fault:
                raise located(file.path, file.shown, fault) from fault

    def _batch(self, columns: Columns) -> Batch:
        starts = columns.moments("lineItem/intervalUsageStart")
        ends = columns.ends("lineItem/intervalUsageEnd", "lineItem/intervalUsageStart", starts)
        cost = columns.cost(COST)
        corrections = _corrections(columns)
        self._tell(columns, cost, corrections)
        words = _words(columns, cost)
        words["ChargePeriodStart"], words["ChargePeriodEnd"] = charge_days(starts, ends)
        words["BillingPeriodStart"] = first_of_month(day_words(starts // DAY))
        words["ChargeClass"] = Words((None, "Correction"), corrections.astype(np.int32))
        words["x_TagSetId"] = self._tags(columns)
        quantity, known = columns.quantity("usage/billedQuantity") or (None, None)
        costs = {"BilledCost": cost, "EffectiveCost": cost, "ContractedCost": cost}
        return Batch(columns.rows, words, costs, quantity, known, starts, ends)

    def _tags(self, columns: Columns) -> Words:
        """Keys as delivered behind ``tags/``, with their namespace, and the compartment where no tag has its name."""
        tags = {name.removeprefix(TAG): columns.words(name) for name in columns.arrays if name.startswith(TAG)}
        tags = {COMPARTMENT: columns.words("product/compartmentName")} | tags
        return self.tag_sets.from_maps(tag_maps(list(tags.items()), columns.rows))

    def _tell(self, columns: Columns, cost: Numbers, corrections: Mask) -> None:
        """What the reader of the bill must know: corrections, and overage that its cost does not include."""
        if corrections.any():
            named = columns.words(CORRECTED).filled(columns.rows)
            self._corrections += int(corrections.sum())
            self._unlinked += int((corrections & ~named).sum())
            which = f"; {self._unlinked:,} of them name none" if self._unlinked else ""
            self.tell("corrections", f"correction lines added to the lines they name: {self._corrections:,}{which}")
        self._cost += sum_units(cost)
        if (overage := columns.optional(OVERAGE)) is not None:
            self._overage += sum_units(overage[0])
        if self._overage > self._cost > 0:
            self.tell("overage", f"{OVERAGE} is more than {COST}, which should include it: compare Oracle's invoice")


def _resolved(names: Sequence[str], shown: str) -> dict[str, int]:
    """Position of each known column, by its usual name in any case, and of each tag column by its own."""
    positions: dict[str, int] = {}
    for place, name in enumerate(names):
        key = name if name.startswith(TAG) else name.strip().casefold()
        if key in positions:
            raise twice(name, f"{shown}:1")
        positions[key] = place
    found = {name: positions[name.casefold()] for name in (*REQUIRED, *OPTIONAL) if name.casefold() in positions}
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        raise missing_columns(
            "OCI cost report",
            missing,
            where=f"{shown}:1",
            expected="an OCI cost report",
            mend="copy the file again; for Oracle's FOCUS reports choose the source kind focus",
        )
    return found | {name: place for name, place in positions.items() if name.startswith(TAG)}


def _words(columns: Columns, cost: Numbers) -> dict[str, Words]:
    service = columns.required("product/service", columns.words("product/service"))
    deciding = {
        "ProviderName": Words.same("Oracle"),
        "ServiceName": service,
        "ChargeCategory": Words.same("Usage"),
        "ChargeDescription": columns.words("product/Description"),
    }
    marketplace = service.mapped(lambda value: value and ("marketplace" if value.casefold() == "marketplace" else None))
    return {
        "ProviderName": deciding["ProviderName"],
        "InvoiceIssuerName": Words.same("Oracle"),
        "BillingAccountId": columns.required("lineItem/tenantId", columns.ids("lineItem/tenantId")),
        "SubAccountId": columns.ids("product/compartmentId"),
        "ServiceName": service,
        "ResourceId": columns.ids("product/resourceId"),
        "RegionId": columns.words("product/region"),
        "SkuId": columns.ids("cost/productSku"),
        "ChargeCategory": deciding["ChargeCategory"],
        "ConsumedUnit": columns.words(UNIT).otherwise(columns.words(OLD_UNIT)),
        "BillingCurrency": known_currencies(columns, "cost/currencyCode"),
        "x_Kind": marketplace.otherwise(kinds_of(deciding, cost.signs())),
    }


def _corrections(columns: Columns) -> Mask:
    """The rows that correct others; a flag that is neither true nor false is refused with its count."""

    def unknown(lines: int, found: str | None, row: int) -> ReadFault:
        return columns.fault(f"{CORRECTION} holds {found!r}; {lines} rows do so or alike", row, "true or false")

    flags = columns.words(CORRECTION).places(
        lambda value: _FLAGS.get(value and value.casefold(), -1), columns.rows, unknown
    )
    return np.asarray(flags == 1)
