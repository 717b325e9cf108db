"""Labels, project labels, system labels and tags of a line -> one tag set.

Keys of a line's tag set:

- ``<key>``: what holds for the resource. Its own label; else a tag that is bound to it or to what it lies in; else the
  label of its project. A label of the resource therefore wins over one of the project.
- ``project/<key>`` and ``tag/<namespace>/<key>``: every project label and tag as delivered, so that a rule may ask for
  just these, and that nothing is lost where a label hides them.
- system labels as they are (``compute.googleapis.com/…``); under ``system/`` where a label has the same key.
- ``apportion:split``: what GKE's cost allocation says of a row, see :data:`SPLIT`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.google.rows import Records, Rows
from agent.billing.google.texts import Record, RecordFault, records
from agent.billing.ledger.columns import SPLIT_TAG, SPLIT_UNUSED
from agent.billing.reading.batch import Codes, Ints, Words
from agent.billing.reading.raw_tags import DistinctMaps, TagSets
from agent.billing.reading.tag_keys import kept_apart, overlaid

SPLIT = {"kube:unallocated": SPLIT_UNUSED, "kube:system-overhead": "overhead"}
"""``k8s-namespace`` -> ``apportion:split``: what a cluster's nodes have that no pod asked for is idle; what the system
takes on them is the cluster's, by whatever rule or pool matches its tags."""
_COLUMNS = ("labels", "project.labels", "system_labels", "tags")
Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Column:
    """The distinct label sets of one column: a number that is the same in the whole ingest, and how to read each."""

    numbers: Ints
    codes: Codes | None
    tags: Callable[[int], Tags]


_NOTHING = _Column(np.array([-1], np.int64), None, lambda _: {})
_FEW = 1_000_000
_WIDTH = 16
"""Bytes of an entry: the numbers of its key and value."""


