"""Costs that the provider has split itself (FOCUS 1.3, Allocated columns): each part goes to what it was split to.

The parts of an origin charge add up to it; they are rows like any other and are never split again. The part that the
provider could not give to anything stays with the resource it came from, marked as idle.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.billing.ledger.columns import SPLIT_TAG, SPLIT_UNUSED
from agent.billing.reading.batch import Mask, Words, chosen
from agent.billing.reading.columns import Columns
from agent.billing.reading.raw_tags import TagSets


@dataclass(frozen=True, slots=True)
class Splits:
    """Which rows are parts of a split: given to something, or left over."""

    given: Mask
    left: Mask

    @classmethod
    def of(cls, columns: Columns) -> "Splits | None":
        """None where the batch has no part of a split."""
        split = columns.words("AllocatedMethodId").filled(columns.rows)
        if not split.any():
            return None
        given = split & columns.words("AllocatedResourceId").filled(columns.rows)
        return cls(given, split & ~given)

    def resources(self, columns: Columns, words: Mapping[str, Words]) -> dict[str, Words]:
        """ResourceId and ResourceName of what each part was given to; elsewhere as they are."""
        return {
            "ResourceId": chosen(self.given, columns.ids("AllocatedResourceId"), words["ResourceId"]),
            "ResourceName": chosen(self.given, columns.words("AllocatedResourceName"), words["ResourceName"]),
        }

    def tags(self, own: Words, allocated: Words, tag_sets: TagSets) -> Words:
        """Ids of tag sets: a part's own tags with those of what it was given to, which count where both have a key."""
        marked = tag_sets.merged(own, Words.same(tag_sets.id_of({SPLIT_TAG: SPLIT_UNUSED})), len(self.given))
        given = tag_sets.merged(own, allocated, len(self.given))
        return chosen(self.left, marked, chosen(self.given, given, own))
