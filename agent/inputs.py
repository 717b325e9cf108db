"""Usage, revenue, the registry and invoices as delivered: content-addressed copies, and which of them are current.

``<data>/inputs/<kind>/<sha256>`` holds bytes; ``<data>/inputs/HEAD.json`` names the current ones. A driver that is a
folder of files has a listing, ``<sha256>  <name>`` a line, kept and addressed like a file; so has what a live driver
answered.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal

from agent import clock
from agent.billing.ledger.closed import closed
from agent.billing.ledger.versions import periods as ledger_periods
from agent.billing.ledger.versions import sources as ledger_sources
from agent.config.loading import Settings
from agent.config.usage import FileUsage, LiveUsage, UsageConfig
from agent.errors import ApportionError, InputError, MissingExtra, SourceError
from agent.invoices import Invoices, read_invoices
from agent.period import Period
from agent.progress import Progress
from agent.revenue import Revenue, read_revenue
from agent.store import write_file, write_text
from agent.usage import SUFFIXES, Driver, NamedContent, kept, live, read_files
from policies.faults import FaultsError
from policies.registry import Registry, read_registry

Kind = Literal["usage", "revenue", "registry", "invoices"]
_INGEST = "run apportion ingest"


@dataclass(frozen=True, slots=True)
class Kept:
    """One input: its address, the path it was configured as, its rows, and whether it is a listing of files.

    ``live``: the files of the listing are what a server answered.
    """

    sha256: str
    path: str
    rows: int
    folder: bool = False
    live: bool = False

    def as_json(self) -> dict[str, object]:
        """As it stands in HEAD.json."""
        entry: dict[str, object] = {"sha256": self.sha256, "path": self.path, "rows": self.rows}
        return entry | {flag: True for flag in ("folder", "live") if getattr(self, flag)}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The current inputs of a data folder; reading one back checks that its bytes are still those taken in."""

    data: Path
    usage: dict[str, Kept]
    revenue_file: Kept | None
    registry_file: Kept | None
    invoices_file: Kept | None = None
    unanswered: Mapping[str, ApportionError] = field(default_factory=dict, compare=False)
    """Live drivers that did not answer this time, and why: of them, what they answered before stays in force."""

    def drivers(self, settings: Settings) -> list[Driver]:
        """Every configured driver, as last taken in. ``InputError`` for one that never was."""
        return [self.driver(config) for config in settings.app.usage]

    def driver(self, config: UsageConfig) -> Driver:
        """One driver, as last taken in."""
        entry = self.usage.get(config.name)
        if entry is None:
            raise InputError(f"the driver {config.name!r} was not taken in yet", mend=_INGEST)
        files = self._files(entry)
        return kept.driver(config, files) if isinstance(config, LiveUsage) else read_files(config, files)

    def answer(self, config: LiveUsage) -> kept.Answer | None:
        """All that a live driver has answered; None where it was never asked, or its entry was a file's then."""
        entry = self.usage.get(config.name)
        return kept.read_back(config, self._files(entry)) if entry is not None and entry.live else None

    def registry(self, settings: Settings) -> Registry:
        """The registry, as last taken in."""
        settings.need("customers")
        if self.registry_file is None:
            raise InputError("customers.csv was not taken in yet", mend=_INGEST)
        return read_registry(self.content("registry", self.registry_file.sha256), self.registry_file.path)

    def revenue(self, settings: Settings) -> Revenue | None:
        """Revenue, as last taken in; None where none is configured."""
        if settings.app.revenue is None:
            return None
        if self.revenue_file is None:
            raise InputError("the revenue file was not taken in yet", mend=_INGEST)
        content = self.content("revenue", self.revenue_file.sha256)
        return read_revenue(content, self.registry(settings), settings.app.currency, self.revenue_file.path)

    def invoices(self, settings: Settings) -> Invoices | None:
        """The invoices as received, as last taken in; None where none are configured or none were taken in yet."""
        if settings.app.invoices is None or self.invoices_file is None:
            return None
        content = self.content("invoices", self.invoices_file.sha256)
        return read_invoices(content, _source_names(settings), self.invoices_file.path)

    def content(self, kind: Kind, sha256: str) -> bytes:
        """The bytes at an address. Raises ``InputError`` where they are gone or no longer what they were."""
        file = _address(self.data, kind, sha256)
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            raise InputError(f"a kept {kind} file is gone", where=str(file), mend=_INGEST) from None
        if _sha256(content) != sha256:
            raise InputError(f"a kept {kind} file was changed after it was taken in", where=str(file), mend=_INGEST)
        return content

    def _files(self, entry: Kept) -> list[NamedContent]:
        content = self.content("usage", entry.sha256)
        if not entry.folder:
            return [(entry.path, content)]
        listed = [line.split("  ", 1) for line in content.decode().splitlines()]
        return [(f"{entry.path}/{name}", self.content("usage", sha256)) for sha256, name in listed]


