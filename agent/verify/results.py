"""The published results of a period: their hashes, and allocation.parquet against classification and proof."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from agent.verify.compare import METRICS, amount, costs, equal
from agent.verify.exact import Costs, add, number, sha256, total
from agent.verify.recorded import Json, Outcome, Outcomes
from agent.verify.records import Check

CUSTOMERS_FILE = "cost_per_customer.csv"
ALLOCATION_FILE = "allocation.parquet"
CLASSIFICATION_FILE = "classification.parquet"
TABLES = (CLASSIFICATION_FILE, ALLOCATION_FILE, CUSTOMERS_FILE)
BUCKETS = ("customer", "opex", "unallocated", "balance_sheet")


def hashes(folder: Path, proof: Json) -> Iterator[Check]:
    """Each result file against the proof; the three tables must be named by it."""
    listed: dict[str, str] = proof["results"]
    for name in sorted({*TABLES, *listed}):
        path = folder / name
        found = sha256(path) if path.is_file() else "missing"
        yield equal(f"sha256 of {name}", found, listed.get(name, "not in the proof"))


def totals(proof: Json, classified: Costs, ended: Outcomes) -> Iterator[Check]:
    """Classification == allocation == proof, per currency and metric, in total and by bucket."""
    adjusted = _sums(pair for pair in ended.items() if pair[0].prior)
    current = _sums(pair for pair in ended.items() if not pair[0].prior)
    yield from costs("classification == allocation", classified, current)
    for name in BUCKETS:
        found = _sums(pair for pair in ended.items() if pair[0].bucket == name)
        yield from costs(f"allocation == proof, {name}", found, proven(proof, name))
    yield from costs("classification == proof, source", classified, proven(proof, "source"))
    yield from costs("allocation == proof, adjustments", adjusted, proven(proof, "adjustments"))
    everywhere = _sums(pair for pair in ended.items() if pair[0].bucket in BUCKETS)
    yield from costs("source + adjustments == all buckets", add(classified, adjusted), everywhere)


def proven(proof: Json, name: str) -> Costs:
    """One total of the proof, such as ``source`` or ``customer``, by currency."""
    by_currency = proof["totals"].items()
    return {key: (number(by[METRICS[0]][name]), number(by[METRICS[1]][name])) for key, by in by_currency}


def as_of(proof: Json) -> date | None:
    """The last day that the published figures of an open month run through; a complete month leaves nothing out."""
    day = date.fromisoformat(proof["as_of"]) if proof.get("as_of") else None
    return None if day is None or (day + timedelta(days=1)).day == 1 else day


def own_checks(proof: Json) -> Iterator[Check]:
    """What the proof says of itself: both sides are equal, and the difference it prints is 0."""
    for row in proof["checks"]:
        name = f"proof: {row['check']}, {row.get('currency') or 'all'} {row.get('metric') or ''}".rstrip()
        if row["difference"] == "0":
            yield amount(name, number(row["left"]), number(row["right"]))
        else:
            yield Check(name, row["left"], row["right"], row["difference"], ok=False)


def _sums(ended: Iterable[tuple[Outcome, tuple[Decimal, Decimal]]]) -> Costs:
    return total({outcome.currency: pair} for outcome, pair in ended)
