"""The facts of an allocation as small tables that the SQL bodies read by fixed names."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Context, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from agent.allocation import network, sampling
from agent.allocation.facts import Facts
from agent.allocation.quantities import Scales, scales
from agent.config.allocation import Pool, Spread
from agent.usage.interface import Driver
from policies.registry import Customer, Registry
from policies.rules import Population
from policies.tags import fold_value

UNITS = pa.decimal128(38, 0)
TEXT = pa.string()
FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 30)
"""Open ends of a customer's dates."""
_EXACT = Context(prec=400)
_RANGE = {"Customer": TEXT, "FirstDay": pa.date32(), "LastDay": pa.date32()}
_CLOSING_REASON = {"even": "@no-active-customer"}
"""What a pool falls on when nothing else is left, by method; ``@no-driver`` for the others."""


def table(columns: Mapping[str, pa.DataType], rows: Iterable[Sequence[object]]) -> pa.Table:
    """Rows as an Arrow table of exactly these types."""
    listed = list(rows)
    arrays = [pa.array([row[at] for row in listed], kind) for at, kind in enumerate(columns.values())]
    return pa.Table.from_arrays(arrays, names=list(columns))


def fixed_tables(facts: Facts, *, needs_resource: bool, needs_region: bool) -> dict[str, pa.Table]:
    """Tables that do not depend on the ledger's rows."""
    return {
        "setting": _setting(facts, needs_resource=needs_resource, needs_region=needs_region),
        "source": table(
            {"Source": TEXT, "CostGroup": TEXT},
            [(v.source, facts.cost_groups.get(v.source, "infrastructure")) for v in facts.versions],
        ),
        "power": table({"Divisor": UNITS}, [(Decimal(10**digits),) for digits in range(25)]),
        "spread": _spread(facts),
        "charge_setting": _charge_setting(facts),
        **_pools(facts.rules.pools),
        **_drivers(facts),
        **_network(facts),
        "sampled_weight": sampling.table(samples(facts)),
    }


def _setting(facts: Facts, *, needs_resource: bool, needs_region: bool) -> pa.Table:
    columns = {
        "FirstDay": pa.date32(),
        "LastDay": pa.date32(),
        "AsOf": pa.date32(),
        "CompanyCurrency": TEXT,
        "NeedsResource": pa.bool_(),
        "NeedsRegion": pa.bool_(),
        "DefaultSide": TEXT,
        "CustomerNonprod": TEXT,
    }
    row = (
        facts.period.first_day,
        facts.day,
        facts.as_of.through,
        facts.app.currency,
        needs_resource,
        needs_region,
        facts.rules.environment.default,
        facts.rules.customer_nonprod,
    )
    return table(columns, [row])


def _spread(facts: Facts) -> pa.Table:
    columns = {"Stage": TEXT, "Method": TEXT, "Base": TEXT, "Scope": TEXT, "RateNumerator": UNITS}
    columns["RateDenominator"] = UNITS

    def row(stage: str, spread: Spread) -> tuple[object, ...]:
        numerator, denominator = (spread.rate or Decimal(0)).as_integer_ratio()
        return stage, spread.method, spread.base, spread.scope, Decimal(numerator), Decimal(denominator)

    return table(columns, [row("idle", facts.rules.idle), row("untagged", facts.rules.untagged)])


def _charge_setting(facts: Facts) -> pa.Table:
    charges = facts.rules.charges
    settings = {kind: getattr(charges, kind) for kind in ("tax", "support", "credit", "refund", "fee")}
    settings["correction"] = charges.refund
    rows = [
        (kind, "pool" if setting.startswith("pool:") else setting, setting.partition(":")[2] or None)
        for kind, setting in settings.items()
    ]
    rows += [("commitment_purchase", "commitment", None), ("commitment_unused", charges.unused_commitment, None)]
    return table({"Kind": TEXT, "Setting": TEXT, "Pool": TEXT}, rows)


def scaled(values: Sequence[Decimal]) -> list[Decimal]:
    """Decimals times the least power of ten that makes all of them whole."""
    digits = max((-int(_EXACT.normalize(value).as_tuple().exponent) for value in values), default=0)
    return [_EXACT.to_integral_exact(_EXACT.scaleb(value, max(digits, 0))) for value in values]


