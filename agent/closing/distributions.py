"""Where a closed month's money ended, for refunds and corrections that are about it (ALLOCATION 5).

Read from the closed files: by scope, what the month's usage became; and for each of these, who bore it. A refund's own
invoice is of the month that it comes in, so scopes go by account, not by invoice. Idle vendor cost without a pool is
told from untagged by nothing in these files and counts with it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent.allocation.beside import FROZEN
from agent.billing.ledger.versions import LedgerVersion, heads
from agent.closing.books import Closed
from agent.money import UNIT_SCALE
from agent.period import Period
from policies.registry import Registry

RELATED = ("usage", "discount", "marketplace", "commitment_unused")
"""What charges follow; charges never follow charges."""
ABOUT = frozenset({"refund", "correction"})
_SCOPE = ("Source", "BillingAccountId", "SubAccountId", "ServiceName")
_MARK = "\x01"
_ONE = Decimal(10**UNIT_SCALE)
_WIDE = Context(prec=60)
Row = Mapping[str, Any]


def names_closed_months(versions: Iterable[LedgerVersion]) -> bool:
    """Whether a bill holds anything that may be about another month."""
    return any(kind.split("/")[0] in ABOUT for version in versions for kind in version.manifest.kinds)


def frozen_hashes(data: Path, period: Period, books: Iterable[Closed]) -> dict[str, str]:
    """The closed months whose distributions ``period`` is allocated with: month -> hash of its entry."""
    if not names_closed_months(heads(data, period)):
        return {}
    return {str(month.period): month.entry.hash for month in books}


def frozen_tables(books: Iterable[Closed], registry: Registry) -> dict[str, pa.Table]:
    """The tables that the passes read; a customer that is registered no more is unallocated."""
    months, related, ended = list[Row](), list[Row](), list[Row]()
    for month in books:
        name = str(month.period)
        months.append({"Month": name, "FirstDay": month.period.first_day, "LastDay": month.period.last_day})
        related += _related(month, name)
        ended += _ended(month, name, frozenset(registry.ids))
    rows = {"frozen_month": months, "frozen_related": related, "frozen_distribution": ended}
    return {name: pa.Table.from_pylist(rows[name], schema) for name, schema in FROZEN.items()}


def _related(month: Closed, name: str) -> Iterator[Row]:
    """What each scope's money became: spread and pooled as classified, the rest as it ended."""
    path = month.folder / "classification.parquet"
    kept = pc.field("Kind").isin(RELATED)
    for row in _summed(path, (*_SCOPE, "Class", "Pool", "Reason"), kept):
        outcome = _spread(row)
        if outcome:
            yield _scoped(row) | {"Month": name, "Outcome": _key(name, outcome), "EffectiveUnits": row["units"]}
    own = _own(month) & kept & ~pc.field("Source").is_null() & pc.field("Bucket").isin(("customer", "opex"))
    for row in _summed(month.folder / "allocation.parquet", (*_SCOPE, "Customer", "Bucket", "Function"), own):
        outcome = _MARK.join(("own", row["Bucket"], row["Function"], row["Customer"]))
        yield _scoped(row) | {"Month": name, "Outcome": _key(name, outcome), "EffectiveUnits": row["units"]}


def _ended(month: Closed, name: str, known: frozenset[str]) -> Iterator[Row]:
    path = month.folder / "allocation.parquet"
    keys = ("Customer", "Bucket", "Function", "Reason")
    split = _own(month) & pc.field("Source").is_null() & (pc.field("Method") != "follow")
    for row in _summed(path, ("Class", "Pool", *keys), split):
        outcome = f"pool{_MARK}{row['Pool']}" if row["Pool"] else "idle" if row["Class"] == "idle" else "untagged"
        yield _borne(row, known) | {"Outcome": _key(name, outcome), "EffectiveUnits": row["units"]}
    own = _own(month) & ~pc.field("Source").is_null() & pc.field("Bucket").isin(("customer", "opex"))
    for row in _summed(path, ("Customer", "Bucket", "Function"), own & pc.field("Kind").isin(RELATED)):
        outcome = _MARK.join(("own", row["Bucket"], row["Function"], row["Customer"]))
        # NOTE: what was somebody's own is theirs alone, whatever it sums to over the month
        yield _borne(row | {"Reason": ""}, known) | {"Outcome": _key(name, outcome), "EffectiveUnits": _ONE}


def _own(month: Closed) -> pc.Expression:
    return pc.field("OriginPeriod") == str(month.period)


def _spread(row: Row) -> str:
    """The outcome of what was not placed on somebody by itself; '' for what was."""
    if row["Pool"]:
        return f"pool{_MARK}{row['Pool']}"
    if row["Class"] == "idle":
        return "idle"
    return "untagged" if row["Class"] == "untagged" or (row["Class"] == "vendor" and row["Reason"]) else ""


def _borne(row: Row, known: frozenset[str]) -> dict[str, Any]:
    customer = row["Customer"]
    if customer.startswith("@") or customer in known:
        return {key: row[key] for key in ("Customer", "Bucket", "Function", "Reason")}
    gone = f"not-registered:{customer}"
    return {"Customer": "@unallocated", "Bucket": "unallocated", "Function": "", "Reason": gone}


def _scoped(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in _SCOPE}


def _key(month: str, outcome: str) -> str:
    return _MARK.join(("closed", month, outcome))


def _summed(path: Path, keys: Sequence[str], kept: pc.Expression) -> list[dict[str, Any]]:
    """EffectiveCost in units by ``keys``, with '' for null."""
    read = pq.read_table(path, columns=[*keys, "EffectiveCost"], filters=kept)
    sums = read.group_by(list(keys), use_threads=False).aggregate([("EffectiveCost", "sum")])
    return [
        {key: row[key] or "" for key in keys} | {"units": _WIDE.scaleb(row["EffectiveCost_sum"], UNIT_SCALE)}
        for row in sums.to_pylist()
    ]
