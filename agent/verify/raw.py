"""Rows and exact costs of raw export files in one billing period, read afresh by kind of source."""

import csv
import decimal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from agent.config.application import SourceConfig
from agent.verify.aws_cur import AwsLines, read_lines, settle
from agent.verify.azure import read_azure
from agent.verify.csv_map import MappedFile, column_map
from agent.verify.digitalocean import read_digitalocean
from agent.verify.exact import EXACT, FileSums
from agent.verify.focus import read_focus
from agent.verify.gcp import GoogleLines
from agent.verify.gcp import read_lines as read_google_lines
from agent.verify.gcp import settle as settle_google
from agent.verify.oci import read_oci

UNREADABLE = (
    ValueError,
    TypeError,
    OSError,
    EOFError,
    KeyError,
    csv.Error,
    decimal.DecimalException,
    pa.ArrowException,
)


Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that cannot be read, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """The raw files of one period of a source that are still there; ``source`` None: it is configured no more.

    ``configured``: the configuration files that the period was read by, by key (``columns``).
    """

    paths: Sequence[Path]
    period: str
    source: SourceConfig | None
    configured: Mapping[str, bytes] = field(default_factory=dict)
    datasets: Mapping[Path, str] = field(default_factory=dict)
    """As which of several statements of the same charges each file was read, where the source has several."""


def sums(
    paths: Sequence[Path],
    kind: str,
    period: str,
    source: SourceConfig | None = None,
    configured: Mapping[str, bytes] | None = None,
    datasets: Mapping[Path, str] | None = None,
) -> dict[Path, FileSums | Unread]:
    """What each file says of ``period``. Files of a delivery belong together: one may decide how another is read.

    NOTE: the default context of ``decimal`` rounds to 28 digits in silence; here what would round raises.
    """
    with decimal.localcontext(EXACT):
        return READERS[kind](Delivered(paths, period, source, configured or {}, datasets or {}))


def _focus(delivered: Delivered) -> dict[Path, FileSums | Unread]:
    return {path: _tried(read_focus, path, delivered.period) for path in delivered.paths}


def _aws(delivered: Delivered) -> dict[Path, FileSums | Unread]:
    read = {path: _tried(read_lines, path, delivered.period) for path in delivered.paths}
    lines = {path: found for path, found in read.items() if isinstance(found, AwsLines)}
    unread = {path: found for path, found in read.items() if isinstance(found, Unread)}
    return {**unread, **dict(zip(lines, settle(list(lines.values())), strict=True))}


def _oci(delivered: Delivered) -> dict[Path, FileSums | Unread]:
    return {path: _tried(read_oci, path, delivered.period) for path in delivered.paths}


def _azure(delivered: Delivered) -> dict[Path, FileSums | Unread]:
    def read(path: Path, period: str) -> FileSums:
        return read_azure(path, period, delivered.datasets[path])

    return {path: _tried(read, path, delivered.period) for path in delivered.paths}


def _gcp(delivered: Delivered) -> dict[Path, FileSums | Unread]:
    read = {path: _tried(read_google_lines, path, delivered.period) for path in delivered.paths}
    lines = {path: found for path, found in read.items() if isinstance(found, GoogleLines)}
    unread = {path: found for path, found in read.items() if isinstance(found, Unread)}
    return {**unread, **dict(zip(lines, settle_google(list(lines.values())), strict=True))}


def _digitalocean(delivered: Delivered) -> dict[Path, FileSums | Unread]:
    return {path: _tried(read_digitalocean, path, delivered.period) for path in delivered.paths}


def _csv(delivered: Delivered) -> dict[Path, FileSums | Unread]:
    mapped = MappedFile(column_map(delivered.configured["columns"]))
    return {path: _tried(mapped.sums, path, delivered.period) for path in delivered.paths}


READERS: dict[str, Callable[[Delivered], dict[Path, FileSums | Unread]]] = {
    "focus": _focus,
    "aws-cur": _aws,
    "aws-cur2": _aws,
    "digitalocean": _digitalocean,
    "oci": _oci,
    "csv": _csv,
    "gcp": _gcp,
    "azure": _azure,
}
"""By kind of source; each reads raw files by arithmetic of its own."""


def _tried(read: Callable[[Path, str], Read], path: Path, period: str) -> Read | Unread:
    try:
        return read(path, period)
    except UNREADABLE as error:
        return Unread(str(error))
