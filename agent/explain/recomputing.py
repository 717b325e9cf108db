"""A published month computed again by exactly what it was made from, its intermediate tables left in an engine.

An open month must still be what its proof records; a closed one is recomputed by its frozen configuration, inputs,
ledger versions and day D. The rows that come out are compared with the published ones before anything is explained.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent import basis, closing, results
from agent.allocation.allocating import gather, run_over_ledger, scan_ledger
from agent.allocation.beside import Beside
from agent.allocation.facts import Facts
from agent.allocation.published import write_tables
from agent.billing.ledger.versions import LedgerVersion, kept_version
from agent.closing.distributions import frozen_tables, names_closed_months
from agent.closing.posted import adjusting_rows
from agent.config.loading import Settings
from agent.engine import Engine, open_engine
from agent.errors import InputError, NothingToDo, ProofError
from agent.inputs import Inputs
from agent.period import Period
from agent.progress import Progress

Json = dict[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Month:
    """What a published month was made from, and where it lies."""

    period: Period
    folder: Path
    settings: Settings
    closed: closing.Closed | None
    inputs: Inputs | None
    """None: those last taken in."""
    versions: tuple[LedgerVersion, ...]
    day: date


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The month with its tables in the engine."""

    facts: Facts
    engine: Engine
    data: Path
    folder: Path
    """The published files."""
    closed: str = ""
    """Who closed the month and when; empty while it is open."""

    def rows(self, body: str) -> list[Row]:
        """The rows of one SELECT statement; amounts and weights as integers."""
        found = self.engine.fetch(body).to_pylist()
        return [{name: int(v) if isinstance(v, Decimal) else v for name, v in row.items()} for row in found]

    def make(self, table: str, body: str) -> None:
        """Makes a table by a body of this package."""
        self.engine.run(table, (files("agent.explain") / "sql" / f"{body}.sql").read_text())


def published_month(settings: Settings, period: Period) -> Month:
    """The month as published. ``NothingToDo`` without results, ``InputError`` when they are out of date.

    Raises ``ProofError`` when the published files or the books were changed.
    """
    closed = closing.closed_month(settings.data, period)
    if closed is not None:
        closing.refuse_faults(settings.data)
        frozen = closing.frozen_settings(settings, closed)
        kept = closing.frozen_inputs(settings, closed)
        versions = _versions(settings.data, period, closed.ledger)
        return Month(period, closed.folder, frozen, closed, kept, versions, _day(closed.folder))
    if not results.published(settings.data, period):
        raise NothingToDo(f"{period} has no results yet", mend=f"apportion allocate --period {period}")
    results.refuse_changed(settings.data, period)
    if basis.out_of_date(settings, period):
        raise InputError(
            f"the results of {period} are out of date: the bill, the inputs or the configuration changed since",
            where=str(results.folder(settings.data, period)),
            expected="results made from what is there now, so that every step can be shown",
            mend=f"apportion allocate --period {period}",
        )
    folder = results.folder(settings.data, period)
    proof: Json = json.loads((folder / results.PROOF).read_bytes())
    made_from = {source["name"]: source["version"] for source in proof["sources"]}
    return Month(period, folder, settings, None, None, _versions(settings.data, period, made_from), _day(folder))


@contextmanager
def recomputed(month: Month, progress: Progress) -> Iterator[Recomputed]:
    """Runs all passes again; ``ProofError`` unless the same rows come out that are published."""
    data = month.settings.data
    facts = gather(month.settings, month.period, inputs=month.inputs, versions=month.versions, day=month.day)
    spill = data / ".tmp" / uuid4().hex
    rows = sum(version.manifest.rows for version in month.versions)
    try:
        with open_engine(month.settings.app.engine, rows=rows, spill=spill) as engine:
            scan_ledger(engine, "ledger", facts.versions)
            run_over_ledger(engine, facts, data, progress, _beside(month, facts))
            _refuse_other_rows(engine, facts, month)
            yield Recomputed(facts, engine, data, month.folder, month.closed.line if month.closed is not None else "")
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def _versions(data: Path, period: Period, numbers: Mapping[str, int]) -> tuple[LedgerVersion, ...]:
    return tuple(kept_version(data, source, period, number) for source, number in sorted(numbers.items()))


def _day(folder: Path) -> date:
    return date.fromisoformat(json.loads((folder / "details.json").read_bytes())["as_of"])


def _beside(month: Month, facts: Facts) -> Beside:
    """Adjustments as they were posted, and where the months had ended that were closed when this one was made."""
    books = closing.closed_months(month.settings.data)
    if month.closed is not None:
        number = month.closed.entry.number
        books = [other for other in books if other.entry.number < number]
    rows = adjusting_rows(month.folder, month.period)
    if not books or not names_closed_months(facts.versions):
        return Beside(rows)
    return Beside(rows, frozen=frozen_tables(books, facts.registry))


def _refuse_other_rows(engine: Engine, facts: Facts, month: Month) -> None:
    with TemporaryDirectory(prefix="apportion-explain-") as name:
        write_tables(engine, facts, Path(name))
        again = pq.read_table(Path(name) / "allocation.parquet")
    published = pq.read_table(month.folder / "allocation.parquet")
    if again.equals(published):
        return
    left, right = (_total(rows) for rows in (published, again))
    raise ProofError(
        f"{month.period} cannot be explained: computed again it has other rows than were published "
        f"({len(published)} and {len(again)} rows, EffectiveCost {left} and {right})",
        where=str(month.folder / "allocation.parquet"),
        expected="the same rows of the same bill, inputs and rules",
        mend="this month was made by another version of apportion: explain it with that one"
        if month.closed is not None
        else f"apportion allocate --period {month.period}",
    )


def _total(rows: pa.Table) -> str:
    total = pc.sum(rows["EffectiveCost"]).as_py()
    return f"{total or 0:f}"
