"""Prior-period adjustments: what later deliveries change in closed months, posted to the earliest open one.

For each closed month of which the ledger holds something else than it was last answered with:

1. the adjusted ledger: the money of the latest version under the tags it was closed with (``agent.closing.amounts``);
2. that ledger allocated by the month's frozen configuration, registry and drivers;
3. less what the month came to when it was closed, less what closed months carry of it already: posted now.

What only changed hands is told beside it and posted once it is accepted; accepting makes the tags of the version that
was accepted those of step 1.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa

from agent.allocation.allocating import gather, run_over_ledger, scan_ledger
from agent.allocation.beside import KEYS, ROWS, Beside, Tie
from agent.allocation.facts import Facts
from agent.allocation.proof import METRICS, prove
from agent.billing.ledger.intact import refuse_changed
from agent.billing.ledger.versions import LedgerVersion, heads, kept_version, period_folder
from agent.closing.amounts import adjusted_ledger
from agent.closing.books import Closed, closed_months, refuse_faults
from agent.closing.calendar import open_months
from agent.closing.distributions import frozen_hashes, frozen_tables, names_closed_months
from agent.closing.frozen import frozen_inputs, frozen_settings
from agent.closing.methodology import SEMANTICS
from agent.closing.posted import own_rows, posted_rows
from agent.config.loading import Settings
from agent.engine import Engine, open_engine
from agent.errors import ApportionError
from agent.inputs import Inputs, current
from agent.money import text_from_units, units_from_text
from agent.period import Period
from agent.progress import Progress
from policies.registry import Registry

Json = dict[str, Any]
State = dict[str, Json]
"""Origin -> {"ledger": version by source, "attribution": number of the entry whose tags are followed}."""
Units = dict[tuple[str, str], int]
"""(currency, metric) -> units."""
_KEYS = ", ".join(KEYS)
_DIFFERENCE = f"""
with side as (
  select {_KEYS}, BilledUnits, EffectiveUnits from allocation
  union all
  select {_KEYS}, -BilledUnits as BilledUnits, -EffectiveUnits as EffectiveUnits from counted
)
select {_KEYS}, sum(BilledUnits) as BilledUnits, sum(EffectiveUnits) as EffectiveUnits
from side group by {_KEYS}
having sum(BilledUnits) <> 0 or sum(EffectiveUnits) <> 0
order by {_KEYS}
"""
_BY_CUSTOMER = """
select Customer as customer, Bucket as bucket, Currency as currency, sum(BilledUnits) as billed,
  sum(EffectiveUnits) as effective
