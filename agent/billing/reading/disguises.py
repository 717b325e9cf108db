"""Files of another format under a CSV's name, told by their first bytes; nothing of them is read as text."""

from agent.errors import SourceError

LOOKED_AT = 32
"""Bytes; the start of a header in any encoding."""
_PARQUET = (b"PAR1", b"PARE")
_ZIP = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")


def refuse_disguised(start: bytes, shown: str) -> None:
    """Raises ``SourceError`` naming the real format of a file that begins with ``start``; else nothing."""
    if start.startswith(_PARQUET):
        raise _named(shown, "a Parquet file", "give the file a name that ends in .parquet")
    if start.startswith(_ZIP):
        raise _named(shown, "a zip archive or a workbook", "unpack the archive and deliver the CSV that is in it")
    encoding = _wide(start)
    if encoding:
        raise _named(
            shown, f"{encoding} text", "deliver the export itself; a spreadsheet saves CSV as UTF-8 if asked to"
        )


def _wide(start: bytes) -> str:
    """``UTF-32``, ``UTF-16`` or nothing: by the mark at the start, else by NUL bytes beside every ASCII sign."""
    if start.startswith(_UTF32) or _empty(start[1::4] + start[2::4]):
        return "UTF-32"
    return "UTF-16" if start.startswith(_UTF16) or _empty(start[::2]) or _empty(start[1::2]) else ""


def _empty(places: bytes) -> bool:
    return len(places) > 1 and not any(places)


def _named(shown: str, found: str, mend: str) -> SourceError:
    return SourceError(
        f"the file is named as a CSV and is {found}",
        where=shown,
        expected="comma-separated UTF-8 text, plain or gzip",
        mend=mend,
    )
