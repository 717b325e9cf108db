"""A month's allocation as FOCUS rows: every charge, parted over whom it ended with.

The columns are those of FOCUS for splits (1.3: AllocatedMethodId, AllocatedMethodDetails, AllocatedResourceId,
AllocatedResourceName, AllocatedTags), by its rules for the splits of a data generator; ours begin with ``x_``. The
origin charge is what the allocation tells apart of the bill: account, service, invoice, commitment, day and kind. Its
parts sum to it, and the parts of a customer to what was published for it, to the last digit. Resource, SKU, tags, list
and contracted cost belong to lines below that grain and are null.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from agent.errors import ProofError, UsageError
from agent.focus_export.categories import category
from agent.focus_export.columns import schema
from agent.focus_export.flows import NO_ORIGIN, End, Flow, Flows, Row
from agent.focus_export.matrix import ratios
from agent.focus_export.rows import money
from agent.focus_export.writing import refuse_other_suffixes, write_rows
from agent.period import Period
from agent.progress import Progress
from agent.store import write_file
from policies.registry import Registry

RELEASES = ("focus-1.3", "focus-1.4")
"""Releases that have the columns for splits."""
_OWN = {
    "x_Bucket": "bucket",
    "x_Class": "cls",
    "x_CostGroup": "cost_group",
    "x_Customer": "customer",
    "x_Fallback": "fallback",
    "x_Function": "function",
    "x_Method": "method",
    "x_Pool": "pool",
    "x_Reason": "reason",
}
_CATEGORIES = {
    "tax": "Tax",
    "credit": "Credit",
    "refund": "Adjustment",
    "correction": "Adjustment",
    "rounding": "Adjustment",
    "fee": "Purchase",
    "support": "Purchase",
    "commitment_purchase": "Purchase",
}
"""ChargeCategory by kind; every other kind is usage."""
_PLACES = 18
"""Decimals of a ratio."""
_BATCH = 50_000
_UNKNOWN = "Unknown"
EXACT = Context(prec=80)
_KEPT = ("BillingAccountId", "SubAccountId", "InvoiceId", "CommitmentDiscountId", "ServiceName", "ProviderName")
_COSTS = ("BilledCost", "EffectiveCost")
_PROVEN = (
    "OriginPeriod",
    "Customer",
    "Bucket",
    "Class",
    "CostGroup",
    "Pool",
    "Method",
    "Fallback",
    "Reason",
    "Function",
)
"""What file and published table must agree on, group by group."""


@dataclass(frozen=True, slots=True)
class AllocatedMonth:
    """What is exported: the month's flows, adjustments of closed months that it carries, who the customers are."""

    period: Period
    flows: Flows
    adjustments: pa.Table
    """Of schema :data:`agent.allocation.beside.ROWS`."""
    registry: Registry
    published: Path
    """allocation.parquet."""


@dataclass(frozen=True, slots=True)
class AllocatedFile:
    """What was written; ``sums`` are units by currency and cost column, equal to what was published."""

    path: Path
    release: str
    period: Period
    rows: int
    sums: dict[str, dict[str, str]]


def export_allocation(month: AllocatedMonth, release: str, path: Path, progress: Progress) -> AllocatedFile:
    """Writes the allocation to ``path`` (``.parquet`` or ``.csv``), or leaves it as it was.

    Raises ``UsageError`` for a release without columns for splits, and ``ProofError`` where the file's sums are not, to
    the last digit, those of allocation.parquet, by everything that tells where money ended.
    """
    if release not in RELEASES:
        raise UsageError(f"{release} has no columns for splits", expected=" or ".join(RELEASES), where="--format")
    refuse_other_suffixes(path)
    into = _schema(release)
    progress.step(f"write the allocation of {month.period}")
    found: dict[str, Any] = {}

    def write(part: Path) -> None:
        write_rows(part, path.suffix, into, _batches(month, into))
        found.update(_proven(part, path.suffix, month.published))

    write_file(path, write)
    return AllocatedFile(path, release, month.period, found["rows"], found["sums"])


