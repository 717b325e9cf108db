"""Lines of a Cost and Usage Report -> ledger rows, a batch at a time.

One line may become two rows: a recurring fee also tells what its commitment left unused (a row of its own), and a
covered line leaves to a second row the cost that its negation cancels, so that what remains of the pair is visible.
"""

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.aws.line_types import FEE, LINE_TYPES, PLACES, RESERVATION_FEE, Amortised, LineType
from agent.billing.aws.net import NET_OF, NetChoice
from agent.billing.reading.batch import NULL, Batch, Codes, Ints, Mask, Numbers, Words
from agent.billing.reading.columns import Columns
from agent.billing.reading.currencies import known_currencies
from agent.billing.reading.moments import charge_days
from agent.billing.reading.raw_tags import EMPTY_ID

COST = "line_item_unblended_cost"
COVERED_COST = {
    Amortised.RESERVATION: "reservation_effective_cost",
    Amortised.SAVINGS_PLAN: "savings_plan_savings_plan_effective_cost",
}
UNUSED_COST = {
    Amortised.RESERVATION: (
        ("reservation_unused_amortized_upfront_fee_for_billing_period", 1),
        ("reservation_unused_recurring_fee", 1),
    ),
    Amortised.SAVINGS_PLAN: (("savings_plan_total_commitment_to_date", 1), ("savings_plan_used_commitment", -1)),
}
"""The columns, with their signs, whose sum is what a fee's commitment left unused."""
_MARKETPLACE = "AWS Marketplace"
_SUPPORT = re.compile(r"support", re.IGNORECASE)
_PAIR_KEEPS = (
    "ProviderName",
    "BillingAccountId",
    "SubAccountId",
    "InvoiceId",
    "InvoiceIssuerName",
    "ServiceName",
    "ChargeCategory",
    "CommitmentDiscountId",
    "BillingPeriodStart",
    "BillingCurrency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
)
"""What a covered line and its negation have in common: their rows are equal, so their costs meet in one."""


