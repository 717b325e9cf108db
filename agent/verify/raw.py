"""Rows and exact costs of raw export files in one billing period, read afresh by kind of source."""

import csv
import decimal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from agent.verify.aws_cur2 import AwsLines, read_lines, settle
from agent.verify.exact import EXACT, FileSums
from agent.verify.focus import read_focus

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


def sums(paths: Sequence[Path], kind: str, period: str) -> dict[Path, FileSums | Unread]:
    """What each file says of ``period``. Files of a delivery belong together: one may decide how another is read.

    NOTE: the default context of ``decimal`` rounds to 28 digits in silence; here what would round raises.
    """
    with decimal.localcontext(EXACT):
        return _read(paths, kind, period)


def _read(paths: Sequence[Path], kind: str, period: str) -> dict[Path, FileSums | Unread]:
    if kind == "aws-cur2":
        read = {path: _tried(read_lines, path, period) for path in paths}
        lines = {path: found for path, found in read.items() if isinstance(found, AwsLines)}
        unread = {path: found for path, found in read.items() if isinstance(found, Unread)}
        return {**unread, **dict(zip(lines, settle(list(lines.values())), strict=True))}
    return {path: _tried(read_focus, path, period) for path in paths}


def _tried(read: Callable[[Path, str], Read], path: Path, period: str) -> Read | Unread:
    try:
        return read(path, period)
    except UNREADABLE as error:
        return Unread(str(error))