def _proven(path: Path, suffix: str, published: Path) -> dict[str, Any]:
    """Rows and sums of the file, which are the published ones."""
    file = "read_parquet(?)" if suffix == ".parquet" else "read_csv(?, all_varchar=true, header=true, delim=',')"
    sums = ", ".join(f"sum({cost}::decimal(38,24)) as {cost}" for cost in _COSTS)
    keys = ", ".join(f"nullif({name}, '') as {name}" for name in _PROVEN)
    own = ", ".join(f"nullif(x_{name}, '') as {name}" for name in _PROVEN)
    sides = (
        f"select BillingCurrency as Currency, {own}, {sums} from {file} group by all",
        f"select Currency, {keys}, {sums} from read_parquet(?) group by all",
    )
    places = (str(path), str(published))
    with duckdb.connect() as connection:
        one, other = (
            {row[:-2]: row[-2:] for row in connection.execute(side, [place]).fetchall() if any(row[-2:])}
            for side, place in zip(sides, places, strict=True)
        )
        rows = connection.execute(f"select count(*) from {file}", [str(path)]).fetchall()[0][0]
    if one != other:
        key = min((key for key in {**one, **other} if one.get(key) != other.get(key)), key=str)
        raise ProofError(
            f"the export does not hold what was published of {key}: {one.get(key)}",
            expected=str(other.get(key)),
            mend="this is a fault of apportion: please report it",
        )
    totals: dict[str, list[Decimal]] = {}
    for key, costs in one.items():
        before = totals.get(key[0], [Decimal(0)] * len(_COSTS))
        totals[key[0]] = [EXACT.add(was, cost) for was, cost in zip(before, costs, strict=True)]
    return {
        "rows": rows,
        "sums": {c: {n: f"{v.normalize(EXACT):f}" for n, v in zip(_COSTS, t, strict=True)} for c, t in totals.items()},
    }


def _batches(month: AllocatedMonth, into: pa.Schema) -> Iterator[pa.RecordBatch]:
    rows = _rows(month)
    # NOTE: a file without rows has its columns, too
    first = list(islice(rows, _BATCH))
    yield _batch(first, into)
    while waiting := list(islice(rows, _BATCH)):
        yield _batch(waiting, into)


def _batch(rows: Sequence[Mapping[str, Any]], into: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([_column([row.get(field.name) for row in rows], field) for field in into], schema=into)


def _column(values: Sequence[Any], field: pa.Field) -> pa.Array:
    if field.name in _COSTS:
        return money(pa.array([Decimal(value) for value in values], pa.decimal128(38, 0)))
    if pa.types.is_timestamp(field.type):
        return pa.array(values, pa.date32()).cast(pa.timestamp("us")).cast(field.type)
    if pa.types.is_dictionary(field.type):
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, field.type)


def _schema(release: str) -> pa.Schema:
    left_out = {"x_FilledColumns", "x_LedgerVersion", "x_Lines", "x_TaxType"}
    fields = [field for field in schema(release) if field.name not in left_out]
    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([*fields, *((name, text) for name in (*_OWN, "x_OriginPeriod"))])


def _rows(month: AllocatedMonth) -> Iterator[dict[str, Any]]:
    for at, found in groupby(month.flows.flows, key=lambda flow: flow.origin):
        parts = list(found)
        if at == NO_ORIGIN:
            yield from (_standard_rate(month, flow) for flow in parts)
            continue
        origin = _charge(month.flows.origins[at], month.period)
        if len(parts) == 1 and parts[0].end.method == "direct":
            yield origin | _ended(parts[0].end) | _costs(parts[0].billed, parts[0].effective)
            continue
        yield from (
            origin | _ended(flow.end) | _costs(flow.billed, flow.effective) | _split(flow.end, ratio, month.registry)
            for flow, ratio in zip(parts, _ratios(parts), strict=True)
        )
    yield from (_adjustment(row, month.period) for row in month.adjustments.to_pylist())


def _ratios(parts: Sequence[Flow]) -> list[Fraction]:
    """Of EffectiveCost; of BilledCost where there is none. They sum to exactly 1 over a charge."""
    effective = [flow.effective for flow in parts]
    return ratios(effective if sum(effective) else [flow.billed for flow in parts], _PLACES)


