"""The ledger on disk: which versions are in force, and what each one's manifest says.

    <data>/ledger/<source>/<period>/v<N>/part-0.parquet, manifest.json      HEAD.json = {"version": N}
    <data>/ledger/tagsets.parquet

Readers take files from here, never from globs.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.billing.ledger.closed_with import months_closed_with
from agent.errors import ApportionError, NothingToDo
from agent.period import Period

MANIFEST_VERSION = 1
Sums = Mapping[str, Mapping[str, str]]
"""Currency -> cost column -> exact plain text; of invoices: invoice id -> currency -> exact plain text."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A delivered file: its rows and exact sums, as written, that belong to the manifest's period."""

    path: str
    sha256: str
    bytes: int
    rows: int
    sums: Sums
    all_rows: int
    """Rows of the file over all periods: tells whether everything in it has been taken in."""
    stamp: str = ""
    """The object store's mark of these bytes; while it holds they are not read again. '' where there is none."""
    dataset: str = ""
    """Which of several statements of the same charges it was read as; '' where the source has only one."""
    left_out_rows: int = 0
    """Of ``rows``, those that became no ledger rows because another file states the same charges."""
    left_out: Sums = field(default_factory=dict)
    """Their cost as written: reason -> currency -> exact plain text. ``sums`` does not hold it."""


@dataclass(frozen=True, slots=True)
class LedgerFileEntry:
    """A ledger file of a version, named within its folder."""

    file: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class KindSums:
    """Ledger rows of one kind, and their exact sums."""

    rows: int
    BilledCost: str
    EffectiveCost: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version was made from and what it holds. ``kinds`` is keyed ``usage``, or ``usage/EUR`` if currencies mix.

    ``usage_through`` is the last UTC day the usage lines cover whole (ISO), null without usage. ``tag_failures``
    counts, by file, lines whose tags could not be read. ``stale``: the period has vanished from the export.

    ``invoices``: exact BilledCost by invoice id and currency, ``""`` being lines that name no invoice; empty in a
    version of before it was recorded. ``estimated_until``: the day (ISO) by which the provider usually has settled the
    period, ``estimated_because`` why it is not final; null once every charge names its invoice. None of it depends on
    the day of the ingest.

    ``configured``: sha256 of each configuration file that decides how the source is read, by its key (``columns``); the
    file itself is kept as ``<data>/inputs/<key>/<sha256>``.
    """

    source: str
    kind: str
    period: str
    ledger_version: int
    completeness: str
    files: tuple[SourceFile, ...]
    ledger: tuple[LedgerFileEntry, ...]
    ledger_sums: Sums
    rounding: Sums = field(default_factory=dict)
    kinds: Mapping[str, KindSums] = field(default_factory=dict)
    usage_through: str | None = None
    tag_failures: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    stale: bool = False
    invoices: Sums = field(default_factory=dict)
    estimated_until: str | None = None
    estimated_because: str = ""
    configured: Mapping[str, str] = field(default_factory=dict)
    version: int = MANIFEST_VERSION

    @property
    def identity(self) -> list[tuple[str, str, int]]:
        """What makes two deliveries of a period the same: file names, contents and rows."""
        return sorted((file.path.rsplit("/", 1)[-1], file.sha256, file.rows) for file in self.files)

    def same_as(self, other: "Manifest") -> bool:
        """Whether both are of the same delivery, read by the same configuration files."""
        return self.identity == other.identity and self.configured == other.configured

    @property
    def lines(self) -> int:
        """Raw lines of the period."""
        return sum(file.rows for file in self.files)

    @property
    def rows(self) -> int:
        """Ledger rows of the period."""
        return sum(entry.rows for entry in self.ledger)

    def text(self) -> str:
        """The JSON as stored."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def manifest_from(text: str) -> Manifest:
    """Reads :meth:`Manifest.text` back."""
    raw: dict[str, Any] = json.loads(text)
    return Manifest(
        **raw
        | {
            "files": tuple(SourceFile(**file) for file in raw["files"]),
            "ledger": tuple(LedgerFileEntry(**entry) for entry in raw["ledger"]),
            "kinds": {kind: KindSums(**sums) for kind, sums in raw["kinds"].items()},
            "notes": tuple(raw["notes"]),
        }
    )


