"""The tags of report lines, in each of the forms AWS delivers them, with their keys as delivered.

A map, JSON text of a map, or one column a key; cost categories stand among them as ``costCategory/<name>``.
"""

import json

import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.aws.header import CATEGORY, CATEGORY_MAP, TAG_MAPS
from agent.billing.aws.report_file import Block
from agent.billing.reading.batch import Words, numbered
from agent.billing.reading.columns import Columns
from agent.billing.reading.raw_tags import EMPTY_ID, TagSets
from agent.billing.reading.tag_columns import tag_maps


class ReportTags:
    """Reads the tags of one ingest into its tag sets."""

    def __init__(self, tag_sets: TagSets) -> None:
        self._sets = tag_sets
        self._categories = TagSets()
        """NOTE: apart, because a set of cost categories alone is no line's tag set."""
        self._joined: dict[tuple[str | None, ...], str] = {}

    def ids(self, block: Block, shown: str) -> Words:
        """The id of every row's tag set; texts that cannot be read are counted for the file ``shown``."""
        columns = block.columns
        named = next((name for name in TAG_MAPS if name in columns.arrays), None)
        if named is not None:
            tags = _read(columns, named, shown, self._sets)
        elif block.tags:
            maps = tag_maps([(key, _words(column)) for key, column in block.tags], columns.rows)
            tags = self._sets.from_maps(maps)
        else:
            tags = Words.same(EMPTY_ID)
        # NOTE: the map `tags` repeats the cost categories, under the same keys
        if named == TAG_MAPS[0] or CATEGORY_MAP not in columns.arrays:
            return tags
        return self._with(tags, _read(columns, CATEGORY_MAP, shown, self._categories), columns.rows)

    def _with(self, tags: Words, categories: Words, rows: int) -> Words:
        pairs, places = numbered((tags, categories), rows)
        return Words([self._join(pair) for pair in pairs], places.astype("int32"))

    def _join(self, pair: tuple[str | None, ...]) -> str:
        if pair not in self._joined:
            tags, categories = (str(known) for known in pair)
            named = {CATEGORY + name: value for name, value in json.loads(self._categories.texts[categories]).items()}
            self._joined[pair] = self._sets.id_of(json.loads(self._sets.texts[tags]) | named)
        return self._joined[pair]


def _read(columns: Columns, name: str, shown: str, sets: TagSets) -> Words:
    maps = columns.key_values(name)
    if maps is not None:
        return sets.from_maps(maps)
    if not _is_text(columns.arrays[name].type):
        raise columns.fault(f"{name} is stored as {columns.arrays[name].type}", 0, "a map of texts, or JSON text")
    return sets.from_texts(columns.words(name), shown)


def _words(column: pa.Array) -> Words:
    """A tag's values as delivered; null where there is none."""
    if pa.types.is_null(column.type):
        return Words.same(None)
    coded = column if pa.types.is_dictionary(column.type) else pc.cast(column, pa.string()).dictionary_encode()
    values = [value or None for value in coded.dictionary.to_pylist()]
    indices = coded.indices.fill_null(len(values)) if coded.null_count else coded.indices
    return Words([*values, None], indices.to_numpy(zero_copy_only=False))


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_null(plain))
