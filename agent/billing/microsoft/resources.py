"""Ids, names and types of resources: each distinct id is taken apart once in an ingest."""

import re
from typing import NamedTuple

from agent.billing.reading.batch import Words
from agent.billing.reading.columns import Columns

_TYPE = re.compile(r".*/providers/([^/]+)((?:/[^/]+/[^/]+)+)", re.DOTALL)
_MOST_KNOWN = 1_000_000
"""Ids remembered at a time; a bill of more is taken apart again where it must."""


class Resource(NamedTuple):
    """What an id says: the id in lower case, its last part as written, its type in lower case."""

    id: str | None
    name: str | None
    type: str | None


class Resources:
    """The resources of one ingest."""

    def __init__(self) -> None:
        self._known: dict[str | None, Resource] = {None: Resource(None, None, None)}

    def columns(self, columns: Columns) -> tuple[Words, Words, Words]:
        """ResourceId, ResourceName and ResourceType of every line; names and types by the file where it has them."""
        written = columns.ids("ResourceId")
        parts = [self._parts(value) for value in written.values]
        ids, names, types = (Words([part[place] for part in parts], written.codes) for place in range(3))
        given = columns.words("ResourceType").mapped(lambda value: value and value.lower())
        return ids, columns.words("ResourceName").otherwise(names), given.otherwise(types)

    def _parts(self, written: str | None) -> Resource:
        found = self._known.get(written)
        if found is None and written is not None:
            if len(self._known) > _MOST_KNOWN:
                self._known = {None: Resource(None, None, None)}
            found = self._known[written] = _resource(written)
        return found or Resource(None, None, None)


def _resource(written: str) -> Resource:
    lowered = written.lower()
    match = _TYPE.fullmatch(lowered)
    kind = "/".join([match[1], *match[2].split("/")[1::2]]) if match else None
    return Resource(lowered, written.rpartition("/")[2] or None, kind)
