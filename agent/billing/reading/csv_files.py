"""CSV exports with a fixed dialect: double quotes, and comma and UTF-8 unless it says otherwise; plain or gzip.

Nothing is detected or guessed. A header read by us, every cell as text, nulls by the four tokens; a row with more or
fewer cells is refused.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from agent.billing.reading.disguises import LOOKED_AT, refuse_disguised
from agent.errors import SourceError

NULL_TOKENS = ("", "NULL", "null", "None")
BLOCK_BYTES = 2 * 2**20
"""Small, so that a block's cells stay in the cache: twice as fast as 32 MiB."""
BATCH_ROWS = 100_000
_GZIP = b"\x1f\x8b"
_QUOTE = ord('"')
_FEWEST_COLUMNS = 3
_DELIMITERS = (";", "\t", "|", ",")
_SEPARATED = {",": "comma-separated", ";": "semicolon-separated", "\t": "tab-separated"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. ``encoding`` is one Python and Arrow know by the same name.

    ``names``: the columns of a file that has no header. ``lines_before``: physical lines above the header. ``nulls``:
    what counts as null in every column.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    names: tuple[str, ...] = ()
    lines_before: int = 0
    nulls: tuple[str, ...] = NULL_TOKENS


PLAIN = Dialect()
"""What every provider delivers."""


@dataclass(frozen=True, slots=True)
class Header:
    """Column names as written, and the number of physical lines they take."""

    names: tuple[str, ...]
    lines: int


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, decompressed when it begins like gzip, whatever its name says."""
    return cast("BinaryIO", gzip.open(path, "rb")) if _is_gzip(path) else path.open("rb")


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as raw:
        return raw.read(2) == _GZIP


def read_header(path: Path, shown: str, dialect: Dialect = PLAIN) -> Header:
    """The header. Raises ``SourceError`` for an empty file and for what is no such CSV."""
    with open_bytes(path) as stream:
        try:
            if isinstance(stream, io.BufferedReader | gzip.GzipFile):
                refuse_disguised(stream.peek(LOOKED_AT)[:LOOKED_AT], shown)
            text = _text(stream, dialect)
            above = sum(1 for _ in islice(text, dialect.lines_before))
            reader = csv.reader(text, delimiter=dialect.delimiter, strict=True)
            names = next(reader, None)
        except UnicodeDecodeError as error:
            raise _encoding(shown, dialect) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise truncated(shown) from error
        except csv.Error as error:
            raise _no_csv(shown, error) from error
        if names is None:
            raise SourceError(
                "the file is empty", where=shown, expected="a header and rows", mend="copy the file again"
            )
        _refuse_other_delimiter(names, shown, dialect)
        if dialect.names:
            return Header(dialect.names, above)
        return Header(tuple(names), above + reader.line_num)


def _text(stream: BinaryIO, dialect: Dialect) -> io.TextIOWrapper:
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    return io.TextIOWrapper(stream, encoding=encoding, newline="")


def _refuse_other_delimiter(names: list[str], shown: str, dialect: Dialect) -> None:
    if len(names) >= _FEWEST_COLUMNS:
        return
    others = (mark for mark in _DELIMITERS if mark != dialect.delimiter)
    found = next((mark for mark in others if mark in "".join(names)), None)
    if found is not None:
        separated = _SEPARATED.get(dialect.delimiter, f"{dialect.delimiter!r}-separated")
        raise SourceError(
            f"the columns are separated by {found!r}",
            where=f"{shown}:{dialect.lines_before + 1}",
            expected=f"a {separated} file as the provider writes it",
            mend="deliver the export itself, not a copy saved by a spreadsheet",
        )


def batches(
    path: Path,
    shown: str,
    header: Header,
    columns: Sequence[int],
    dialect: Dialect = PLAIN,
    batch_rows: int = BATCH_ROWS,
    plain: AbstractSet[int] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """Batches of the wanted ``columns`` (positions), each dictionary-coded text, amounts too: most of them repeat.

    ``plain`` are those that hardly do, ids of lines; they are not coded.
    Column ``i`` is named ``str(i)``; a null token is null. Raises ``SourceError`` naming the line of a ragged row.
    A batch is whole blocks of the file, at least ``batch_rows`` long but for the last.
    """
    names = [str(position) for position in range(len(header.names))]
    coded = pa.dictionary(pa.int32(), pa.string())
    reading = arrow_csv.ReadOptions(column_names=names, skip_rows=header.lines, block_size=BLOCK_BYTES)
    if dialect.encoding != PLAIN.encoding:
        reading.encoding = dialect.encoding
    parsing = arrow_csv.ParseOptions(
        delimiter=dialect.delimiter, quote_char='"', double_quote=True, escape_char=False, newlines_in_values=True
    )
    conversion = arrow_csv.ConvertOptions(
        include_columns=[str(position) for position in columns],
        column_types={str(position): pa.string() if position in plain else coded for position in columns},
        null_values=list(dialect.nulls),
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    quotes = _Quotes()
    try:
        with (
            _arrow_stream(path) as stream,
            arrow_csv.open_csv(quotes.of(stream), reading, parsing, conversion) as reader,
        ):
            yield from _joined(reader, batch_rows)
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            raise _explain(path, shown, header, error, dialect) from error
    except UnicodeDecodeError as error:
        raise _encoding(shown, dialect) from error
    except OSError as error:
        raise truncated(shown) from error
    if quotes.odd:
        _refuse_open_quote(path, shown, dialect)


class _Quotes:
    """A stream that tells whether an odd number of quotes has passed. Arrow takes a cell that never ends for whole."""

    closed = False

    def __init__(self) -> None:
        self.odd = False

    def of(self, stream: pa.NativeFile) -> pa.PythonFile:
        """What reads the stream through this count."""
        self._stream = stream
        return pa.PythonFile(self, "r")

    def read(self, size: int) -> pa.Buffer:
        piece = self._stream.read_buffer(size)
        self.odd ^= bool(np.count_nonzero(np.frombuffer(piece, np.uint8) == _QUOTE) % 2)
        return piece

    def close(self) -> None:
        """Left to who opened the stream."""


def _refuse_open_quote(path: Path, shown: str, dialect: Dialect) -> None:
    """Raises ``SourceError`` for a file that ends within quotes; an inch sign in a cell makes quotes odd as well."""
    try:
        for _ in rows_with_lines(path, dialect):
            pass
    except csv.Error as error:
        raise _no_csv(shown, error) from error


def _arrow_stream(path: Path) -> pa.NativeFile:
    return pa.CompressedInputStream(pa.OSFile(str(path)), "gzip") if _is_gzip(path) else pa.OSFile(str(path))


def _joined(blocks: Iterator[pa.RecordBatch], fewest: int) -> Iterator[pa.RecordBatch]:
    """Blocks put together to batches worth the work on their distinct values."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for block in blocks:
        waiting.append(block)
        rows += len(block)
        if rows >= fewest:
            yield _one(waiting)
            waiting, rows = [], 0
    if rows:
        yield _one(waiting)


def _one(blocks: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    whole = pa.Table.from_batches(blocks).unify_dictionaries().combine_chunks()
    return whole.to_batches()[0]


def _explain(path: Path, shown: str, header: Header, error: pa.ArrowInvalid, dialect: Dialect) -> SourceError:
    """The first line that is wrong, found by reading the file again with Python's csv."""
    if "UTF8" in str(error):
        return _encoding(shown, dialect)
    width = len(header.names)
    try:
        for line, cells in rows_with_lines(path, dialect):
            if len(cells) != width:
                return SourceError(
                    f"a row has {len(cells)} cells, the header has {width}",
                    where=f"{shown}:{line}",
                    expected=f"{width} cells in every row",
                    mend="deliver the export again; a file cut or edited by hand cannot be trusted",
                )
    except (csv.Error, UnicodeDecodeError, EOFError, zlib.error) as fault:
        return _no_csv(shown, fault)
    return _no_csv(shown, error)


def _no_csv(shown: str, fault: Exception) -> SourceError:
    return SourceError(
        f"the file cannot be read as CSV: {fault}",
        where=shown,
        expected="comma-separated UTF-8 text with double quotes",
        mend="copy the file again; a quote that is never closed is a sign of a cut file",
    )


def rows_with_lines(path: Path, dialect: Dialect = PLAIN) -> Iterator[tuple[int, list[str]]]:
    """Every row after the header with the line it begins on; empty lines are no rows. Slow: for messages only."""
    with open_bytes(path) as stream:
        text = _text(stream, dialect)
        above = sum(1 for _ in islice(text, dialect.lines_before))
        reader = csv.reader(text, delimiter=dialect.delimiter, strict=True)
        if not dialect.names:
            next(reader, None)
        begin = above + reader.line_num + 1
        for cells in reader:
            if cells:
                yield begin, cells
            begin = above + reader.line_num + 1


def line_of_row(path: Path, row: int, dialect: Dialect = PLAIN) -> int:
    """The line on which the row of this 0-based number begins."""
    return next(line for place, (line, _) in enumerate(rows_with_lines(path, dialect)) if place == row)


def _encoding(shown: str, dialect: Dialect) -> SourceError:
    known = "UTF-8, as every provider delivers it" if dialect.encoding == PLAIN.encoding else dialect.encoding
    return SourceError(
        f"the file is not {dialect.encoding.upper()} text",
        where=shown,
        expected=known,
        mend="deliver the export itself; a spreadsheet or an editor has saved this copy in another encoding",
    )


def truncated(shown: str) -> SourceError:
    """The error for a gzip file that ends too early."""
    return SourceError(
        "the gzip file ends too early or is damaged",
        where=shown,
        expected="a whole gzip file",
        mend="copy the file again from the provider's storage",
    )
