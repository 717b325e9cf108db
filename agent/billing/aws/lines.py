"""Lines of a Cost and Usage Report -> ledger rows, a batch at a time.

One line may become two rows: a recurring fee also tells what its commitment left unused (a row of its own), and a
covered line leaves to a second row the cost that its negation cancels, so that what remains of the pair is visible.
A part of an instance (split cost allocation data) takes its share of the instance's cost from the instance's rows.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from agent.billing.aws.header import COST, NET_OF, PARENT, SPLIT_COST, UNUSED_COST, USAGE_TYPE
from agent.billing.aws.line_types import (
    COMMITMENT_REFUND,
    FEE,
    LINE_TYPES,
    NET_AS,
    PLACES,
    REFUND,
    RESERVATION_FEE,
    USAGE,
    Amortised,
    LineType,
)
from agent.billing.aws.net import NetChoice
from agent.billing.aws.split_costs import Share, SplitCosts, spread
from agent.billing.reading.batch import NULL, Batch, Codes, Ints, Mask, Numbers, Words, in_rows
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.currencies import known_currencies
from agent.billing.reading.moments import charge_days
from agent.billing.reading.raw_tags import EMPTY_ID

COVERED_COST = {
    Amortised.RESERVATION: "reservation_effective_cost",
    Amortised.SAVINGS_PLAN: "savings_plan_savings_plan_effective_cost",
}
UNUSED_COMMITMENT = {
    Amortised.RESERVATION: (
        ("reservation_unused_amortized_upfront_fee_for_billing_period", 1),
        ("reservation_unused_recurring_fee", 1),
    ),
    Amortised.SAVINGS_PLAN: (("savings_plan_total_commitment_to_date", 1), ("savings_plan_used_commitment", -1)),
}
"""The columns, with their signs, whose sum is what a fee's commitment left unused."""
_MARKETPLACE = "AWS Marketplace"
_SUPPORT = re.compile(r"support", re.IGNORECASE)
_SAVINGS_PLANS = re.compile(r"savings ?plans?", re.IGNORECASE)
_ACCOUNT = re.compile(r"[0-9]{12,13}")
"""AWS's ids have 12 digits; made-up bills (koku-nise) have 13, and no spreadsheet adds one."""
_SHORT_ACCOUNT = re.compile(r"[0-9]{1,11}")
_INSTANCE_HOURS = re.compile(r"(Box|Spot|Dedicated|Host|Heavy|Medium|Light|Sched)\w*Usage")
"""Usage types of an instance itself, which split costs are parts of; its traffic and credits are not."""
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
_FROM_INSTANCE = ("ServiceName", "CommitmentDiscountId", "CommitmentDiscountStatus")
"""What a part of an instance has in common with it. Its own service is the one that runs it, which bills nothing."""


