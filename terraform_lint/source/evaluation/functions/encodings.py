"""Functions that write a string in another notation, and read it back."""

import codecs
import re
from base64 import b64decode, b64encode
from urllib.parse import quote_plus, unquote_to_bytes

from terraform_lint.source.evaluation.conversion import shown
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value

ENCODINGS = Family()
_FIELD = re.compile(r'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^",\n]*))(?P<end>,|\n|\Z)')


@ENCODINGS("base64encode", "text")
def base64encode(text: str) -> Value:
    """Of its UTF-8 bytes."""
    return b64encode(text.encode()).decode()


@ENCODINGS("base64decode", "text")
def base64decode(text: str) -> Value:
    """The UTF-8 text of the bytes."""
    return _decoded(_bytes(text), "utf-8", "base64decode()")


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except ValueError:
        raise EvaluationError("the text is not Base64") from None


def _decoded(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise EvaluationError(f"{name} finds bytes that are no {encoding} text") from None


@ENCODINGS("textencodebase64", "text", "text")
def textencodebase64(text: str, encoding: str) -> Value:
    """Of its bytes in a named encoding."""
    name = _encoding(encoding)
    if isinstance(name, Unknown):
        return name
    try:
        return b64encode(text.encode(name)).decode()
    except UnicodeEncodeError:
        raise EvaluationError(f"the text cannot be written in {encoding}") from None


@ENCODINGS("textdecodebase64", "text", "text")
def textdecodebase64(text: str, encoding: str) -> Value:
    """The text of the bytes in a named encoding."""
    name = _encoding(encoding)
    return name if isinstance(name, Unknown) else _decoded(_bytes(text), name, "textdecodebase64()")


_SURE = {"utf-8", "utf-16-le", "utf-16-be", "iso8859-1", "ascii", "cp1252"}


def _encoding(name: str) -> str | Unknown:
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        found = ""
    return found if found in _SURE else Unknown(f"the encoding {shown(name)} is not worked out here")


@ENCODINGS("urlencode", "text")
def urlencode(text: str) -> Value:
    """For a query: a space becomes ``+``."""
    return quote_plus(text, safe="")


@ENCODINGS("urldecode", "text")
def urldecode(text: str) -> Value:
    """What ``urlencode`` wrote (OpenTofu only)."""
    plain = text.replace("+", " ")
    if any(not _is_hex(part[:2]) for part in plain.split("%")[1:]):
        raise EvaluationError("urldecode() finds a % that two hexadecimal digits do not follow")
    return _decoded(unquote_to_bytes(plain), "utf-8", "urldecode()")


def _is_hex(text: str) -> bool:
    return len(text) == 2 and all(letter in "0123456789abcdefABCDEF" for letter in text)


@ENCODINGS("csvdecode", "text")
def csvdecode(text: str) -> Value:
    """A list of maps, one a row, by the names in the first row."""
    rows = _rows(text.replace("\r\n", "\n"))
    if not rows:
        raise EvaluationError("csvdecode() takes a first row with names")
    names, *lines = rows
    if len(set(names)) < len(names) or any(len(line) != len(names) for line in lines):
        raise EvaluationError("csvdecode() takes rows that are all as long as the first, whose names differ")
    return [dict[str, Value](zip(names, line, strict=True)) for line in lines]


def _rows(text: str) -> list[list[str]]:
    rows: list[list[str]] = []
    row: list[str] = []
    at = 0
    while at < len(text):
        if not row and text[at] == "\n":
            at += 1
            continue
        field = _FIELD.match(text, at)
        if field is None:
            raise EvaluationError("csvdecode() finds a quote where none may stand")
        at = field.end()
        row.append(field["quoted"].replace('""', '"') if field["plain"] is None else field["plain"])
        if field["end"] != ",":
            rows.append(row)
            row = []
        elif at == len(text):
            row.append("")
    return [*rows, row] if row else rows