class Labels:
    """Tag sets of one ingest, each made once."""

    def __init__(self, tag_sets: TagSets) -> None:
        self._tag_sets = tag_sets
        self._numbers: dict[str, dict[object, int]] = {}
        self._words: dict[str, int] = {}
        self._known: dict[bytes, str] = {}

    def ids(self, rows: Rows, shown: str) -> Words:
        """The tag set of each row. Texts that cannot be read count as no labels and are counted for ``shown``."""
        columns = [self._column(name, rows, shown) for name in _COLUMNS]
        places, codes = _combined(columns)
        keys = np.column_stack([column.numbers[place] for column, place in zip(columns, places, strict=True)])
        raw, width = keys.tobytes(), keys.itemsize * len(columns)
        ids: list[str] = []
        for number in range(len(keys)):
            key = raw[number * width : (number + 1) * width]
            identity = self._known.get(key)
            if identity is None:
                parts = [column.tags(int(place[number])) for column, place in zip(columns, places, strict=True)]
                identity = self._known[key] = self._tag_sets.id_of(merged(*parts))
            ids.append(identity)
        return Words(ids, codes)

    def _column(self, name: str, rows: Rows, shown: str) -> _Column:
        if name in rows.records and rows.records[name].fields:
            return self._from_records(name, rows.records[name])
        if name in rows.texts:
            return self._from_texts(name, rows.texts[name], shown)
        return _NOTHING

    def _from_records(self, name: str, found: Records) -> _Column:
        if not len(found.fields["key"]):
            return _NOTHING
        keys = _named(found.fields) if name == "tags" else found.fields["key"]
        entries = pa.StructArray.from_arrays([keys, found.fields["value"]], ["key", "value"])
        maps = DistinctMaps(pa.ListArray.from_arrays(pa.array(found.offsets, pa.int32()), entries))
        known_keys, known_values = self._named(maps.key_texts), self._named([*maps.value_texts, ""])
        raw = np.column_stack([known_keys[maps.keys], known_values[maps.values]]).astype(np.int64).tobytes()
        contents = (raw[start:end] for start, end in pairwise((maps.offsets * _WIDTH).tolist()))
        numbers = self._numbered(name, contents)
        # NOTE: a null list was made an empty one, so every code is that of a list
        return _Column(numbers, maps.codes, cache(maps.tags))

    def _from_texts(self, name: str, words: Words, shown: str) -> _Column:
        read: list[Tags] = []
        unread: list[int] = []
        for code, text in enumerate(words.values):
            try:
                read.append(_tags(records(text), with_namespace=name == "tags"))
            except RecordFault:
                read.append({})
                unread.append(code)
        if unread:
            lines = rows_using(words, unread)
            self._tag_sets.failures[shown] = self._tag_sets.failures.get(shown, 0) + lines
        return _Column(self._numbered(name, words.values), words.codes, read.__getitem__)

    def _numbered(self, name: str, contents: Iterable[object]) -> Ints:
        """A number for each label set of a column, the same whenever the set comes again in this ingest."""
        known = self._numbers.setdefault(name, {})
        return np.array([known.setdefault(content, len(known)) for content in contents], np.int64)

    def _named(self, texts: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """A number for each text, the same whenever the text comes again in this ingest."""
        known = self._words
        return np.fromiter((known.setdefault(text, len(known)) for text in texts), np.int64, len(texts))


def _combined(columns: Sequence[_Column]) -> tuple[list[Ints], Codes | None]:
    """The combinations of label sets that occur: each column's place in every one; and the combination of each row."""
    several = [(column, column.codes) for column in columns if column.codes is not None and len(column.numbers) > 1]
    if not several:
        return [np.zeros(1, np.int64) for _ in columns], None
    first, codes = several[0]
    size = len(first.numbers)
    for column, own in several[1:]:
        codes = codes.astype(np.int64) * len(column.numbers) + own
        size *= len(column.numbers)
    distinct, codes = _used(codes, size)
    places = {}
    for column, _ in reversed(several):
        distinct, places[id(column)] = np.divmod(distinct, len(column.numbers))
    nothing = np.zeros(len(next(iter(places.values()))), np.int64)
    return [places.get(id(column), nothing) for column in columns], codes


def _used(codes: Codes | Ints, size: int) -> tuple[Ints, Codes]:
    """Those of the codes below ``size`` that occur, and for each row the place of its own among them."""
    if size >= _FEW:
        found, places = np.unique(codes, return_inverse=True)
        return found.astype(np.int64), places.astype(np.int32)
    distinct = np.flatnonzero(np.bincount(codes, minlength=size))
    if len(distinct) == size:
        return distinct, codes.astype(np.int32, copy=False)
    table = np.zeros(size, np.int32)
    table[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, table[codes]


def rows_using(words: Words, codes: Sequence[int]) -> int:
    """How many rows have one of these codes; 1 for a column that is the same throughout."""
    return 1 if words.codes is None else int(np.isin(words.codes, codes).sum())


def merged(labels: Tags, project: Tags, system: Tags, tags: Tags) -> dict[str, str]:
    """The tag set of a line; ``tags`` by ``namespace/key``."""
    own = overlaid(project, kept_apart((name.rpartition("/")[2], value) for name, value in tags.items()))
    own = overlaid(own, labels)
    result = dict(own)
    result |= {f"project/{key}": value for key, value in project.items()}
    result |= {f"tag/{name}": value for name, value in tags.items()}
    result |= {f"system/{key}" if key in own else key: value for key, value in system.items()}
    split = SPLIT.get(labels.get("k8s-namespace", ""))
    if split is not None:
        result[SPLIT_TAG] = split
    return result


def _named(fields: Mapping[str, pa.Array]) -> pa.Array:
    """``namespace/key`` of every tag."""
    namespace = pc.fill_null(pc.cast(fields["namespace"], pa.string()), "") if "namespace" in fields else ""
    return pc.binary_join_element_wise(namespace, pc.cast(fields["key"], pa.string()), "/")


def _tags(found: Sequence[Record], *, with_namespace: bool) -> Tags:
    entries: list[tuple[str, str]] = []
    for record in found:
        key = record.get("key")
        if key is None:
            raise RecordFault(str(record))
        name = f"{record.get('namespace') or ''}/{key}" if with_namespace else key
        entries.append((name, record.get("value") or ""))
    return kept_apart(entries)