def take_in(settings: Settings, progress: Progress, today: date | None = None) -> Inputs:
    """Reads and checks every configured input, keeps the bytes, and makes them current in one step.

    Live drivers are asked up to the day before ``today`` (UTC, by default the clock's); one that does not answer keeps
    no other back. The caller holds the writer lock. Raises ``InputError`` for a file that is missing or wrong; nothing
    becomes current then.
    """
    today = today or clock.now().date()
    usage: dict[str, Kept] = {}
    unanswered: dict[str, ApportionError] = {}
    before = _before(settings.data)
    for done, config in enumerate(settings.app.usage):
        progress.advance(done, len(settings.app.usage), f"usage {config.name}")
        if isinstance(config, LiveUsage):
            usage[config.name], error = _ask(settings, before, config, today)
            unanswered |= {config.name: error} if error is not None else {}
        else:
            usage[config.name] = _take_driver(settings, config)
    registry = _take_registry(settings)
    taken = Inputs(settings.data, usage, _take_revenue(settings), registry, _take_invoices(settings), unanswered)
    entries = {
        "version": 1,
        "usage": {name: entry.as_json() for name, entry in sorted(usage.items())},
        "revenue": taken.revenue_file.as_json() if taken.revenue_file is not None else None,
        "registry": registry.as_json() if registry is not None else None,
        "invoices": taken.invoices_file.as_json() if taken.invoices_file is not None else None,
    }
    write_text(inputs_head(settings.data), json.dumps(entries, indent=1, ensure_ascii=False) + "\n")
    return taken


def _before(data: Path) -> Inputs:
    """The inputs that this ingest follows; none where their list was damaged, so that all is taken in anew."""
    try:
        return current(data)
    except InputError:
        return Inputs(data, {}, None, None)


def current(data: Path) -> Inputs:
    """The inputs last taken in; before the first time there are none."""
    head = inputs_head(data)
    return listed(data, head) if head.is_file() else Inputs(data, {}, None, None)


def listed(data: Path, head: Path) -> Inputs:
    """The inputs that a list such as HEAD.json names: a closed month keeps the one it was made with."""
    try:
        entries: dict[str, Any] = json.loads(head.read_bytes())
        usage = {name: Kept(**entry) for name, entry in entries["usage"].items()}
        # NOTE: a list written before there were invoices does not name them
        named = {kind: entries.get(kind) for kind in ("revenue", "registry", "invoices")}
        single = {kind: Kept(**entry) if entry else None for kind, entry in named.items()}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("the list of inputs taken in cannot be read", where=str(head), mend=_INGEST) from error
    return Inputs(data, usage, single["revenue"], single["registry"], single["invoices"])


def inputs_head(data: Path) -> Path:
    """The list of inputs that are current."""
    return data / "inputs" / "HEAD.json"


def _address(data: Path, kind: Kind, sha256: str) -> Path:
    return data / "inputs" / kind / sha256


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _keep(data: Path, kind: Kind, content: bytes) -> str:
    sha256 = _sha256(content)
    file = _address(data, kind, sha256)
    # NOTE: written even where the name exists: an ingest mends a copy that was damaged
    write_file(file, lambda part: part.write_bytes(content))
    return sha256


