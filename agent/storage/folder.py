"""A place with files in it, and the local kind."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

from agent.errors import NoSuchPlace, SourceError, Unreachable


@dataclass(frozen=True, slots=True)
class Entry:
    """A file by its posix path below the folder.

    ``stamp`` changes when the content does, and then only; empty where only the bytes tell, as on a local disk.
    """

    shown: str
    size: int
    stamp: str = ""


class Listed(NamedTuple):
    """A file as it was found, and a mark that is another one when it was written since."""

    entry: Entry
    mark: str


class Folder(ABC):
    """Files below one location, listed once. Used as a context: what was fetched is gone afterwards."""

    shown: str
    """The location as a person wrote it, for messages."""
    remote: ClassVar[bool] = False

    def __init__(self) -> None:
        self._found: dict[str, Listed] | None = None
        self._entries: dict[str, Entry] | None = None

    def entries(self) -> dict[str, Entry]:
        """Every file below the location, by its path there, sorted; hidden ones (``.``) left out.

        Raises ``NoSuchPlace`` for a location that is not there, ``Unreachable`` for one that may not be read. One
        that is itself a file is a folder of that one file.
        """
        if self._entries is None:
            self._entries = {shown: listed.entry for shown, listed in self._once().items()}
        return self._entries

    def changed(self) -> frozenset[str]:
        """Paths of files that were added, removed or written since :meth:`entries` first looked. Looks again."""
        before, now = self._once(), {listed.entry.shown: listed for listed in self._look()}
        return frozenset(
            shown
            for shown in before.keys() | now.keys()
            if shown not in before or shown not in now or before[shown].mark != now[shown].mark
        )

    def mark(self, shown: str) -> str:
        """The mark of a listed file."""
        return self._once()[shown].mark

    def _once(self) -> dict[str, Listed]:
        if self._found is None:
            self._found = {listed.entry.shown: listed for listed in self._look()}
        return self._found

    @abstractmethod
    def _look(self) -> Iterable[Listed]:
        """Lists the location now, sorted by path."""

    @abstractmethod
    def path(self, shown: str) -> Path:
        """The file on the local disk, fetched now where it has to be; the same file is fetched once."""

    def probe(self, shown: str) -> None:
        """Reads a byte of a file that is not empty; raises as :meth:`path` does where it may not be read."""
        with self.path(shown).open("rb") as stream:
            stream.read(1)

    def read(self, shown: str) -> bytes:
        """The bytes of a small file, such as a manifest."""
        return self.path(shown).read_bytes()

    def drop(self, shown: str) -> None:  # noqa: B027  # a folder read in place has nothing to remove
        """Removes the fetched copy of a file that has been read; asked for again, it is fetched again."""

    def close(self) -> None:  # noqa: B027  # as above
        """Removes what was fetched."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LocalFolder(Folder):
    """A folder, or a single file, of this machine; read in place."""

    def __init__(self, place: Path, shown: str) -> None:
        super().__init__()
        self.shown = shown
        self.place = place

    def path(self, shown: str) -> Path:
        return self.place if self.place.is_file() and shown == self.place.name else self.place / shown

    def _look(self) -> Iterable[Listed]:
        try:
            return list(self._list())
        except PermissionError as error:
            raise Unreachable(
                "the export's location may not be read",
                where=str(error.filename or self.place),
                expected="read access to the folder and all below it",
                mend="give the user that runs apportion the right to read there",
            ) from error

    def _list(self) -> Iterable[Listed]:
        if self.place.is_file():
            yield _listed(self.place, self.place.name)
        elif self.place.is_dir():
            yield from self._walk(self.place)
        else:
            raise NoSuchPlace(
                "the export's location does not exist",
                where=str(self.place),
                expected="a file, or a folder at or above the export",
                mend="correct `location` of this source in apportion.yaml",
            )

    def _walk(self, folder: Path) -> Iterable[Listed]:
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                yield from self._walk(path)
            else:
                yield _listed(path, path.relative_to(self.place).as_posix())


def _listed(path: Path, shown: str) -> Listed:
    found = path.stat()
    return Listed(Entry(shown, found.st_size), f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}")


def moved(shown: str, where: str) -> SourceError:
    """The error for a file that is no longer as it was listed."""
    return SourceError(
        f"the export changed while it was read: {shown}",
        where=where,
        expected="the files as they were when the ingest began",
        mend="run again; if it happens each time, ingest at an hour when the export is not being written",
    )
