"""Committed use: the fees of a day spread over the usage that they covered, exactly.

Google bills a commitment as fees of its own and takes what it covers off other lines, as credits. The export does not
say which fee paid for which line, so both are brought together by what they have in common:

- a *pot* is (billing account, currency, invoice month, model, name); the model is ``spend`` or ``resource``; the name
  is the subscription where fees and credits both state the same one, else the service. A credit of the model ``spend``
  whose service has no fees of its own belongs to those of Compute Engine: flexible commitments cover other services.
  Fees that find no credits at all keep the name of their subscription.
- In a pot, the fees of a day go to the lines covered on that day, at one rate: fees / covered amount, cut to twelve
  decimals. What the rate leaves, and the fees of a day that covered nothing, are unused.

So per pot: EffectiveCost of what was used + of what was not = BilledCost of the fees, to the last digit. The rate is
per day and not per line, so the order of lines and files decides nothing.

Where commitments lower the price itself (Google's newer model), fees carry an offset for what was used. These are a
model of their own, ``priced``, and so is every fee of their subscription: they cover no credits, and what the offset
leaves of them is unused.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from agent.billing.reading.batch import EXACT, PICO, PICO_UNITS, Ints, Numbers, Words, numbered, sum_units
from agent.billing.reading.exact_numbers import exact
from agent.money import UNIT_SCALE

SPEND, RESOURCE, PRICED = "spend", "resource", "priced"
"""Models: commitments to spend and to resources, which give credits; and such as lower prices and offset their fees."""
_MODELS = {
    SPEND: "spend-based commitments",
    RESOURCE: "resource-based commitments",
    PRICED: "commitments by price",
}
FLEXIBLE = "Compute Engine"
"""The service that bills the commitments which cover other services too."""
_MILLION = 10**6
_MOST_WEIGHT, _MOST_RATE = 10**16, 10**14
"""Picos; below these the product of a weight and a rate is made in 64-bit halves."""


class Scope(NamedTuple):
    """Within it, names of pots are chosen."""

    account: str | None
    currency: str | None
    period: str | None
    model: str | None


class Group(NamedTuple):
    """What fees and credits have in common, as delivered."""

    account: str | None
    currency: str | None
    period: str | None
    model: str | None
    service: str | None
    subscription: str | None
    day: str | None

    @property
    def scope(self) -> Scope:
        return Scope(*self[:4])


COLUMNS = ("BillingAccountId", "BillingCurrency", "BillingPeriodStart", "model", "service", "subscription", "day")


class Pot(NamedTuple):
    """Fees and what they cover, of one invoice month."""

    scope: Scope
    name: str


class Day(NamedTuple):
    """One day of one pot."""

    pot: Pot
    day: str | None


class Unused(NamedTuple):
    """What a day left unused of its fees, and the service that bills them."""

    day: Day
    service: str | None
    amount: Decimal


@dataclass(slots=True)
class _Sums:
    fees: Decimal = Decimal(0)
    covered: int = 0
    """Picos (1e-12), each credit cut to them."""
    fee_files: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Commitments:
    """Fees and covered amounts of a whole delivery. Filled by ``add_…``, then :meth:`settle`, then asked."""

    _fees: dict[Group, Decimal] = field(default_factory=dict)
    _covered: dict[Group, int] = field(default_factory=dict)
    _owners: dict[Group, str] = field(default_factory=dict)
    _fee_pots: dict[Group, Pot] = field(default_factory=dict)
    _credit_pots: dict[Group, Pot] = field(default_factory=dict)
    _rates: dict[Day, int] = field(default_factory=dict)
    _unused: dict[str, list[Unused]] = field(default_factory=dict)

    def add_fees(self, words: Mapping[str, Words], amounts: Numbers, shown: str) -> None:
        """Fees, and what is credited on them, of a file."""
        groups, places = _grouped(words, len(amounts.pico))
        for group, part in zip(groups, _parts(amounts, places, len(groups)), strict=True):
            self._fees[group] = EXACT.add(self._fees.get(group, Decimal(0)), part)
            self._owners[group] = min(shown, self._owners.get(group, shown))

    def add_covered(self, words: Mapping[str, Words], amounts: Numbers) -> None:
        """Amounts that credits of commitments take off usage."""
        groups, places = _grouped(words, len(amounts.pico))
        weights = Numbers(amounts.pico, amounts.whole)
        for group, part in zip(groups, _parts(weights, places, len(groups)), strict=True):
            picos = -int(EXACT.scaleb(part, PICO))
            self._covered[group] = self._covered.get(group, 0) + picos

    def settle(self) -> list[str]:
        """Works out rates and what is unused; the answer are sentences about what no fee or no usage was found for."""
        self._assign()
        days: dict[Day, _Sums] = defaultdict(_Sums)
        for group, fees in self._fees.items():
            sums = days[Day(self._fee_pots[group], group.day)]
            sums.fees = EXACT.add(sums.fees, fees)
            sums.fee_files.append(self._owners[group])
            sums.services.append(group.service or "")
        for group, pot in self._credit_pots.items():
            days[Day(pot, group.day)].covered += self._covered[group]
        for day, sums in days.items():
            rate = _rate(sums.fees, sums.covered)
            self._rates[day] = rate
            spread = EXACT.scaleb(Decimal(rate * sums.covered), -UNIT_SCALE)
            rest = EXACT.subtract(sums.fees, spread)
            if rest:
                unused = Unused(day, min(sums.services), rest)
                self._unused.setdefault(min(sums.fee_files), []).append(unused)
        return self._notes(days)

    def fee_names(self, words: Mapping[str, Words], rows: int) -> Words:
        """The name of each fee's pot: its CommitmentDiscountId."""
        return _named(words, rows, self._fee_pots)

    def credit_names(self, words: Mapping[str, Words], rows: int) -> Words:
        """The same of each credit; null for those that find no fee."""
        return _named(words, rows, self._credit_pots)

    def shares(self, words: Mapping[str, Words], amounts: Numbers) -> Numbers:
        """What each of these credits carries of its day's fees."""
        groups, places = _grouped(words, len(amounts.pico))
        return _products(amounts, [self._rate_of(group) for group in groups], places)

    def unused(self, shown: str) -> Sequence[Unused]:
        """What days left unused, of those whose fees this file is the first to have, by path."""
        return sorted(self._unused.get(shown, ()), key=str)

    def _rate_of(self, group: Group) -> int:
        pot = self._credit_pots.get(group)
        return 0 if pot is None else self._rates.get(Day(pot, group.day), 0)

    def _assign(self) -> None:
        """Chooses the pot of every group; a pot is of a whole invoice month, so that its name means one thing."""
        scopes = self._fee_scopes()
        stated = {(scopes[group], group.subscription) for group in self._fees if group.subscription is not None}
        stated &= {(group.scope, group.subscription) for group in self._covered}
        services = {
            (scopes[group], group.service) for group in self._fees if (scopes[group], group.subscription) not in stated
        }
        for group in self._covered:
            name = _credit_name(group, stated, services)
            if name is not None:
                self._credit_pots[group] = Pot(group.scope, name)
        covered = set(self._credit_pots.values())
        for group in self._fees:
            pot = Pot(scopes[group], _by_service(scopes[group], group.service))
            own = (scopes[group], group.subscription) in stated or pot not in covered
            self._fee_pots[group] = Pot(scopes[group], group.subscription) if own and group.subscription else pot

    def _fee_scopes(self) -> dict[Group, Scope]:
        """The scope of every fee; all fees of a subscription that lowers prices are of that model."""
        lowering = {(group[:3], group.subscription) for group in self._fees if group.model == PRICED}
        return {
            group: group.scope._replace(model=PRICED)
            if group.subscription is not None and (group[:3], group.subscription) in lowering
            else group.scope
            for group in self._fees
        }

    def _notes(self, days: Mapping[Day, _Sums]) -> list[str]:
        bare: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        idle: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for group, picos in self._covered.items():
            if not self._rate_of(group):
                key = str(group.period)[:7], str(group.currency)
                bare[key] = EXACT.add(bare[key], EXACT.scaleb(Decimal(picos), -PICO))
        for day, sums in days.items():
            if not self._rates[day]:
                key = str(day.pot.scope.period)[:7], str(day.pot.scope.currency)
                idle[key] = EXACT.add(idle[key], sums.fees)
        notes = [
            f"{period}: credits of committed use of {_plain(amount)} {currency} find no fee on their day; "
            "what they cover has its BilledCost as EffectiveCost"
            for (period, currency), amount in sorted(bare.items())
        ]
        return notes + [
            f"{period}: fees of committed use of {_plain(amount)} {currency}, less their offsets, find no credit on "
            "their day and count as unused"
            for (period, currency), amount in sorted(idle.items())
            if amount
        ]