@dataclass(frozen=True, slots=True)
class LedgerVersion:
    """One period of one source as it is in force."""

    source: str
    period: Period
    version: int
    folder: Path
    manifest: Manifest

    @property
    def files(self) -> list[Path]:
        """The Parquet files holding the rows."""
        return [self.folder / entry.file for entry in self.manifest.ledger]

    def marked(self, *, stale: bool) -> "LedgerVersion":
        return replace(self, manifest=replace(self.manifest, stale=stale))


def tagsets_path(data: Path) -> Path:
    """``x_TagSetId, Tags`` of every tag set any version names."""
    return data / "ledger" / "tagsets.parquet"


def period_folder(data: Path, source: str, period: Period) -> Path:
    """Where the versions and the HEAD.json of a period stand."""
    return data / "ledger" / source / str(period)


def head(data: Path, source: str, period: Period) -> LedgerVersion | None:
    """The version in force, or None. Raises ``ApportionError`` when HEAD names a version that is not whole."""
    folder = period_folder(data, source, period)
    try:
        version = int(json.loads((folder / "HEAD.json").read_text("utf-8"))["version"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ApportionError(
            f"which version of {source} {period} is in force cannot be read",
            where=str(folder / "HEAD.json"),
            mend=_brought_back(data, source, period, folder),
        ) from error
    try:
        return _read(data, source, period, version)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ApportionError(
            f"version {version} of {source} {period} is in force but cannot be read",
            where=str(folder / f"v{version}"),
            mend=_brought_back(data, source, period, folder),
        ) from error


def _brought_back(data: Path, source: str, period: Period, folder: Path) -> str:
    if str(period) in months_closed_with(data, source):
        return f"bring {folder} back from a backup: {period} was closed with it"
    return f"bring {folder} back from a backup, or remove it and ingest the period again"


def kept_version(data: Path, source: str, period: Period, version: int) -> LedgerVersion:
    """A version by its number, in force or not. Raises ``NothingToDo`` where there is none that can be read."""
    try:
        return _read(data, source, period, version)
    except (OSError, ValueError, KeyError, TypeError) as error:
        kept = ", ".join(f"v{number}" for number in kept_numbers(data, source, period)) or "none"
        raise NothingToDo(
            f"{source} {period} has no version {version} that can be read",
            where=str(period_folder(data, source, period)),
            expected=f"one of the versions kept: {kept}",
        ) from error


def kept_numbers(data: Path, source: str, period: Period) -> list[int]:
    """The numbers of all versions up to the one in force, lowest first: a later folder was never put in force."""
    current = head(data, source, period)
    if current is None:
        return []
    folder = period_folder(data, source, period)
    return [n for n in range(1, current.version + 1) if (folder / f"v{n}" / "manifest.json").is_file()]


def _read(data: Path, source: str, period: Period, version: int) -> LedgerVersion:
    place = period_folder(data, source, period) / f"v{version}"
    manifest = manifest_from((place / "manifest.json").read_text("utf-8"))
    return LedgerVersion(source, period, version, place, manifest)


def source_heads(data: Path, source: str) -> list[LedgerVersion]:
    """The versions in force of one source, by period."""
    found = (head(data, source, period) for period in _periods_of(data / "ledger" / source))
    return [version for version in found if version is not None]


def heads(data: Path, period: Period) -> list[LedgerVersion]:
    """The versions in force for a period, by source name."""
    found = (head(data, source, period) for source in sources(data))
    return [version for version in found if version is not None]


def periods(data: Path) -> list[Period]:
    """Every period that has a version in force, in order of time."""
    return sorted({version.period for source in sources(data) for version in source_heads(data, source)})


def sources(data: Path) -> list[str]:
    """Names of all sources the ledger holds, sorted."""
    root = data / "ledger"
    return sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def _periods_of(folder: Path) -> list[Period]:
    if not folder.is_dir():
        return []
    return sorted(Period.parse(path.name) for path in folder.iterdir() if (path / "HEAD.json").is_file())
