"""Distinct keys of a bill as columns, and the look-up table that makes one Python call per distinct value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
Texts = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Subjects:
    """What rules look at, as columns of equal length; None where the bill says nothing.

    ``kind`` is the row's kind (usage, discount, tax, …), ``account`` the SubAccountId, ``tagset_id`` a key of the
    tag sets given to the recogniser.
    """

    kind: Texts
    source: Texts
    provider: Texts
    billing_account: Texts
    account: Texts
    service: Texts
    region: Texts
    resource_id: Texts
    resource_name: Texts
    tagset_id: Texts

    def __len__(self) -> int:
        return len(self.kind)


def looked_up(values: Sequence[Key], table: "Table[Key, Value]") -> list[Value]:
    """The value of each key, in order."""
    return [table[value] for value in values]


class Table(dict[Key, Value]):
    """Values made on first use: a hit is one dict look-up, without a Python call."""

    def __init__(self, make: Callable[[Key], Value]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Key) -> Value:
        value = self[key] = self._make(key)
        return value
