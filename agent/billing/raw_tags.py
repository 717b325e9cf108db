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
        self._by_name: dict[str, int] = {}
        self._by_entries: dict[bytes, str] = {}

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
        maps = DistinctMaps(column)
        keys, values = self._numbers(maps.keys), self._numbers([*maps.values, ""])
        ids: list[str] = []
        for entries in maps.entries:
            # NOTE: numbers of an ingest, unlike codes of a batch, name the same texts in every batch
            known = np.stack((keys[entries[:, 0]], values[entries[:, 1]]), axis=1).tobytes()
            identity = self._by_entries.get(known)
            if identity is None:
                identity = self._by_entries[known] = self.id_of(maps.tags(entries))
            ids.append(identity)
        return Words([*ids, EMPTY_ID], maps.codes)

    def _numbers(self, texts: list[str]) -> Codes:
        """A number for each text, the same whenever the text comes again in this ingest."""
        known = self._by_name
        return np.fromiter((known.setdefault(text, len(known)) for text in texts), np.int32, len(texts))


class DistinctMaps:
    """The distinct maps of a map<string, string> column.

    The entries of a row are packed into one byte string of (key code, value code) pairs, so that Arrow's own hashing
    finds the distinct ones; only these are turned into Python. ``codes[i]`` is the place of row ``i`` in ``entries``,
    or ``len(entries)`` for a null; an entry is rows of (key code, value code), a null value has code -1.
    """

    def __init__(self, column: pa.Array) -> None:
        offsets = column.offsets.to_numpy().astype(np.int64)
        start, end = int(offsets[0]), int(offsets[-1])
        keys, values = (_leaf(leaf, start, end) for leaf in _leaves(column))
        self.keys: list[str] = keys.dictionary.to_pylist()
        self.values: list[str] = values.dictionary.to_pylist()
        packed = _pack(_codes(keys), _codes(values), len(self.keys), len(self.values))
        width = packed.itemsize * packed.shape[1]
        encoded = pa.LargeBinaryArray.from_buffers(
            pa.large_binary(), len(column), [None, pa.py_buffer((offsets - start) * width), pa.py_buffer(packed)]
        ).dictionary_encode()
        self.entries = [_unpack(entry, packed.dtype) for entry in encoded.dictionary.to_pylist()]
        self.codes: Codes = encoded.indices.to_numpy(zero_copy_only=False)
        if column.null_count:
            known = column.is_valid().to_numpy(zero_copy_only=False)
            self.codes = np.where(known, self.codes, np.int32(len(self.entries)))

    def tags(self, entries: Codes) -> dict[str, str]:
        """The map that packed entries stand for; a null value is ''."""
        return {self.keys[key]: self.values[value] if value >= 0 else "" for key, value in entries.tolist()}


_HALF = 16
_MISSING = 2**_HALF - 1


def _pack(
    keys: Codes, values: Codes, key_count: int, value_count: int
) -> np.ndarray[tuple[int, int], np.dtype[np.generic]]:
    """One row an entry: a single number where both codes fit 16 bits, else two."""
    if max(key_count, value_count) < _MISSING:
        together = (keys.astype(np.uint32) << np.uint32(_HALF)) | (values.astype(np.uint32) & np.uint32(_MISSING))
        return together.reshape(-1, 1)
    return np.column_stack((keys, values)).astype(np.int32)


def _unpack(entry: bytes, kind: np.dtype[np.generic]) -> Codes:
    if kind == np.int32:
        return np.frombuffer(entry, np.int32).reshape(-1, 2)
    together = np.frombuffer(entry, np.uint32)
    values = (together & np.uint32(_MISSING)).astype(np.int32)
    return np.stack(((together >> np.uint32(_HALF)).astype(np.int32), np.where(values == _MISSING, -1, values)), axis=1)


def _codes(leaf: pa.DictionaryArray) -> Codes:
    indices = leaf.indices
    return np.asarray((indices.fill_null(-1) if indices.null_count else indices).to_numpy(zero_copy_only=False))


def _leaves(column: pa.Array) -> tuple[pa.Array, pa.Array]:
    if pa.types.is_map(column.type):
        return column.keys, column.items
    return column.values.field(0), column.values.field(1)


def _leaf(leaf: pa.Array, start: int, end: int) -> pa.DictionaryArray:
    part = leaf.slice(start, end - start)
    return part if pa.types.is_dictionary(part.type) else part.dictionary_encode()


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