def _pools(pools: Sequence[Pool]) -> dict[str, pa.Table]:
    numbered = list(enumerate(pools))
    columns = {"Pool": TEXT, "PoolIndex": pa.int64(), "Method": TEXT}
    columns |= {"Narrowed": pa.bool_(), "TakesOpex": pa.bool_(), "RemainderIdle": pa.bool_()}
    component_rows, blend_rows = [], []
    for index, pool in numbered:
        for key, driver, weight in _components(pool):
            component_rows.append((pool.name, key, driver))
            blend_rows.append((index, key, weight))
    return {
        "pool": table(
            columns,
            [
                (p.name, i, p.method, p.customers is not None, bool(p.consumers), p.remainder == "idle")
                for i, p in numbered
            ],
        ),
        "pool_component": table({"Pool": TEXT, "Component": TEXT, "Driver": TEXT}, component_rows),
        "blend_weight": table({"WeightSet": pa.int64(), "Key": TEXT, "Weight": UNITS}, blend_rows),
        "pool_fallback": table(
            {"Pool": TEXT, "Step": pa.int64(), "Fallback": TEXT},
            [(p.name, step, name) for _, p in numbered for step, name in enumerate(_fallbacks(p))],
        ),
    }


def _components(pool: Pool) -> list[tuple[str, str | None, Decimal]]:
    """(key in listed order, driver, weight): one for a plain pool, one for each driver of a blend."""
    if not pool.drivers:
        return [("0000", pool.driver, Decimal(1))]
    weights = scaled([blend.weight for blend in pool.drivers])
    return [
        (f"{at:04d}", blend.driver, weight)
        for at, (blend, weight) in enumerate(zip(pool.drivers, weights, strict=True))
    ]


def _fallbacks(pool: Pool) -> list[str]:
    """The fallbacks a pool's method can use, in order; the last always has a weight."""
    usable = {"usage": ("period", "even"), "cost": ("even",), "sampled": ("even",)}.get(pool.method, ())
    chain = [name for name in pool.fallback if name in usable]
    if "unallocated" in pool.fallback:
        chain = [name for name in pool.fallback[: pool.fallback.index("unallocated")] if name in usable]
    return [*chain, _CLOSING_REASON.get(pool.method, "@no-driver")]


def _drivers(facts: Facts) -> dict[str, pa.Table]:
    columns = {"Driver": TEXT, "Day": pa.date32(), "Hour": pa.int8(), "Customer": TEXT, "Part": TEXT, "Quantity": UNITS}
    empty = table(columns, [])
    scale = scales(facts.drivers, facts.rules.pools)
    parted = {name for pool in facts.rules.pools if pool.by is not None for name in pool.drivers_used}
    # NOTE: a driver that is late is left out of day D only; the days it did deliver split the cost of those days
    who = consumer(facts)
    rows = [_usage_rows(driver, who, scale, facts.registry) for driver in facts.drivers.values()]
    return {
        "driver": table(
            {"Driver": TEXT, "Interval": TEXT, "Parted": pa.bool_()},
            [(d.name, d.interval, d.name in parted) for d in facts.drivers.values()],
        ),
        "driver_coverage": table(
            {"Driver": TEXT, "Day": pa.date32(), "Seen": pa.int64(), "Expected": pa.int64()},
            [(d.name, day, *covered) for d in facts.drivers.values() for day, covered in d.coverage.items()],
        ),
        "usage_row": pa.concat_tables([empty, *rows]),
        "pool_capacity": _capacities(facts, scale),
    }


def _network(facts: Facts) -> dict[str, pa.Table]:
    """Which pools are solved together, and whose use of which pool counts for nothing."""
    used = network.uses(facts.rules, facts.drivers)
    groups = network.networks(facts.rules, used)
    removed = network.left_out(facts.rules, used)
    return {
        "network_pool": table(
            {"Network": pa.int64(), "Pool": TEXT}, [(at, name) for at, names in enumerate(groups) for name in names]
        ),
        "network_left_out": table(
            {"Pool": TEXT, "Consumer": TEXT}, [(pool, network.POOL + other) for pool, other in removed]
        ),
    }


def _capacities(facts: Facts, scale: Scales) -> pa.Table:
    """What each component of a pool could have delivered a day: another driver's total, or a quantity."""
    columns = {"Pool": TEXT, "Component": TEXT, "Driver": TEXT, "CapacityDriver": TEXT, "Quantity": UNITS}
    rows = []
    for pool in facts.rules.pools:
        known = dict(enumerate([pool.capacity] if not pool.drivers else [blend.capacity for blend in pool.drivers]))
        for at, (key, driver, _) in enumerate(_components(pool)):
            capacity = known[at]
            if capacity is not None and driver is not None:
                fixed = None if capacity.quantity is None else scale.fixed(facts.drivers[driver], capacity.quantity)
                rows.append((pool.name, key, driver, capacity.driver, fixed))
    return table(columns, rows)


