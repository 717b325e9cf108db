"""Tags from the columns that a map names: one column a key, several by a prefix, or texts that hold several."""

import json

from agent.billing.column_map.cells import words
from agent.billing.reading.batch import Words, numbered
from agent.billing.reading.columns import Columns
from agent.billing.reading.raw_tags import TagSets
from agent.billing.reading.tag_columns import tag_maps
from agent.billing.reading.tag_keys import overlaid, put
from agent.config.columns import CellMap, TagCells


def tag_ids(columns: Columns, tags: list[TagCells], tag_sets: TagSets, shown: str) -> Words:
    """The tag set of each row; of a key that several columns give, the first in the map's order counts."""
    singles: dict[str, Words] = {}
    several: list[Words] = []
    for cells in tags:
        if cells.prefix is not None:
            found = {name.removeprefix(cells.prefix): name for name in columns.arrays if name.startswith(cells.prefix)}
            for key, name in found.items():
                singles.setdefault(key, words(columns, CellMap(column=name)))
        elif cells.key is not None:
            singles.setdefault(cells.key, words(columns, CellMap(column=cells.column)))
        elif cells.column is not None:
            texts = columns.words(cells.column)
            several.append(tag_sets.from_texts(texts if cells.as_ == "json" else _as_json(texts, cells), shown))
    parts = [tag_sets.from_maps(tag_maps(list(singles.items()), columns.rows)), *several]
    return parts[0] if len(parts) == 1 else _together(parts, columns.rows, tag_sets)


def _as_json(texts: Words, cells: TagCells) -> Words:
    return texts.mapped(lambda text: None if text is None else _listed(text, cells))


def _listed(text: str, cells: TagCells) -> str:
    """``key=value;key=value`` as JSON. A key without a value has the value ''."""
    tags: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(cells.separator))):
        key, _, value = entry.partition(cells.equals)
        put(tags, key.strip(), value.strip())
    return json.dumps(tags, ensure_ascii=False)


def _together(parts: list[Words], rows: int, tag_sets: TagSets) -> Words:
    combined, places = numbered(parts, rows)
    ids = []
    for sets in combined:
        tags: dict[str, str] = {}
        for known in reversed(sets):
            tags = overlaid(tags, json.loads(tag_sets.texts[str(known)]))
        ids.append(tag_sets.id_of(tags))
    return Words(ids, places.astype("int32"))
