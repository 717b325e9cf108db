"""``verify``: a period's published figures, walked back to the raw files."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from decimal import localcontext

from agent.config.application import SourceConfig
from agent.config.loading import Settings
from agent.errors import NothingToDo, ProofError
from agent.period import Period
from agent.progress import Progress, Quiet
from agent.storage import Folder, opened
from agent.verify.allocation import AllocationAudit, Asked, Place
from agent.verify.charges import Charges, read_charges
from agent.verify.closed import (
    adjustment_checks,
    books_checks,
    by_origin,
    closed_folder,
    published_checks,
)
from agent.verify.commitments import bridges, commitment_checks
from agent.verify.compare import equal
from agent.verify.customers import customer_checks, unseen
from agent.verify.exact import EXACT, Costs, add, sha256, total
from agent.verify.inputs import input_checks
from agent.verify.invoices import KEPT, received, recorded_checks, tie_checks
from agent.verify.invoices_of_closed import closed_tie_checks
from agent.verify.raw import UNREADABLE
from agent.verify.recorded import Cells, Json, by_currency, classified_cells, document, outcomes
from agent.verify.records import Check, Verification
from agent.verify.report import report_checks
from agent.verify.results import (
    ALLOCATION_FILE,
    CLASSIFICATION_FILE,
    CUSTOMERS_FILE,
    as_of,
    hashes,
    own_checks,
    proven,
    totals,
)
from agent.verify.source import SourceAudit


def verify(
    settings: Settings, period: Period, progress: Progress | None = None, asked: Asked | None = None
) -> Verification:
    """Recomputes every sum of ``period`` and compares it with what was recorded and published.

    ``asked`` says how much of the allocation is recomputed; of a small month it is all of it.
    Raises ``NothingToDo`` when the period has no proof, ``ProofError`` when what a run recorded cannot be read.
    """
    audit = PeriodAudit(settings, period, progress or Quiet(), asked or Asked())
    try:
        with localcontext(EXACT):
            checks = tuple(audit.checks())
    except UNREADABLE as error:
        raise ProofError(
            f"the recorded results of {period} cannot be read: {error}", where=str(audit.folder)
        ) from error
    return Verification(str(period), checks, tuple(audit.statements), audit.recomputed)


class PeriodAudit:
    """One walk from raw files to customers; ``statements`` fills while :meth:`checks` is consumed."""

    def __init__(self, settings: Settings, period: Period, progress: Progress, asked: Asked) -> None:
        self._closed = closed_folder(settings.data, str(period))
        self.folder = self._closed or settings.data / "results" / str(period)
        """Of a closed month the frozen copy: what was published of it may be made anew, never otherwise."""
        self.statements: list[str] = []
        self.recomputed: Json = {}
        """How much of the allocation was recomputed; empty where none could be."""
        self._asked = asked
        self._settings = settings
        self._period = period
        self._progress = progress

    def checks(self) -> Iterator[Check]:
        """Every check of the period, in the order of the money's way."""
        path = self.folder / "proof.json"
        if not path.is_file():
            raise NothingToDo(f"no results for {self._period}", where=str(path), mend="apportion run")
        proof = document(path)
        self._progress.step(f"verify {self._period}: recompute from raw files")
        classified = classified_cells(self.folder / CLASSIFICATION_FILE)
        yield from hashes(self.folder, proof)
        yield from input_checks(self._settings.data, proof, self.statements)
        yield from self._sources(proof, classified)
        yield from self._invoices(proof)
        yield from self._results(proof, classified)
        yield from self._allocation(proof)
        yield from self._books(proof)
        published = self._settings.data / "results" / str(self._period)
        yield from report_checks(published, self.folder / "proof.json", self.statements)

    def _sources(self, proof: Json, classified: dict[str, Cells]) -> Iterator[Check]:
        named = [str(entry["name"]) for entry in proof["sources"]]
        yield equal("classification names the proof's sources", ", ".join(sorted(classified)), ", ".join(sorted(named)))
        for done, entry in enumerate(proof["sources"]):
            self._progress.advance(done, len(named), f"{entry['name']}: raw files, ledger, classification")
            source = self._source(str(entry["name"]))
            with self._folder(source) as raw_files:
                audit = SourceAudit(self._settings.data, source, raw_files, entry)
                yield from audit.checks(classified.get(audit.name, {}))
            self.statements += audit.statements

    def _invoices(self, proof: Json) -> Iterator[Check]:
        """The ledger by invoice and by commitment, held against what was received and reported."""
        self._progress.step(f"verify {self._period}: invoices and commitments")
        charges: dict[str, Charges] = {}
        for entry in proof["sources"]:
            name = str(entry["name"])
            version = self._settings.data / "ledger" / name / str(entry["period"]) / f"v{entry['version']}"
            manifest = document(version / "manifest.json")
            charges[name] = read_charges([version / part["file"] for part in manifest["ledger"]], as_of(proof))
            yield from recorded_checks(name, manifest, charges[name])
        yield from self._ties(charges)
        yield from commitment_checks(self.folder, charges)
        self.statements += bridges(charges)

    def _ties(self, charges: dict[str, Charges]) -> Iterator[Check]:
        data, period = self._settings.data, str(self._period)
        if self._closed is not None:
            yield from closed_tie_checks(data, period, self._closed, charges, self.statements)
        else:
            kept = data / KEPT if self._settings.app.invoices else None
            yield from tie_checks(charges, received(data, period, kept), self.statements)

    def _results(self, proof: Json, classified: dict[str, Cells]) -> Iterator[Check]:
        self._progress.step(f"verify {self._period}: published results")
        ended = outcomes(self.folder / ALLOCATION_FILE, as_of(proof))
        yield from totals(proof, total(by_currency(cells) for cells in classified.values()), ended)
        yield from own_checks(proof)
        whole = add(proven(proof, "source"), proven(proof, "adjustments"))
        customers = self.folder / CUSTOMERS_FILE
        yield from customer_checks(customers, ended, whole)
        for currency in unseen(customers, ended):
            self.statements.append(f"{currency} is in {ALLOCATION_FILE} only; {CUSTOMERS_FILE} does not show it")

    def _allocation(self, proof: Json) -> Iterator[Check]:
        """Every share once more, from the ledger, the rules and the drivers."""
        self._progress.step(f"verify {self._period}: recompute the allocation")
        settings = self._settings
        place = Place(settings.data, settings.root, settings.path.name, self._closed)
        audit = AllocationAudit(place, self.folder, proof, sha256(self.folder / "proof.json"), self._asked)
        yield from audit.checks()
        self.statements += audit.statements
        self.recomputed = audit.record

    def _books(self, proof: Json) -> Iterator[Check]:
        """Closed months are as they were closed, and what this month carries of them is what changed since."""
        data, period = self._settings.data, str(self._period)
        yield from books_checks(data)
        yield from published_checks(data, period)
        for record in proof.get("adjustments", ()):
            origin = str(record["origin"])
            self._progress.step(f"verify {period}: adjustments of {origin}")
            latest: Costs = {}
            for name, version in sorted(record["ledger"].items()):
                held: Cells = {}
                yield from self._later(name, origin, version, held)
                latest = add(latest, by_currency(held))
            yield from adjustment_checks(data, period, origin, self.folder / ALLOCATION_FILE, latest)
        origins = {str(record["origin"]) for record in proof.get("adjustments", ())}
        carried = set(by_origin(self.folder / ALLOCATION_FILE)) - {period}
        yield equal("months that are adjusted", ", ".join(sorted(carried - origins)), "")

    def _later(self, name: str, origin: str, version: int, held: Cells) -> Iterator[Check]:
        """A later version of a closed month, from its raw files up to the ledger."""
        source = self._source(name)
        manifest = document(self._settings.data / "ledger" / name / origin / f"v{version}" / "manifest.json")
        entry = {"name": name, "period": origin, "version": version, "files": manifest["files"]}
        with self._folder(source) as raw_files:
            audit = SourceAudit(self._settings.data, source, raw_files, entry)
            for check in audit.ledger_checks(held):
                yield replace(check, name=f"{origin} {check.name}")
        self.statements += [f"{origin} {statement}" for statement in audit.statements]

    def _source(self, name: str) -> SourceConfig | None:
        """The source as configured now; one that is configured no more leaves its raw files out of reach."""
        return next((source for source in self._settings.app.sources if source.name == name), None)

    def _folder(self, source: SourceConfig | None) -> AbstractContextManager[Folder | None]:
        return opened(source, self._settings.data, self._settings.root) if source else nullcontext()
