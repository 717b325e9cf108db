"""Ledger rows -> FOCUS rows, a batch at a time. Money is the same bytes under another type: no arithmetic touches it.

What FOCUS demands and the ledger does not know is filled in and named in ``x_FilledColumns``; what may be null is null.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.ledger.columns import DATES, DIMENSIONS, UNITS
from agent.billing.reading.batch import NULL, Mask, Words, numbered
from agent.billing.reading.columns import words_of
from agent.focus_export.categories import OTHER, category

UNKNOWN = "Unknown"
_CATEGORIES = {name.casefold(): name for name in ("Usage", "Purchase", "Tax", "Credit", "Adjustment")}
_STATUSES = {"used": "Used", "unused": "Unused"}
_COMMITMENTS = (
    ("savingsplan", ("Spend", "Savings Plan")),
    ("microsoft.billingbenefits", ("Spend", "Savings Plan")),
    ("reserved", ("Usage", "Reservation")),
    ("microsoft.capacity", ("Usage", "Reservation")),
    (":ri:", ("Usage", "Reservation")),
    ("spend-based commitments:", ("Spend", "Committed Use Discount")),
    ("resource-based commitments:", ("Usage", "Committed Use Discount")),
)
"""What an id says of its commitment's category and type, in lower case.

``:ri:`` is of reserved databases of AWS; Google's bill names no commitment, and the ledger names it by its kind.
"""
_FILLED = ("BillingAccountId", "ProviderName", "InvoiceIssuerName", "ServiceName", "ServiceCategory", "ChargeCategory")


@dataclass(frozen=True, slots=True)
class Origin:
    """The ledger version a batch is from; ``tags``: JSON of each tag set by its id."""

    source: str
    version: int
    tags: Mapping[str, str]


def focus_rows(ledger: pa.RecordBatch, origin: Origin, schema: pa.Schema) -> pa.RecordBatch:
    """The same rows with the columns of ``schema``, in the same order."""
    rows = len(ledger)
    ours = {name: words_of(ledger[name]) for name in DIMENSIONS if name not in DATES}
    texts = _texts(ours, rows, origin)
    usage = _is(texts["ChargeCategory"], "Usage", rows)
    texts["ChargeFrequency"] = _frequency(texts["ChargeCategory"], ledger)
    consumed = usage & ~_is(texts["CommitmentDiscountStatus"], "Unused", rows)
    priced = ~_is(texts["ChargeCategory"], "Tax", rows)
    texts["SkuId"] = texts["SkuId"].only(priced)  # FOCUS: a tax has none; Google's bill names one
    quantity = ledger["ConsumedQuantity"]
    columns: dict[str, pa.Array] = {
        "ConsumedQuantity": _only(quantity, consumed),
        "PricingQuantity": _only(quantity, priced),
        "ChargePeriodStart": _moments(ledger["ChargePeriodStart"]),
        "ChargePeriodEnd": _moments(ledger["ChargePeriodEnd"]),
        "BillingPeriodStart": _moments(ledger["BillingPeriodStart"]),
        "BillingPeriodEnd": _moments(_month_later(ledger["BillingPeriodStart"])),
        "x_LedgerVersion": pa.array(np.full(rows, origin.version), pa.int64()),
        "x_Lines": ledger["x_Lines"],
    }
    unit = texts["ConsumedUnit"].otherwise(Words.same("Units"))
    texts["ConsumedUnit"] = unit.only(_valid(columns["ConsumedQuantity"]))
    texts["PricingUnit"] = unit.only(_valid(columns["PricingQuantity"]))
    columns |= {cost: money(ledger[units]) for cost, units in UNITS.items()}
    return pa.record_batch([_column(field, columns, texts, rows) for field in schema], schema=schema)


def _texts(ours: Mapping[str, Words], rows: int, origin: Origin) -> dict[str, Words]:
    """The text columns that depend on texts alone."""
    texts = dict(ours)
    texts["x_FilledColumns"] = _filled(ours, rows)
    for name in ("BillingAccountId", "ProviderName"):
        texts[name] = ours[name].otherwise(Words.same(UNKNOWN))
    texts["InvoiceIssuerName"] = ours["InvoiceIssuerName"].otherwise(texts["ProviderName"])
    texts["ServiceProviderName"] = texts["HostProviderName"] = texts["ProviderName"]
    foreign = _is(ours["x_Kind"], "marketplace", rows)
    texts["PublisherName"] = texts["ProviderName"].only(~foreign).otherwise(Words.same(UNKNOWN))
    texts |= _service(ours, rows)
    texts["ChargeCategory"] = ours["ChargeCategory"].mapped(
        lambda value: _CATEGORIES.get((value or "adjustment").casefold(), value)
    )
    texts["ChargeClass"] = ours["ChargeClass"].mapped(lambda value: value and "Correction")
    texts["ChargeDescription"] = _description(ours["x_Kind"], texts["ServiceName"], rows)
    texts |= _commitment(ours, texts["ChargeCategory"], rows)
    texts["PricingCategory"] = _pricing(texts, rows)
    # NOTE: the ledger keeps ids, not names; FOCUS wants a name beside each id
    for name, stands_for in (("BillingAccount", "BillingAccountId"), ("SubAccount", "SubAccountId")):
        texts[f"{name}Name"] = texts[stands_for]
    texts["RegionName"] = ours["RegionId"]
    texts["Tags"] = ours["x_TagSetId"].mapped(lambda known: origin.tags[str(known)])
    texts["x_Source"] = Words.same(origin.source)
    return texts


def _filled(ours: Mapping[str, Words], rows: int) -> Words:
    """Which of a row's columns hold a value that is not the ledger's, as a JSON list; null where none does."""
    bits = np.zeros(rows, np.int32)
    for place, name in enumerate(_FILLED):
        bits |= np.broadcast_to(ours[name].flags(lambda value: value is None), rows) << np.int32(place)
    lists = [[name for place, name in enumerate(_FILLED) if bit >> place & 1] for bit in range(1 << len(_FILLED))]
    return Words([json.dumps(names) if names else None for names in lists], bits)


def _service(ours: Mapping[str, Words], rows: int) -> dict[str, Words]:
    """Name, category, and the subcategory that says no more than the category.

    A service has one category, so an unknown one is another for each.
    """
    pairs, places = numbered((ours["ServiceCategory"], ours["ServiceName"]), rows)
    found = [category(delivered, service) for delivered, service in pairs]
    names = [service or _unknown(place) for place, (_, service) in zip(found, pairs, strict=True)]
    codes = places.astype(np.int32)
    return {
        "ServiceName": Words(names, codes),
        "ServiceCategory": Words(found, codes),
        "ServiceSubcategory": Words([f"Other ({name})" for name in found], codes),
    }


def _unknown(of_category: str) -> str:
    return UNKNOWN if of_category == OTHER else f"{UNKNOWN} ({of_category})"


def _description(kinds: Words, services: Words, rows: int) -> Words:
    """Kind and service: the ledger sums lines, so it keeps no line's own wording."""
    pairs, places = numbered((kinds, services), rows)
    told = [f"{str(kind).replace('_', ' ').capitalize()}: {service}" for kind, service in pairs]
    return Words(told, places.astype(np.int32))


