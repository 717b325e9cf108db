"""A month of the ledger, all sources, as one FOCUS Cost and Usage file; put in place only when its sums are proven."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from agent.billing.ledger.columns import COSTS, DATES, DIMENSIONS
from agent.billing.ledger.intact import refuse_changed
from agent.billing.ledger.kept_tag_sets import read_tag_sets
from agent.billing.ledger.table import ROW_GROUP
from agent.billing.ledger.versions import LedgerVersion, heads
from agent.errors import NothingToDo, ProofError
from agent.focus_export.columns import schema
from agent.focus_export.rows import Origin, focus_rows
from agent.focus_export.writing import refuse_other_suffixes, write_rows
from agent.money import text_from_units, units_from_text
from agent.period import Period
from agent.progress import Progress
from agent.store import write_file
from policies.tags import canonical_json

_TEXTS = [name for name in DIMENSIONS if name not in DATES]
Sums = dict[tuple[str, str], tuple[int, dict[str, Decimal]]]
"""(source, currency) -> rows, and the exact sum of each cost."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. ``sums``: exact text by currency and cost column; ``notes`` say what the file cannot tell."""

    path: Path
    release: str
    period: Period
    rows: int
    sources: tuple[str, ...]
    sums: dict[str, dict[str, str]]
    notes: tuple[str, ...]


def export(data: Path, period: Period, release: str, path: Path, progress: Progress) -> Exported:
    """Writes the month's ledger to ``path`` (``.parquet`` or ``.csv``), or leaves it as it was.

    Sorted by source and then as the ledger is; the same ledger gives the same bytes. Raises ``NothingToDo`` for a month
    without a ledger and ``ProofError`` when the file's sums are not, to the last digit, the ledger's.
    """
    refuse_other_suffixes(path)
    versions = heads(data, period)
    if not versions:
        raise NothingToDo(f"the ledger holds nothing of {period}", mend="apportion ingest")
    refuse_changed(versions)
    tags = _tags(data, versions)
    into = schema(release)

    def write(part: Path) -> None:
        batches = _batches(versions, tags, into, progress)
        write_rows(part, path.suffix, into, batches)
        progress.step("comparing the file's sums with the ledger's")
        _prove(_sums(part, path.suffix), versions)

    write_file(path, write)
    return Exported(
        path,
        release,
        period,
        sum(version.manifest.rows for version in versions),
        tuple(version.source for version in versions),
        _totals(versions),
        tuple(_notes(versions)),
    )


def _tags(data: Path, versions: Sequence[LedgerVersion]) -> dict[str, str]:
    wanted: set[str] = set()
    for version in versions:
        for path in version.files:
            wanted.update(pq.read_table(path, columns=["x_TagSetId"])["x_TagSetId"].unique().to_pylist())
    found = read_tag_sets(data, pa.array(sorted(wanted), pa.string()))
    return {known: canonical_json(tags) for known, tags in found.items()}


def _batches(
    versions: Sequence[LedgerVersion], tags: dict[str, str], into: pa.Schema, progress: Progress
) -> Iterator[pa.RecordBatch]:
    for done, version in enumerate(versions):
        progress.advance(done, len(versions), version.source)
        origin = Origin(version.source, version.version, tags)
        for path in version.files:
            with pq.ParquetFile(path, read_dictionary=_TEXTS) as file:
                for batch in file.iter_batches(ROW_GROUP):
                    yield focus_rows(batch, origin, into)


def _sums(path: Path, suffix: str) -> Sums:
    """What stands in the file, added up anew."""
    table = "read_parquet(?)" if suffix == ".parquet" else "read_csv(?, all_varchar=true, header=true, delim=',')"
    costs = ", ".join(f"sum({cost}::decimal(38,24))::varchar" for cost in COSTS)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select x_Source, BillingCurrency, count(*), {costs} from {table} group by all", [str(path)]
        ).fetchall()
    return {
        (source, currency): (rows, dict(zip(COSTS, map(Decimal, sums), strict=True)))
        for source, currency, rows, *sums in found
    }


def _prove(found: Sums, versions: Sequence[LedgerVersion]) -> None:
    for version in versions:
        rows = 0
        for currency, expected in version.manifest.ledger_sums.items():
            count, sums = found.pop((version.source, currency), (0, {}))
            rows += count
            for cost in COSTS:
                if sums.get(cost) != Decimal(expected[cost]):
                    raise _unproven(f"{cost} of {version.source} in {currency}", sums.get(cost), expected[cost])
        if rows != version.manifest.rows:
            raise _unproven(f"number of rows of {version.source}", rows, version.manifest.rows)
    if found:
        raise _unproven("sources and currencies", sorted(found), "those of the ledger")


def _unproven(what: str, found: object, expected: object) -> ProofError:
    return ProofError(
        f"the export does not hold what the ledger says: {what} is {found}",
        expected=str(expected),
        mend="this is a fault of apportion: please report it",
    )


def _totals(versions: Sequence[LedgerVersion]) -> dict[str, dict[str, str]]:
    totals: dict[str, dict[str, int]] = {}
    for version in versions:
        for currency, sums in version.manifest.ledger_sums.items():
            by_cost = totals.setdefault(currency, dict.fromkeys(COSTS, 0))
            for cost in COSTS:
                by_cost[cost] += units_from_text(sums[cost])
    return {
        currency: {cost: text_from_units(units) for cost, units in by_cost.items()}
        for currency, by_cost in sorted(totals.items())
    }


def _notes(versions: Sequence[LedgerVersion]) -> Iterator[str]:
    for version in versions:
        for currency, sums in version.manifest.ledger_sums.items():
            for cost in ("ListCost", "ContractedCost"):
                if not Decimal(sums[cost]) and Decimal(sums["EffectiveCost"]):
                    yield f"{version.source} delivers no {cost} in {currency}: it is 0 and says nothing of savings"
