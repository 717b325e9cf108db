"""One period of one source -> a version on disk: written aside, checked against the files' sums, put in force."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from agent.billing.intake.intake import FileRecord, Intake
from agent.billing.intake.tally import exact_text
from agent.billing.ledger.columns import COSTS
from agent.billing.ledger.contents import read_contents
from agent.billing.ledger.gathering import Gathering
from agent.billing.ledger.settling import estimated
from agent.billing.ledger.table import ROW_GROUP, LedgerFile
from agent.billing.ledger.versions import (
    LedgerFileEntry,
    LedgerVersion,
    Manifest,
    SourceFile,
    head,
    period_folder,
)
from agent.billing.reading.batch import EXACT, Batch, Numbers, Words
from agent.billing.reading.moments import DAY
from agent.billing.reading.raw_tags import EMPTY_ID
from agent.errors import ProofError
from agent.money import UNIT_SCALE, scientific, text_from_units
from agent.period import Period
from agent.store import move_folder, sha256, write_text

PART = "part-0.parquet"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a delivery came from."""

    source: str
    kind: str
    completeness: str
    notes: tuple[str, ...]
    tag_failures: Mapping[str, int]
    settles_after_days: int | None = None
    """The user's own number of days after the end of a month; by default the provider's."""
    configured: Mapping[str, str] = field(default_factory=dict)
    """sha256 of each configuration file that decides how the source is read, by its key."""


def write_version(folder: Path, period: Period, origin: Origin, intake: Intake, gathering: Gathering) -> Manifest:
    """Writes the period's ledger file and manifest into ``folder``; the version number is still 0.

    Raises ``ProofError`` when what stands in the file is not, to the last unit, what the delivered files say.
    """
    records = [record for record in intake.records if record.rows_of(period) or _promised_empty(record, period)]
    cuts = _cuts(records, period)
    notes = [*origin.notes, *intake.outliers.notes(period)]
    for currency, by_cost in cuts.items():
        notes += _book_rounding(gathering, period, currency, by_cost)
    rows = _write_rows(folder / PART, gathering, period)
    held = read_contents([folder / PART], period)
    _prove(held.totals, records, period, cuts)
    until, because = estimated(origin.kind, period, held.charges, origin.settles_after_days)
    failures = {path: count for path, count in origin.tag_failures.items() if path in {r.file.shown for r in records}}
    notes += _unread_tags(failures)
    notes += _doubled_tags(intake.doubled_tags.get(period, 0))
    return Manifest(
        source=origin.source,
        kind=origin.kind,
        period=str(period),
        ledger_version=0,
        completeness=origin.completeness,
        files=tuple(_source_file(record, period) for record in sorted(records, key=lambda record: record.file.shown)),
        ledger=(LedgerFileEntry(PART, sha256(folder / PART), rows),),
        ledger_sums={
            currency: {cost: text_from_units(units) for cost, units in by_cost.items()}
            for currency, by_cost in held.totals.items()
        },
        rounding={
            currency: {cost: exact_text(0, cut) for cost, cut in by_cost.items()} for currency, by_cost in cuts.items()
        },
        kinds=held.kinds(),
        usage_through=_usage_through(intake.usage_end(period), period),
        tag_failures=failures,
        notes=tuple(notes),
        invoices=held.invoice_texts(),
        estimated_until=until,
        estimated_because=because,
        configured=origin.configured,
    )


def _unread_tags(failures: Mapping[str, int]) -> list[str]:
    """One sentence, however many files there are; the manifest counts them by file."""
    if not failures:
        return []
    first, *others = sorted(failures)
    lines = sum(failures.values())
    where = f"{first} and {len(others)} more" if others else first
    return [f"{where}: the tags of {lines:,} line{'s' if lines != 1 else ''} cannot be read and count as none"]


def _doubled_tags(lines: int) -> list[str]:
    if not lines:
        return []
    has = "lines have" if lines != 1 else "line has"
    return [f"{lines:,} {has} a tag key with two values: both are kept, and rules see conflicting tags"]


def put_in_force(data: Path, folder: Path, manifest: Manifest) -> LedgerVersion:
    """Numbers the version, moves its folder into place, and makes HEAD name it: killed anywhere, the old one holds."""
    period = Period.parse(manifest.period)
    current = head(data, manifest.source, period)
    number = 1 if current is None else current.version + 1
    numbered = replace(manifest, ledger_version=number)
    write_text(folder / "manifest.json", numbered.text())
    home = period_folder(data, manifest.source, period)
    target = home / f"v{number}"
    # NOTE: a folder of that number was left by an ingest killed before HEAD; no reader has ever seen it
    shutil.rmtree(target, ignore_errors=True)
    move_folder(folder, target)
    write_text(home / "HEAD.json", json.dumps({"version": number}) + "\n")
    return LedgerVersion(manifest.source, period, number, target, numbered)


