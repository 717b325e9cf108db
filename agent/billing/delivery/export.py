"""What an export consists of: the files to read, and what its manifest promises of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.period import Period
from agent.storage import Folder


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A data file. ``shown`` is its posix path below the location; ``export`` names the export it is a part of.

    ``size`` and ``rows`` are what its manifest promises, None where it does not say; ``manifest`` is the path of that
    manifest, '' without one.
    """

    folder: Folder = field(repr=False, compare=False)
    shown: str
    export: str
    period: Period | None = None
    """The one billing period its manifest states; None where only the rows tell."""
    manifest: str = ""
    size: int | None = None
    rows: int | None = None
    dataset: str = ""
    """Which of several statements of the same charges it belongs to; equal bytes in two of them double nothing."""

    @property
    def path(self) -> Path:
        """The file on the local disk; fetched at the first call where it lies in an object store."""
        return self.folder.path(self.shown)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The files to read, and whether a manifest proves that they are all.

    ``totals``: rows of all files of a manifest together, by the manifest's path, where it says so. ``notes`` say what
    lies there too and is not read; they are told at every ingest.
    """

    files: tuple[ExportFile, ...]
    completeness: str
    totals: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
