"""Two versions of a month side by side: sums by what tells the bill apart, and rows that came and went."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from agent.billing.ledger.columns import SCHEMA
from agent.billing.ledger.intact import refuse_changed
from agent.billing.ledger.versions import LedgerVersion
from agent.config.loading import Settings
from agent.differences.choosing import Versions
from agent.differences.customers import by_customer
from agent.differences.records import DIMENSIONS, Compared, Counts, Difference, Line, Moved, ranked
from agent.engine import Engine, open_engine
from agent.errors import ApportionError, ProofError
from agent.money import text_from_units
from agent.period import Period
from agent.progress import Progress

_KEYS = (
    "Source", "ProviderName", "BillingAccountId", "SubAccountId", "ServiceName", "ChargeCategory", "x_Kind",
    "InvoiceId", "BillingCurrency",
)  # fmt: skip
_NAMES = tuple("Kind" if key == "x_Kind" else key for key in _KEYS[:-1])
_SIDES = ("before", "after")
_NULLABLE = ", ".join(f"coalesce({key}, '') as {key}" for key in _KEYS)
_MEASURES = "x_BilledUnits, x_EffectiveUnits"


def compare(
    settings: Settings, period: Period, pairs: Sequence[Versions], by: Sequence[str], progress: Progress
) -> Difference:
    """What changed in the dimensions ``by``.

    Raises ``ApportionError`` when a ledger file was changed on disk, ``ProofError`` when the parts of a dimension do
    not sum to the whole.
    """
    refuse_changed(version for pair in pairs for version in (pair.before, pair.after) if version is not None)
    progress.step(f"compare {period}")
    rows = sum(version.manifest.rows for pair in pairs for version in (pair.before, pair.after) if version is not None)
    with TemporaryDirectory(prefix="apportion-diff-") as folder:
        spill = Path(folder)
        with open_engine(settings.app.engine, rows=rows, spill=spill) as engine:
            counts = _load(engine, pairs)
            cells = _cells(engine)
        totals = _summed(cells, ())
        dimensions = {name: ranked(_summed(cells, DIMENSIONS[name])) for name in by if name != "customer"}
        why = ""
        if "customer" in by:
            try:
                dimensions["customer"] = ranked(by_customer(settings, period, pairs, spill, progress))
            except ApportionError as error:
                why = error.message
    for name, lines in dimensions.items():
        _prove(name, lines, totals)
    return Difference(str(period), tuple(map(_compared, pairs)), counts, totals, dimensions, why)


def _load(engine: Engine, pairs: Sequence[Versions]) -> Counts:
    """Views ``before`` and ``after``; rows are compared in the columns that both sides have."""
    files = {side: _files(pairs, side) for side in _SIDES}
    for side, parts in files.items():
        if parts:
            engine.scan(side, "Source", parts)
    if not all(files.values()):
        missing, there = _SIDES if not files["before"] else reversed(_SIDES)
        engine.define(missing, f'select * from "{there}" where false')
    columns = ", ".join(
        ["Source", *_shared([path for side in files.values() for part in side.values() for path in part])]
    )
    removed, added, kept = (
        _count(engine, f"(select {columns} from {left} {operator} all select {columns} from {right}) as rows")
        for left, operator, right in (
            ("before", "except", "after"),
            ("after", "except", "before"),
            ("before", "intersect", "after"),
        )
    )
    return Counts(removed, added, kept)


def _count(engine: Engine, rows: str) -> int:
    return int(engine.fetch(f"select count(*) as n from {rows}")["n"][0].as_py())


def _files(pairs: Sequence[Versions], side: str) -> dict[str, list[Path]]:
    versions: dict[str, LedgerVersion | None] = {pair.source: getattr(pair, side) for pair in pairs}
    return {source: version.files for source, version in versions.items() if version is not None}


def _shared(paths: Sequence[Path]) -> list[str]:
    held = [set(pq.read_schema(path).names) for path in paths]
    return [name for name in SCHEMA.names if all(name in names for names in held)]


def _cells(engine: Engine) -> list[dict[str, object]]:
    """The sums of both sides by everything that tells the bill apart."""
    sides = " union all ".join(f"select {_NULLABLE}, {_MEASURES}, '{side}' as Side from {side}" for side in _SIDES)
    sums = ", ".join(
        f"sum(case when Side = '{side}' then {column} else 0 end) as {metric}_{side}"
        for metric, column in (("billed", "x_BilledUnits"), ("effective", "x_EffectiveUnits"))
        for side in _SIDES
    )
    keys = ", ".join(_KEYS)
    cells: list[dict[str, object]] = engine.fetch(
        f"select {keys}, {sums} from ({sides}) as both_sides group by {keys}"
    ).to_pylist()
    return cells


def _summed(cells: Iterable[Mapping[str, object]], columns: Sequence[str]) -> tuple[Line, ...]:
    source = dict(zip(_NAMES, _KEYS, strict=False))
    sums: dict[tuple[tuple[str, ...], str], tuple[Moved, Moved]] = {}
    for cell in cells:
        key = tuple(str(cell[source[column]]) for column in columns), str(cell["BillingCurrency"])
        billed, effective = sums.get(key, (Moved(), Moved()))
        sums[key] = (billed + _moved(cell, "billed"), effective + _moved(cell, "effective"))
    return tuple(Line(key, currency, *moved) for (key, currency), moved in sorted(sums.items()))


def _moved(cell: Mapping[str, object], metric: str) -> Moved:
    return Moved(int(str(cell[f"{metric}_before"])), int(str(cell[f"{metric}_after"])))


def _compared(pair: Versions) -> Compared:
    before, after = pair.before, pair.after
    return Compared(
        pair.source,
        before.version if before is not None else None,
        after.version if after is not None else None,
        before.manifest.lines if before is not None else 0,
        after.manifest.lines if after is not None else 0,
    )


def _prove(name: str, lines: Sequence[Line], totals: Sequence[Line]) -> None:
    """The differences of a dimension sum to the whole's, exactly, in every currency."""
    for total in totals:
        of = [line for line in lines if line.currency == total.currency]
        for metric in ("billed", "effective"):
            parts = sum(getattr(line, metric).difference for line in of)
            whole = getattr(total, metric).difference
            if parts != whole:
                raise ProofError(
                    f"the differences by {name} sum to {text_from_units(parts)}, not {text_from_units(whole)}",
                    where=f"{metric} {total.currency}",
                    mend="this is a fault of apportion: please report it",
                )
