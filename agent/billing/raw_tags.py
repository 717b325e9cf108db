"""Tag sets of a bill -> (id, canonical JSON): the encodings providers use, parsed once per distinct text."""

import ast
import json
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa

from agent.billing.batch import Codes, Words
from policies.tags import canonical_json, tagset_id

EMPTY_ID = tagset_id({})


class TagFault(ValueError):
    """A tag text in none of the known encodings."""


class TagSets:
    """Every distinct tag set seen in one ingest, and how many lines of each file had tags that cannot be read."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {EMPTY_ID: "{}"}
        self.failures: dict[str, int] = {}
        self._ids: dict[str, str] = {}
        self._by_text: dict[str | None, str | None] = {}

    def id_of(self, tags: Mapping[str, str]) -> str:
        text = canonical_json(tags)
        known = self._ids.get(text)
        if known is None:
            known = self._ids[text] = tagset_id(tags)
            self.texts[known] = text
        return known

    def from_texts(self, words: Words, path: str) -> Words:
        """Ids of a column of tag texts; a text that cannot be read counts as no tags and is counted for ``path``."""
        ids: list[str] = []
        unreadable: list[int] = []
        for code, text in enumerate(words.values):
            identity = self._read(text)
            ids.append(identity or EMPTY_ID)
            if identity is None:
                unreadable.append(code)
        if unreadable:
            lines = 1 if words.codes is None else int(np.isin(words.codes, unreadable).sum())
            self.failures[path] = self.failures.get(path, 0) + lines
        return Words(ids, words.codes)

    def _read(self, text: str | None) -> str | None:
        """The id of a tag text, None where it cannot be read; each text is parsed once in an ingest."""
        if text not in self._by_text:
            try:
                self._by_text[text] = self.id_of(parse(text))
            except TagFault:
                self._by_text[text] = None
        return self._by_text[text]

    def from_maps(self, column: pa.Array) -> Words:
        """Ids of a map<string, string> column (its leaves may be dictionaries); null is the empty set."""
        distinct, codes = distinct_maps(column)
        return Words([self.id_of(tags) for tags in distinct], codes)


def distinct_maps(column: pa.Array) -> tuple[list[dict[str, str]], Codes]:
    """The distinct maps of a column and the code of each row's.

    The entries of a row are packed into one byte string of (key code, value code) pairs, so that Arrow's own hashing
    finds the distinct ones; only these are turned into Python.
    """
    offsets = column.offsets.to_numpy()
    start, end = int(offsets[0]), int(offsets[-1])
    keys, values = (_leaf(leaf, start, end) for leaf in _leaves(column))
    pairs = np.empty(2 * (end - start), np.int32)
    pairs[0::2] = keys.indices.to_numpy(zero_copy_only=False)
    pairs[1::2] = values.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    packed = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(),
        len(column),
        [None, pa.py_buffer((offsets.astype(np.int64) - start) * 8), pa.py_buffer(pairs)],
    ).dictionary_encode()
    names, texts = keys.dictionary.to_pylist(), [*values.dictionary.to_pylist(), ""]
    distinct = [
        _tags(np.frombuffer(entry, np.int32).reshape(-1, 2), names, texts) for entry in packed.dictionary.to_pylist()
    ]
    codes = packed.indices.to_numpy(zero_copy_only=False)
    if column.null_count:
        distinct.append({})
        codes = np.where(column.is_valid().to_numpy(zero_copy_only=False), codes, len(distinct) - 1)
    return distinct, codes.astype(np.int32)


def _leaves(column: pa.Array) -> tuple[pa.Array, pa.Array]:
    if pa.types.is_map(column.type):
        return column.keys, column.items
    return column.values.field(0), column.values.field(1)


def _leaf(leaf: pa.Array, start: int, end: int) -> pa.DictionaryArray:
    part = leaf.slice(start, end - start)
    return part if pa.types.is_dictionary(part.type) else part.dictionary_encode()


def _tags(
    entries: np.ndarray[tuple[int, int], np.dtype[np.int32]], names: list[str], texts: list[str]
) -> dict[str, str]:
    return {names[key]: texts[value] for key, value in entries.tolist()}


def parse(text: str | None) -> dict[str, str]:
    """The tags of one text: a JSON object, an object without its braces, or a list of {key, value} objects.

    Numbers keep their digits, ``true`` and ``false`` stay words, a null value is ''. Raises :class:`TagFault`.
    """
    if text is None or not (stripped := text.strip()):
        return {}
    if stripped[0] not in "{[":
        stripped = f"{{{stripped}}}"
    try:
        parsed = json.loads(stripped, parse_float=str, parse_int=str)
    except ValueError:
        parsed = _python_literal(stripped)
    if isinstance(parsed, list):
        return _from_records(parsed)
    if not isinstance(parsed, dict):
        raise TagFault(text)
    return {key: _text(value) for key, value in parsed.items()}


def _python_literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise TagFault(text) from error


def _from_records(records: Iterable[object]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for record in records:
        if not isinstance(record, dict) or not isinstance(record.get("key"), str):
            raise TagFault(str(record))
        tags[record["key"]] = _text(record.get("value"))
    return tags


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
        case _:
            return str(value)