class Lines:
    """The lines of one batch. Every line type of it is known; amounts are net or gross as ``net`` says."""

    def __init__(self, columns: Columns, net: NetChoice, tag_ids: Words) -> None:
        self.columns = columns
        self.net = net
        self.tag_ids = tag_ids
        self.starts = columns.moments("line_item_usage_start_date")
        self.ends = columns.moments("line_item_usage_end_date")
        period = columns.moments("bill_billing_period_start_date")
        self.period = charge_days(period, period)[0]
        self.reservation = columns.words("reservation_reservation_a_r_n")
        self.types = _types(columns, self.reservation)
        self._present = np.flatnonzero(np.bincount(self.types, minlength=len(LINE_TYPES)))
        self.cost = self._amount(COST)

    def batches(self) -> Iterator[Batch]:
        """All lines but negations; the pairs of covered lines and negations; what commitments left unused."""
        words = self._words()
        main = self._batch(words)
        paired = self._where(lambda line_type: line_type.paired)
        negations = self.types == PLACES["SavingsPlanNegation"]
        yield main.where(np.flatnonzero(~negations)) if negations.any() else main
        if paired.any():
            pair = {name: words[name] for name in _PAIR_KEEPS}
            pair |= {"x_Kind": Words.same("discount"), "x_TagSetId": Words.same(EMPTY_ID)}
            for rows, lines in ((np.flatnonzero(paired & ~negations), 0), (np.flatnonzero(negations), 1)):
                if len(rows):
                    yield self._beside(pair, rows, {"BilledCost": self.cost.where(rows)}, lines)
        unused = np.flatnonzero(self._where(lambda line_type: line_type.unused is not None))
        if len(unused):
            yield self._beside(self._unused_words(words), unused, {"EffectiveCost": self._unused_cost(unused)}, 0)

    def _where(self, test: Callable[[LineType], bool]) -> Mask:
        told = np.array([test(line_type) for line_type in LINE_TYPES])
        here = told[self._present]
        # NOTE: most batches hold one type of line or two, so that most questions have one answer for all rows
        if here.all() or not here.any():
            return np.full(len(self.types), here.all())
        return np.asarray(told[self.types])

    def _batch(self, words: dict[str, Words]) -> Batch:
        usage = self._where(lambda line_type: line_type.category == "Usage" and line_type.kind == "usage")
        costs = {
            "BilledCost": self._only(self.cost, self._where(lambda line_type: not line_type.paired)),
            "EffectiveCost": self._effective(),
        }
        if (listed := self.columns.optional("pricing_public_on_demand_cost")) is not None:
            costs["ListCost"] = self._only(listed[0], usage)
        quantity = self.columns.quantity("line_item_usage_amount")
        return Batch(
            self.columns.rows,
            words,
            costs,
            None if quantity is None else self._only(quantity[0], usage),
            None if quantity is None else quantity[1] & usage,
            self.starts,
            self.ends,
        )

    def _beside(self, words: dict[str, Words], rows: Ints, costs: dict[str, Numbers], lines: int) -> Batch:
        """Rows that stand beside the lines at ``rows``; costs that are not given are zero."""
        picked = {name: column.where(rows) for name, column in words.items()}
        zero = Numbers.zero(len(rows))
        full = {"BilledCost": zero, "EffectiveCost": zero} | costs
        return Batch(len(rows), picked, full, None, None, self.starts[rows], self.ends[rows], lines)

    def _only(self, numbers: Numbers, rows: Mask) -> Numbers:
        return numbers if rows.all() else numbers.only(rows)

    def _effective(self) -> Numbers:
        total = self._only(self.cost, self._where(lambda line_type: line_type.effective is Amortised.COST))
        for source, column in COVERED_COST.items():
            # NOTE: the default binds the loop's value; mypy cannot type such a lambda
            rows = self._where(lambda line_type, of=source: line_type.effective is of)  # type: ignore[misc]
            if rows.any():
                total = total.plus(self._needed(column, rows))
        return total

    def _unused_cost(self, rows: Ints) -> Numbers:
        total = Numbers.zero(self.columns.rows)
        for source, parts in UNUSED_COST.items():
            # NOTE: the default binds the loop's value; mypy cannot type such a lambda
            told = self._where(lambda line_type, of=source: line_type.unused is of)  # type: ignore[misc]
            for column, times in parts if told.any() else ():
                total = total.plus(self._needed(column, told), times=times)
        return total.where(rows)

    def _needed(self, column: str, rows: Mask) -> Numbers:
        """An amount every one of ``rows`` must have; zero elsewhere."""
        amount = self.columns.optional(column)
        if amount is None or not amount[1][rows].all():
            row = int(np.argmax(rows if amount is None else rows & ~amount[1]))
            found = "missing" if amount is None else "empty"
            raise self.columns.fault(
                f"{LINE_TYPES[self.types[row]].name} lines need {column}, which is {found}",
                row,
                "the column filled for every such line",
                "add the column to the export's column selection",
            )
        return self._amount(column).only(rows)

    def _amount(self, gross: str) -> Numbers:
        """A cost column, with its net twin in the classes of lines that are read net."""
        net = self._net_rows(gross)
        if net is None:
            # NOTE: a column that is asked for here was seen to be there, so optional() is not None
            return self.columns.cost(gross) if gross == COST else self.columns.optional(gross)[0]  # type: ignore[index]
        mixed = pc.if_else(pa.array(net), self.columns.arrays[NET_OF[gross]], self.columns.arrays[gross])
        chosen = Columns({gross: mixed}, self.columns.rows, self.columns.first)
        return chosen.cost(gross) if gross == COST else chosen.optional(gross)[0]  # type: ignore[index]

    def _net_rows(self, gross: str) -> Mask | None:
        net = np.zeros(self.columns.rows, np.bool_)
        for code, day in enumerate(self.period.values):
            types = self.net.types((day or "")[:7], gross)
            if types:
                table = np.array([line_type.name in types for line_type in LINE_TYPES])
                # NOTE: a reservation's upfront payment is delivered, and judged, as a Fee
                table[RESERVATION_FEE] = table[FEE]
                net |= table[self.types] & (self.period.codes == code)
        return net if net.any() else None

    def _words(self) -> dict[str, Words]:
        columns = self.columns
        commitment = columns.words("savings_plan_savings_plan_a_r_n").otherwise(self.reservation)
        start, end = charge_days(self.starts, self.ends)
        covered = self._where(lambda line_type: line_type.covered)
        closed = columns.words("bill_bill_type").flags(lambda value: value == "Refund")
        refunds = self._where(lambda line_type: line_type.kind == "refund") & (np.asarray(closed) == 1)
        service = columns.required("line_item_product_code", columns.words("line_item_product_code"))
        return {
            "ProviderName": Words.same("AWS"),
            "BillingAccountId": columns.required("bill_payer_account_id", columns.ids("bill_payer_account_id")),
            "SubAccountId": columns.ids("line_item_usage_account_id"),
            "InvoiceId": columns.ids("bill_invoice_id"),
            "InvoiceIssuerName": columns.words("line_item_legal_entity").otherwise(
                columns.words("bill_invoicing_entity")
            ),
            "ServiceName": service,
            "ResourceId": columns.words("line_item_resource_id"),
            "RegionId": columns.words("product_region_code"),
            "SkuId": columns.words("product_sku"),
            "ChargeCategory": Words([line_type.category for line_type in LINE_TYPES], self.types),
            "ChargeClass": _where_set("Correction", refunds),
            "CommitmentDiscountId": commitment,
            "CommitmentDiscountStatus": _where_set("Used", covered),
            "ConsumedUnit": columns.words("pricing_unit").only(
                self._where(lambda line_type: line_type.kind == "usage")
            ),
            "BillingPeriodStart": self.period,
            "BillingCurrency": known_currencies(columns, "line_item_currency_code"),
            "ChargePeriodStart": start,
            "ChargePeriodEnd": end,
            "x_Kind": self._kinds(service),
            "x_TaxType": columns.words("line_item_tax_type"),
            "x_TagSetId": self.tag_ids,
        }

    def _kinds(self, service: Words) -> Words:
        """The type's kind; plain usage and fees may be support (by product) or marketplace (by billing entity)."""
        kinds = [*(line_type.kind for line_type in LINE_TYPES), "marketplace", "support"]
        plain = self._where(lambda line_type: line_type.plain)
        sold = np.asarray(self.columns.words("bill_billing_entity").flags(lambda value: value == _MARKETPLACE)) == 1
        support = np.asarray(service.flags(lambda value: value is not None and bool(_SUPPORT.search(value)))) == 1
        codes = np.where(plain & sold, np.int32(len(LINE_TYPES)), self.types)
        return Words(kinds, np.where(plain & support & ~sold, np.int32(len(LINE_TYPES) + 1), codes))

    def _unused_words(self, words: dict[str, Words]) -> dict[str, Words]:
        return words | {
            "ResourceId": words["CommitmentDiscountId"],
            "ChargeCategory": Words.same("Usage"),
            "CommitmentDiscountStatus": Words.same("Unused"),
            "ConsumedUnit": NULL,
            "x_Kind": Words.same("commitment_unused"),
        }


def _where_set(value: str, rows: Mask) -> Words:
    return Words((None, value), rows.astype(np.int32)) if rows.any() else NULL


def _types(columns: Columns, reservation: Words) -> Codes:
    """The place of each line's type in :data:`LINE_TYPES`; an unknown type is refused with its count."""
    column = "line_item_line_item_type"
    words = columns.required(column, columns.words(column))
    places: Sequence[int] = [PLACES.get(value or "", -1) for value in words.values]
    types = np.broadcast_to(np.array(places, np.int32)[0 if words.codes is None else words.codes], columns.rows)
    unknown = np.flatnonzero(types < 0)
    if len(unknown):
        row = int(unknown[0])
        name = words.values[0 if words.codes is None else int(words.codes[row])]
        raise columns.fault(
            f"{len(unknown)} lines have a line item type that is not known, such as {name!r}",
            row,
            "a type of the AWS billing guide: " + ", ".join(PLACES),
            "please report the type: leaving its lines out would understate the bill",
        )
    reserved = np.asarray(reservation.flags(lambda value: value is not None)) == 1
    return np.where((types == FEE) & reserved, np.int32(RESERVATION_FEE), types).astype(np.int32)
