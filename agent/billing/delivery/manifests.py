"""What a provider's manifest is: how it is recognised by its path, which of several is in force, what it states."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agent.errors import SourceError
from agent.period import Period
from agent.storage import Folder


@dataclass(frozen=True, slots=True)
class Found:
    """A manifest by its path: the export it belongs to, and the period where the path tells it."""

    shown: str
    export: str
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A data file as a manifest names it; size in bytes and rows where it says so."""

    key: str
    size: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a manifest says. ``period`` None: only the rows tell; ``rows``: of all files together, None if unsaid.

    ``dataset``: which of several statements of the same charges this is (Azure's actual and amortised costs).
    ``rooted``: what lies below the export's folder is a listed file by its whole path there only, so that a file of an
    earlier run never stands in for a missing one of the same name.
    """

    files: tuple[ListedFile, ...]
    period: Period | None = None
    rows: int | None = None
    dataset: str = ""
    rooted: bool = False


class Layout(ABC):
    """How one kind of export lays out its manifests."""

    @abstractmethod
    def recognise(self, shown: str) -> Found | None:
        """The manifest at this path, or None where it is none of this kind. Decided by the path alone."""

    @abstractmethod
    def read(self, content: Any, shown: str) -> Statement:
        """The statement of a manifest's JSON. ``SourceError`` for what is no manifest of this kind."""

    def in_force(self, folder: Folder, candidates: Sequence[Found]) -> tuple[Found, Statement]:
        """Of the manifests of one export and period the one that counts, read: by default the last by path.

        Where the order lies in their content (a run's time), a layout reads them all.
        """
        last = max(candidates, key=lambda found: found.shown)
        return last, self.read(document(folder, last.shown), last.shown)

    def statements(self, folder: Folder, candidates: Sequence[Found]) -> Iterator[tuple[Found, Statement]]:
        """The manifests of one group that count; several where only their content tells exports and periods apart."""
        yield self.in_force(folder, candidates)


def document(folder: Folder, shown: str) -> Any:
    """A manifest as JSON. ``SourceError`` when it is none, as of one that is still being written."""
    try:
        return json.loads(folder.read(shown).decode("utf-8-sig"))
    except ValueError as error:
        raise SourceError(
            "the manifest is not JSON, or only half of it is there",
            where=shown,
            expected="a whole manifest, as the provider writes it last",
            mend="wait until the delivery is complete, or copy it again",
        ) from error
