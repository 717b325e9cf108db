"""Which pools a row matches, as one integer: bit ``i`` is pool ``i``. Conditions run once per distinct value."""

import re
from collections.abc import Callable, Sequence

from policies.columns import Subjects, Table, Texts, looked_up
from policies.condition import Condition
from policies.policy import TagKeys
from policies.rules import Match
from policies.tag_sets import Cut, TagSets
from policies.tags import TagKey

OPEN_KINDS = frozenset({"usage", "discount", "marketplace"})
"""Kinds that pools and account maps see; any other kind only where a pool's match says ``kind``."""
_TEXT_DIMENSIONS = ("source", "provider", "billing_account", "account", "service", "region")


class PoolMasks:
    """The matches of all pools, turned into one look-up table per dimension that some match names."""

    def __init__(self, matches: Sequence[Match], keys: TagKeys) -> None:
        self._matches = tuple(matches)
        self._all = (1 << len(self._matches)) - 1
        self._tags = [
            (at, keys.resolve(key), Condition(text))
            for at, match in enumerate(self._matches)
            for key, text in match.tags.items()
        ]
        self.keys: tuple[TagKey, ...] = tuple(key for _, key, _ in self._tags)

    def over(self, subjects: Subjects, cuts: Sequence[Cut], tags: TagSets) -> list[int]:
        """The mask of each row."""
        masks = looked_up(subjects.kind, Table(self._kind_mask))
        columns = [self._texts(getattr(subjects, name), name) for name in _TEXT_DIMENSIONS if self._names(name)]
        if self._names("resource"):
            resources = list(zip(subjects.resource_id, subjects.resource_name, strict=True))
            columns.append(looked_up(resources, Table(self._resource_mask())))
        if self._tags:
            columns.append(looked_up(cuts, Table(self._tag_mask(tags))))
        for column in columns:
            masks = [mask & narrowed for mask, narrowed in zip(masks, column, strict=True)]
        return masks

    def _names(self, dimension: str) -> bool:
        return any(getattr(match, dimension) is not None for match in self._matches)

    def _kind_mask(self, kind: str | None) -> int:
        open_ = kind in OPEN_KINDS
        return sum(
            1 << at
            for at, match in enumerate(self._matches)
            if (open_ if match.kind is None else Condition(match.kind).holds(kind))
        )

    def _texts(self, values: Texts, dimension: str) -> list[int]:
        asked = [(at, getattr(match, dimension)) for at, match in enumerate(self._matches)]
        tests = [(at, Condition(texts).holds) for at, texts in asked if texts is not None]
        return looked_up(values, Table[str | None, int](lambda value: self._mask(tests, value)))

    def _mask(self, tests: Sequence[tuple[int, Callable[[str | None], bool]]], value: str | None) -> int:
        failed = sum(1 << at for at, holds in tests if not holds(value))
        return self._all & ~failed

    def _resource_mask(self) -> Callable[[tuple[str | None, str | None]], int]:
        compiled = [(at, re.compile(match.resource)) for at, match in enumerate(self._matches) if match.resource]
        asked = [(1 << at, pattern.search) for at, pattern in compiled]

        def mask(resource: tuple[str | None, str | None]) -> int:
            identity, name = resource
            kept = self._all
            for bit, search in asked:
                if not ((name and search(name)) or (identity and search(identity))):
                    kept &= ~bit
            return kept

        return mask

    def _tag_mask(self, tags: TagSets) -> Callable[[Cut], int]:
        places = [(at, tags.positions(key), condition) for at, key, condition in self._tags]

        def mask(cut: Cut) -> int:
            kept = self._all
            for at, found, condition in places:
                if not any(condition.holds(cut[place]) for place in found):
                    kept &= ~(1 << at)
            return kept

        return mask


def first(mask: int) -> int | None:
    """The index of the first pool in a mask."""
    return (mask & -mask).bit_length() - 1 if mask else None


def pairs(mask: int) -> list[tuple[int, int]]:
    """Every two pools that are both in a mask, in listed order."""
    held = [at for at in range(mask.bit_length()) if mask >> at & 1]
    return [(one, other) for at, one in enumerate(held) for other in held[at + 1 :]]