from {table} group by Customer, Bucket, Currency
"""
_MOVED = f"""
with side as (
  {_BY_CUSTOMER.format(table="allocation")}
  union all
  select customer, bucket, currency, -billed as billed, -effective as effective from under_frozen_tags
)
select customer, bucket, currency, sum(billed) as billed, sum(effective) as effective
from side group by customer, bucket, currency
having sum(billed) <> 0 or sum(effective) <> 0
order by customer, bucket, currency
"""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """One closed month computed anew: its rows to post, and what only changed hands."""

    rows: pa.Table
    moved: Sequence[Json]


def expected(settings: Settings, period: Period) -> State:
    """The states of closed months that ``period`` must answer to: none, unless it is the earliest open month."""
    books = closed_months(settings.data)
    if not books or open_months(settings, books)[:1] != [period]:
        return {}
    states = {str(month.period): _state(settings.data, month) for month in books}
    return {origin: state for origin, state in states.items() if state != settled(books, origin)}


def answers_to(settings: Settings, period: Period) -> dict[str, str]:
    """The closed months whose distributions refunds and corrections of ``period`` take, by the hash of their entry."""
    return frozen_hashes(settings.data, period, closed_months(settings.data))


def settled(books: Sequence[Closed], origin: str) -> Json:
    """The state of a closed month that the books answer to already."""
    month = next(month for month in books if str(month.period) == origin)
    answers = [other.entry for other in books if origin in other.entry.content["adjusts"]]
    if answers:
        state: Json = max(answers, key=lambda entry: entry.number).content["adjusts"][origin]
        return state
    return {"ledger": month.ledger, "attribution": month.entry.number}


def _state(data: Path, month: Closed) -> Json:
    versions = {version.source: version.version for version in heads(data, month.period)}
    return {"ledger": versions, "attribution": month.attribution.number}


def adjustments(settings: Settings, period: Period, progress: Progress) -> Beside:
    """Everything that closed months post to ``period``. Raises ``ProofError`` when the books were changed."""
    refuse_faults(settings.data)
    states, books = expected(settings, period), closed_months(settings.data)
    for month in books:
        _refuse_replaced(settings.data, month)
    hashes = frozen_hashes(settings.data, period, books)
    registry = current(settings.data).registry(settings) if states or hashes else None
    rows, ties, months = [ROWS.empty_table()], list[Tie](), list[Json]()
    for month in books:
        if str(month.period) in states and registry is not None:
            progress.step(f"adjust {month.period}: what later deliveries changed")
            later = _latest(settings.data, month)
            found = recompute(settings, month, books, later, progress)
            posted = _registered(found.rows, registry)
            before = posted_rows(books, month.period)
            rows.append(posted)
            ties += _ties(month, before, posted, later)
            months.append(_record(month, before, posted, later, found.moved))
    beside = Beside(pa.concat_tables(rows), ties, months, states, frozen_hashes=hashes)
    return replace(beside, frozen=frozen_tables(books, registry)) if hashes and registry is not None else beside


def recompute(
    settings: Settings, month: Closed, books: Sequence[Closed], later: Sequence[LedgerVersion], progress: Progress
) -> Recomputed:
    """The month by its frozen method over the adjusted ledger, less what is counted of it already."""
    data = settings.data
    earlier = _versions(data, month.period, month.attribution.ledger)
    refuse_changed(earlier)
    facts = closed_facts(frozen_settings(settings, month), frozen_inputs(settings, month), month, later)
    spill = data / ".tmp" / uuid4().hex
    rows = sum(version.manifest.rows for version in (*earlier, *later))
    try:
        with open_engine(settings.app.engine, rows=rows, spill=spill) as engine:
            moves = adjusted_ledger(engine, earlier, later)
            before = closed_beside(month, books, facts)
            run_over_ledger(engine, facts, data, progress, before)
            prove(engine, str(month.period), facts.versions)
            engine.load(
                "counted",
                pa.concat_tables(
                    [_closed_rows(settings, month, facts, progress, before), posted_rows(books, month.period)]
                ),
            )
            posted = engine.fetch(_DIFFERENCE)
            moved = _changed_hands(engine, facts, data, progress, before) if moves else []
    finally:
        shutil.rmtree(spill, ignore_errors=True)
    return Recomputed(_rows_of(month.period, posted), moved)


def closed_facts(
    frozen: Settings, kept: Inputs, month: Closed, versions: Sequence[LedgerVersion] | None = None
) -> Facts:
    """What a closed month is computed anew from, by default over the ledger versions it was closed with."""
    if versions is None:
        versions = _versions(frozen.data, month.period, month.ledger)
    return gather(frozen, month.period, inputs=kept, versions=versions, day=_day(month))


def closed_beside(month: Closed, books: Sequence[Closed], facts: Facts) -> Beside:
    """Where the months ended that were closed when this one was, for what it holds about them."""
    earlier = [other for other in books if other.entry.number < month.entry.number]
    if not earlier or not names_closed_months(facts.versions):
        return Beside()
    return Beside(frozen=frozen_tables(earlier, facts.registry))


def _changed_hands(engine: Engine, facts: Facts, data: Path, progress: Progress, before: Beside) -> Sequence[Json]:
    """What the latest tags would move between customers and buckets; it sums to zero."""
    engine.run("under_frozen_tags", _BY_CUSTOMER.format(table="allocation"))
    scan_ledger(engine, "ledger", facts.versions)
    run_over_ledger(engine, facts, data, progress, before)
    return _amounts(engine.fetch(_MOVED).to_pylist())


def _closed_rows(settings: Settings, month: Closed, facts: Facts, progress: Progress, before: Beside) -> pa.Table:
    """What the month came to, by today's arithmetic: as closed, unless the allocation itself has changed since."""
    if month.entry.content["methodology"]["semantics"] == SEMANTICS:
        return own_rows(month)
    versions = _versions(settings.data, month.period, month.ledger)
    spill = settings.data / ".tmp" / uuid4().hex
    try:
        with open_engine(settings.app.engine, rows=sum(v.manifest.rows for v in versions), spill=spill) as engine:
            scan_ledger(engine, "ledger", versions)
            run_over_ledger(engine, facts, settings.data, progress, before)
            return _rows_of(month.period, engine.fetch(f"select {_KEYS}, BilledUnits, EffectiveUnits from allocation"))
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def _rows_of(origin: Period, rows: pa.Table) -> pa.Table:
    column = pa.nulls(len(rows), pa.string()).fill_null(str(origin))
    return rows.add_column(0, "OriginPeriod", column).cast(ROWS)


def _latest(data: Path, month: Closed) -> list[LedgerVersion]:
    """The versions in force; every source the month was closed with must still have one."""
    found = heads(data, month.period)
    lost = sorted(set(month.ledger) - {version.source for version in found})
    if lost:
        raise ApportionError(
            f"{month.period} was closed with {', '.join(lost)}, and the ledger holds no version of it any more",
            where=str(data / "ledger" / lost[0] / str(month.period)),
            mend="bring the folder back from a backup: the month's figures answer to its versions",
        )
    return found


