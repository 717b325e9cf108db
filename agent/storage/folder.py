"""A place with files in it, and the local kind."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from agent.errors import SourceError


@dataclass(frozen=True, slots=True)
class Entry:
    """A file by its posix path below the folder.

    ``stamp`` changes when the content does, and then only; empty where only the bytes tell, as on a local disk.
    """

    shown: str
    size: int
    stamp: str = ""


class Folder(ABC):
    """Files below one location, listed once. Used as a context: what was fetched is gone afterwards."""

    shown: str
    """The location as a person wrote it, for messages."""
    remote: ClassVar[bool] = False

    @abstractmethod
    def entries(self) -> dict[str, Entry]:
        """Every file below the location, by its path there, sorted; hidden ones (``.``) left out.

        Raises ``SourceError`` for a location that is not there or may not be read. A location that is itself a file
        is a folder of that one file.
        """

    @abstractmethod
    def path(self, shown: str) -> Path:
        """The file on the local disk, fetched now where it has to be; the same file is fetched once."""

    def read(self, shown: str) -> bytes:
        """The bytes of a small file, such as a manifest."""
        return self.path(shown).read_bytes()

    def close(self) -> None:  # noqa: B027  # a folder read in place has nothing to remove
        """Removes what was fetched."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LocalFolder(Folder):
    """A folder, or a single file, of this machine; read in place."""

    def __init__(self, place: Path, shown: str) -> None:
        self.shown = shown
        self.place = place
        self._listed: dict[str, Entry] | None = None

    def entries(self) -> dict[str, Entry]:
        if self._listed is None:
            self._listed = {entry.shown: entry for entry in self._list()}
        return self._listed

    def path(self, shown: str) -> Path:
        return self.place if self.place.is_file() and shown == self.place.name else self.place / shown

    def _list(self) -> Iterable[Entry]:
        if self.place.is_file():
            yield Entry(self.place.name, self.place.stat().st_size)
        elif self.place.is_dir():
            yield from self._walk(self.place)
        else:
            raise SourceError(
                "the export's location does not exist",
                where=str(self.place),
                expected="a file, or a folder at or above the export",
                mend="correct `location` of this source in apportion.yaml",
            )

    def _walk(self, folder: Path) -> Iterable[Entry]:
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                yield from self._walk(path)
            else:
                yield Entry(path.relative_to(self.place).as_posix(), path.stat().st_size)
