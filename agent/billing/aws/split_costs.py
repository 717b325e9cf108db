"""Split cost allocation data: what an instance costs goes to the pods and tasks that ran on it, and is counted once.

A line with a parent resource is a part of that instance's cost, which the report has on the instance's own lines too.
So nothing is added: the part's split cost is moved to it from the instance, its unused cost to a row of idle capacity
of the instance, and what is left stays where it was. An instance's cost on a day is one pool: within it the cost that a
commitment covers and the cost on demand are given in proportion, so that a part carries the commitment it used.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.billing.ledger.columns import DIMENSIONS, SPLIT_TAG, SPLIT_UNUSED
from agent.billing.reading.batch import NULL, PICO_UNITS, Batch, Ints, Mask, Numbers, Words, numbered
from agent.billing.reading.raw_tags import TagSets
from agent.money import UNITS_PER_ONE, text_from_units

_KEY = ("SubAccountId", "ResourceId", "ChargePeriodStart", "BillingPeriodStart")
_CLUSTER = re.compile(r"aws_e[ck]s_cluster_?name")
_TOO_MUCH = 100
"""Split costs above the instance's by more than a hundredth are told; providers round each part."""
Places = npt.NDArray[np.object_]
"""Python integers: sums and products of units do not fit 64 bits."""


@dataclass(frozen=True, slots=True)
class Portion:
    """One ledger row of an instance and day: its dimensions, its EffectiveCost in units, and whether that is billed."""

    dimensions: tuple[str | None, ...]
    units: int
    billed: bool


class Instances:
    """The instances that a delivery splits: by account, resource and day, the rows that hold their cost."""

    def __init__(self) -> None:
        self._units: dict[tuple[str | None, ...], int] = {}
        self._known: tuple[Portion, ...] | None = None
        self._of: dict[tuple[str | None, ...], tuple[int, ...]] = {}

    def add(self, batch: Batch) -> None:
        """Counts in lines of instances, as they would stand in the ledger."""
        rows, places = numbered([batch.words.get(name, NULL) for name in DIMENSIONS], batch.rows)
        units = np.zeros(len(rows), np.object_)
        np.add.at(units, places, units_of(batch.costs["EffectiveCost"]))
        for row, amount in zip(rows, units.tolist(), strict=True):
            self._units[row] = self._units.get(row, 0) + amount

    @property
    def portions(self) -> tuple[Portion, ...]:
        """Every row with a cost above zero, in a fixed order."""
        if self._known is None:
            status = DIMENSIONS.index("CommitmentDiscountStatus")
            key = [DIMENSIONS.index(name) for name in _KEY]
            order = sorted(self._units, key=lambda row: tuple((value is not None, value or "") for value in row))
            rows = [row for row in order if self._units[row] > 0]
            self._known = tuple(Portion(row, self._units[row], row[status] is None) for row in rows)
            found: dict[tuple[str | None, ...], list[int]] = {}
            for number, row in enumerate(rows):
                found.setdefault(tuple(row[place] for place in key), []).append(number)
            self._of = {instance: tuple(numbers) for instance, numbers in found.items()}
        return self._known

    def of(self, key: tuple[str | None, ...]) -> tuple[int, ...]:
        """Places in :attr:`portions` of an instance (account, resource, day, billing period); none where unknown."""
        return self._of.get(key, ()) if self.portions else ()


@dataclass(frozen=True, slots=True)
class Share:
    """What rows (by position) take of one portion each: their split cost, and the unused cost beside it."""

    rows: Ints
    portion: Ints
    split: Numbers
    unused: Numbers


