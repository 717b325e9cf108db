"""What each file of a delivery holds of every account and day, so that a day that two files repeat is found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from agent.billing.intake.line_prints import LinePrints
from agent.billing.intake.prints import CostUnits, Prints, prints_of, strict_prints
from agent.billing.ledger.grouping import Groups
from agent.billing.reading.batch import NULL, Batch, Ints, Mask, numbered

_SCOPE = ("ProviderName", "BillingAccountId", "SubAccountId", "BillingPeriodStart", "ChargePeriodStart")
_TELLING_LINES = 2
_TELLING_DAYS = 3
_TELLING_SUMS = 2
_A_PART = 4


@dataclass(frozen=True, slots=True)
class Repeat:
    """Two files (by number) that hold ``equal`` account-days line by line, of ``shared`` that are in both."""

    first: int
    second: int
    equal: int
    shared: int
    account: str | None
    day: str | None
    """The earliest day that repeats, and its sub account (the billing account where it has none)."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A file (by number) of whose ``lines`` on account-days that other files hold too ``equal`` are in others too."""

    file: int
    other: int
    """The one that most of them are in: ``in_other``."""
    equal: int
    in_other: int
    lines: int
    account: str | None
    day: str | None


@dataclass(frozen=True, slots=True)
class _Tallies:
    """One place per file and account-day: their numbers, usage lines, the lines' print and cost, and whether any costs.

    ``sums`` is one number for both costs, modulo 2**64.
    """

    files: Ints
    scopes: Ints
    lines: Ints
    prints: Prints
    sums: Prints
    costly: Mask

    def where(self, places: Ints | Mask) -> "_Tallies":
        return _Tallies(
            self.files[places],
            self.scopes[places],
            self.lines[places],
            self.prints[places],
            self.sums[places],
            self.costly[places],
        )


