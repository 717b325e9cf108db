"""One period's allocation: facts in, published tables and the proof out."""

import shutil
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa

from agent.allocation import asof, recognise, tables
from agent.allocation.beside import Beside
from agent.allocation.details import write_details
from agent.allocation.facts import Facts
from agent.allocation.passes import AFTER_RECOGNITION, READ
from agent.allocation.proof import Proof, prove
from agent.allocation.published import write_tables
from agent.allocation.tax import tax_tables
from agent.allocation.validity import spans
from agent.billing.ledger.intact import refuse_changed
from agent.billing.ledger.kept_tag_sets import read_tag_sets
from agent.billing.ledger.versions import LedgerVersion, heads
from agent.config.allocation import Pool
from agent.config.loading import Settings
from agent.engine import Engine, open_engine
from agent.errors import NothingToDo, SourceError
from agent.inputs import Inputs, current
from agent.period import Period
from agent.progress import Progress

_CURRENCIES = "select BillingCurrency as c, sum(x_Lines) as n from ledger group by BillingCurrency order by c"
_DATES = "select min(ChargeDate) as first, max(SpanEnd) as last from line"


def gather(
    settings: Settings,
    period: Period,
    *,
    inputs: Inputs | None = None,
    versions: Sequence[LedgerVersion] | None = None,
    day: date | None = None,
    pools: Iterable[Pool] | None = None,
) -> Facts:
    """Everything the allocation of ``period`` depends on: by default what is in force now.

    ``inputs``, ``versions`` and ``day`` D are those of a closed month that is computed anew. ``pools``: those whose
    drivers hold day D back, where these are not those of the rules in force.

    Raises ``NothingToDo`` without a ledger for the period, ``ApportionError`` when a ledger file was changed on disk.
    """
    versions = tuple(heads(settings.data, period) if versions is None else versions)
    if not versions:
        raise NothingToDo(f"there is no billing data for {period}", mend="run apportion ingest")
    refuse_changed(versions)
    inputs = inputs or current(settings.data)
    drivers = {driver.name: driver for driver in inputs.drivers(settings)}
    rules = settings.allocation(period)
    if day is None:
        lasts = asof.driver_days(rules.pools if pools is None else pools, drivers.values())
        as_of = asof.find(settings, period, asof.source_days(settings), lasts)
    else:
        as_of = asof.AsOf(period, day, {}, {})
    return Facts(
        period=period,
        app=settings.app,
        rules=rules,
        policy=settings.policy(),
        registry=inputs.registry(settings),
        drivers=drivers,
        versions=versions,
        as_of=as_of,
    )


def allocate(
    settings: Settings, period: Period, folder: Path, progress: Progress, beside: Beside | None = None
) -> Proof:
    """Runs every pass and writes the published tables into ``folder``; ``ProofError`` when a sum does not tie.

    ``beside``: what the books add to the month: prior-period adjustments, and the method as it is in force.
    """
    return allocate_facts(settings, gather(settings, period), folder, progress, beside or Beside())


def allocate_facts(settings: Settings, facts: Facts, folder: Path, progress: Progress, beside: Beside) -> Proof:
    """As :func:`allocate`, of these facts."""
    rows = sum(version.manifest.rows for version in facts.versions)
    spill = settings.data / ".tmp" / folder.name
    try:
        with open_engine(settings.app.engine, rows=rows, spill=spill) as engine:
            scan_ledger(engine, "ledger", facts.versions)
            asked = run_over_ledger(engine, facts, settings.data, progress, beside)
            progress.step(f"prove {facts.period}")
            proof = prove(engine, str(facts.period), facts.versions)
            write_tables(engine, facts, folder)
            write_details(engine, facts, asked.findings, beside, folder)
            return proof.beside(beside)
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def run_passes(engine: Engine, facts: Facts, data: Path, progress: Progress) -> recognise.Rules:
    """Loads the facts and runs all passes, leaving their tables in the engine; returns the rules as they were asked."""
    scan_ledger(engine, "ledger", facts.versions)
    return run_over_ledger(engine, facts, data, progress)


def scan_ledger(engine: Engine, name: str, versions: Iterable[LedgerVersion]) -> None:
    """Makes ``name`` the rows of these versions, read in place."""
    engine.scan(name, "Source", {version.source: version.files for version in versions})


def run_over_ledger(
    engine: Engine, facts: Facts, data: Path, progress: Progress, beside: Beside | None = None
) -> recognise.Rules:
    """As :func:`run_passes`, over the table ``ledger`` as it stands in the engine.

    ``beside``: adjustments of closed months, published beside the month's own rows, and where their money ended.
    """
    progress.step(f"allocate {facts.period}")
    beside = beside or Beside()
    _load(engine, {"adjustment": beside.rows, **beside.frozen})
    _one_currency(engine, facts)
    asked_about = engine.fetch("select distinct x_TagSetId from ledger")["x_TagSetId"].combine_chunks()
    tag_sets = read_tag_sets(data, asked_about)
    needs = {
        "needs_resource": recognise.needs_resource(facts.rules),
        "needs_region": recognise.needs_region(facts.rules),
    }
    _load(engine, tables.fixed_tables(facts, **needs))
    for step in READ:
        step.run(engine)
    subjects = engine.fetch("select * from subject")
    dates = engine.fetch(_DATES).to_pylist()[0]
    days = spans([facts.rules], facts.registry, dates["first"], dates["last"])
    asked = recognise.dated(facts.rules, facts.policy, facts.registry, tag_sets, days)
    unused = recognise.unused(tag_sets)
    _load(engine, {"subject_rule": recognise.subject_rule(facts.rules, asked, unused, subjects)})
    _load(engine, tax_tables(engine, facts.rules.recoverable_tax or []))
    _load(engine, tables.dated_tables(facts, dates["first"], dates["last"]))
    for done, step in enumerate(AFTER_RECOGNITION):
        progress.advance(done, len(AFTER_RECOGNITION), step.table)
        step.run(engine)
    return asked


def _load(engine: Engine, loaded: dict[str, pa.Table]) -> None:
    for name, content in loaded.items():
        engine.load(name, content)


def _one_currency(engine: Engine, facts: Facts) -> None:
    counts = {row["c"]: row["n"] for row in engine.fetch(_CURRENCIES).to_pylist()}
    if set(counts) - {facts.app.currency}:
        found = ", ".join(f"{currency} ({lines} lines)" for currency, lines in counts.items())
        raise SourceError(
            f"the ledger of {facts.period} holds {found}, and the company currency is {facts.app.currency}",
            expected="one currency an allocation: currencies never mix",
            mend="set currency in apportion.yaml, or allocate the other currency in a project of its own",
        )
