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

from agent.errors import ApportionError
from agent.period import Period

MANIFEST_VERSION = 1
Sums = Mapping[str, Mapping[str, str]]
"""Currency -> cost column -> exact plain text."""


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
    version: int = MANIFEST_VERSION

    @property
    def identity(self) -> list[tuple[str, str, int]]:
        """What makes two deliveries of a period the same: file names, contents and rows."""
        return sorted((file.path.rsplit("/", 1)[-1], file.sha256, file.rows) for file in self.files)

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
            mend=f"remove {folder} and ingest the period again",
        ) from error
    place = folder / f"v{version}"
    try:
        manifest = manifest_from((place / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ApportionError(
            f"version {version} of {source} {period} is in force but cannot be read",
            where=str(place),
            mend=f"remove {folder} and ingest the period again",
        ) from error
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