class SplitCosts:
    """Gives the parts of one delivery their share of their instances, and keeps count of what does not fit."""

    def __init__(self, instances: Instances, tag_sets: TagSets) -> None:
        self.instances = instances
        self._tag_sets = tag_sets
        self._billed = np.array([portion.billed for portion in instances.portions], np.bool_)
        self._given: Places = np.zeros(len(instances.portions), np.object_)
        self._lines_left = 0
        self._units_left = 0
        self._idle_sets: dict[tuple[str | None, ...], str] = {}

    def shares(self, keys: Sequence[Words], split: Numbers, unused: Numbers) -> list[Share]:
        """The shares of rows whose instance is told by ``keys``, the first portion of every instance first.

        A row whose instance costs nothing in this delivery takes nothing.
        """
        rows = len(split.pico)
        found, place = numbered(keys, rows)
        portions = [self.instances.of(key) for key in found]
        count = np.array([len(numbers) for numbers in portions], np.int64)[place]
        self._leave(count == 0, split, unused)
        shares = []
        for step in range(int(count.max(initial=0))):
            taking = np.flatnonzero(count > step)
            number = np.array([numbers[step] if step < len(numbers) else -1 for numbers in portions], np.int64)
            weights = self._weights(portions, step)
            shares.append(
                Share(
                    taking,
                    number[place][taking],
                    _part(split.where(taking), count[taking], place[taking], weights),
                    _part(unused.where(taking), count[taking], place[taking], weights),
                )
            )
        for share in shares:
            np.add.at(self._given, share.portion, units_of(share.split) + units_of(share.unused))
        return shares

    def _weights(self, portions: Sequence[tuple[int, ...]], step: int) -> tuple[Places, Places, Places]:
        """By instance: the cost of its portions before this one, up to this one, and of all."""
        known = self.instances.portions
        sums = [[known[number].units for number in numbers] for numbers in portions]
        before = [sum(costs[:step]) for costs in sums]
        until = [sum(costs[: step + 1]) for costs in sums]
        total = [sum(costs) or 1 for costs in sums]
        return _objects(before), _objects(until), _objects(total)

    def _leave(self, rows: Mask, split: Numbers, unused: Numbers) -> None:
        if rows.any():
            left = np.flatnonzero(rows)
            self._lines_left += len(left)
            self._units_left += int(sum(units_of(split.where(left)) + units_of(unused.where(left))))

    def words(self, portion: Ints, names: Sequence[str] = DIMENSIONS) -> dict[str, Words]:
        """The dimensions of the portions at these places, one a row."""
        used, codes = np.unique(portion, return_inverse=True)
        rows = [self.instances.portions[number].dimensions for number in used.tolist()]
        return {name: _words([row[DIMENSIONS.index(name)] for row in rows], codes) for name in names}

    def billed(self, portion: Ints) -> Mask:
        """Whether the cost of each portion is billed on its own rows; what a commitment covers is not."""
        return self._billed[portion]

    def idle_tags(self, portion: Words, part: Words, rows: int) -> Words:
        """Tag sets of unused capacity: those of the instance, the cluster that the part names, and the mark."""
        pairs, places = numbered((portion, part), rows)
        return Words([self._idle_set(pair) for pair in pairs], places.astype(np.int32))

    def _idle_set(self, pair: tuple[str | None, ...]) -> str:
        if pair not in self._idle_sets:
            own, part = (json.loads(self._tag_sets.texts[str(known)]) for known in pair)
            cluster = {key: value for key, value in part.items() if _CLUSTER.fullmatch(_plain(key))}
            self._idle_sets[pair] = self._tag_sets.id_of(cluster | own | {SPLIT_TAG: SPLIT_UNUSED})
        return self._idle_sets[pair]

    def findings(self) -> Iterator[str]:
        """What is to be said of the files read so far."""
        if self._lines_left:
            lines, amount = f"{self._lines_left:,}", text_from_units(self._units_left)
            yield _NO_INSTANCE.format(lines=lines, amount=amount)
        over = [
            given - portion.units
            for given, portion in zip(self._given.tolist(), self.instances.portions, strict=True)
            if given - portion.units > portion.units // _TOO_MUCH
        ]
        if over:
            rows, amount = f"{len(over):,}", text_from_units(sum(over))
            yield _ABOVE.format(rows=rows, amount=amount)


_NO_INSTANCE = (
    "lines of split cost whose instance costs nothing here on their day: {lines}, {amount} in all; "
    "they are left at their own cost"
)
_ABOVE = (
    "instances split into more than they cost on a day: {rows}, by {amount} in all, which stands as a negative cost "
    "on the instances"
)


def _words(values: Sequence[str | None], codes: Ints) -> Words:
    """A column of these values at ``codes``, each distinct value once: what is done by value is done once for each."""
    distinct = {value: place for place, value in enumerate(dict.fromkeys(values))}
    places = np.fromiter((distinct[value] for value in values), np.int32, len(values))
    return Words(list(distinct), places[codes])


def units_of(numbers: Numbers) -> Places:
    """Units of 1e-24 as Python integers, one a row; what lies below them left out."""
    units: Places = numbers.pico.astype(np.object_) * PICO_UNITS
    if numbers.whole is not None:
        units = units + numbers.whole.astype(np.object_) * UNITS_PER_ONE
    if numbers.fine is not None:
        units = units + numbers.fine.astype(np.object_)
    return units


def _part(numbers: Numbers, count: Ints, place: Ints, weights: tuple[Places, Places, Places]) -> Numbers:
    """The share of one portion: all where it is the only one, else by cumulative rounding over the portions."""
    if (count == 1).all():
        return numbers
    units = units_of(numbers)
    sign = np.where(units < 0, -1, 1)
    before, until, total = (weight[place] for weight in weights)
    share = sign * ((abs(units) * until) // total - (abs(units) * before) // total)
    return _limbs(share)


def _limbs(units: Places) -> Numbers:
    sign = np.where(units < 0, -1, 1)
    size = abs(units)
    below = size % UNITS_PER_ONE
    return Numbers(
        (sign * (below // PICO_UNITS)).astype(np.int64),
        (sign * (size // UNITS_PER_ONE)).astype(np.int64),
        (sign * (below % PICO_UNITS)).astype(np.int64),
    )


def _objects(values: Sequence[int]) -> Places:
    column = np.empty(len(values), np.object_)
    column[:] = values
    return column


def _plain(key: str) -> str:
    return re.sub(r"[^0-9a-z]", "_", key.removeprefix("resourceTags/").casefold())


def spread(numbers: Numbers, rows: Ints, length: int) -> Numbers:
    """The amounts at ``rows`` of a column of this length, zero elsewhere."""

    def limb(values: Ints) -> Ints:
        column = np.zeros(length, np.int64)
        column[rows] = values
        return column

    return Numbers(
        limb(numbers.pico),
        None if numbers.whole is None else limb(numbers.whole),
        None if numbers.fine is None else limb(numbers.fine),
        {int(rows[at]): text for at, text in numbers.cut.items()},
    )
