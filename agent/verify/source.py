"""One source of a proof: raw files against manifest, manifest against ledger, ledger against classification."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from agent.config.application import SourceConfig
from agent.errors import SourceError
from agent.storage import Folder
from agent.verify import raw
from agent.verify.compare import amount, cells, costs, entries, equal
from agent.verify.exact import UNIT, ZERO, Costs, FileSums, add, brief, number, plain, sha256, total
from agent.verify.recorded import Cells, Json, by_currency, document, ledger_cells, recorded
from agent.verify.records import Check


class SourceAudit:
    """The checks of one source in one period. ``statements`` fills while :meth:`checks` is consumed."""

    def __init__(self, data: Path, source: SourceConfig | None, raw_files: Folder | None, entry: Json) -> None:
        self.name = str(entry["name"])
        self.statements: list[str] = []
        self._entry = entry
        self._data = data
        self._source = source
        self._raw_files = raw_files
        self._there = _listed_there(raw_files)
        self._folder = data / "ledger" / self.name / str(entry["period"])
        self._version = self._folder / f"v{entry['version']}"

    def checks(self, classified: Cells) -> Iterator[Check]:
        """Every check, along the money's way. ``classified``: this source's part of the classification."""
        manifest = document(self._version / "manifest.json")
        yield from self._in_force()
        yield entries(f"{self.name}: proof's files == manifest's", _listed(self._entry), _listed(manifest))
        held: Cells = {}
        yield from self._ledger(manifest, held)
        yield from costs(f"{self.name}: ledger == classification", by_currency(held), by_currency(classified))
        yield cells(f"{self.name}: ledger == classification by account, service, day", held, classified)

    def ledger_checks(self, held: Cells) -> Iterator[Check]:
        """The checks up to the ledger alone, of a version that was allocated elsewhere; ``held`` is filled with it."""
        yield from self._ledger(document(self._version / "manifest.json"), held)

    def _files(self, manifest: Json) -> Iterator[Check]:
        kind, entries = manifest["kind"], manifest["files"]
        newer = self._replaced()
        places = {entry["path"]: self._raw(entry["path"]) or self._elsewhere(entry) for entry in entries}
        for entry in entries:
            path = places[entry["path"]]
            if path is not None and entry["path"] in newer and sha256(path) == newer[entry["path"]] != entry["sha256"]:
                places[entry["path"]] = None
                self.statements.append(f"{self.name}: {entry['path']} was delivered anew: tied to recorded sums")
        there = [path for path in places.values() if path is not None]
        datasets = {
            place: entry.get("dataset", "") for entry in entries if (place := places[entry["path"]]) is not None
        }
        found = raw.sums(there, kind, str(self._entry["period"]), self._source, self._configured(manifest), datasets)
        for entry in entries:
            label, path = f"{self.name}: {entry['path']}", places[entry["path"]]
            if path is None and entry["path"] not in self._there:
                self.statements.append(f"{label} is gone: tied to recorded sums")
            elif path is not None:
                yield equal(f"{label}: sha256", sha256(path), entry["sha256"])
                yield from _recomputed(label, found[path], entry)

    def _configured(self, manifest: Json) -> dict[str, bytes]:
        """The configuration files that the month was read by, as they were kept."""
        named = (manifest.get("configured") or {}).items()
        return {key: (self._data / "inputs" / key / digest).read_bytes() for key, digest in named}

    def _ledger(self, manifest: Json, held: Cells) -> Iterator[Check]:
        yield from self._files(manifest)
        written = total(recorded(entry["sums"]) for entry in manifest["files"])
        for part in manifest["ledger"]:
            found = sha256(self._version / part["file"])
            yield equal(f"{self.name}: sha256 of ledger {part['file']}", found, part["sha256"])
        parts = [self._version / part["file"] for part in manifest["ledger"]]
        held |= ledger_cells(parts)
        sums = by_currency(held)
        yield from costs(f"{self.name}: files == ledger", written, sums, below=UNIT)
        yield from costs(f"{self.name}: manifest == ledger", recorded(manifest["ledger_sums"]), sums)
        # NOTE: providers bill rounding too, under an account; what the ingest books is of none
        rounding = ledger_cells(parts, kind="rounding")
        booked = by_currency({cell: sums for cell, sums in rounding.items() if cell[0] is None})
        yield from costs(f"{self.name}: rounding booked == ledger", recorded(manifest["rounding"]), booked, below=UNIT)
        self._state_unbooked(written, sums)

    def _state_unbooked(self, written: Costs, sums: Costs) -> None:
        rest = add(written, {currency: (-b, -e) for currency, (b, e) in sums.items()})
        for currency, (billed, effective) in sorted(rest.items()):
            if billed or effective:
                fine = f"BilledCost {brief(billed)}, EffectiveCost {brief(effective)}"
                self.statements.append(f"{self.name}: finer than 1e-24 {currency} and so in no ledger row: {fine}")

    def _replaced(self) -> dict[str, str]:
        """sha256 by path of the version in force, where that is a later one: its files may lie in this one's place."""
        try:
            head = int(document(self._folder / "HEAD.json")["version"])
            later = document(self._folder / f"v{head}" / "manifest.json") if head > self._entry["version"] else {}
        except (OSError, ValueError, TypeError, KeyError):
            return {}
        return {file["path"]: file["sha256"] for file in later.get("files", ())}

    def _in_force(self) -> Iterator[Check]:
        """Fails when HEAD.json names no version that is there; a version newer than the proof's is a statement."""
        used = self._entry["version"]
        try:
            head = document(self._folder / "HEAD.json")["version"]
            there = (self._folder / f"v{head}" / "manifest.json").is_file()
        except (OSError, ValueError, TypeError, KeyError):
            head, there = "unreadable", False
        if not there:
            detail = "no such version is on disk: apportion cannot read this month until it is ingested again"
            yield Check(f"{self.name}: version that HEAD.json names", str(head), str(used), "", ok=False, detail=detail)
        elif head != used:
            self.statements.append(f"{self.name}: made from version {used}; version {head} has come in since")

    def _elsewhere(self, entry: Json) -> Path | None:
        """The same bytes in another folder: a provider that delivers a month again may do so below a new one."""
        name = entry["path"].rpartition("/")[2]
        for path in sorted(path for path in self._there if path.rpartition("/")[2] == name):
            found = self._raw(path)
            if found is not None and sha256(found) == entry["sha256"]:
                told = f"{self.name}: {entry['path']} is gone from its place and read as {path}, the same bytes"
                self.statements.append(told)
                return found
        return None

    def _raw(self, path: str) -> Path | None:
        return self._raw_files.path(path) if self._raw_files is not None and path in self._there else None