class Lines:
    """The lines of one batch. Every line type of it is known; amounts are net or gross as ``net`` says."""

    def __init__(self, columns: Columns, net: NetChoice, tag_ids: Words) -> None:
        self.columns = columns
        self.net = net
        self.tag_ids = tag_ids
        self.starts = columns.moments("line_item_usage_start_date")
        self.ends = columns.ends("line_item_usage_end_date", "line_item_usage_start_date", self.starts)
        period = columns.moments("bill_billing_period_start_date")
        self.period = columns.firsts_of_months("bill_billing_period_start_date", charge_days(period, period)[0])
        self.reservation = columns.ids("reservation_reservation_a_r_n")
        self.commitment = columns.ids("savings_plan_savings_plan_a_r_n").otherwise(self.reservation)
        types = self._types()
        self._net_types = np.array([NET_AS.get(place, place) for place in range(len(LINE_TYPES))], np.int32)[types]
        self.parts = self._parts(types)
        """Positions of the lines that are parts of an instance."""
        # NOTE: a part is usage at its own cost, whatever covers its instance
        types[self.parts] = USAGE
        self.types: Codes = types
        self._present = np.flatnonzero(np.bincount(self.types, minlength=len(LINE_TYPES)))
        self.cost = self._amount(COST)

    def batches(self, splits: SplitCosts | None = None) -> Iterator[Batch]:
        """All lines but negations; the pairs of covered lines and negations; what commitments left unused.

        With ``splits``, what the parts of instances take from them: it adds up to nothing.
        """
        words = self._words()
        main = self._batch(words)
        beside: list[Batch] = []
        if splits is not None and len(self.parts):
            main, beside = self._split(main, splits)
        paired = self._where(lambda line_type: line_type.paired)
        negations = self.types == PLACES["SavingsPlanNegation"]
        yield main.where(np.flatnonzero(~negations)) if negations.any() else main
        yield from beside
        if paired.any():
            pair = {name: words[name] for name in _PAIR_KEEPS}
            pair |= {"x_Kind": Words.same("discount"), "x_TagSetId": Words.same(EMPTY_ID)}
            for rows, lines in ((np.flatnonzero(paired & ~negations), 0), (np.flatnonzero(negations), 1)):
                if len(rows):
                    yield self._beside(pair, rows, {"BilledCost": self.cost.where(rows)}, lines)
        unused = np.flatnonzero(self._where(lambda line_type: line_type.unused is not None))
        if len(unused):
            yield self._beside(self._unused_words(words), unused, {"EffectiveCost": self._unused_cost(unused)}, 0)

    def of_instances(self) -> Batch | None:
        """The lines whose cost the parts of instances are parts of: hours of instances, parts themselves left out."""
        hours = self._where(lambda line_type: line_type.category == "Usage" and line_type.kind == "usage")
        hours[self.parts] = False
        kinds = self.columns.words(USAGE_TYPE)
        if USAGE_TYPE in self.columns.arrays:
            hours &= kinds.mask(
                lambda value: value is not None and bool(_INSTANCE_HOURS.search(value)), self.columns.rows
            )
        return self._batch(self._words()).where(np.flatnonzero(hours)) if hours.any() else None

    def _parts(self, types: Codes) -> Ints:
        named = self.columns.words(PARENT).filled(len(types))
        if not named.any():
            return np.zeros(0, np.int64)
        usage = np.array([line_type.category == "Usage" and line_type.kind == "usage" for line_type in LINE_TYPES])
        return np.flatnonzero(named & usage[types])

    def _split(self, main: Batch, splits: SplitCosts) -> tuple[Batch, list[Batch]]:
        """The lines with what the parts take of the first portion of their instance, and the rows beside them."""
        words, rows = main.words, self.parts
        key = (words["SubAccountId"], self.columns.words(PARENT), words["ChargePeriodStart"], self.period)
        split, unused = (self._amount(name).where(rows) for name in (SPLIT_COST, UNUSED_COST))
        beside: list[Batch] = []
        for step, share in enumerate(splits.shares([word.where(rows) for word in key], split, unused)):
            part = replace(share, rows=rows[share.rows])
            taken = self._taken(words, part, splits)
            costs = _in_both(part.split, splits.billed(part.portion))
            if step:
                beside.append(self._beside(taken, part.rows, costs, 0))
            else:
                more = {name: spread(amount, part.rows, main.rows) for name, amount in costs.items()}
                main = replace(
                    main, words=taken, costs={n: c.plus(more[n]) if n in more else c for n, c in main.costs.items()}
                )
            beside += self._from_instances(words, part, splits)
        return main, beside

    def _taken(self, words: Mapping[str, Words], part: Share, splits: SplitCosts) -> dict[str, Words]:
        """Dimensions of the parts: service and commitment are those of the instance that they take from."""
        own = splits.words(part.portion, _FROM_INSTANCE)
        changed = {name: in_rows(words[name], part.rows, own[name], self.columns.rows) for name in _FROM_INSTANCE}
        return {**words, **changed}

    def _from_instances(self, words: Mapping[str, Words], part: Share, splits: SplitCosts) -> Iterator[Batch]:
        """What the instances give away, and their unused part as idle capacity."""
        billed = splits.billed(part.portion)
        own = splits.words(part.portion)
        given = part.split.plus(part.unused)
        nothing = Numbers.zero(len(part.rows))
        yield self._rows(own, part.rows, _in_both(nothing.plus(given, times=-1), billed))
        tags = splits.idle_tags(own["x_TagSetId"], words["x_TagSetId"].where(part.rows), len(part.rows))
        idle = self._rows(own | {"x_TagSetId": tags}, part.rows, _in_both(part.unused, billed))
        yield idle.where(np.flatnonzero(part.unused.signs()))

    def _types(self) -> Codes:
        """The place of each line's type in :data:`LINE_TYPES`; an unknown type is refused with its count."""
        columns, column = self.columns, "line_item_line_item_type"
        words = columns.required(column, columns.words(column))
        types = words.places(lambda value: PLACES.get(value or "", -1), columns.rows, self._unknown_type)
        types[(types == FEE) & self.reservation.filled(columns.rows)] = RESERVATION_FEE
        refunds = types == REFUND
        if refunds.any():
            plans = columns.words("line_item_product_code").mask(
                lambda value: value is not None and bool(_SAVINGS_PLANS.search(value)), columns.rows
            )
            types[refunds & (self.commitment.filled(columns.rows) | plans)] = COMMITMENT_REFUND
        return types

    def _unknown_type(self, lines: int, name: str | None, row: int) -> ReadFault:
        return self.columns.fault(
            f"{lines} lines have a line item type that is not known, such as {name!r}",
            row,
            "a type of the AWS billing guide: " + ", ".join(PLACES),
            "please report the type: leaving its lines out would understate the bill",
        )

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
            "BilledCost": self.cost.only(self._where(lambda line_type: not line_type.paired)),
            "EffectiveCost": self._effective(),
        }
        if (listed := self.columns.optional("pricing_public_on_demand_cost")) is not None:
            costs["ListCost"] = listed[0].only(usage)
        quantity = self.columns.quantity("line_item_usage_amount")
        return Batch(
            self.columns.rows,
            words,
            costs,
            None if quantity is None else quantity[0].only(usage),
            None if quantity is None else quantity[1] & usage,
            self.starts,
            self.ends,
        )

    def _beside(self, words: dict[str, Words], rows: Ints, costs: dict[str, Numbers], lines: int) -> Batch:
        """Rows that stand beside the lines at ``rows``; costs that are not given are zero."""
        return self._rows({name: column.where(rows) for name, column in words.items()}, rows, costs, lines)

    def _rows(self, words: Mapping[str, Words], rows: Ints, costs: Mapping[str, Numbers], lines: int = 0) -> Batch:
        zero = Numbers.zero(len(rows))
        full = {"BilledCost": zero, "EffectiveCost": zero, **costs}
        return Batch(len(rows), words, full, None, None, self.starts[rows], self.ends[rows], lines)

    def _effective(self) -> Numbers:
        total = self.cost.only(self._where(lambda line_type: line_type.effective is Amortised.COST))
        for source, column in COVERED_COST.items():
            rows = self._where(partial(_costs_by, source))
            if rows.any():
                total = total.plus(self._needed(column, rows))
        return total

    def _unused_cost(self, rows: Ints) -> Numbers:
        total = Numbers.zero(self.columns.rows)
        for source, parts in UNUSED_COMMITMENT.items():
            told = self._where(partial(_leaves_unused, source))
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
        """A cost column, with its net twin in the classes of lines that are read net; zero where it may be empty."""
        net = self._net_rows(gross)
        amount = self.columns.optional(gross)
        if amount is None:
            return Numbers.zero(self.columns.rows)
        numbers, known = amount
        if net is not None:
            after, known_after = self.columns.optional(NET_OF[gross])  # type: ignore[misc]  # seen to be in every file
            known = np.where(net, known_after, known)
            numbers = after if net.all() else numbers.only(~net).plus(after.only(net))
        if gross == COST and not known.all():
            empty = ~known
            empty[self.parts] = False
            if empty.any():
                raise self.columns.fault(
                    f"{NET_OF[COST] if net is not None and net[empty.argmax()] else COST} is empty",
                    int(empty.argmax()),
                    "an amount in every row; 0 where nothing is charged",
                )
        return numbers

    def _net_rows(self, gross: str) -> Mask | None:
        net = np.zeros(self.columns.rows, np.bool_)
        for code, day in enumerate(self.period.values):
            types = self.net.types((day or "")[:7], gross)
            if types:
                table = np.array([line_type.name in types for line_type in LINE_TYPES])
                net |= table[self._net_types] & (self.period.codes == code)
        return net if net.any() else None

    def _words(self) -> dict[str, Words]:
        columns = self.columns
        start, end = charge_days(self.starts, self.ends)
        covered = self._where(lambda line_type: line_type.covered)
        closed = columns.words("bill_bill_type").mask(lambda value: value == "Refund", columns.rows)
        refunds = self._where(lambda line_type: line_type.refund) & closed
        service = columns.required("line_item_product_code", columns.words("line_item_product_code"))
        return {
            "ProviderName": Words.same("AWS"),
            "BillingAccountId": columns.required("bill_payer_account_id", self._accounts("bill_payer_account_id")),
            "SubAccountId": self._accounts("line_item_usage_account_id"),
            "InvoiceId": columns.ids("bill_invoice_id"),
            "InvoiceIssuerName": columns.words("line_item_legal_entity").otherwise(
                columns.words("bill_invoicing_entity")
            ),
            "ServiceName": service,
            "ResourceId": columns.ids("line_item_resource_id"),
            "RegionId": columns.words("product_region_code"),
            "SkuId": columns.ids("product_sku"),
            "ChargeCategory": Words([line_type.category for line_type in LINE_TYPES], self.types),
            "ChargeClass": _where_set("Correction", refunds),
            "CommitmentDiscountId": self.commitment,
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

    def _accounts(self, name: str) -> Words:
        """Account ids; refuses what is none, such as one that a spreadsheet has made a number."""
        words = self.columns.ids(name)
        return self.columns.known(
            words,
            lambda value: value is None or _ACCOUNT.fullmatch(value) is not None,
            lambda value, _: f"{name} holds {value!r}: an account id has 12 digits, {_what_is_wrong(value)}",
            "the account id as text",
            "deliver the export itself, not a copy saved by a spreadsheet or read as numbers",
        )

    def _kinds(self, service: Words) -> Words:
        """The type's kind; plain usage and fees may be support (by product) or marketplace (by billing entity)."""
        kinds = [*(line_type.kind for line_type in LINE_TYPES), "marketplace", "support"]
        plain = self._where(lambda line_type: line_type.plain)
        rows = self.columns.rows
        sold = self.columns.words("bill_billing_entity").mask(lambda value: value == _MARKETPLACE, rows)
        support = service.mask(lambda value: value is not None and bool(_SUPPORT.search(value)), rows)
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


def _what_is_wrong(account: str | None) -> str:
    if account is not None and _SHORT_ACCOUNT.fullmatch(account):
        return "this one has lost its leading zeros"
    return "and nothing else"


def _in_both(amount: Numbers, billed: Mask) -> dict[str, Numbers]:
    return {"BilledCost": amount.only(billed), "EffectiveCost": amount}


def _costs_by(source: Amortised, line_type: LineType) -> bool:
    return line_type.effective is source


def _leaves_unused(source: Amortised, line_type: LineType) -> bool:
    return line_type.unused is source


def _where_set(value: str, rows: Mask) -> Words:
    return Words((None, value), rows.astype(np.int32)) if rows.any() else NULL