def _write_rows(path: Path, gathering: Gathering, period: Period) -> int:
    rows = 0
    with LedgerFile(path) as ledger:
        for table in gathering.rows(period, ROW_GROUP):
            ledger.write(table)
            rows += len(table)
    return rows


def _cuts(records: Sequence[FileRecord], period: Period) -> dict[str, dict[str, Decimal]]:
    """What was cut below 1e-24, by currency and cost column; columns without a cut are left out."""
    cuts: dict[str, dict[str, Decimal]] = {}
    for record in records:
        for (of, currency), tally in record.tallies.items():
            for cost, cut in tally.cut.items() if of == period else ():
                total = cuts.setdefault(currency, {})
                total[cost] = EXACT.add(total.get(cost, Decimal(0)), cut)
    return cuts


def _book_rounding(gathering: Gathering, period: Period, currency: str, cuts: Mapping[str, Decimal]) -> list[str]:
    """Books whole units of what was cut as one `rounding` row; says what is left below a unit."""
    notes: list[str] = []
    costs: dict[str, Numbers] = {}
    for cost, cut in cuts.items():
        units = _whole_units(cut)
        costs[cost] = Numbers(np.zeros(1, np.int64), None, np.array([units], np.int64))
        rest = EXACT.subtract(cut, EXACT.scaleb(Decimal(units), -UNIT_SCALE))
        if rest:
            notes.append(f"{scientific(rest)} {currency} of {cost} lies below 1e-{UNIT_SCALE} and stands in no row")
    day, following = str(period.first_day), str(period.first_day + timedelta(days=1))
    words = {
        "BillingPeriodStart": Words.same(day),
        "BillingCurrency": Words.same(currency),
        "ChargePeriodStart": Words.same(day),
        "ChargePeriodEnd": Words.same(following),
        "x_Kind": Words.same("rounding"),
        "x_TagSetId": Words.same(EMPTY_ID),
    }
    nothing = np.zeros(1, np.int64)
    gathering.add(period, Batch(1, words, costs, None, None, nothing, nothing, lines=0))
    return notes


def _whole_units(cut: Decimal) -> int:
    return int(EXACT.scaleb(cut, UNIT_SCALE))


def _prove(
    sums: Mapping[str, Mapping[str, int]],
    records: Sequence[FileRecord],
    period: Period,
    cuts: Mapping[str, Mapping[str, Decimal]],
) -> None:
    expected: dict[str, dict[str, int]] = {}
    for record in records:
        for (of, currency), tally in record.tallies.items():
            if of == period:
                by_cost = expected.setdefault(currency, dict.fromkeys(COSTS, 0))
                for cost in COSTS:
                    by_cost[cost] += tally.units[cost]
    for currency, by_column in cuts.items():
        for cost, cut in by_column.items():
            expected[currency][cost] += _whole_units(cut)
    if expected != sums:
        raise ProofError(
            f"the ledger of {period} does not hold what its files say",
            where=str(
                sorted({cell for cell in expected if expected[cell] != sums.get(cell)} | (sums.keys() - expected))
            ),
            expected="equal sums to the last unit",
            mend="this is a fault of apportion: please report it",
        )


def _promised_empty(record: FileRecord, period: Period) -> bool:
    """A file without rows is a part of the period that its manifest states: it is known the next time."""
    return not record.rows and record.file.period == period


def _source_file(record: FileRecord, period: Period) -> SourceFile:
    entry = record.file.folder.entries()[record.file.shown]
    return SourceFile(
        path=record.file.shown,
        sha256=record.sha256,
        bytes=entry.size,
        rows=record.rows_of(period),
        sums={currency: tally.sums() for (of, currency), tally in sorted(record.tallies.items()) if of == period},
        all_rows=record.rows,
        stamp=entry.stamp,
        dataset=record.dataset,
        left_out_rows=sum(tally.rows for (of, *_), tally in record.left_out.items() if of == period),
        left_out=_left_out(record, period),
    )


def _left_out(record: FileRecord, period: Period) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for (of, currency, reason), tally in sorted(record.left_out.items()):
        if of == period:
            found.setdefault(reason, {})[currency] = tally.sums()["BilledCost"]
    return found


def _usage_through(end: int | None, period: Period) -> str | None:
    """The last day; at most the month's own, for a usage line of a later day completes no day of it."""
    if end is None:
        return None
    last = datetime.fromtimestamp(end // DAY * DAY // 1_000_000, UTC).date() - timedelta(days=1)
    return str(min(last, period.last_day))
