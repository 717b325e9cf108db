"""The ledger of a proof as the lines that the allocation tells apart, each with the sum of its money."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent.verify.allocation.splitting import Money

_KEYS = ("ProviderName", "BillingAccountId", "SubAccountId", "ServiceName", "InvoiceId", "CommitmentDiscountId",
         "RegionId", "ResourceId", "ResourceName", "InvoiceIssuerName", "x_TaxType", "ChargePeriodStart",
         "ChargePeriodEnd", "x_Kind", "x_TagSetId", "BillingCurrency")  # fmt: skip
_UNITS = ("x_BilledUnits", "x_EffectiveUnits")
_NAMELESS = ("usage", "marketplace", "rounding")
"""Kinds whose resource matters only where a line of another kind names it, too."""


class Line(NamedTuple):
    """A row of the ledger without what the allocation does not look at; ``''`` for null, ``end`` exclusive."""

    source: str
    provider: str
    billing: str
    sub: str
    service: str
    invoice: str
    commitment: str
    region: str
    resource: str
    resource_name: str
    issuer: str
    tax_type: str
    day: date
    end: date
    kind: str
    tag_set: str
    currency: str


def read_lines(
    source: str, files: Sequence[Path], *, resources: bool, regions: bool
) -> Iterator[tuple[Line, bool, Money]]:
    """Each line, whether its resource is one that a charge or a discount names, and its money.

    Without ``resources`` and ``regions`` these are left out where nothing looks at them.
    """
    table = pa.concat_tables([pq.read_table(file, columns=[*_KEYS, *_UNITS]) for file in files])
    named = table.filter(pc.invert(pc.is_in(table["x_Kind"], value_set=pa.array(_NAMELESS))))
    wanted = pc.unique(named["ResourceId"]).drop_null()
    if not resources:
        held = pc.is_in(table["ResourceId"], value_set=wanted)
        table = _set(table, "ResourceId", pc.if_else(held, table["ResourceId"], None))
        table = _set(table, "ResourceName", pa.nulls(len(table), pa.string()))
    if not regions:
        table = _set(table, "RegionId", pa.nulls(len(table), pa.string()))
    names = set(wanted.to_pylist())
    for *key, billed, effective in _summed(table):
        line = Line._make([source, *("" if value is None else value for value in key)])
        yield line, line.resource in names, Money(int(billed), int(effective))


def _set(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def _summed(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    sums = table.group_by(list(_KEYS)).aggregate([(name, "sum") for name in _UNITS])
    names = [*_KEYS, *(f"{name}_sum" for name in _UNITS)]
    yield from zip(*(sums[name].to_pylist() for name in names), strict=True)


def read_tags(path: Path) -> Mapping[str, Mapping[str, str]]:
    """All tag sets that are kept, by id."""
    table = pq.read_table(path, columns=["x_TagSetId", "Tags"])
    texts = zip(table["x_TagSetId"].to_pylist(), table["Tags"].to_pylist(), strict=True)
    return {known: json.loads(text) for known, text in texts}
