"""Tag sets of a bill -> (id, canonical JSON): the encodings providers use, parsed once per distinct text."""

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from agent.billing.reading.batch import Codes, Ints, Words, numbered
from agent.billing.reading.columns import Columns
from agent.billing.reading.python_texts import Pairs, PrintFault, printed
from agent.billing.reading.tag_keys import is_doubled, kept_apart, overlaid
from policies.tags import canonical_json, tagset_id

EMPTY_ID = tagset_id({})


class TagFault(ValueError):
    """A tag text in none of the known encodings."""


class TagSets:
    """Every distinct tag set seen in one ingest, and how many lines of each file had tags that cannot be read."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {EMPTY_ID: "{}"}
        self.failures: dict[str, int] = {}
        self.doubled: set[str] = set()
        """Ids of the sets in which a key has two values."""
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
            if is_doubled(tags):
                self.doubled.add(known)
        return known

    def ids(self, columns: Columns, name: str, path: str) -> Words:
        """Ids of a column of tags: of texts in the encodings of :func:`parse`, or of maps."""
        maps = columns.key_values(name)
        return self.from_texts(columns.words(name), path) if maps is None else self.from_maps(maps)

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
            # NOTE: JSON may spell half a surrogate pair, which no file can hold
            except (TagFault, UnicodeEncodeError):
                self._by_text[text] = None
        return self._by_text[text]

    def merged(self, first: Words, second: Words, rows: int) -> Words:
        """Ids of both columns' tag sets put together; of a key that both have, the second's value counts."""
        pairs, places = numbered((first, second), rows)
        ids: list[str | None] = [
            self.id_of(overlaid(json.loads(self.texts[str(one)]), json.loads(self.texts[str(other)])))
            for one, other in pairs
        ]
        return Words(ids, places.astype(np.int32))

    def from_maps(self, column: pa.Array) -> Words:
        """Ids of a map<string, string> column (its leaves may be dictionaries); null is the empty set."""
        maps = DistinctMaps(column)
        keys, values = self._numbers(maps.key_texts), self._numbers([*maps.value_texts, ""])
        # NOTE: numbers of an ingest, unlike codes of a batch, name the same texts in every batch
        raw = ((keys[maps.keys] << _HALF) | values[maps.values]).tobytes()
        ids: list[str] = []
        for place, (start, end) in enumerate(pairwise(maps.offsets.tolist())):
            known = raw[start * _WIDTH : end * _WIDTH]
            identity = self._by_entries.get(known)
            if identity is None:
                identity = self._by_entries[known] = self.id_of(maps.tags(place))
            ids.append(identity)
        return Words([*ids, EMPTY_ID], maps.codes)

    def _numbers(self, texts: list[str]) -> Ints:
        """A number for each text, the same whenever the text comes again in this ingest."""
        known = self._by_name
        return np.fromiter((known.setdefault(text, len(known)) for text in texts), np.int64, len(texts))


_HALF = 32
_WIDTH = 8
_NARROW = 15
"""Codes of fewer bits are packed in half the space."""


class DistinctMaps:
    """The distinct maps of a map<string, string> column.

    The entries of a row are packed into one byte string of (key code, value code) pairs, so that Arrow's own hashing
    finds the distinct ones; only these are turned into Python. Distinct map ``i`` has the entries ``offsets[i]`` to
    ``offsets[i + 1]`` of ``keys`` and ``values`` (codes; -1 is a null value, ''); ``codes`` is the distinct map of each
    row of the column, or one past the last for a null.
    """

    def __init__(self, column: pa.Array) -> None:
        offsets = column.offsets.to_numpy().astype(np.int64)
        start, end = int(offsets[0]), int(offsets[-1])
        keys, values = (_leaf(leaf, start, end) for leaf in _leaves(column))
        self.key_texts: list[str] = keys.dictionary.to_pylist()
        self.value_texts: list[str] = values.dictionary.to_pylist()
        narrow = max(len(self.key_texts), len(self.value_texts)) < 2**_NARROW
        bits = _NARROW + 1 if narrow else 2 * (_NARROW + 1)
        pairs = _pairs(_codes(keys), _codes(values), bits)
        offsets -= start
        each = _entries_of_each(offsets)
        # NOTE: all lines of a project have its labels; rows that are all alike need not be told apart
        alike = bool(each) and not column.null_count and _alike(pairs.reshape(-1, each))
        distinct = _distinct_rows(pairs, offsets[:2] if alike else offsets, each)
        self.offsets, found = _entries(distinct.dictionary, pairs.dtype, each)
        self.keys, self.values = found & ((1 << bits) - 1), found >> bits
        codes = np.zeros(len(column), np.int32) if alike else distinct.indices.to_numpy(zero_copy_only=False)
        self.codes: Codes = codes
        if column.null_count:
            known = column.is_valid().to_numpy(zero_copy_only=False)
            self.codes = np.where(known, self.codes, np.int32(len(self.offsets) - 1))

    def tags(self, place: int) -> dict[str, str]:
        """Distinct map number ``place``."""
        entries = slice(int(self.offsets[place]), int(self.offsets[place + 1]))
        pairs = zip(self.keys[entries].tolist(), self.values[entries].tolist(), strict=True)
        return kept_apart((self.key_texts[key], self.value_texts[value] if value >= 0 else "") for key, value in pairs)


def _pairs(keys: Codes, values: Codes, bits: int) -> Codes | Ints:
    """Each entry's value and key code in one integer, the key in the lowest ``bits``; a value may be -1."""
    if bits == _NARROW + 1:
        return (values << np.int32(bits)) | keys
    return (values.astype(np.int64) << np.int64(bits)) | keys


