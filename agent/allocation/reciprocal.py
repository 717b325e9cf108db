"""Pools that serve each other, solved exactly: of each span, W = (I - S)^-1 C in integers, no quotient rounded.

A pool's row is one: C is what customers (reserved ones too) use of it, S what other pools use. W is who uses it in the
end. Only the weights of pools in a network are read; a company without one pays nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

import numpy as np
import pyarrow as pa

from agent.allocation import network
from agent.engine import Engine
from agent.errors import InputError

UNITS, TEXT = pa.decimal128(38, 0), pa.string()
BOUND = 10**14
"""What the weights of one split sum to at most, less one (ALLOCATION 9)."""
_SPANS_SHOWN = 5
_ANY = "select Pool from network_pool limit 1"
_SETS = """
select s.SpanId as SpanId, s.Pool as Pool, s.Component as Component, s.ChargeDate as ChargeDate, s.SpanEnd as SpanEnd,
  b.Weight as Blended, case when s.Part = '' then 1 else 0 end as Whole,
  max(case when part.WeightSet is null then 0 else 1 end) as Costs
from pool_span as s
inner join network_pool as n on n.Pool = s.Pool
inner join pool as p on p.Pool = s.Pool
inner join blend_weight as b on b.WeightSet = p.PoolIndex and b.Key = s.Component
left join pool_part as part on part.WeightSet = s.SpanId
group by s.SpanId, s.Pool, s.Part, s.Component, s.ChargeDate, s.SpanEnd, b.Weight
order by s.ChargeDate, s.SpanEnd, s.SpanId
"""
_WEIGHTS = """
select w.WeightSet as WeightSet, w.Weight as Weight,
  case when w.Key = '@fixed-remainder' and p.RemainderIdle then '@idle' else w.Key end as Key
from pool_weight as w
inner join pool_span as s on s.SpanId = w.WeightSet
inner join network_pool as n on n.Pool = s.Pool
inner join pool as p on p.Pool = s.Pool
order by WeightSet, Key
"""
_SPAN = {"ChargeDate": pa.date32(), "SpanEnd": pa.date32()}
_RATIO = {**_SPAN, "Pool": TEXT, "Consumer": TEXT, "Numerator": TEXT, "Denominator": TEXT}
"""Integers of any length, as text; ``Consumer`` is a pool."""
Span = tuple[date, date]
Matrix = list[list[int]]
Rows = Mapping[str, Mapping[str, Fraction]]
"""Pool -> consumer pool -> share."""


@dataclass(frozen=True, slots=True)
class WeightSet:
    """The own weights of one component of a pool, or of a part of it, on one span."""

    number: int
    pool: str
    whole: bool
    """Of the pool as one: what its use by others is passed on by, also where its own money is split by parts first."""
    blended: int
    """The component's weight in the pool's blend."""
    costs: bool
    """Whether money is split by it."""
    customers: np.ndarray
    """Positions of the consumers that are no pools, ascending."""
    weights: np.ndarray
    """Their weights above zero: Python integers of any length."""
    pools: Mapping[str, int]
    """Consumer pool -> weight above zero."""
    total: int
    """The sum of all weights, pools' too."""