def _ask(settings: Settings, before: Inputs, config: LiveUsage, today: date) -> tuple[Kept, ApportionError | None]:
    """What is known of a live driver once it was asked, and why it did not answer, where it did not."""
    known = before.answer(config)
    days = kept.days_to_ask(config, known, _first_open_day(settings.data, today), today, partial(closed, settings.data))
    failed: ApportionError | None = None
    if days is not None:
        try:
            known = kept.laid_over(config, known, live.pull(config, *days), days)
            return _keep_answer(settings, config, known), None
        except (SourceError, InputError, MissingExtra) as error:
            failed = error
    if known is None or known.question != kept.question(config):
        known = kept.nothing(config)
    return _keep_answer(settings, config, known), failed


def _first_open_day(data: Path, today: date) -> date:
    """Where a driver begins that was never asked: the earliest month that is not closed, else the month before."""
    waiting = [period for period in ledger_periods(data) if not closed(data, period)]
    return (min(waiting) if waiting else Period.of(today).previous).first_day


def _keep_answer(settings: Settings, config: LiveUsage, answer: kept.Answer) -> Kept:
    sha256 = _keep_listing(settings.data, kept.written(config, answer))
    return Kept(sha256, f"answers of {config.name}", len(answer.rows), folder=True, live=True)


def _keep_listing(data: Path, files: Sequence[NamedContent]) -> str:
    listing = "".join(f"{_keep(data, 'usage', content)}  {name}\n" for name, content in files)
    return _keep(data, "usage", listing.encode())


def _take_driver(settings: Settings, config: FileUsage) -> Kept:
    location = settings.resolve(config.location)
    if not location.is_dir():
        content = _read(location, f"usage {config.name!r}")
        rows = len(read_files(config, [(config.location, content)]).rows)
        return Kept(_keep(settings.data, "usage", content), config.location, rows)
    files = _folder(location, config)
    rows = len(read_files(config, [(f"{config.location}/{name}", content) for name, content in files]).rows)
    return Kept(_keep_listing(settings.data, files), config.location, rows, folder=True)


def _folder(location: Path, config: FileUsage) -> Sequence[NamedContent]:
    suffixes = SUFFIXES[config.kind]
    found = sorted(file for file in location.iterdir() if file.suffix in suffixes and file.is_file())
    if not found:
        raise InputError(
            f"usage {config.name!r}: the folder holds no {' or '.join(suffixes)} file", where=str(location)
        )
    return [(file.name, file.read_bytes()) for file in found]


def _take_registry(settings: Settings) -> Kept | None:
    path = settings.registry_path
    if path is None:
        return None
    content = _read(path, "customers")
    try:
        registry = read_registry(content, str(path))
    except FaultsError as error:
        raise InputError.of(error.faults) from error
    return Kept(_keep(settings.data, "registry", content), str(settings.app.customers), len(registry.customers))


def _take_revenue(settings: Settings) -> Kept | None:
    config = settings.app.revenue
    if config is None:
        return None
    content = _read(settings.resolve(config.location), "revenue")
    revenue = read_revenue(content, Registry([]), settings.app.currency, config.location)
    return Kept(_keep(settings.data, "revenue", content), config.location, revenue.rows)


def _take_invoices(settings: Settings) -> Kept | None:
    configured = settings.app.invoices
    if configured is None:
        return None
    content = _read(settings.resolve(configured), "invoices")
    invoices = read_invoices(content, _source_names(settings), configured)
    return Kept(_keep(settings.data, "invoices", content), configured, len(invoices.rows))


def _source_names(settings: Settings) -> list[str]:
    """What invoices may be of: configured sources, and those whose months the ledger still holds."""
    return sorted({*(source.name for source in settings.app.sources), *ledger_sources(settings.data)})


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{what}: the configured file cannot be read: {error.strerror}",
            where=str(path),
            mend="correct its location in apportion.yaml, or take the entry out",
        ) from error
