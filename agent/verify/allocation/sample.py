"""Which days are recomputed: all of a small month, else some that nobody can foresee and the telling ones."""

import hashlib
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from agent.verify.allocation.splitting import Money

DAYS = 50
"""How many are drawn."""
SMALL_LEDGER, SMALL_SHARES = 20_000, 200_000
"""Rows of ledger and allocation up to which a month is recomputed whole."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Asked:
    """How much is recomputed: ``days`` drawn of each kind, or all of them.

    A month is whole up to ``small_ledger`` rows of ledger and ``small_shares`` rows of allocation.
    """

    days: int = DAYS
    everything: bool = False
    small_ledger: int = SMALL_LEDGER
    small_shares: int = SMALL_SHARES


@dataclass(frozen=True, slots=True)
class Sample:
    """``seed`` is the hash of the proof: who makes it can not choose the days."""

    seed: str
    days: int
    everything: bool

    def of(self, money: Mapping[Key, Money], telling: Collection[Key] = ()) -> list[Key]:
        """The days drawn, and besides them the largest, and of the negative and telling ones as many; in order."""
        if self.everything:
            return sorted(money, key=str)
        drawn = sorted(money, key=self._draw)
        found = set(drawn[: self.days])
        found |= set(sorted(money, key=lambda key: (-abs(money[key].effective), str(key)))[:1])
        found |= set([key for key in drawn if money[key].effective < 0 or money[key].billed < 0][: self.days])
        found |= set([key for key in drawn if key in telling][: self.days])
        return sorted(found, key=str)

    def _draw(self, key: Hashable) -> str:
        return hashlib.sha256(f"{self.seed}\n{key}".encode()).hexdigest()
