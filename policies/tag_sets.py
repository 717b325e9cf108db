"""Tag sets cut down to the few keys that rules name, so that rules run once per distinct cut."""

from collections.abc import Iterable, Mapping

from policies.columns import Table
from policies.tags import TagKey

Cut = tuple[str | None, ...]
"""The values of the named raw keys of one tag set, in the order of :attr:`TagSets.named`; None where absent."""


class TagSets:
    """All tag sets of a bill, seen through the keys that matter.

    A bill has many thousand tag sets but few distinct raw keys, and rules name few of those.
    """

    def __init__(self, tag_sets: Mapping[str, Mapping[str, str]], keys: Iterable[TagKey]) -> None:
        wanted = tuple(keys)
        delivered = set[str]().union(*tag_sets.values()) if wanted else set()
        self.named: tuple[str, ...] = tuple(sorted(raw for raw in delivered if any(key.names(raw) for key in wanted)))
        """Raw keys that some rule names, in bytewise order: the order in which spellings are weighed."""
        self._tag_sets = tag_sets
        self._nothing: Cut = (None,) * len(self.named)
        self.cuts: Table[str | None, Cut] = Table(self._cut)
        """Cut by tag set id; ``KeyError`` for an id that was not given, the empty cut for None."""

    def _cut(self, tagset: str | None) -> Cut:
        return self._nothing if tagset is None else tuple(map(self._tag_sets[tagset].get, self.named))

    def positions(self, key: TagKey) -> tuple[int, ...]:
        """Where the spellings of ``key`` stand in a cut."""
        return tuple(at for at, raw in enumerate(self.named) if key.names(raw))

    @property
    def ids(self) -> list[str]:
        """Every tag set id, in order."""
        return sorted(self._tag_sets)