def numbers_of(amounts: Sequence[Decimal]) -> Numbers:
    """Exact limbs of a few amounts."""
    return exact(pa.array([format(amount, "f") for amount in amounts], pa.string()))


def _credit_name(
    group: Group, stated: AbstractSet[tuple[Scope, str | None]], services: AbstractSet[tuple[Scope, str | None]]
) -> str | None:
    if group.subscription is not None and (group.scope, group.subscription) in stated:
        return group.subscription
    if (group.scope, group.service) in services:
        return _by_service(group.scope, group.service)
    if group.scope.model == SPEND and (group.scope, FLEXIBLE) in services:
        return _by_service(group.scope, FLEXIBLE)
    return None


def _by_service(scope: Scope, service: str | None) -> str:
    return f"{_MODELS[str(scope.model)]}: {service}"


def _named(words: Mapping[str, Words], rows: int, pots: Mapping[Group, Pot]) -> Words:
    groups, places = _grouped(words, rows)
    names = [pots[group].name if group in pots else None for group in groups]
    return Words(names, places.astype(np.int32))


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(EXACT), "f")


def _grouped(words: Mapping[str, Words], rows: int) -> tuple[list[Group], Ints]:
    found, places = numbered([words[name] for name in COLUMNS], rows)
    return [Group(*values) for values in found], places


