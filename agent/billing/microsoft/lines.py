"""Lines of a cost details file -> FOCUS-shaped rows, a batch at a time."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from agent.billing.microsoft import commitments
from agent.billing.microsoft.charges import CHARGE_TYPES, PLACES, PRICING_MODELS, UNUSED, USAGE, ChargeType
from agent.billing.microsoft.resources import Resources
from agent.billing.reading.batch import NULL, Batch, Codes, Ints, Mask, Numbers, Words, chosen
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.currencies import known_currencies
from agent.billing.reading.moments import DAY, day_words, first_of_month
from agent.billing.reading.products import product

_SUPPORT = re.compile(r"\bsupport\b", re.IGNORECASE)
_DAY_FIRST = re.compile(r"(1[3-9]|2\d|3[01])/(\d{1,2})/\d{4}.*")
_ABSENT = frozenset({"unassigned", "not applicable", "unknown", "00000000-0000-0000-0000-000000000000"})
"""What Azure writes where there is nothing."""
_SERVICE_CATEGORIES = {
    "ai + machine learning": "AI and Machine Learning",
    "analytics": "Analytics",
    "compute": "Compute",
    "containers": "Compute",
    "databases": "Databases",
    "developer tools": "Developer Tools",
    "identity": "Identity",
    "integration": "Integration",
    "internet of things": "Internet of Things",
    "management and governance": "Management and Governance",
    "mixed reality": "Media",
    "networking": "Networking",
    "security": "Security",
    "storage": "Storage",
    "web": "Web",
}
"""Azure's service families, folded, by FOCUS ServiceCategory; any other is Other."""


