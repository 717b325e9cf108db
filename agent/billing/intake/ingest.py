"""The way of a delivery into the ledger: find, hash, read, check, write, put in force. One source at a time."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.intake.intake import Intake
from agent.billing.intake.overlap import (
    refuse_claimed_elsewhere,
    refuse_repeated_days,
    refuse_same_bytes,
    refuse_same_content,
    refuse_same_cost,
)
from agent.billing.intake.promised import refuse_other_row_counts
from agent.billing.intake.publication import Origin, put_in_force, write_version
from agent.billing.intake.recorded import Arrival, Recorded, contents
from agent.billing.interface import BillingSource, Delivered
from agent.billing.ledger.changes import change
from agent.billing.ledger.gathering import Gathering
from agent.billing.ledger.intact import changed_file
from agent.billing.ledger.kept_tag_sets import keep_tag_sets, kept_for
from agent.billing.ledger.versions import LedgerVersion, Manifest, source_heads
from agent.config.application import SourceConfig
from agent.errors import SourceError
from agent.period import Period
from agent.progress import Progress
from agent.storage import Folder, moved
from agent.store import lock, scratch, sweep, write_text

_OF_A_MONTH = re.compile(r"(\d{4}-\d{2}): ")


@dataclass(frozen=True, slots=True)
class Ingest:
    """One source on its way into the ledger at ``data``; ``periods`` None means every period found."""

    reading: BillingSource
    source: SourceConfig
    data: Path
    periods: AbstractSet[Period] | None
    progress: Progress

    def run(self, folder: Folder) -> list[Delivered]:
        """Brings the ledger up to the delivery. A delivery equal to what is in force changes nothing.

        Only periods that a new, changed or removed file holds are read and written; what was damaged on disk since is
        written anew. Raises ``SourceError``, and then nothing has changed.
        """
        with lock(self.data):
            sweep(self.data)
            self.progress.step(f"{self.source.name}: looking for the export")
            delivery = self.reading.find(folder)
            heads = source_heads(self.data, self.source.name)
            current = [version for version in heads if self._asked(version.period)]
            arrivals = self._arrivals(delivery, folder, Recorded(heads))
            disturbed = self._disturbed(arrivals, current)
            taken: list[tuple[LedgerVersion, bool]] = []
            if disturbed or any(arrival.held is None for arrival in arrivals):
                with scratch(self.data) as place:
                    taken = _Taking(self, delivery, arrivals, folder, place).run(disturbed, current)
            taken += self._left_alone(current, arrivals, {version.period for version, _ in taken})
            before = {version.period: version for version in current}
            told = [
                _delivered(version, before.get(version.period), changed=changed)
                for version, changed in sorted(taken, key=lambda pair: pair[0].period)
            ]
            return [*told[:-1], *(replace(last, notes=(*last.notes, *delivery.notes)) for last in told[-1:])]

    def _asked(self, period: Period | None) -> bool:
        return self.periods is None or period is None or period in self.periods

    def _arrivals(self, delivery: Delivery, folder: Folder, recorded: Recorded) -> list[Arrival]:
        entries = folder.entries()
        arrivals = [Arrival(file, entries[file.shown]) for file in delivery.files if self._asked(file.period)]
        recorded.recognise(arrivals)
        refuse_same_bytes((arrival.file, arrival.sha256) for arrival in arrivals if arrival.sha256)
        return arrivals

    def _disturbed(self, arrivals: Sequence[Arrival], current: Sequence[LedgerVersion]) -> set[Period]:
        """Periods to be written anew whatever the new files hold.

        They have lost a file, were damaged, or were read by another configuration.
        """
        delivered = Counter(arrival.content for arrival in arrivals)
        there = [version for version in current if contents(version) & delivered]
        lost = {version.period for version in there if contents(version) - delivered}
        damaged = {version.period for version in there if changed_file(version)}
        if damaged or not kept_for(self.data, there):
            self.progress.step(f"{self.source.name}: its ledger is damaged; the delivery is taken in again")
            damaged = {version.period for version in there}
        configured = {version.period for version in there if version.manifest.configured != self.reading.configured}
        return lost | damaged | configured

    def _left_alone(
        self, current: Sequence[LedgerVersion], arrivals: Sequence[Arrival], taken: AbstractSet[Period]
    ) -> list[tuple[LedgerVersion, bool]]:
        """Versions of which nothing was read: as they were, or marked stale where no file of theirs is delivered."""
        delivered = Counter(arrival.content for arrival in arrivals)
        left = [version for version in current if version.period not in taken]
        for version in left:
            if not contents(version) & delivered:
                _refresh(version, (), stale=True)
        return [(_refresh(version, arrivals, stale=False), False) for version in left if contents(version) & delivered]


class _Taking:
    """The files that must be read, read; the periods they touch, written and put in force."""

    def __init__(
        self, ingest: Ingest, delivery: Delivery, arrivals: Sequence[Arrival], folder: Folder, place: Path
    ) -> None:
        self._reading = ingest.reading
        self._source = ingest.source
        self._data = ingest.data
        self._asked = ingest._asked  # noqa: SLF001  # a part of it, for one delivery
        self._progress = ingest.progress
        self._delivery = delivery
        self._arrivals = arrivals
        self._folder = folder
        self._place = place
        spool = place / "spool"
        spool.mkdir()
        self._gathering = Gathering(spool)
        self._intake = Intake(self._reading, self._gathering, delivery)
        self._found_notes = list(self._reading.notes)
        """What was said of the delivery as a whole, before any file was read."""
        self._notes: dict[Period, list[str]] = {}

    def run(self, disturbed: AbstractSet[Period], current: Sequence[LedgerVersion]) -> list[tuple[LedgerVersion, bool]]:
        """The versions now in force of every period read, and whether each is a new one."""
        touched = self._read_all(set(disturbed))
        self._check_whole()
        return self._write(filter(self._asked, sorted(touched & set(self._gathering.periods))), current)

    def _read_all(self, touched: set[Period]) -> set[Period]:
        """Reads new files, and with them every file of the periods they hold; returns these periods.

        NOTE: a period is read whole or not at all, so that what was decided or checked across its files still is.
        """
        told = self._told_of_new()
        touched |= told or set()
        waiting = list(self._arrivals)
        together = told is None and not self._files_stand_alone()
        while chosen := [arrival for arrival in waiting if together or _concerned(arrival, touched)]:
            waiting = [arrival for arrival in waiting if arrival not in chosen]
            self._progress.step(f"{self._source.name}: reading {_files(len(chosen))}")
            for group in self._groups(chosen):
                touched |= self._read(group)
        return touched

    def _told_of_new(self) -> set[Period] | None:
        """The periods of all files that are not in force yet; None where only reading them tells."""
        if not self._by_period() and not any(arrival.held for arrival in self._arrivals):
            # NOTE: all of them are read, so that a look at each beforehand tells nothing more
            return None
        told: set[Period] = set()
        for arrival in self._arrivals:
            if arrival.held is None:
                periods = {arrival.file.period} if self._by_period() else self._reading.periods_of(arrival.file)
                if periods is None:
                    return None
                told |= {period for period in periods if period}
        return told

    def _files_stand_alone(self) -> bool:
        """Whether the source decides and checks nothing across files."""
        return (type(self._reading).prepare, type(self._reading).conclude) == (
            BillingSource.prepare,
            BillingSource.conclude,
        )

    def _by_period(self) -> bool:
        return all(arrival.file.period is not None for arrival in self._arrivals)

    def _groups(self, chosen: Sequence[Arrival]) -> Iterator[list[Arrival]]:
        if not self._by_period():
            yield list(chosen)
            return
        for period in sorted({arrival.file.period for arrival in chosen if arrival.file.period}):
            yield [arrival for arrival in chosen if arrival.file.period == period]

    def _read(self, group: Sequence[Arrival]) -> set[Period]:
        """Reads files that are judged together; the periods that those of them hold that are not in force yet."""
        said = len(self._reading.notes)
        self._reading.prepare([arrival.file for arrival in group])
        held: set[Period] = set()
        new: set[Period] = set()
        for done, arrival in enumerate(group):
            self._progress.advance(done, len(group), arrival.file.shown)
            periods = self._take(arrival)
            held |= periods
            if arrival.held is None:
                new |= periods
        self._reading.conclude()
        for period in held:
            self._notes.setdefault(period, []).extend(self._reading.notes[said:])
        return new

    def _take(self, arrival: Arrival) -> set[Period]:
        arrival.hash()
        record = self._intake.read(arrival.file, arrival.sha256)
        arrival.rows = record.rows
        if not record.rows:
            self._empty(arrival.file)
        self._folder.drop(arrival.file.shown)
        return record.periods

    def _empty(self, file: ExportFile) -> None:
        """A file without rows may be part of a delivery that its manifest proves whole; else it is a broken copy."""
        if self._delivery.completeness != "manifest":
            raise SourceError(
                "the file has no rows",
                where=file.shown,
                expected="a header and at least one row",
                mend="copy the file again; remove it if the provider meant it to be empty",
            )
        self._reading.notes.append(f"{file.shown} has no rows")

    def _check_whole(self) -> None:
        """Raises ``SourceError`` unless what was read is the delivery: once, to the last row, and still as it was."""
        known = any(arrival.held for arrival in self._arrivals)
        if not self._gathering.periods and not known:
            where = self._arrivals[0].file.shown
            raise SourceError("the delivery holds no rows at all", where=where, expected="at least one row")
        refuse_same_bytes((record.file, record.sha256) for record in self._intake.records)
        if self._delivery.completeness != "manifest":
            refuse_same_content(self._intake.records)
            refuse_repeated_days(self._intake.days, self._intake.records)
            refuse_same_cost(self._intake.days, self._intake.records)
        refuse_other_row_counts(self._arrivals, self._delivery.totals)
        self._refuse_moved()

    def _refuse_moved(self) -> None:
        """Looks again: a file or manifest that was replaced meanwhile may belong to another delivery than the rest."""
        shown = {arrival.file.shown for arrival in self._arrivals}
        manifests = {arrival.file.manifest for arrival in self._arrivals}
        suffixes = {PurePosixPath(name).suffix for name in shown} if self._delivery.completeness != "manifest" else ()
        for name in sorted(self._folder.changed()):
            if name in shown or name in manifests or PurePosixPath(name).suffix in suffixes:
                raise moved(name, self._folder.shown)

    def _write(self, periods: Iterator[Period], current: Sequence[LedgerVersion]) -> list[tuple[LedgerVersion, bool]]:
        in_force = {version.period: version for version in current}
        written: list[tuple[Path, Manifest]] = []
        kept: list[tuple[LedgerVersion, bool]] = []
        for period in periods:
            self._progress.step(f"{self._source.name}: writing {period}")
            place = self._place / str(period)
            place.mkdir()
            manifest = write_version(place, period, self._origin(period), self._intake, self._gathering)
            refuse_claimed_elsewhere(self._data, place, manifest)
            old = in_force.get(period)
            if old is not None and old.manifest.same_as(manifest) and changed_file(old) is None:
                kept.append((_refresh(old, self._arrivals, stale=False), False))
            else:
                written.append((place, manifest))
        # NOTE: nothing is put in force before every period is written and checked
        keep_tag_sets(self._data, self._reading.tag_sets.texts)
        return kept + [(put_in_force(self._data, place, manifest), True) for place, manifest in written]

    def _origin(self, period: Period) -> Origin:
        return Origin(
            self._source.name,
            self._source.kind,
            self._delivery.completeness,
            tuple(note for note in (*self._found_notes, *self._notes.get(period, ())) if _is_about(note, period)),
            self._reading.tag_sets.failures,
            self._source.settles_after_days,
            self._reading.configured,
        )


def _concerned(arrival: Arrival, touched: AbstractSet[Period]) -> bool:
    return arrival.held is None or bool(arrival.held & touched) or arrival.file.period in touched


def _is_about(note: str, period: Period) -> bool:
    """Whether a note concerns this period: one that begins with a month concerns that month."""
    month = _OF_A_MONTH.match(note)
    return month is None or month[1] == str(period)


def _files(count: int) -> str:
    return f"{count} file{'s' if count != 1 else ''}"


def _refresh(version: LedgerVersion, arrivals: Sequence[Arrival], *, stale: bool) -> LedgerVersion:
    """The version with its mark of being delivered, and its files with the stamps their bytes have by now."""
    stamps = {(arrival.file.shown, arrival.sha256): arrival.entry.stamp for arrival in arrivals}
    files = tuple(
        replace(file, stamp=stamps.get((file.path, file.sha256), file.stamp)) for file in version.manifest.files
    )
    changed = replace(version, manifest=replace(version.manifest, files=files, stale=stale))
    if changed != version:
        write_text(version.folder / "manifest.json", changed.manifest.text())
    return changed


def _delivered(version: LedgerVersion, before: LedgerVersion | None, *, changed: bool) -> Delivered:
    manifest = version.manifest
    billed = ", ".join(f"{sums['BilledCost']} {currency}" for currency, sums in manifest.ledger_sums.items())
    notes = (*manifest.notes, *(["the period is no longer in the export"] if manifest.stale else []))
    return Delivered(
        version.source,
        version.period,
        version.version,
        changed,
        manifest.rows,
        manifest.lines,
        billed,
        notes,
        change=change(before.manifest, manifest) if changed and before is not None else "",
        estimated_until=manifest.estimated_until,
        estimated_because=manifest.estimated_because,
        completeness=manifest.completeness,
    )