class AccountDays:
    """Usage by file and account-day (provider, billing and sub account, billing period, day), of one delivery.

    A tally is the number of lines and the sum, modulo 2**64, of a 64-bit print of each line: its moment, service,
    region, SKU, resource and both costs to the last digit kept. Equal lines in any order, and only they, have equal
    tallies, but for a chance too small to occur; so the exact sums of both costs are equal too.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[str | None, ...], int] = {}
        self._tallies: list[_Tallies] = []
        self._lines = LinePrints()

    def add(self, file: int, batch: Batch, groups: Groups) -> None:
        """Counts in the usage among these rows, and their groups, of the file with this number."""
        usage = groups.words["x_Kind"].mask(lambda kind: kind == "usage", groups.rows)
        if not usage.any():
            return
        found, place_of_group = numbered([groups.words.get(name, NULL) for name in _SCOPE], groups.rows)
        scopes = np.fromiter((self._numbers.setdefault(scope, len(self._numbers)) for scope in found), np.int64)
        costs = CostUnits(batch)
        prints, sums, costly = prints_of(batch, groups, costs), costs.both, costs.costly
        place = place_of_group[groups.of_row]
        of_usage = None if usage.all() else usage[groups.of_row]
        if batch.lines:
            counted = costly if of_usage is None else costly & of_usage
            kept = np.flatnonzero(counted & self._lines.keeps(prints))
            of_kept = scopes[place[kept]]
            self._lines.add(file, of_kept, strict_prints(batch, groups, prints[kept], of_kept, kept))
        if of_usage is not None:
            place, prints, sums, costly = place[of_usage], prints[of_usage], sums[of_usage], costly[of_usage]
        tallies = _tallied(np.full(len(found), file), scopes, place, batch.lines, prints, sums, costly)
        self._tallies.append(tallies.where(tallies.lines > 0))

    def repeat(self) -> Repeat | None:
        """The first two files that hold the same usage, if any.

        Honest parts of a bill share accounts and days, but no account-day line by line, unless by chance: a few
        lines without a resource, of equal price and hour, on either side of a cut. So two files are copies only if

        - one account-day with a cost and at least two lines is equal in both, or at least three of a single line; and
        - those are at least half of the account-days with a cost that both files hold. Not all: the last day of a
          bill so far has grown in the next download, and the second of two days is half of them.

        Not found: a copy that was cut into files elsewhere, within every account-day (:meth:`copied` does); a single
        day of a single line.
        """
        if not self._tallies:
            return None
        tallies = self._by_file_and_scope()
        return next(filter(None, (self._judged(tallies, *pair) for pair in _equal(tallies))), None)

    def copied(self) -> Copied | None:
        """The first file most of whose lines other files hold too, if any: a download of before they were made.

        Lines count that cost something, are alone in their file, and lie on account-days that other files hold too. A
        file is a copy if at least two and at least half of them are elsewhere, equal in moment, service, region, SKU,
        resource, tags, quantity and costs. Honest parts have few such lines, or none.
        """
        if not self._tallies:
            return None
        tallies = self._by_file_and_scope()
        shared = np.bincount(tallies.scopes, minlength=len(self._numbers)) > 1
        found = self._lines.found_elsewhere(shared)
        if found is None:
            return None
        known = list(self._numbers)
        scopes = [known[scope] for scope in found.scopes]
        _, billing, account, _, day = min(scopes, key=lambda scope: (scope[-1] or "", scope[2] or ""))
        return Copied(found.file, found.other, found.equal, found.in_other, found.lines, account or billing, day)

    def same_cost(self, groups: Sequence[int]) -> Repeat | None:
        """The first two groups of files that bill the same cost by another number of lines, if any.

        ``groups``: the number of each file's group. Two groups are exports of one bill, of which one is finer, if the
        exact sums of at least two account-days, and of a quarter of those that both hold, are equal though the number
        of lines is not. Parts of one bill come to equal sums by lines of equal cost, but then by as many lines.
        """
        if not self._tallies:
            return None
        tallies = self._by_file_and_scope(np.array(groups, np.int64))
        order = np.lexsort((tallies.files, tallies.sums, tallies.scopes))
        left, right = tallies.where(order[:-1]), tallies.where(order[1:])
        same = (left.scopes == right.scopes) & (left.sums == right.sums) & (left.lines != right.lines)
        pairs, place = np.unique(np.column_stack([left.files[same], right.files[same]]), axis=0, return_inverse=True)
        for number, (first, second) in enumerate(pairs.tolist()):
            equal = order[1:][same][place.ravel() == number]
            shared = self._shared(tallies, first, second)
            if len(equal) >= _TELLING_SUMS and _A_PART * len(equal) >= shared:
                return self._repeat(tallies, first, second, equal, shared)
        return None

    @staticmethod
    def _shared(tallies: _Tallies, first: int, second: int) -> int:
        mine, theirs = tallies.scopes[tallies.files == first], tallies.scopes[tallies.files == second]
        return len(np.intersect1d(mine, theirs, assume_unique=True))

    def _judged(self, tallies: _Tallies, first: int, second: int, equal: Ints) -> Repeat | None:
        shared = self._shared(tallies, first, second)
        telling = len(equal) >= _TELLING_DAYS or bool((tallies.lines[equal] >= _TELLING_LINES).any())
        return self._repeat(tallies, first, second, equal, shared) if telling and 2 * len(equal) >= shared else None

    def _repeat(self, tallies: _Tallies, first: int, second: int, equal: Ints, shared: int) -> Repeat:
        known = list(self._numbers)
        scopes = [known[scope] for scope in tallies.scopes[equal].tolist()]
        _, billing, account, _, day = min(scopes, key=lambda scope: (scope[-1] or "", scope[2] or ""))
        return Repeat(first, second, len(equal), shared, account or billing, day)

    def _by_file_and_scope(self, groups: Ints | None = None) -> _Tallies:
        """Tallies with a cost, of all batches, one place per file (or group of files) and account-day."""
        keys = [
            (piece.files if groups is None else groups[piece.files]) * len(self._numbers) + piece.scopes
            for piece in self._tallies
        ]
        distinct, place = np.unique(np.concatenate(keys), return_inverse=True)
        files, scopes = np.divmod(distinct, len(self._numbers))
        lines = np.concatenate([piece.lines for piece in self._tallies])
        prints = np.concatenate([piece.prints for piece in self._tallies])
        sums = np.concatenate([piece.sums for piece in self._tallies])
        costly = np.concatenate([piece.costly for piece in self._tallies])
        tallies = _tallied(files, scopes, place, lines, prints, sums, costly)
        return tallies.where(tallies.costly)


def _tallied(
    files: Ints, scopes: Ints, place: Ints, lines: Ints | int, prints: Prints, sums: Prints, costly: Mask
) -> _Tallies:
    """The tallies of these files and scopes; row ``i`` belongs to the one at ``place[i]``."""
    count = len(scopes)
    all_prints, all_sums = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    np.add.at(all_prints, place, prints)
    np.add.at(all_sums, place, sums)
    # NOTE: rows without and with a cost, side by side
    rows = np.bincount(2 * place + costly, minlength=2 * count).reshape(count, 2)
    if isinstance(lines, int):
        all_lines = rows.sum(axis=1) * lines
    else:
        all_lines = np.zeros(count, np.int64)
        np.add.at(all_lines, place, lines)
    return _Tallies(files, scopes, all_lines, all_prints, all_sums, rows[:, 1] > 0)


def _equal(tallies: _Tallies) -> Iterator[tuple[int, int, Ints]]:
    """Pairs of files with equal account-days, and the places of these in the second; of copies, each to the next."""
    order = np.lexsort((tallies.files, tallies.prints, tallies.lines, tallies.scopes))
    left, right = tallies.where(order[:-1]), tallies.where(order[1:])
    same = (left.scopes == right.scopes) & (left.lines == right.lines) & (left.prints == right.prints)
    pairs, place = np.unique(np.column_stack([left.files[same], right.files[same]]), axis=0, return_inverse=True)
    for number, (first, second) in enumerate(pairs.tolist()):
        yield first, second, order[1:][same][place == number]
