"""Lines of the export -> ledger rows, a block at a time.

A line becomes one row with its cost before credits, and beside it a row for each of its credits, for what a commitment
carries of it, and, once a day, for what a commitment left unused. Their sums are what is published in
``docs/sources/gcp.md``.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.google.commitments import (
    COLUMNS,
    PRICED,
    RESOURCE,
    SPEND,
    Commitments,
    Unused,
    numbers_of,
)
from agent.billing.google.credits import COVERING, GIVEN, MODELS, OFFSET, credits_of
from agent.billing.google.files import MONTH
from agent.billing.google.line_types import CATEGORIES, CREDIT, DISCOUNT, KINDS, TAX, USAGE, line_types
from agent.billing.google.rows import Rows
from agent.billing.reading.batch import NULL, Batch, Ints, Mask, Numbers, Words, in_rows
from agent.billing.reading.columns import Columns
from agent.billing.reading.currencies import known_currencies
from agent.billing.reading.moments import DAY, charge_days, day_words
from agent.billing.reading.raw_tags import EMPTY_ID

PROVIDER = "Google Cloud"
_DOLLARS = "dollar based"
"""In the SKU of a fee of the model ``spend``; other fees are for resources, but for those with an offset."""


class Lines:
    """The lines of one block, and the credits on them."""

    def __init__(self, found: Rows) -> None:
        self.columns = found.columns
        self.credits = credits_of(found)
        self.types = line_types(found.columns, self.credits)
        self.cost = found.columns.cost("cost")
        self.starts = found.columns.moments("usage_start_time")
        self.period = _periods(found.columns)
        self.day = day_words(self.starts // DAY)
        self._groups: dict[str, Words] = {
            "BillingAccountId": self._needed("billing_account_id"),
            "BillingCurrency": known_currencies(found.columns, "currency"),
            "BillingPeriodStart": self.period,
            "service": self._needed("service.description"),
            "subscription": found.columns.ids("subscription.instance_id"),
            "day": self.day,
        }

    def count_commitments(self, commitments: Commitments, shown: str) -> None:
        """Counts in the fees of these lines, what is credited on them, and what commitments cover of others."""
        fees = np.flatnonzero(self.types.fees)
        if len(fees):
            commitments.add_fees(self._fee_groups(fees), self.cost.where(fees), shown)
        reducing, covering = np.flatnonzero(self._reduces_fee()), np.flatnonzero(self._covering())
        if len(reducing):
            rows = self.credits.rows[reducing]
            commitments.add_fees(self._fee_groups(rows), self.credits.amounts.where(reducing), shown)
        if len(covering):
            commitments.add_covered(self._credit_groups(covering), self.credits.amounts.where(covering))

    def batches(self, commitments: Commitments, tag_ids: Words) -> Iterator[Batch]:
        """The lines with their cost, their credits, and the covered parts with what they carry of the fees."""
        ends = self.columns.ends("usage_end_time", "usage_start_time", self.starts)
        words = self._words(tag_ids, ends)
        fees = self.types.fees
        if fees.any():
            rows = np.flatnonzero(fees)
            named = commitments.fee_names(self._fee_groups(rows), len(rows))
            words["CommitmentDiscountId"] = in_rows(NULL, rows, named, self.columns.rows)
        yield self._lines(words, ends)
        if len(self.credits.rows):
            yield self._credits(words, ends)
        covering = np.flatnonzero(self._covering())
        if len(covering):
            yield self._covered(words, ends, covering, commitments)

    def _lines(self, words: dict[str, Words], ends: Ints) -> Batch:
        usage = self.types.kinds == USAGE
        listed = self._at_list()
        costs = {
            "BilledCost": self.cost,
            "EffectiveCost": self.cost.only(~self.types.fees),
            "ContractedCost": self.cost,
        }
        if listed is not None:
            costs["ListCost"] = listed
        quantity = self.columns.quantity("usage.amount")
        return Batch(
            self.columns.rows,
            words,
            costs,
            None if quantity is None else quantity[0].only(usage),
            None if quantity is None else quantity[1] & usage,
            self.starts,
            ends,
        )

    def _at_list(self) -> Numbers | None:
        """The cost at list price; null counts as 0. Most lines are billed at it, and these are not read twice."""
        listed, cost = self.columns.arrays.get("cost_at_list"), self.columns.arrays["cost"]
        if listed is None:
            return None
        if not (pa.types.is_floating(listed.type) and pa.types.is_floating(cost.type)):
            amounts = self.columns.optional("cost_at_list")
            return None if amounts is None else amounts[0]
        same = pc.fill_null(pc.equal(listed, cost), fill_value=False)
        equal = same.to_numpy(zero_copy_only=False)
        if equal.all():
            return self.cost
        others = Columns({"cost_at_list": pc.if_else(same, 0.0, listed)}, self.columns.rows, self.columns.first)
        read = others.optional("cost_at_list")
        return None if read is None else self.cost.only(equal).plus(read[0])

    def _credits(self, words: Mapping[str, Words], ends: Ints) -> Batch:
        """A row for each credit: a discount takes the kind of what it reduces, 'discount' on usage."""
        lines = self.types.kinds[self.credits.rows]
        kinds = np.where(lines == USAGE, np.int32(DISCOUNT), lines)
        kinds = np.where(GIVEN[self.credits.types], np.int32(CREDIT), kinds)
        kind_words = {"x_Kind": Words(KINDS, kinds), "ChargeCategory": Words(CATEGORIES, kinds)}
        costs = {
            "BilledCost": self.credits.amounts,
            "EffectiveCost": self.credits.amounts.only(~self._reduces_fee()),
        }
        return self._beside(words, ends, self.credits.rows, kind_words, costs)

    def _covered(self, words: Mapping[str, Words], ends: Ints, covering: Ints, commitments: Commitments) -> Batch:
        """A row for each credit of a commitment: what its fees cost on this line."""
        groups = self._credit_groups(covering)
        amounts = self.credits.amounts.where(covering)
        covered = {
            "x_Kind": Words.same("usage"),
            "ChargeCategory": Words.same("Usage"),
            "CommitmentDiscountId": commitments.credit_names(groups, len(covering)),
            "CommitmentDiscountStatus": Words.same("Used"),
        }
        shares = commitments.shares(groups, amounts)
        costs = {"BilledCost": Numbers.zero(len(covering)), "EffectiveCost": shares}
        batch = self._beside(words, ends, self.credits.rows[covering], covered, costs)
        # NOTE: a credit that finds no fee carries nothing, and is no use of a commitment that is known
        named = covered["CommitmentDiscountId"].filled(len(covering))
        return batch if named.all() else batch.where(np.flatnonzero(named))

    def _beside(
        self,
        words: Mapping[str, Words],
        ends: Ints,
        rows: Ints,
        own: Mapping[str, Words],
        costs: Mapping[str, Numbers],
    ) -> Batch:
        picked = {name: column.where(rows) for name, column in words.items() if name not in own}
        picked |= {**own, "ConsumedUnit": NULL}
        return Batch(len(rows), picked, costs, None, None, self.starts[rows], ends[rows], lines=0)

    def _covering(self) -> Mask:
        """Credits of commitments on what commitments cover. Corrections and fees are left as they are billed."""
        return np.asarray(COVERING[self.credits.types] & self.types.regular[self.credits.rows])

    def _reduces_fee(self) -> Mask:
        return np.asarray(self.types.fees[self.credits.rows] & ~GIVEN[self.credits.types])

    def _fee_groups(self, rows: Ints) -> dict[str, Words]:
        sku = self.columns.words("sku.description")
        codes = sku.mask(lambda value: _DOLLARS in (value or ""), self.columns.rows).astype(np.int32)
        codes[self.credits.rows[self.credits.types == OFFSET]] = 2
        return self._picked(rows) | {"model": Words((RESOURCE, SPEND, PRICED), codes[rows])}

    def _credit_groups(self, covering: Ints) -> dict[str, Words]:
        models = Words(MODELS, self.credits.types[covering].astype(np.int32))
        return self._picked(self.credits.rows[covering]) | {"model": models}

    def _picked(self, rows: Ints) -> dict[str, Words]:
        return {name: self._groups[name].where(rows) for name in COLUMNS if name != "model"}

    def _needed(self, name: str) -> Words:
        return self.columns.required(name, self.columns.ids(name))

    def _words(self, tag_ids: Words, ends: Ints) -> dict[str, Words]:
        columns, kinds = self.columns, self.types.kinds
        start, end = charge_days(self.starts, ends)
        return {
            "ProviderName": Words.same(PROVIDER),
            "BillingAccountId": self._groups["BillingAccountId"],
            "SubAccountId": columns.ids("project.id"),
            "InvoiceIssuerName": columns.words("seller_name").otherwise(Words.same(PROVIDER)),
            "ServiceName": self._groups["service"],
            "ResourceId": columns.ids("resource.global_name").otherwise(columns.ids("resource.name")),
            "ResourceName": columns.words("resource.name"),
            "RegionId": columns.words("location.region").otherwise(columns.words("location.location")),
            "SkuId": columns.ids("sku.id"),
            "ChargeCategory": Words(CATEGORIES, kinds),
            "ChargeClass": self._classes(),
            "ConsumedUnit": columns.words("usage.unit").only(kinds == USAGE),
            "BillingPeriodStart": self.period,
            "BillingCurrency": self._groups["BillingCurrency"],
            "ChargePeriodStart": start,
            "ChargePeriodEnd": end,
            "x_Kind": Words(KINDS, kinds),
            "x_TaxType": columns.words("sku.description").only(kinds == TAX),
            "x_TagSetId": tag_ids,
        }

    def _classes(self) -> Words:
        """``Correction`` where an adjustment is for usage of a month before that of its invoice."""
        adjusted = np.zeros(self.columns.rows, np.bool_)
        for name in ("adjustment_info.id", "adjustment_info.type"):
            adjusted |= self.columns.words(name).filled(self.columns.rows)
        adjusted |= self.columns.words("cost_type").mask(lambda value: value == "adjustment", self.columns.rows)
        if not adjusted.any():
            return NULL
        used, invoiced = _months(self.day), _months(self.period)
        return Words((None, "Correction"), (adjusted & (used < invoiced)).astype(np.int32))


def unused_batch(unused: Sequence[Unused]) -> Batch:
    """Rows for what days of commitments left unused; there is at least one."""
    days = np.array([np.datetime64(str(each.day.day), "us").astype(np.int64) for each in unused], np.int64)
    places = np.arange(len(unused), dtype=np.int32)
    named = Words([each.day.pot.name for each in unused], places)
    start, end = charge_days(days, days + DAY)
    words = {
        "ProviderName": Words.same(PROVIDER),
        "BillingAccountId": Words([each.day.pot.scope.account for each in unused], places),
        "InvoiceIssuerName": Words.same(PROVIDER),
        "ServiceName": Words([each.service for each in unused], places),
        "ResourceId": named,
        "ChargeCategory": Words.same("Usage"),
        "CommitmentDiscountId": named,
        "CommitmentDiscountStatus": Words.same("Unused"),
        "BillingPeriodStart": Words([each.day.pot.scope.period for each in unused], places),
        "BillingCurrency": Words([each.day.pot.scope.currency for each in unused], places),
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "x_Kind": Words.same("commitment_unused"),
        "x_TagSetId": Words.same(EMPTY_ID),
    }
    costs = {
        "BilledCost": Numbers.zero(len(unused)),
        "EffectiveCost": numbers_of([each.amount for each in unused]),
    }
    return Batch(len(unused), words, costs, None, None, days, days + DAY, lines=0)


def _months(days: Words) -> Ints:
    """Months since the year 0 of a column of ISO dates."""
    table = np.array([int(day[:4]) * 12 + int(day[5:7]) if day else 0 for day in days.values], np.int64)
    return np.asarray(table[0 if days.codes is None else days.codes])


def _periods(columns: Columns) -> Words:
    """The first day of the invoice's month, as ISO date."""
    words = columns.required("invoice.month", columns.words("invoice.month"))
    columns.known(
        words,
        lambda value: MONTH.fullmatch(value or "") is not None,
        lambda value, _: f"invoice.month is {value!r}",
        "a month as YYYYMM, such as 202610",
    )
    return words.mapped(lambda value: f"{value[:4]}-{value[4:]}-01" if value and MONTH.fullmatch(value) else None)