class Lines:
    """The lines of one batch, every charge type and pricing model of it known."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.types = charge_types(columns)
        self._present = np.flatnonzero(np.bincount(self.types, minlength=len(CHARGE_TYPES)))
        self.committed = priced_by_commitment(columns, self.types)
        self.cost = columns.cost("Cost")
        day = _moments(columns, "Date") // DAY
        self.starts, self.ends = day * DAY, (day + 1) * DAY
        self.day = day_words(day)
        self.day_after = Words([_following(value) for value in self.day.values], self.day.codes)
        self.period = _billing_period(columns, self.day)
        self.currency = known_currencies(columns, "BillingCurrency")
        self.account = _account(columns)

    def where(self, test: Callable[[ChargeType], bool]) -> Mask:
        """Lines whose charge type passes."""
        told = np.array([test(charge) for charge in CHARGE_TYPES])
        here = told[self._present]
        # NOTE: most batches hold one type of charge or two, so that most questions have one answer for all rows
        if here.all() or not here.any():
            return np.full(len(self.types), here.all())
        return np.asarray(told[self.types])

    def payments(self) -> Mask:
        """Purchases and refunds of commitments: amortised costs do not state them."""
        return self.committed & self.where(lambda charge: charge.pays)

    def paid_before(self) -> Mask:
        """Usage covered by a commitment, and what commitments left unused: paid with the commitment's purchase."""
        return self.committed & self.where(lambda charge: charge.paid_before)

    def batch(self, tag_ids: Words, resources: Resources, billed: Numbers, effective: Numbers) -> Batch:
        """All lines, at these costs."""
        usage = self.types == USAGE
        quantity = self.columns.quantity("Quantity")
        costs = {"BilledCost": billed, "EffectiveCost": effective, "ContractedCost": self._contracted(quantity)}
        if (listed := self._listed(quantity)) is not None:
            costs["ListCost"] = listed
        return Batch(
            self.columns.rows,
            self._words(tag_ids, resources),
            costs,
            None if quantity is None else quantity[0].only(usage),
            None if quantity is None else quantity[1] & usage,
            self.starts,
            self.ends,
        )

    def statement(self, cost: Numbers, reason: str) -> Batch:
        """The lines with their cost as written, for the manifest and for comparison only."""
        words = {
            "BillingAccountId": self.account,
            "BillingCurrency": self.currency,
            "BillingPeriodStart": self.period,
            "ChargePeriodStart": self.day,
        }
        return Batch(
            self.columns.rows, words, {"BilledCost": cost}, None, None, self.starts, self.ends, left_out=reason
        )

    def _contracted(self, quantity: tuple[Numbers, Mask] | None) -> Numbers:
        """What was charged; for covered usage its price without the commitment, where that is known exactly.

        NOTE: quantity counts units of measure already ('10K' is one unit), in every file whose costs could be checked:
        cost = EffectivePrice x Quantity. So the block size that Microsoft's conversion divides by does not come in.
        """
        covered = self.committed & (self.types == USAGE)
        charged = self.cost.only(~self.where(lambda charge: charge.name in _UNUSED_NAMES))
        if not covered.any():
            return charged
        price = self.columns.optional("UnitPrice")
        if quantity is None or price is None or self._foreign_prices():
            return charged.only(~covered)
        amount, known = product(price[0], quantity[0])
        return charged.only(~covered).plus(amount.only(covered & known & price[1] & quantity[1]))

    def _listed(self, quantity: tuple[Numbers, Mask] | None) -> Numbers | None:
        """What a Customer Agreement's line says; an Enterprise Agreement's tells only the list price of usage."""
        listed, price = self.columns.optional("PaygCostInBillingCurrency"), self.columns.optional("PayGPrice")
        if listed is not None and (listed[1].all() or price is None or quantity is None or self._foreign_prices()):
            return listed[0]
        if price is None or quantity is None:
            return None
        amount, known = product(price[0], quantity[0])
        told = np.zeros(self.columns.rows, np.bool_) if listed is None else listed[1]
        amount = amount.only(known & (self.types == USAGE) & ~told)
        return amount if listed is None else amount.plus(listed[0])

    def _foreign_prices(self) -> bool:
        """Whether any price is in another currency than the bill."""
        pricing = self.columns.words("PricingCurrency")
        return any(value not in {None, *self.currency.values} for value in pricing.values) or (
            len(set(self.currency.values)) > 1
        )

    def _words(self, tag_ids: Words, resources: Resources) -> dict[str, Words]:
        columns = self.columns
        resource, name, kind = resources.columns(columns)
        service = _service(columns)
        commitment = commitments.identities(columns, self.committed)
        unused = self.where(lambda charge: charge.name in _UNUSED_NAMES)
        return {
            "ProviderName": Words.same("Microsoft"),
            "BillingAccountId": self.account,
            "SubAccountId": columns.ids("SubscriptionId").mapped(_lowered).mapped(_present),
            "InvoiceId": columns.ids("InvoiceId"),
            "InvoiceIssuerName": columns.words("PartnerName").otherwise(Words.same("Microsoft")),
            "ServiceName": service,
            "ServiceCategory": _service_category(columns),
            "ResourceId": chosen(unused, commitment, resource) if unused.any() else resource,
            "ResourceName": name,
            "ResourceType": kind,
            "RegionId": columns.words("ResourceLocation").mapped(_region).mapped(_present),
            "SkuId": columns.ids("MeterId").mapped(_lowered).mapped(_present),
            "ChargeCategory": Words([charge.category for charge in CHARGE_TYPES], self.types),
            "ChargeClass": Words(["Correction" if charge.correction else None for charge in CHARGE_TYPES], self.types),
            "CommitmentDiscountId": commitment,
            "CommitmentDiscountStatus": Words([charge.status for charge in CHARGE_TYPES], self.types).only(
                self.committed
            ),
            "ConsumedUnit": columns.words("UnitOfMeasure").only(self.types == USAGE),
            "BillingPeriodStart": self.period,
            "BillingCurrency": self.currency,
            "ChargePeriodStart": self.day,
            "ChargePeriodEnd": self.day_after,
            "x_Kind": self._kinds(service),
            "x_TagSetId": tag_ids,
        }

    def _kinds(self, service: Words) -> Words:
        """The type's kind, of a commitment or not; plain ones may be support (by service) or marketplace."""
        kinds = [
            *(charge.kind for charge in CHARGE_TYPES),
            *(charge.of_commitment for charge in CHARGE_TYPES),
            "marketplace",
            "support",
        ]
        count = len(CHARGE_TYPES)
        codes = self.types + np.int32(count) * self.committed
        plain = self.where(lambda charge: charge.plain) & ~self.committed
        sold = self.columns.words("PublisherType").mask(_is_marketplace, self.columns.rows)
        support = service.mask(lambda value: value is not None and bool(_SUPPORT.search(value)), self.columns.rows)
        for rows, place in ((plain & support, 2 * count + 1), (plain & sold, 2 * count)):
            if rows.any():
                codes = np.where(rows, np.int32(place), codes)
        return Words(kinds, codes)


_UNUSED_NAMES = frozenset(CHARGE_TYPES[place].name for place in UNUSED)


def charge_types(columns: Columns) -> Codes:
    """The place of each line's type in :data:`CHARGE_TYPES`; a file without charge types holds usage only."""
    if "ChargeType" not in columns.arrays:
        return np.full(columns.rows, USAGE, np.int32)
    return _known(columns, "ChargeType", PLACES, ", ".join(charge.name for charge in CHARGE_TYPES))