def _rate(fees: Decimal, covered: int) -> int:
    """Fees per covered amount in 1e-12, cut towards zero; 0 where nothing is covered."""
    if covered <= 0:
        return 0
    return int(Fraction(fees) * PICO_UNITS * PICO_UNITS / covered)


def _parts(numbers: Numbers, places: Ints, count: int) -> list[Decimal]:
    """The exact sum of each group's amounts."""
    order = np.argsort(places, kind="stable")
    ends = np.cumsum(np.bincount(places, minlength=count))
    parts = []
    for rows in np.split(order, ends[:-1]):
        picked = numbers.where(np.sort(rows))
        total = EXACT.scaleb(Decimal(sum_units(picked)), -UNIT_SCALE)
        for text in picked.cut.values():
            total = EXACT.add(total, Decimal(text))
        parts.append(total)
    return parts


def _products(amounts: Numbers, rates: Sequence[int], places: Ints) -> Numbers:
    """Minus each amount, cut to picos, times the rate of its place: exact, since both have twelve decimals."""
    whole = np.zeros_like(amounts.pico) if amounts.whole is None else amounts.whole
    small = (np.abs(whole) < _MOST_WEIGHT // PICO_UNITS) & (np.abs(amounts.pico) < _MOST_WEIGHT)
    small &= np.array([abs(rate) < _MOST_RATE for rate in rates], np.bool_)[places]
    weights = np.where(small, -(whole * PICO_UNITS + amounts.pico), 0)
    rate = np.array([each if abs(each) < _MOST_RATE else 0 for each in rates], np.int64)[places]
    high, low = np.divmod(weights, _MILLION)
    rate_high, rate_low = np.divmod(rate, _MILLION)
    carried, middle = np.divmod(high * rate_low + low * rate_high, _MILLION)
    product = Numbers(high * rate_high + carried, None, middle * _MILLION + low * rate_low)
    if small.all():
        return product
    large = np.zeros(len(places), np.int64), np.zeros(len(places), np.int64), np.zeros(len(places), np.int64)
    for row in np.flatnonzero(~small).tolist():
        units = -(int(whole[row]) * PICO_UNITS + int(amounts.pico[row])) * rates[int(places[row])]
        for limb, value in zip(large, _limbs(units), strict=True):
            limb[row] = value
    return product.plus(Numbers(large[1], large[0], large[2]))


def _limbs(units: int) -> tuple[int, int, int]:
    """Whole, pico and fine part of an amount in units, all of its sign."""
    sign = -1 if units < 0 else 1
    picos, fine = divmod(abs(units), PICO_UNITS)
    whole, pico = divmod(picos, PICO_UNITS)
    return sign * whole, sign * pico, sign * fine