def _charge(row: Row, period: Period) -> dict[str, Any]:
    """The columns that all parts of a charge share."""
    kept = {name: row[name] or None for name in _KEPT}
    provider = kept["ProviderName"] or _UNKNOWN
    service_category = category(None, kept["ServiceName"])
    filled = {
        "BillingAccountId": kept["BillingAccountId"] or _UNKNOWN,
        "ProviderName": provider,
        "ServiceProviderName": provider,
        "HostProviderName": provider,
        "PublisherName": provider if row["Kind"] != "marketplace" else _UNKNOWN,
        "InvoiceIssuerName": provider,
        "ServiceName": kept["ServiceName"] or _UNKNOWN,
        "ServiceCategory": service_category,
        "ServiceSubcategory": f"Other ({service_category})",
    }
    return {
        **kept,
        **filled,
        **_period_of(row["ChargeDate"], row["SpanEnd"], period),
        "BillingCurrency": row["Currency"],
        "ChargeCategory": _CATEGORIES.get(row["Kind"], "Usage"),
        "ChargeClass": "Correction" if row["Kind"] in ("refund", "correction") else None,
        "ChargeDescription": f"{row['Kind'].replace('_', ' ').capitalize()}: {filled['ServiceName']}",
        "x_Kind": row["Kind"],
        "x_Source": row["Source"] or None,
        "x_OriginPeriod": str(period),
    }


def _period_of(start: date, end: date, period: Period) -> dict[str, Any]:
    return {
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "BillingPeriodStart": period.first_day,
        "BillingPeriodEnd": period.next.first_day,
    }


def _ended(end: End) -> dict[str, Any]:
    return {name: getattr(end, key) for name, key in _OWN.items()}


def _costs(billed: int, effective: int) -> dict[str, Any]:
    return {"BilledCost": billed, "EffectiveCost": effective}


def _split(end: End, ratio: Fraction, registry: Registry) -> dict[str, Any]:
    """The columns of a split. What is left unallocated has a method and no resource, as FOCUS has it."""
    pool = f"pool/{end.pool}/" if end.pool is not None else ""
    named = end.customer != "@unallocated"
    element = f'{{"AllocatedRatio": {_plain(ratio)}}}'
    known = end.customer in registry.ids
    return {
        "AllocatedMethodId": f"apportion/{end.cls}/{pool}{end.method}",
        "AllocatedMethodDetails": f'{{"Elements": [{element}]}}',
        "AllocatedResourceId": end.customer if named else None,
        "AllocatedResourceName": registry.rows(end.customer)[-1].name if known else None,
        "AllocatedTags": json.dumps({"apportion:customer": end.customer}, ensure_ascii=False) if named else None,
    }


def _plain(ratio: Fraction) -> str:
    """A ratio of :data:`_PLACES` decimals, without zeros at its end."""
    sign = "-" if ratio < 0 else ""
    whole, fraction = divmod(abs(ratio.numerator) * 10**_PLACES // ratio.denominator, 10**_PLACES)
    digits = f"{fraction:0{_PLACES}d}".rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def _standard_rate(month: AllocatedMonth, flow: Flow) -> dict[str, Any]:
    """A charge at a standard rate where the bill has nothing of its kind, or the recovery of it."""
    last = month.period.last_day
    row = {
        **dict.fromkeys(_KEPT, ""),
        "Source": "",
        "Kind": "usage",
        "Currency": next(iter(_currencies(month.flows)), ""),
        "ChargeDate": last,
        "SpanEnd": month.period.next.first_day,
    }
    adjusted = _charge(row, month.period) | {"ChargeCategory": "Adjustment", "ChargeDescription": "Standard rate"}
    return adjusted | _ended(flow.end) | _costs(flow.billed, flow.effective)


def _currencies(flows: Flows) -> list[str]:
    return sorted({row["Currency"] for row in flows.origins})


def _adjustment(row: Mapping[str, Any], period: Period) -> dict[str, Any]:
    """What a later delivery changed of a closed month, posted to this one."""
    day = row["ChargeDate"]
    charge = {**row, "InvoiceId": "", "CommitmentDiscountId": "", "SpanEnd": day.fromordinal(day.toordinal() + 1)}
    end = End(
        row["Customer"], row["Bucket"], row["Class"], row["Pool"], row["Method"], row["Fallback"], row["Reason"],
        row["Function"], row["CostGroup"],
    )  # fmt: skip
    said = {"ChargeClass": "Correction", "x_OriginPeriod": row["OriginPeriod"]}
    return _charge(charge, period) | said | _ended(end) | _costs(int(row["BilledUnits"]), int(row["EffectiveUnits"]))