def _refuse_replaced(data: Path, month: Closed) -> None:
    """Raises ``ApportionError`` when a ledger version that the books name is there, but is another one.

    A folder that was removed and ingested again counts from v1 anew: its number alone says nothing. Its rows say it,
    not its manifest, which is marked when the month vanishes from its export.
    """
    for entry in (month.entry, *month.accepted):
        for row in entry.content["ledger"]:
            source, number = row["source"], row["version"]
            place = period_folder(data, source, month.period) / f"v{number}"
            if not (place / "manifest.json").is_file():
                continue
            held = {file.file: file.sha256 for file in kept_version(data, source, month.period, number).manifest.ledger}
            if held != row["ledger"]:
                raise ApportionError(
                    f"{month.period} was closed with another version {number} of {source} than is there",
                    where=str(place),
                    mend="bring the folder back from a backup; what was delivered since follows as a later version",
                )


def _versions(data: Path, period: Period, numbers: Mapping[str, int]) -> list[LedgerVersion]:
    return [kept_version(data, source, period, number) for source, number in sorted(numbers.items())]


def _day(month: Closed) -> date:
    """Day D that the month was closed at."""
    return date.fromisoformat(json.loads((month.folder / "details.json").read_bytes())["as_of"])


def _registered(rows: pa.Table, registry: Registry) -> pa.Table:
    """Money of a customer that the registry has no line of any more is unallocated, with its id as the reason."""
    known = set(registry.ids)
    who = rows["Customer"].to_pylist()
    lost = [not customer.startswith("@") and customer not in known for customer in who]
    if not any(lost):
        return rows
    columns = {name: rows[name].to_pylist() for name in ("Customer", "Bucket", "Function", "Reason")}
    for at in (at for at, gone in enumerate(lost) if gone):
        columns["Reason"][at] = f"not-registered:{who[at]}"
        columns["Customer"][at], columns["Bucket"][at], columns["Function"][at] = "@unallocated", "unallocated", None
    for name, values in columns.items():
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(values, pa.string()))
    return rows


def _ties(month: Closed, before: pa.Table, posted: pa.Table, later: Sequence[LedgerVersion]) -> list[Tie]:
    """Closed + posted == latest source, per currency and metric."""
    proof = json.loads((month.folder / "proof.json").read_bytes())
    closed: Units = {
        (currency, metric): units_from_text(by[metric]["source"])
        for currency, by in proof["totals"].items()
        for metric in METRICS
    }
    latest: Units = {}
    for version in later:
        for currency, by in version.manifest.ledger_sums.items():
            for metric in METRICS:
                latest[currency, metric] = latest.get((currency, metric), 0) + units_from_text(by[metric])
    sums: list[Units] = [closed, _totals(before), _totals(posted)]
    keys = sorted({*latest, *(key for each in sums for key in each)})
    name = f"closed + posted == latest source ({month.period})"
    return [
        Tie(name, currency, metric, sum(each.get((currency, metric), 0) for each in sums),
            latest.get((currency, metric), 0), len(later))
        for currency, metric in keys
    ]  # fmt: skip


def _totals(rows: pa.Table) -> Units:
    found: Units = {}
    columns = (rows["Currency"].to_pylist(), rows["BilledUnits"].to_pylist(), rows["EffectiveUnits"].to_pylist())
    for currency, *units in zip(*columns, strict=True):
        for metric, value in zip(METRICS, units, strict=True):
            found[currency, metric] = found.get((currency, metric), 0) + int(value)
    return found


def _record(
    month: Closed, before: pa.Table, posted: pa.Table, later: Sequence[LedgerVersion], moved: Sequence[Json]
) -> Json:
    """What ``proof.json`` and ``details.json`` say of one origin; money as exact text."""
    return {
        "origin": str(month.period),
        "closed": {"hash": month.entry.hash, "ledger": month.ledger},
        "tags_of": month.attribution.ledger,
        "ledger": {version.source: version.version for version in later},
        "posted_before": _texts(_totals(before)),
        "posted": _texts(_totals(posted)),
        "amounts": _amounts(_grouped(posted)),
        "attribution": list(moved),
    }


def _grouped(rows: pa.Table) -> Iterable[Mapping[str, Any]]:
    sums: dict[tuple[str, str, str], tuple[int, int]] = {}
    names = ("Customer", "Bucket", "Currency", "BilledUnits", "EffectiveUnits")
    for customer, bucket, currency, billed, effective in zip(*(rows[name].to_pylist() for name in names), strict=True):
        so_far = sums.get((customer, bucket, currency), (0, 0))
        sums[customer, bucket, currency] = (so_far[0] + int(billed), so_far[1] + int(effective))
    for (customer, bucket, currency), (billed, effective) in sorted(sums.items()):
        yield {"customer": customer, "bucket": bucket, "currency": currency, "billed": billed, "effective": effective}


def _amounts(rows: Iterable[Mapping[str, Any]]) -> list[Json]:
    money = ("billed", "effective")
    return [{key: text_from_units(int(value)) if key in money else value for key, value in row.items()} for row in rows]


def _texts(sums: Units) -> Json:
    found: Json = {}
    for (currency, metric), units in sorted(sums.items()):
        found.setdefault(currency, {})[metric] = text_from_units(units)
    return found
