"""The rows of a batch -> charges: every ledger column as the map fills it, and tax beside them as rows of its own."""

from collections.abc import Iterator

import numpy as np

from agent.billing.column_map.amounts import amounts, negated, percentages
from agent.billing.column_map.cells import terms, words
from agent.billing.column_map.dates import Dates
from agent.billing.column_map.tags import tag_ids
from agent.billing.ledger.columns import IDS, NAMES
from agent.billing.reading.batch import NULL, Batch, Ints, Mask, Numbers, Words
from agent.billing.reading.columns import Columns
from agent.billing.reading.currencies import CURRENCIES
from agent.billing.reading.kinds import kinds_of
from agent.billing.reading.moments import charge_days
from agent.billing.reading.raw_tags import TagSets
from agent.config.columns import AMOUNTS, KINDS, ColumnsFile

NEEDED = ("BillingAccountId", "ServiceName")
TERMS = {
    "ChargeCategory": {name.casefold(): name for name in ("Usage", "Purchase", "Tax", "Credit", "Adjustment")},
    "ChargeClass": {"correction": "Correction"},
    "CommitmentDiscountStatus": {"used": "Used", "unused": "Unused"},
    "BillingCurrency": {code.casefold(): code for code in CURRENCIES},
    "Kind": {kind: kind for kind in KINDS},
}
CATEGORY_OF = {
    "tax": "Tax",
    "credit": "Credit",
    "fee": "Purchase",
    "commitment_purchase": "Purchase",
    "refund": "Adjustment",
    "correction": "Adjustment",
    "rounding": "Adjustment",
}
"""The charge category of a kind, where the map fills none; Usage for all others."""


class Charges:
    """Reads batches by one column map. ``provider`` names the provider where the map does not."""

    def __init__(self, column_map: ColumnsFile, dates: Dates, tag_sets: TagSets, provider: str) -> None:
        self._map = column_map
        self._cells = column_map.columns.cells()
        self._dates = dates
        self._tag_sets = tag_sets
        self._provider = provider

    def batches(self, columns: Columns, shown: str) -> Iterator[Batch]:
        """The charges of these rows, and the tax that stands beside them."""
        start, end = self._map.columns.ChargePeriodStart, self._map.columns.ChargePeriodEnd
        starts, ends = self._dates.starts(columns, start), self._dates.ends(columns, start, end)
        self._refuse_backwards(columns, starts, ends)
        found = self._words(columns)
        costs = self._costs(columns)
        turned = self._turned(found["Kind"], columns.rows)
        found |= self._kinds(columns, found, costs["BilledCost"].signs())
        if turned is None or turned.any():
            costs = {name: negated(numbers, turned) for name, numbers in costs.items()}
        found["ChargePeriodStart"], found["ChargePeriodEnd"] = charge_days(starts, ends)
        found["BillingPeriodStart"] = self._periods(columns)
        found["x_TagSetId"] = tag_ids(columns, self._map.tags, self._tag_sets, shown)
        quantity, known = self._quantity(columns)
        yield Batch(columns.rows, found, costs, quantity, known, starts, ends)
        yield from self._tax(columns, Batch(columns.rows, found, {}, None, None, starts, ends), turned)

    def _words(self, columns: Columns) -> dict[str, Words]:
        cells = self._cells
        found = {name: words(columns, cells.get(name), ids=True) for name in IDS}
        found |= {name: words(columns, cells.get(name)) for name in NAMES}
        for name in NEEDED:
            columns.required(cells[name].column or name, found[name])
        found |= {name: terms(columns, name, cells.get(name), known) for name, known in TERMS.items()}
        currency = cells["BillingCurrency"]
        columns.required(currency.column or "BillingCurrency", found["BillingCurrency"])
        found["ProviderName"] = words(columns, cells.get("ProviderName")).otherwise(Words.same(self._provider))
        found["x_TaxType"] = words(columns, cells.get("TaxType"))
        return found

    def _costs(self, columns: Columns) -> dict[str, Numbers]:
        read: dict[str, Numbers] = {}
        for name in AMOUNTS:
            cell = self._cells.get(name)
            if cell is None or cell.column is None:
                continue
            plain = amounts(columns, cell.column, self._map.file)
            optional = plain.optional(cell.column) if name in ("ListCost", "ContractedCost") else None
            read[name] = plain.cost(cell.column) if optional is None else optional[0]
        return {"BilledCost": read["BilledCost"], "EffectiveCost": read["BilledCost"]} | read

    def _kinds(self, columns: Columns, found: dict[str, Words], signs: Ints) -> dict[str, Words]:
        """The kind as mapped, else by category and wording; and the category, else by the mapped kind."""
        kind = found.pop("Kind")
        by_kind = kind.mapped(lambda value: CATEGORY_OF.get(value or "", "Usage"))
        category = found["ChargeCategory"].otherwise(by_kind)
        described = {"ChargeDescription": words(columns, self._cells.get("ChargeDescription"))}
        deciding = found | described | {"ChargeCategory": category}
        return {"ChargeCategory": category, "x_Kind": kind.otherwise(kinds_of(deciding, signs))}

    def _turned(self, kind: Words, rows: int) -> Mask | None:
        """The rows whose amounts are written with the other sign, by the kind that the map says; None is all."""
        if self._map.negate == "all":
            return None
        return kind.mask(lambda value: value in self._map.negate, rows)

    def _periods(self, columns: Columns) -> Words:
        period = self._map.columns.BillingPeriodStart
        if period is None:
            return self._dates.months(columns, self._map.columns.ChargePeriodStart)
        return columns.required(period, self._dates.months(columns, period, self._map.dates.period_format))

    def _quantity(self, columns: Columns) -> tuple[Numbers | None, Mask | None]:
        name = self._map.columns.ConsumedQuantity
        if name is None:
            return None, None
        return amounts(columns, name, self._map.file).quantity(name) or (None, None)

    def _tax(self, columns: Columns, beside: Batch, turned: Mask | None) -> Iterator[Batch]:
        percent = self._map.percent()
        if percent is not None:
            tax = percentages(columns, self._map.columns.BilledCost, percent, self._map.file)
            tax = tax.only(beside.words["x_Kind"].mask(lambda kind: kind != "tax", columns.rows))
        elif self._map.tax is not None and self._map.tax.amount is not None:
            found = amounts(columns, self._map.tax.amount, self._map.file).optional(self._map.tax.amount)
            tax = Numbers.zero(columns.rows) if found is None else found[0]
        else:
            return
        if turned is None or turned.any():
            tax = negated(tax, turned)
        rows = np.flatnonzero(tax.signs() != 0)
        if len(rows):
            kept = {name: each.where(rows) for name, each in beside.words.items()}
            kept |= {"ChargeCategory": Words.same("Tax"), "x_Kind": Words.same("tax"), "ConsumedUnit": NULL}
            cost = tax.where(rows)
            costs = {"BilledCost": cost, "EffectiveCost": cost}
            yield Batch(len(rows), kept, costs, None, None, beside.starts[rows], beside.ends[rows], lines=0)

    def _refuse_backwards(self, columns: Columns, starts: Ints, ends: Ints) -> None:
        wrong = ends <= starts
        if wrong.any():
            name = self._map.columns.ChargePeriodEnd
            raise columns.fault(
                f"{name} is not after {self._map.columns.ChargePeriodStart}",
                int(np.argmax(wrong)),
                "the first moment after the charge's span",
                "if the end names the last day itself, say `inclusive_end: true` under dates",
            )