def samples(facts: Facts) -> list[sampling.Sampled]:
    """The ratios of every pool of method ``sampled`` in the period."""
    pools = [pool for pool in facts.rules.pools if pool.method == "sampled"]
    used = {name for pool in pools for name in pool.drivers_used}
    delivered = {raw for name in used for raw in pc.unique(facts.drivers[name].rows["customer"]).to_pylist()}
    who = consumer(facts)
    consumers = {raw: who(raw) for raw in delivered}
    return [sampling.sampled(pool, facts.period, facts.drivers, facts.registry, consumers) for pool in pools]


def consumer(facts: Facts) -> Callable[[str], str]:
    """Who a driver's customer is: a registry id, ``@pool/<name as listed>``, ``@opex``, or ``@unknown``.

    What is unknown is kept, never renormalised away.
    """
    named = network.named_pool(pool.name for pool in facts.rules.pools)
    registry = facts.registry

    def resolve(raw: str) -> str:
        if (pool := named(raw)) is not None:
            return network.POOL + pool
        return registry.fold(raw) or ("@opex" if raw.strip().casefold() == "@opex" else "@unknown")

    return resolve


def _usage_rows(driver: Driver, meaning: Callable[[str], str], scale: Scales, registry: Registry) -> pa.Table:
    rows = driver.rows
    customers = _each(rows["customer"], meaning)
    for old, ended, heir in registry.mergers:
        later = pc.and_(pc.equal(customers, old), pc.greater(rows["date"].combine_chunks(), ended))
        customers = pc.if_else(later, heir, customers)
    return pa.table(
        {
            "Driver": pa.array([driver.name] * len(rows), TEXT),
            "Day": rows["date"],
            "Hour": rows["hour"],
            "Customer": customers,
            "Part": _each(rows["key"], fold_value),
            "Quantity": scale.rows(driver),
        }
    )


def _each(texts: pa.ChunkedArray, meaning: Callable[[str], str]) -> pa.Array:
    """The meaning of each text, asked once a distinct text; '' for null."""
    coded = pc.dictionary_encode(texts.combine_chunks())
    meant = pa.array([meaning(text) for text in coded.dictionary.to_pylist()], TEXT)
    return pc.fill_null(meant.take(coded.indices), "")


def dated_tables(facts: Facts, first: date, last: date) -> dict[str, pa.Table]:
    """Tables about who is registered when, for charge dates from ``first`` to ``last``."""
    registry = facts.registry
    leaves = set(registry.ids) - {row.parent for row in registry.customers if row.parent}
    dated = [(row.id, row.start or FIRST_DAY, row.end or LAST_DAY) for row in registry.customers]
    external = [
        (row.id, row.start or FIRST_DAY, row.end or LAST_DAY)
        for row in registry.customers
        if row.kind != "internal" and row.id in leaves
    ]
    internal = _spans(registry, first, last, lambda row: row.kind == "internal")
    population = [
        (pool.name, *span)
        for pool in facts.rules.pools
        if pool.customers is not None
        for span in _spans(registry, first, last, _member(pool.customers))
    ]
    fixed = [(pool.name, *share) for pool in facts.rules.pools if pool.shares for share in _fixed(pool, registry)]
    return {
        "registered": table(_RANGE, dated),
        "active": table(_RANGE, external),
        "internal": table(_RANGE, internal),
        "population": table({"Pool": TEXT, **_RANGE}, population),
        "pool_fixed": table({"Pool": TEXT, "Customer": TEXT, "Weight": UNITS}, fixed),
    }


def _fixed(pool: Pool, registry: Registry) -> list[tuple[str, Decimal]]:
    """(customer, weight) of a fixed pool, with what is left to 100 % as ``@fixed-remainder``."""
    names = [registry.fold(raw) or raw for raw in pool.shares]
    rest = Decimal(100) - sum(pool.shares.values())
    weights = scaled([*pool.shares.values(), rest])
    return [(name, weight) for name, weight in zip([*names, "@fixed-remainder"], weights, strict=True) if weight]


def _member(population: Population) -> Callable[[Customer], bool]:
    wanted = {
        key: {value.casefold() for value in ([given] if isinstance(given, str) else given)}
        for key, given in population.model_dump(exclude_none=True).items()
    }
    return lambda row: all(getattr(row, key).casefold() in values for key, values in wanted.items())


def _spans(
    registry: Registry, first: date, last: date, holds: Callable[[Customer], bool]
) -> list[tuple[str, date, date]]:
    """(id, first day, last day) of the days whose valid row passes ``holds``; open where an id has one row."""
    spans: list[tuple[str, date, date]] = []
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for known in registry.ids:
        rows = registry.rows(known)
        if all(map(holds, rows)):
            spans.append((known, FIRST_DAY, LAST_DAY))
        elif any(map(holds, rows)):
            spans += [(known, day, day) for day in days if holds(registry.valid_on(known, day))]
    return spans
