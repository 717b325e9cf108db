"""The way of a delivery into the ledger: find, hash, read, check, write, put in force. One source at a time."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.intake.intake import Intake
from agent.billing.intake.overlap import (
    refuse_claimed_elsewhere,
    refuse_repeated_days,
    refuse_same_bytes,
    refuse_same_content,
)
from agent.billing.intake.publication import Origin, put_in_force, write_version
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
from agent.storage import Folder
from agent.store import lock, scratch, sha256, sweep, write_text

Hashed = Sequence[tuple[ExportFile, str]]


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

        What was damaged on disk since is written anew. Raises ``SourceError``, and then nothing has changed.
        """
        with lock(self.data):
            sweep(self.data)
            self.progress.step(f"{self.source.name}: looking for the export")
            delivery = self.reading.find(folder)
            hashed = self._hashed(delivery)
            current = [version for version in source_heads(self.data, self.source.name) if self._asked(version.period)]
            if _unchanged(hashed, current) and self._configured_alike(current) and self._intact(current):
                return [_delivered(version, version, changed=False) for version in current]
            with scratch(self.data) as place:
                versions = self._take_in(delivery, hashed, place, current)
            self._mark_vanished(current, {version.period for version, _ in versions})
            before = {version.period: version for version in current}
            return [_delivered(version, before.get(version.period), changed=changed) for version, changed in versions]

    def _intact(self, current: Sequence[LedgerVersion]) -> bool:
        damaged = any(changed_file(version) for version in current) or not kept_for(self.data, current)
        if damaged:
            self.progress.step(f"{self.source.name}: its ledger is damaged; the delivery is taken in again")
        return not damaged

    def _configured_alike(self, current: Sequence[LedgerVersion]) -> bool:
        return all(version.manifest.configured == self.reading.configured for version in current)

    def _asked(self, period: Period | None) -> bool:
        return self.periods is None or period is None or period in self.periods

    def _hashed(self, delivery: Delivery) -> Hashed:
        files = [file for file in delivery.files if self._asked(file.period)]
        hashed: list[tuple[ExportFile, str]] = []
        for done, file in enumerate(files):
            self.progress.advance(done, len(files), f"checking {file.shown}")
            hashed.append((file, sha256(file.path)))
        refuse_same_bytes(hashed)
        return hashed

    def _take_in(
        self, delivery: Delivery, hashed: Hashed, folder: Path, current: Sequence[LedgerVersion]
    ) -> list[tuple[LedgerVersion, bool]]:
        spool = folder / "spool"
        spool.mkdir()
        gathering = Gathering(spool)
        intake = self._read(delivery, hashed, gathering)
        origin = Origin(
            self.source.name,
            self.source.kind,
            delivery.completeness,
            tuple(self.reading.notes),
            self.reading.tag_sets.failures,
            self.source.settles_after_days,
            self.reading.configured,
        )
        in_force = {version.period: version for version in current}
        written: list[tuple[Path, Manifest]] = []
        kept: list[tuple[LedgerVersion, bool]] = []
        for period in filter(self._asked, gathering.periods):
            self.progress.step(f"{self.source.name}: writing {period}")
            place = folder / str(period)
            place.mkdir()
            manifest = write_version(place, period, origin, intake, gathering)
            refuse_claimed_elsewhere(self.data, place, manifest)
            old = in_force.get(period)
            if old is not None and old.manifest.same_as(manifest) and changed_file(old) is None:
                kept.append((_set_stale(old, stale=False), False))
            else:
                written.append((place, manifest))
        # NOTE: nothing is put in force before every period is written and checked
        keep_tag_sets(self.data, self.reading.tag_sets.texts)
        new = [(put_in_force(self.data, place, manifest), True) for place, manifest in written]
        return sorted(kept + new, key=lambda pair: pair[0].period)

    def _read(self, delivery: Delivery, hashed: Hashed, gathering: Gathering) -> Intake:
        self.reading.prepare([file for file, _ in hashed])
        intake = Intake(self.reading, gathering, delivery)
        self.progress.step(f"{self.source.name}: reading {len(hashed)} file{'s' if len(hashed) != 1 else ''}")
        for done, (file, digest) in enumerate(hashed):
            self.progress.advance(done, len(hashed), file.shown)
            record = intake.read(file, digest)
            if not record.rows:
                self._empty(file, delivery)
        if not gathering.periods:
            raise SourceError(
                "the delivery holds no rows at all", where=hashed[0][0].shown, expected="at least one row"
            )
        self.reading.conclude()
        if delivery.completeness != "manifest":
            refuse_same_content(intake.records)
            refuse_repeated_days(intake.days, intake.records)
        return intake

    def _empty(self, file: ExportFile, delivery: Delivery) -> None:
        """A file without rows may be part of a delivery that its manifest proves whole; else it is a broken copy."""
        if delivery.completeness != "manifest":
            raise SourceError(
                "the file has no rows",
                where=file.shown,
                expected="a header and at least one row",
                mend="copy the file again; remove it if the provider meant it to be empty",
            )
        self.reading.notes.append(f"{file.shown} has no rows")

    def _mark_vanished(self, current: Sequence[LedgerVersion], found: AbstractSet[Period]) -> None:
        for version in current:
            if version.period not in found:
                _set_stale(version, stale=True)


def _unchanged(hashed: Hashed, current: Sequence[LedgerVersion]) -> bool:
    """Whether everything in these files is in force already, and nothing else is."""
    delivered = {(file.shown.rsplit("/", 1)[-1], digest) for file, digest in hashed}
    taken: dict[tuple[str, str], int] = {}
    whole: dict[tuple[str, str], int] = {}
    for version in current:
        if version.manifest.stale:
            return False
        for file in version.manifest.files:
            key = (file.path.rsplit("/", 1)[-1], file.sha256)
            taken[key] = taken.get(key, 0) + file.rows
            whole[key] = file.all_rows
    return delivered == taken.keys() and taken == whole


def _set_stale(version: LedgerVersion, *, stale: bool) -> LedgerVersion:
    if version.manifest.stale == stale:
        return version
    changed = version.marked(stale=stale)
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
    )
