"""Parsed files on disk, found by what they were parsed from.

An entry is named by a hash of the file's bytes, of how it was read, and of the code and the parsers that read it, so
that it is never out of date and never needs to be cleared. It is read as data of one fixed type: what does not fit it
is no entry. Whoever may write the folder can still put a false tree there, as they could change the checked files.
"""

import os
import time
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from terraform_lint.source.syntax.tree import ParsedFile

MOST_BYTES = 64 * 1024 * 1024
"""What the cache may hold. Above it the oldest entries go, until a quarter is free."""

_SECONDS_BETWEEN_PRUNING = 3600
_PRUNED = "pruned"
_ENDING = ".mp"
_ENCODER = msgspec.msgpack.Encoder()


def encode(parsed: ParsedFile) -> bytes:
    """A parsed file as an entry holds it."""
    return _ENCODER.encode(parsed)


def decode(entry: bytes) -> ParsedFile:
    """The parsed file that an entry holds. Raises ``msgspec.DecodeError`` where it is none."""
    return _decoder().decode(entry)


@cache
def _decoder() -> msgspec.msgpack.Decoder[ParsedFile]:
    return msgspec.msgpack.Decoder(ParsedFile)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


@cache
def _reader_version() -> bytes:
    """What has a say in how a file is read: this folder's code, and the packages that parse."""
    digest = sha256()
    for package in ("python-hcl2", "tree-sitter", "tree-sitter-hcl"):
        digest.update(f"{package} {_version(package)}\n".encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(sha256(module.read_bytes()).digest())
    return digest.digest()


def default_cache_folder() -> Path | None:
    """``$APPORTION_CACHE``; else ``apportion/hcl`` in the user's cache folder. None where it is ``off``, or no home."""
    chosen = os.environ.get("APPORTION_CACHE", "")
    if chosen:
        return None if chosen.casefold() == "off" else Path(chosen)
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if base.is_absolute():
        return base / "apportion" / "hcl"
    try:
        return Path.home() / ".cache" / "apportion" / "hcl"
    except RuntimeError:
        return None


class Cache:
    """Trees of files parsed before. Without a folder, or with one that cannot be used, it holds nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._wrote = False

    def find(self, content: bytes, kind: str) -> ParsedFile | None:
        """The tree of a file with this content, read as ``kind``."""
        if self._folder is None:
            return None
        try:
            return decode(self._path(self._folder, content, kind).read_bytes())
        except (OSError, msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None

    def keep(self, content: bytes, kind: str, entry: bytes) -> None:
        """Write an entry, whole or not at all."""
        if self._folder is None:
            return
        path = self._path(self._folder, content, kind)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = path.with_name(f"{path.name}.{os.getpid()}")
            try:
                written.write_bytes(entry)
                written.replace(path)
            except OSError:
                written.unlink(missing_ok=True)
                raise
            self._wrote = True
        except OSError:
            self._folder = None

    def prune(self) -> None:
        """Make room where the cache has grown too large. Looks at most once an hour, and only after it wrote."""
        if self._folder is None or not self._wrote:
            return
        mark = self._folder / _PRUNED
        try:
            if mark.exists() and time.time() - mark.stat().st_mtime < _SECONDS_BETWEEN_PRUNING:
                return
            mark.touch()
            _drop_oldest(self._folder, MOST_BYTES)
        except OSError:
            return

    def _path(self, folder: Path, content: bytes, kind: str) -> Path:
        digest = sha256(_reader_version() + kind.encode() + b"\0" + content).hexdigest()
        return folder / digest[:2] / (digest[2:] + _ENDING)


def _drop_oldest(folder: Path, most_bytes: int) -> None:
    entries = []
    for path in folder.glob("??/*"):
        stat = path.stat()
        entries.append((stat.st_mtime, stat.st_size, path))
    size = sum(entry[1] for entry in entries)
    if size <= most_bytes:
        return
    for _, freed, path in sorted(entries):
        path.unlink(missing_ok=True)
        size -= freed
        if size <= most_bytes * 3 // 4:
            return