def _entries_of_each(offsets: Ints) -> int:
    """How many entries every row has, where all have as many; else 0, as for rows that have none."""
    each = int(offsets[1]) if len(offsets) > 1 else 0
    return each if (len(offsets) - 1) * each == offsets[-1] and (np.diff(offsets) == each).all() else 0


def _alike(table: npt.NDArray[np.signedinteger]) -> bool:
    """Whether every row has the entries of the first."""
    return np.array_equal(table[0], table[-1]) and bool((table == table[0]).all())


def _distinct_rows(pairs: Codes | Ints, offsets: Ints, each: int) -> pa.DictionaryArray:
    """The rows as byte strings, coded by Arrow: of one width where every row has ``each`` entries, which is faster."""
    rows, width = len(offsets) - 1, pairs.itemsize
    if each:
        column = pa.Array.from_buffers(pa.binary(each * width), rows, [None, pa.py_buffer(pairs)])
    else:
        buffers = [None, pa.py_buffer(offsets * width), pa.py_buffer(pairs)]
        column = pa.Array.from_buffers(pa.large_binary(), rows, buffers)
    return column.dictionary_encode()


def _entries(rows: pa.Array, kind: np.dtype[np.signedinteger], each: int) -> tuple[Ints, Ints]:
    """Where the entries of each of these byte strings begin and end, and the entries themselves."""
    buffers = rows.buffers()
    if each:
        offsets = np.arange(len(rows) + 1) * each
    else:
        offsets = np.frombuffer(buffers[1], np.int64, len(rows) + 1) // kind.itemsize
    return offsets, np.frombuffer(buffers[-1] or b"", kind, int(offsets[-1])).astype(np.int64)


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

    The same as Python prints it is read as well. A key that comes twice keeps both values (``tag_keys``). Numbers keep
    their digits, ``true`` and ``false`` stay words, a null value is ''. Raises :class:`TagFault`.
    """
    if text is None or not (stripped := text.strip()):
        return {}
    if stripped[0] not in "{[":
        stripped = f"{{{stripped}}}"
    try:
        return _tags(_parsed(stripped))
    except RecursionError as error:
        raise TagFault(text) from error


def _parsed(text: str) -> object:
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object)
    except ValueError:
        pass
    try:
        return printed(text)
    except PrintFault as error:
        raise TagFault(text) from error


def _object(pairs: Pairs) -> dict[str, object]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else kept_apart(pairs)


def _tags(parsed: object) -> dict[str, str]:
    if isinstance(parsed, list):
        return _from_records(parsed)
    if not isinstance(parsed, dict):
        raise TagFault(str(parsed))
    return {key: _text(value) for key, value in parsed.items()}


def _from_records(records: Iterable[object]) -> dict[str, str]:
    entries: list[tuple[str, str]] = []
    for record in records:
        if not isinstance(record, dict) or not isinstance(record.get("key"), str):
            raise TagFault(str(record))
        entries.append((record["key"], _text(record.get("value"))))
    return kept_apart(entries)


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
