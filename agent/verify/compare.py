"""Comparisons that become checks: texts, sums by currency, and cells in full."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from agent.verify.exact import ZERO, Costs, plain
from agent.verify.records import Check

METRICS = ("BilledCost", "EffectiveCost")
NAMED = 3
"""How many differing cells a detail names."""


def equal(name: str, left: str, right: str) -> Check:
    """Two texts that must be the same."""
    return Check(name, left, right, "", left == right)


def entries(name: str, left: Mapping[str, str], right: Mapping[str, str]) -> Check:
    """Two listings that must say the same of the same names."""
    differ = sorted(key for key in {**left, **right} if left.get(key) != right.get(key))
    shown = [f"{key}: {left.get(key, 'not listed')} against {right.get(key, 'not listed')}" for key in differ[:NAMED]]
    return Check(name, str(len(left)), str(len(right)), str(len(differ)), not differ, "; ".join(shown))


def amount(name: str, left: Decimal, right: Decimal, below: Decimal = ZERO) -> Check:
    """Two amounts whose difference must be zero, or smaller than ``below``."""
    difference = left - right
    ok = not difference or abs(difference) < below
    return Check(name, plain(left), plain(right), plain(difference), ok)


def costs(name: str, left: Costs, right: Costs, below: Decimal = ZERO) -> Iterator[Check]:
    """Two sums of both metrics; a currency that one side lacks is zero there."""
    for currency in sorted({*left, *right}):
        sides = zip(METRICS, left.get(currency, (ZERO, ZERO)), right.get(currency, (ZERO, ZERO)), strict=True)
        for metric, one, other in sides:
            yield amount(f"{name}, {currency} {metric}", one, other, below)


def cells(name: str, left: Mapping[Any, Any], right: Mapping[Any, Any]) -> Check:
    """Two tables in full; a null equals a null, and a cell that one side lacks is zero there."""
    nothing = (ZERO, ZERO)
    differ = [key for key in {**left, **right} if left.get(key, nothing) != right.get(key, nothing)]
    differ.sort(key=_order)
    shown = [_named(key, left.get(key, nothing), right.get(key, nothing)) for key in differ[:NAMED]]
    return Check(name, str(len(left)), str(len(right)), str(len(differ)), not differ, "; ".join(shown))


def _order(key: object) -> tuple[str, ...]:
    return tuple("" if part is None else str(part) for part in (key if isinstance(key, tuple) else (key,)))


def _named(key: object, left: tuple[Decimal, ...], right: tuple[Decimal, ...]) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    where = ", ".join("null" if part is None else str(part) for part in parts)
    return f"({where}): {' / '.join(map(plain, left))} against {' / '.join(map(plain, right))}"
