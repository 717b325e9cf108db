"""Files in an object store: listed once, fetched to the disk one by one as they are asked for."""

import errno
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from agent.config.application import SourceConfig
from agent.errors import SourceError
from agent.progress import Progress, Quiet
from agent.storage.folder import Entry, Folder, Listed, moved
from agent.storage.refusals import refuse_silent, refused
from agent.storage.stores import store_of

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

SETTLED_SECONDS = 5
"""Stores tell times to the second: of what is younger than this, an equal time does not prove equal bytes."""
_CHUNK = 2**24
_CREDENTIALS_SECONDS = 600
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_NAME = 80
_NO_FOLDER = re.compile(r"\[Errno 2\]|No such file or directory|as a directory")
_STRANGE = re.compile(r"[^A-Za-z0-9._-]")


class ObjectFolder(Folder):
    """What lies below ``s3://bucket/prefix``, ``gs://bucket/prefix`` or ``az://container/prefix``.

    Fetched files lie in a folder of their own below ``scratch`` (None: the system's temporary folder), from the first
    that is asked for until :meth:`close`. Nothing is asked of the store before :meth:`entries`.
    """

    remote: ClassVar[bool] = True

    def __init__(
        self,
        source: SourceConfig,
        scratch: Path | None = None,
        progress: Progress | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.shown = source.location
        self._storage = source.storage
        self._store = store_of(source.location)
        self._place = source.location.partition("://")[2].strip("/")
        self._scratch = scratch
        self._progress = progress or Quiet()
        self._clock = clock
        self._client: tuple[FileSystem, float] | None = None
        self._folder: Path | None = None
        self._fetched: dict[str, Path] = {}
        self._keys: dict[str, str] = {}
        """The whole key of each file, by its path below the location."""

    def path(self, shown: str) -> Path:
        if shown not in self._fetched:
            self._fetched[shown] = self._fetch(shown)
        return self._fetched[shown]

    def probe(self, shown: str) -> None:
        self._once()
        with (
            self._told(f"{self.shown}: {shown}", listing=False),
            self._connected().open_input_stream(self._keys[shown], compression=None, buffer_size=0) as stream,
        ):
            stream.read(1)

    def drop(self, shown: str) -> None:
        if (path := self._fetched.pop(shown, None)) is not None:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        self._fetched.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        if self._scratch is not None:
            with suppress(OSError):  # another's, or not there
                self._scratch.rmdir()

    def _look(self) -> Iterable[Listed]:
        from pyarrow.fs import FileSelector

        with self._told(self.shown, listing=True):
            store = self._connected()
            asked = self._clock()
            try:
                found = store.get_file_info(FileSelector(self._place, recursive=True))
            except OSError as error:
                if not _NO_FOLDER.search(str(error)):
                    raise
                found = self._single(store)
        return sorted(self._listed(found, asked), key=lambda one: one.entry.shown)

    def _single(self, store: "FileSystem") -> list[Any]:
        """The location as one object, or nothing below it. Raises for a bucket that is not there."""
        from pyarrow.fs import FileSelector

        bucket, _, key = self._place.partition("/")
        found = store.get_file_info(self._place) if key else None
        if found is not None and found.is_file:
            return [found]
        try:
            store.get_file_info(FileSelector(bucket))
        except FileNotFoundError as error:
            raise refused(OSError("NO_SUCH_BUCKET"), self._store, self.shown, listing=True) from error
        return []

    def _listed(self, found: Iterable[Any], asked: float) -> Iterator[Listed]:
        for info in found:
            shown = info.path.removeprefix(self._place).strip("/") or info.base_name
            if not info.is_file or info.path.endswith("/") or any(part.startswith(".") for part in shown.split("/")):
                continue
            self._keys[shown] = info.path
            settled = info.mtime_ns is not None and info.mtime_ns / 1e9 < asked - SETTLED_SECONDS
            yield Listed(Entry(shown, info.size, _mark(info) if settled else ""), _mark(info))

    def _fetch(self, shown: str) -> Path:
        entry = self.entries()[shown]
        target = self._room() / f"{len(self._fetched):06d}-{_STRANGE.sub('_', shown)[-_NAME:]}"
        with self._told(f"{self.shown}: {shown}", listing=False):
            store = self._connected()
            done = self._copied(store, self._keys[shown], target, entry)
            after = store.get_file_info(self._keys[shown])
        if done != entry.size or _mark(after) != self.mark(shown):
            target.unlink()
            raise moved(shown, self.shown)
        return target

    def _copied(self, store: "FileSystem", key: str, target: Path, entry: Entry) -> int:
        """Bytes written to ``target``: as they are stored, in pieces, and no more than one of them in memory."""
        done = 0
        # NOTE: by default pyarrow would unpack what ends in .gz
        with store.open_input_stream(key, compression=None) as stream, target.open("wb") as out:
            while piece := stream.read(_CHUNK):
                out.write(piece)
                done += len(piece)
                self._progress.advance(done, entry.size, f"fetching {entry.shown}")
        return done

    def _room(self) -> Path:
        if self._folder is None:
            if self._scratch is not None:
                self._scratch.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix="apportion-", dir=self._scratch))
        return self._folder

    def _connected(self) -> "FileSystem":
        """The client, made anew now and then: temporary credentials run out during a long ingest."""
        now = self._clock()
        if self._client is None or now - self._client[1] > _CREDENTIALS_SECONDS:
            bucket = self._place.partition("/")[0]
            if not bucket:
                raise SourceError(
                    f"the location names no {self._store.bucket}",
                    expected=f"{self._store.scheme}://{self._store.bucket.upper()}/PREFIX",
                    mend="correct `location` of this source in apportion.yaml",
                )
            store = self._store.connect(bucket, self._storage)
            if self._client is None and (address := self._store.address(self._storage)):
                refuse_silent(address, self._store, self.shown)
            self._client = store, now
        return self._client[0]

    @contextmanager
    def _told(self, where: str, *, listing: bool) -> Iterator[None]:
        """Turns what the store or the network says into a message of ours; the local disk speaks for itself."""
        import pyarrow as pa

        try:
            yield
        except SourceError as error:
            error.where = error.where or where
            raise
        except (OSError, pa.ArrowException) as error:
            if isinstance(error, OSError) and error.errno in _DISK:
                raise
            raise refused(error, self._store, where, listing=listing) from error


def _mark(info: Any) -> str:
    return f"{info.mtime_ns}-{info.size}"