def _commitment(ours: Mapping[str, Words], categories: Words, rows: int) -> dict[str, Words]:
    commitment = ours["CommitmentDiscountId"]
    on_usage = _is(categories, "Usage", rows) & (np.asarray(commitment.flags(lambda value: value is not None)) == 1)
    said = ours["CommitmentDiscountStatus"].mapped(lambda value: _STATUSES.get((value or "").casefold()))
    by_kind = ours["x_Kind"].mapped(lambda kind: "Unused" if kind == "commitment_unused" else "Used")
    return {
        "CommitmentDiscountStatus": said.otherwise(by_kind).only(on_usage),
        "CommitmentDiscountCategory": commitment.mapped(lambda value: _said_by_id(value)[0]),
        "CommitmentDiscountType": commitment.mapped(lambda value: _said_by_id(value)[1]),
        "CommitmentDiscountName": commitment,
    }


def _said_by_id(commitment: str | None) -> tuple[str | None, str | None]:
    folded = (commitment or "").casefold()
    return next((said for word, said in _COMMITMENTS if word in folded), (None, None))


def _pricing(texts: Mapping[str, Words], rows: int) -> Words:
    """Committed where a commitment covers the usage. The ledger does not tell standard from dynamic prices: Other."""
    committed = np.asarray(texts["CommitmentDiscountStatus"].flags(lambda value: value is not None)) == 1
    priced = _is(texts["ChargeCategory"], "Usage", rows) | _is(texts["ChargeCategory"], "Purchase", rows)
    code = np.where(np.broadcast_to(committed, rows), 0, np.where(priced, 1, 2)).astype(np.int32)
    return Words(("Committed", "Other", None), code)


def _frequency(categories: Words, ledger: pa.RecordBatch) -> Words:
    """By category; a purchase recurs when it is for longer than a day."""
    starts, ends = (np.asarray(ledger[f"ChargePeriod{end}"].cast(pa.int32())) for end in ("Start", "End"))
    usage, purchase = (_is(categories, name, len(ledger)) for name in ("Usage", "Purchase"))
    code = np.where(usage, 0, np.where(purchase & (ends - starts > 1), 1, 2)).astype(np.int32)
    return Words(("Usage-Based", "Recurring", "One-Time"), code)


def _is(words: Words, value: str, rows: int) -> Mask:
    return np.broadcast_to(np.asarray(words.flags(lambda found: found == value)) == 1, rows)


def _valid(column: pa.Array) -> Mask:
    return np.asarray(column.is_valid())


def _only(column: pa.Array, rows: Mask) -> pa.Array:
    return pc.if_else(pa.array(rows), column, pa.scalar(None, column.type))


def _moments(days: pa.Array) -> pa.Array:
    return days.cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))


def _month_later(days: pa.Array) -> pa.Array:
    coded = days.dictionary_encode()
    ends = [_month_after(day) for day in coded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(ends, pa.date32())).dictionary_decode()


def _month_after(day: date) -> date:
    """The exclusive end of the billing period that starts on ``day``."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return following if day.day == 1 else following.replace(day=min(day.day, 28))


def money(units: pa.Array) -> pa.Array:
    """Units of 1e-24 as a decimal of 24 places: the same bytes."""
    return pa.Array.from_buffers(pa.decimal128(38, 24), len(units), units.buffers(), units.null_count, units.offset)


def _column(field: pa.Field, columns: Mapping[str, pa.Array], texts: Mapping[str, Words], rows: int) -> pa.Array:
    if field.name in columns:
        return columns[field.name]
    return (
        _coded(texts.get(field.name, NULL), rows) if pa.types.is_dictionary(field.type) else pa.nulls(rows, field.type)
    )


def _coded(words: Words, rows: int) -> pa.Array:
    codes = np.zeros(rows, np.int32) if words.codes is None else words.codes
    distinct = {
        value: place for place, value in enumerate(sorted({value for value in words.values if value is not None}))
    }
    table = np.array([-1 if value is None else distinct[value] for value in words.values], np.int32)
    indices = table[codes]
    return pa.DictionaryArray.from_arrays(pa.array(indices, mask=indices < 0), pa.array(list(distinct), pa.string()))