@dataclass(frozen=True)
class Network:
    """All pools' sets of one span; pools in bytewise order."""

    span: Span
    sets: Sequence[WeightSet]

    @cached_property
    def wholes(self) -> list[WeightSet]:
        """The sets that make the rows of C and S: one a component of each pool."""
        return [part for part in self.sets if part.whole]

    @cached_property
    def users(self) -> dict[str, set[str]]:
        """Pool -> pools that use it."""
        found: dict[str, set[str]] = {}
        for part in self.wholes:
            found.setdefault(part.pool, set()).update(part.pools)
        return found

    @cached_property
    def active(self) -> list[str]:
        """Pools that money of this span comes through."""
        costing = [part for part in self.sets if part.costs]
        starts = {part.pool for part in costing if part.whole}.union(*(part.pools for part in costing))
        return sorted(network.reachable(self.users, starts), key=str.encode)

    @property
    def circle(self) -> tuple[str, ...] | None:
        """A circle of pools that nobody outside uses, if money would run in it without end."""
        outside = {part.pool for part in self.wholes if len(part.customers)}
        shut = network.enclosed(self.users, outside) & set(self.active)
        return network.cycle(self.users, shut) if shut else None

    @cached_property
    def blends(self) -> dict[str, int]:
        """Pool -> sum of its components' weights."""
        sums: dict[str, int] = {}
        for part in self.wholes:
            sums[part.pool] = sums.get(part.pool, 0) + part.blended
        return sums

    @cached_property
    def shares(self) -> dict[str, dict[str, Fraction]]:
        """S: the share of each pool that goes to each other one; a blend is the weighted mean of its drivers."""
        rows: dict[str, dict[str, Fraction]] = {name: {} for name in self.active}
        for part in self.wholes:
            if part.pool in rows:
                row, whole = rows[part.pool], self.blends[part.pool] * part.total
                for consumer, weight in part.pools.items():
                    row[consumer] = row.get(consumer, Fraction(0)) + Fraction(part.blended * weight, whole)
        return rows

    @cached_property
    def inverse(self) -> tuple[Matrix, int]:
        """(I - S)^-1 over the active pools: integers, and the one denominator of all of them."""
        names, size = self.active, range(len(self.active))
        scales = [lcm(*(share.denominator for share in self.shares[name].values())) for name in names]
        rows: Matrix = []
        for at, (name, scale) in enumerate(zip(names, scales, strict=True)):
            to = self.shares[name]
            left = [int(scale * ((at == j) - to.get(names[j], Fraction(0)))) for j in size]
            rows.append(left + [scale if at == j else 0 for j in size])
        determinant = _eliminate(rows)
        return [row[len(names) :] for row in rows], determinant

    def solved(self, wanted: WeightSet) -> tuple[np.ndarray, np.ndarray]:
        """Consumers (positions, ascending) of one set once no pool is left among them, and their weights.

        The weights are the least integers in proportion to the exact shares; see :func:`bounded` for large ones.
        """
        inverse, determinant = self.inverse
        through = {name: inverse[at] for at, name in enumerate(self.active)}
        passed = [sum(weight * through[name][at] for name, weight in wanted.pools.items())
                  for at in range(len(self.active))]  # fmt: skip
        reach = dict(zip(self.active, passed, strict=True))
        sources = [part for part in self.wholes if reach.get(part.pool)]
        over = [self.blends[part.pool] * part.total for part in sources]
        common = lcm(*over)
        factors = [reach[part.pool] * part.blended * (common // own)
                   for part, own in zip(sources, over, strict=True)]  # fmt: skip
        return _combined([(wanted, determinant * common), *zip(sources, factors, strict=True)])


def _eliminate(rows: Matrix) -> int:
    """Gauss and Jordan without fractions: every division is exact. Leaves the determinant on the diagonal.

    No pivot is zero: rows of I - S from which a way leads outside have positive leading minors.
    """
    before = 1
    for at, pivot in enumerate(rows):
        lead = pivot[at]
        for other, row in enumerate(rows):
            if other != at:
                factor = row[at]
                rows[other] = [(lead * mine - factor * its) // before for mine, its in zip(row, pivot, strict=True)]
        before = lead
    return before


def _combined(terms: Sequence[tuple[WeightSet, int]]) -> tuple[np.ndarray, np.ndarray]:
    """The sum of sets' weights times their factors, without common divisor and within the bound of a split."""
    shared = gcd(*(factor for _, factor in terms))
    taken = np.zeros(1 + max(int(part.customers[-1]) for part, _ in terms if len(part.customers)), dtype=bool)
    for part, _ in terms:
        taken[part.customers] = True
    positions = np.flatnonzero(taken)
    sums = np.zeros(len(positions), dtype=object)
    for part, factor in terms:
        sums[np.searchsorted(positions, part.customers)] += part.weights * (factor // shared)
    return positions, bounded(sums)


def bounded(weights: np.ndarray) -> np.ndarray:
    """Integers divided by their greatest common divisor, then cut by the least power of ten that keeps a split exact.

    What a split does to any weights whose sum reaches 1e14: all are cut by tens until it is below.
    """
    divisor = gcd(*weights.tolist())
    whole = int(weights.sum()) // divisor
    # NOTE: cutting leaves at most one less a consumer, so that one power less may already do
    power = max(whole.bit_length() * 30102 // 100000 - 15, 0)
    cut = weights // (divisor * 10**power)
    while int(cut.sum()) >= BOUND:
        power += 1
        cut = weights // (divisor * 10**power)
    return np.asarray(cut, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class SolveNetworks:
    """The pass that makes ``solved_weight``, and what shows how: ``network_share`` and ``network_factor``.

    ``solved_weight`` holds the weights of every set that money is split by and that names a pool; ``network_share`` is
    S and ``network_factor`` (I - S)^-1, a row each span, pool and consumer pool.
    """

    table: str = field(default="solved_weight", init=False)

    def run(self, engine: Engine) -> None:
        """Loads the three tables, empty without networks; ``InputError`` shows pools that serve only each other."""
        keys, networks = _read(engine) if len(engine.fetch(_ANY)) else ([], [])
        _refuse_circles(networks)
        engine.load("solved_weight", _solved(keys, networks))
        engine.load("network_share", _ratios(_share_rows(networks)))
        engine.load("network_factor", _ratios(_factor_rows(networks)))


def _read(engine: Engine) -> tuple[list[str], list[Network]]:
    """All consumers' keys, and the networks of every span in order of time."""
    rows = engine.fetch(_WEIGHTS)
    coded = rows["Key"].combine_chunks().dictionary_encode()
    keys: list[str] = coded.dictionary.to_pylist()
    sets = rows["WeightSet"].to_numpy()
    weights = _integers(rows["Weight"].combine_chunks())
    # NOTE: positions follow the bytewise order of the keys, so that sorted positions are sorted keys
    order = sorted(range(len(keys)), key=lambda at: keys[at].encode())
    place = np.empty(len(keys), dtype=np.int64)
    place[order] = np.arange(len(keys))
    consumers, keys = place[coded.indices.to_numpy()], [keys[at] for at in order]
    pools = {at: key.removeprefix(network.POOL) for at, key in enumerate(keys) if key.startswith(network.POOL)}
    is_pool = np.isin(consumers, list(pools))
    by_span: dict[Span, list[WeightSet]] = {}
    for row in engine.fetch(_SETS).to_pylist():
        mine = slice(*np.searchsorted(sets, [row["SpanId"], row["SpanId"] + 1]))
        who, much, other = consumers[mine], weights[mine], is_pool[mine]
        used = {pools[at]: weight for at, weight in zip(who[other].tolist(), much[other].tolist(), strict=True)}
        total = int(much.sum())
        found = WeightSet(
            *(row["SpanId"], row["Pool"], bool(row["Whole"]), int(row["Blended"]), bool(row["Costs"])),
            *(who[~other], much[~other], used, total),
        )
        by_span.setdefault((row["ChargeDate"], row["SpanEnd"]), []).append(found)
    return keys, [Network(span, found) for span, found in by_span.items()]


def _integers(column: pa.Decimal128Array) -> np.ndarray:
    """DECIMAL(38,0) as Python integers, by way of machine words where all of them fit."""
    words = np.frombuffer(column.buffers()[1], dtype="<i8")[2 * column.offset : 2 * (column.offset + len(column))]
    low, high = words[0::2], words[1::2]
    if not high.any() and (low >= 0).all():
        return low.astype(object)
    return np.asarray(high.astype(object) * 2**64 + low.view("<u8").astype(object))


def _refuse_circles(networks: Iterable[Network]) -> None:
    """Raises ``InputError`` with the first circle that money would never leave, and every day it is so."""
    shut: dict[tuple[str, ...], list[Span]] = {}
    for found in networks:
        if (circle := found.circle) is not None:
            shut.setdefault(circle, []).append(found.span)
    if not shut:
        return
    circle, spans = next(iter(shut.items()))
    also = f"; {len(shut) - 1} more such circles" if len(shut) > 1 else ""
    raise InputError(
        f"the pools {' -> '.join(circle)} only serve each other: nobody outside this circle uses them{also}",
        where=f"their drivers on {listed(spans)}",
        expected="on every day with cost, a customer (or @opex) at the end of each chain of pools",
        mend="correct the drivers of these days, or declare which pool is closed first: "
        "network: {method: step_down, order: [...]} in allocation.yaml",
    )


def listed(spans: Sequence[Span]) -> str:
    """Days, and spans of several days by their first and last one; the first five of them."""
    one = timedelta(days=1)
    texts = [str(first) if end <= first + one else f"{first} to {end - one}" for first, end in spans]
    more = len(texts) - _SPANS_SHOWN
    return ", ".join(texts[:_SPANS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _solved(keys: Sequence[str], networks: Iterable[Network]) -> pa.Table:
    numbers: list[np.ndarray] = [np.zeros(0, dtype=np.int64)]
    places, weights = list(numbers), list(numbers)
    for found in networks:
        for part in found.sets:
            if part.costs and part.pools:
                where, solved = found.solved(part)
                numbers.append(np.full(len(where), part.number))
                places.append(where)
                weights.append(solved)
    coded = pa.DictionaryArray.from_arrays(pa.array(np.concatenate(places)), pa.array(keys, TEXT))
    whole = pa.array(np.concatenate(weights)).cast(UNITS)
    return pa.table({"WeightSet": np.concatenate(numbers), "Key": coded.cast(TEXT), "Weight": whole})


def _share_rows(networks: Iterable[Network]) -> Iterator[tuple[object, ...]]:
    for found in networks:
        for pool, row in found.shares.items():
            for consumer, share in sorted(row.items(), key=lambda item: item[0].encode()):
                yield (*found.span, pool, consumer, _digits(share.numerator), _digits(share.denominator))


def _factor_rows(networks: Iterable[Network]) -> Iterator[tuple[object, ...]]:
    for found in networks:
        rows, determinant = found.inverse
        for pool, row in zip(found.active, rows, strict=True):
            for consumer, numerator in zip(found.active, row, strict=True):
                if numerator:
                    factor = Fraction(numerator, determinant)
                    yield (*found.span, pool, consumer, _digits(factor.numerator), _digits(factor.denominator))


def _digits(number: int) -> str:
    """All digits, also of numbers too long for ``str``."""
    return str(Decimal(number))


def _ratios(rows: Iterable[tuple[object, ...]]) -> pa.Table:
    found = list(rows)
    return pa.table(
        {name: pa.array([row[at] for row in found], kind) for at, (name, kind) in enumerate(_RATIO.items())}
    )