def _listed_there(raw_files: Folder | None) -> frozenset[str]:
    """The raw files that are still to be had; none where their place is gone or may not be read."""
    try:
        return frozenset(raw_files.entries()) if raw_files is not None else frozenset()
    except SourceError:
        return frozenset()


def _recomputed(label: str, found: FileSums | raw.Unread, entry: Json) -> Iterator[Check]:
    if isinstance(found, raw.Unread):
        yield Check(f"{label}: read", "", "", "", ok=False, detail=f"cannot be read: {found.reason}")
        return
    yield equal(f"{label}: rows", str(found.rows), str(entry["rows"]))
    yield from costs(f"{label}: raw == manifest", found.costs, recorded(entry["sums"]))
    if found.left_out_rows or entry.get("left_out_rows"):
        yield equal(f"{label}: rows left out", str(found.left_out_rows), str(entry.get("left_out_rows", 0)))
        yield from _left_out(label, found, entry)


def _left_out(label: str, found: FileSums, entry: Json) -> Iterator[Check]:
    """What another file states too, to the last digit; both sides together are the file as written."""
    said: dict[str, Decimal] = {}
    for by_currency_left in entry.get("left_out", {}).values():
        for currency, text in by_currency_left.items():
            said[currency] = said.get(currency, ZERO) + number(text)
    for currency in sorted({*said, *found.left_out}):
        sides = found.left_out.get(currency, ZERO), said.get(currency, ZERO)
        yield amount(f"{label}: left out, raw == manifest, {currency}", *sides)


def _listed(entry: Json) -> dict[str, str]:
    """What a proof or manifest says of each file, by path."""
    return {file["path"]: _said(file) for file in entry["files"]}


def _said(file: Json) -> str:
    sums = sorted(recorded(file["sums"]).items())
    told = ", ".join(f"{currency} {plain(billed)} / {plain(effective)}" for currency, (billed, effective) in sums)
    return f"sha256 {file['sha256']}, {file['rows']} rows, {told}"
