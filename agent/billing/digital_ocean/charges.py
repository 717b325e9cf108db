"""Invoice items -> charges, whether they came by the API or in an invoice's CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from agent.billing.digital_ocean.documents import Document
from agent.billing.digital_ocean.inventory import ByItem
from agent.billing.digital_ocean.products import category_of, kind_of, plain
from agent.billing.digital_ocean.tying import Beside
from agent.billing.reading.batch import Batch, Mask, Words
from agent.billing.reading.columns import Columns
from agent.billing.reading.moments import DAY, charge_days
from agent.billing.reading.raw_tags import EMPTY_ID, TagSets
from agent.billing.reading.tag_keys import kept_apart
from agent.period import Period

FIELDS = (
    "product",
    "group_description",
    "description",
    "amount",
    "duration",
    "duration_unit",
    "start_time",
    "end_time",
    "project_name",
    "resource_uuid",
    "resource_id",
)
"""As the API names them."""
PROVIDER = "DigitalOcean"
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Invoice:
    """What holds for all items of one invoice. ``id`` None: not invoiced yet, or the file does not tell."""

    period: Period
    currency: str
    account: str | None = None
    id: str | None = None


def columns_of(items: Sequence[Mapping[str, Any]]) -> Columns:
    """The API's items, every value as text."""
    cells = {name: [_cell(item.get(name)) for item in items] for name in FIELDS}
    arrays = {name: pa.array(cells[name], pa.string()).dictionary_encode() for name in FIELDS}
    return Columns(arrays, len(items), 0)


def _cell(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def column_where(text: str, rows: Mask) -> pa.DictionaryArray:
    """A column of one text, null outside ``rows``."""
    codes = pa.array(np.zeros(len(rows), np.int32), mask=~rows)
    return pa.DictionaryArray.from_arrays(codes, pa.array([text], pa.string()))


def batch_of(columns: Columns, invoice: Invoice, tag_ids: Words) -> Batch:
    """The charges of these items. Raises ``ReadFault``."""
    amounts = columns.rewritten("amount", plain, "no amount", "an amount such as 12.34 or $12.34")
    cost = amounts.cost("amount")
    filled = _within_the_month(columns, invoice.period)
    starts = filled.moments("start_time")
    ends = filled.ends("end_time", "start_time", starts)
    product = columns.required("product", columns.words("product"))
    kind = product.mapped(lambda name: kind_of(name or ""))
    is_tax = kind.mask(lambda value: value == "tax", columns.rows)
    description = columns.words("description")
    day, following = charge_days(starts, ends)
    found = _of_all(invoice) | {
        "ServiceName": product,
        "ResourceId": columns.ids("resource_uuid").otherwise(columns.ids("resource_id")),
        "ResourceName": description.only(~is_tax),
        "x_TaxType": description.only(is_tax),
        "ChargeCategory": kind.mapped(lambda value: category_of(value or "")),
        "x_Kind": kind,
        "ConsumedUnit": columns.words("duration_unit"),
        "ChargePeriodStart": day,
        "ChargePeriodEnd": following,
        "x_TagSetId": tag_ids,
    }
    quantity, known = columns.quantity("duration") or (None, None)
    costs = {"BilledCost": cost, "EffectiveCost": cost}
    return Batch(columns.rows, found, costs, quantity, known, starts, ends)


def batch_beside(parts: Sequence[Beside], invoice: Invoice) -> Batch:
    """Amounts of the summary that no item holds, over the whole month."""
    texts = pa.array([f"{part.amount:f}" for part in parts], pa.string())
    cost = Columns({"amount": texts}, len(parts), 0).cost("amount")
    rows = np.arange(len(parts), dtype=np.int32)
    first, following = _bounds(invoice.period)
    starts, ends = (np.full(len(parts), moment, np.int64) for moment in (first, following))
    day, end = charge_days(starts, ends)
    found = _of_all(invoice) | {
        "ServiceName": Words([part.name for part in parts], rows),
        "ChargeCategory": Words([category_of(part.kind) for part in parts], rows),
        "x_Kind": Words([part.kind for part in parts], rows),
        "ChargePeriodStart": day,
        "ChargePeriodEnd": end,
        "x_TagSetId": Words.same(EMPTY_ID),
    }
    costs = {"BilledCost": cost, "EffectiveCost": cost}
    return Batch(len(parts), found, costs, None, None, starts, ends, lines=0)


def tag_ids(document: Document, tag_sets: TagSets) -> Words:
    """The tag set of each item: its project and group, and the tags of the resource that it is for."""
    by_item = ByItem(document.resources)
    known: dict[tuple[object, ...], int] = {}
    codes: list[int] = []
    ids: list[str] = []
    for item in document.items:
        name = by_item.name(item)
        resource = document.resources.get(name or "", {})
        project = item.get("project_name") or resource.get("project")
        key = name, project, item.get("group_description")
        if key not in known:
            known[key] = len(ids)
            ids.append(tag_sets.id_of(tags_of(project, item.get("group_description"), resource.get("tags") or [])))
        codes.append(known[key])
    return Words(ids or [EMPTY_ID], np.array(codes, np.int32))


def tags_of(project: object, group: object, words: Sequence[str]) -> dict[str, str]:
    """DigitalOcean's tags are single words: ``tenant:acme`` is the key ``tenant``, a word alone a key without value."""
    pairs = [(key, str(value)) for key, value in (("project", project), ("group", group)) if value]
    pairs += [(key, value) for key, _, value in (word.partition(":") for word in sorted(words))]
    return kept_apart(pairs)


def _of_all(invoice: Invoice) -> dict[str, Words]:
    return {
        "ProviderName": Words.same(PROVIDER),
        "InvoiceIssuerName": Words.same(PROVIDER),
        "BillingAccountId": Words.same(invoice.account),
        "InvoiceId": Words.same(invoice.id),
        "BillingPeriodStart": Words.same(str(invoice.period.first_day)),
        "BillingCurrency": Words.same(invoice.currency),
    }


def _within_the_month(columns: Columns, period: Period) -> Columns:
    """Items without times of their own, such as credits, are of the whole month."""
    first, following = str(period.first_day), str(period.last_day + timedelta(days=1))
    arrays = {
        name: _filled(columns.arrays[name], default)
        for name, default in (("start_time", first), ("end_time", following))
    }
    return Columns(arrays, columns.rows, columns.first)


def _filled(column: pa.DictionaryArray, default: str) -> pa.DictionaryArray:
    if not column.null_count:
        return column
    values = [*column.dictionary.to_pylist(), default]
    return pa.DictionaryArray.from_arrays(column.indices.fill_null(len(values) - 1), pa.array(values, pa.string()))


def _bounds(period: Period) -> tuple[int, int]:
    first = (period.first_day - _EPOCH).days * DAY
    return first, (period.last_day - _EPOCH).days * DAY + DAY