def priced_by_commitment(columns: Columns, types: Codes) -> Mask:
    """Lines that a commitment prices, unused parts among them; no pricing model means that none does."""
    unused = np.array([place in UNUSED for place in range(len(CHARGE_TYPES))])[types]
    if "PricingModel" not in columns.arrays:
        return unused
    known = {name: int(priced) for name, priced in PRICING_MODELS.items()} | {"": 0}
    priced: Mask = _known(columns, "PricingModel", known, "OnDemand, Spot, Reservation or SavingsPlan") == 1
    return unused | priced


def _known(columns: Columns, name: str, places: dict[str, int], expected: str) -> Codes:
    def unknown(lines: int, value: str | None, row: int) -> ReadFault:
        return columns.fault(
            f"{lines} lines have the {name} {value!r}, which is not known"
            if value
            else f"{name} is empty in {lines} lines",
            row,
            f"one of {expected}",
            "if columns have shifted, deliver the export again; else please report the value: "
            "leaving its lines out would understate the bill",
        )

    return columns.words(name).places(lambda value: places.get(_folded(value), -1), columns.rows, unknown)


def _folded(value: str | None) -> str:
    return (value or "").replace(" ", "").casefold()


def _moments(columns: Columns, name: str) -> Ints:
    try:
        return columns.moments(name)
    except ReadFault as fault:
        for value in columns.words(name).values:
            if value is not None and _DAY_FIRST.fullmatch(value):
                raise ReadFault(
                    fault.message,
                    fault.row,
                    "a date such as 2026-10-31 or 10/31/2026, the month first",
                    "this file has the day first: deliver the export itself, not a copy saved by a spreadsheet",
                ) from fault
        raise


def _following(day: str | None) -> str | None:
    return day and str(date.fromisoformat(day) + timedelta(days=1))


def _billing_period(columns: Columns, day: Words) -> Words:
    """The first day of the billing period as written; the charge's month where the file has no billing periods.

    The end is inclusive, may be empty, and is read only to see that it lies after its start.
    """
    if "BillingPeriodStartDate" not in columns.arrays:
        return first_of_month(day)
    first = _moments(columns, "BillingPeriodStartDate")
    ends = columns.arrays.get("BillingPeriodEndDate")
    if ends is not None and ends.null_count == 0:
        last = _moments(columns, "BillingPeriodEndDate")
        if (last < first).any():
            raise columns.fault(
                "the billing period ends before it starts",
                int(np.argmax(last < first)),
                "BillingPeriodStartDate and BillingPeriodEndDate with the month first",
                "deliver the export itself, not a copy saved by a spreadsheet",
            )
    return day_words(first // DAY)


def _account(columns: Columns) -> Words:
    """The account that gets the invoice: the billing profile of a Customer Agreement, else the billing account.

    A pay-as-you-go file may have neither: each of its subscriptions is billed by itself.
    """
    account, profile = (columns.ids(name).mapped(_lowered) for name in ("BillingAccountId", "BillingProfileId"))
    agreement = "PricingCurrency" in columns.arrays
    first, second = (profile, account) if agreement else (account, profile)
    subscription = columns.ids("SubscriptionId").mapped(_lowered)
    return columns.required("BillingAccountId", first.otherwise(second).otherwise(subscription))


def _service(columns: Columns) -> Words:
    """The meter's category; purchases, rounding and the marketplace may have none, and are named by what they have."""
    named = columns.words("MeterCategory").mapped(_present)
    for name in ("ServiceFamily", "ConsumedService", "ProductName"):
        named = named.otherwise(columns.words(name).mapped(_present))
    return named


def _region(value: str | None) -> str | None:
    return value and value.replace(" ", "").lower()


def _present(value: str | None) -> str | None:
    return None if value is None or value.casefold() in _ABSENT else value


def _lowered(value: str | None) -> str | None:
    return value and value.lower()


def _service_category(columns: Columns) -> Words:
    """Of the service family, in files of a Customer Agreement only.

    NOTE: an Enterprise Agreement's export calls every family Compute, storage and databases too.
    """
    families = columns.words("ServiceFamily") if "PricingCurrency" in columns.arrays else NULL
    return families.mapped(lambda value: value and _SERVICE_CATEGORIES.get(value.casefold(), "Other"))


def _is_marketplace(value: str | None) -> bool:
    return "marketplace" in (value or "").casefold()
