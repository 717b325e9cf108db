"""allocation.yaml and policy.yaml, as far as they decide who pays: what is known of them, and what is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from agent.verify.allocation.reading import Tree, given, inner, listed, strange, text, texts, whole

_TOP = ("version", "methodology", "customer", "shared_values", "environment", "customer_nonprod", "pools", "charges",
        "recoverable_tax", "untagged", "idle", "network")  # fmt: skip
_RULE = ("tag", "pattern", "values", "account", "service", "name", "from", "until")
_MATCH = ("service", "provider", "account", "billing_account", "region", "source", "resource", "tags", "kind",
          "from", "until")  # fmt: skip
_POOL = ("name", "match", "method", "driver", "drivers", "fallback", "shares", "remainder", "customers", "consumers",
         "capacity", "by", "sample")  # fmt: skip
_SAMPLE = ("windows", "confidence_pct", "resamples", "live", "drift_points")
_PARTS = ("region", "account", "service", "source")
_METHODS = ("usage", "even", "fixed", "cost", "sampled")
_POPULATION = ("id", "kind", "tier", "plan", "segment", "cohort")
_CHARGES = ("tax", "support", "credit", "refund", "fee")
_FALLBACKS = {"usage": ("period", "even"), "cost": ("even",), "sampled": ("even",)}
"""Which fallbacks a method can use."""


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool. ``unknown`` says what of it is not known here; such a pool's shares are not recomputed."""

    name: str
    match: Tree
    method: str
    components: Sequence["Component"]
    """One for each driver of a blend; one without a driver for the other methods."""
    fallbacks: Sequence[str]
    """Those the method can use, in order."""
    shares: Mapping[str, int]
    """Percentages as whole numbers of one scale, the rest to 100 % as ``@fixed-remainder``."""
    remainder_idle: bool
    population: Mapping[str, Sequence[str]]
    takes_opex: bool
    windows: Sequence["Window"]
    """Of method sampled: the days that were traced."""
    part: str
    """What it is split by first: a column of the bill, or ``tag:`` and a key; empty for nothing."""
    unknown: tuple[str, ...] = ()

    @property
    def drivers(self) -> list[str]:
        """Every driver that it looks at."""
        named = [name for one in self.components for name in (one.driver, one.capacity_driver)]
        return [name for name in dict.fromkeys(named) if name]


@dataclass(frozen=True, slots=True)
class Window:
    """Days on which usage was traced, and the months (YYYY-MM) they stand for; all ends are included."""

    first: date
    last: date
    begin: str
    until: str


@dataclass(frozen=True, slots=True)
class Component:
    """A driver, its weight in the blend, and what it could have delivered a day: a driver's total, or a quantity."""

    driver: str
    weight: int
    capacity_driver: str = ""
    capacity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """How idle or untagged cost is spread."""

    method: str
    base: str
    scope: str
    rate: Decimal
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """All of it. ``unknown`` are parts of the rules themselves: with any, nothing can be recomputed."""

    customer: Sequence[Tree]
    shared_values: Sequence[str]
    environment: Sequence[Tree]
    production: Sequence[str]
    development: Mapping[str, str]
    """Environment value -> function it is booked under."""
    default_side: str
    nonproduction: str
    pools: Sequence[Pool]
    charges: Mapping[str, str]
    """Kind -> follow, corporate or pool:<name>."""
    recoverable: Sequence[Tree]
    order: Sequence[str]
    """Of step-down; empty where pools that serve each other are solved at once."""
    spreads: Mapping[str, Spread]
    spellings: Sequence[Sequence[str]]
    """The keys of policy.yaml, each with its aliases."""
    unknown: tuple[str, ...] = field(default=())


def method(rules: Tree, policy: Tree) -> Method:
    """The method that these two files describe."""
    environment, charges = inner(rules, "environment"), inner(rules, "charges")
    return Method(
        customer=listed(rules, "customer"),
        shared_values=texts(given(rules, "shared_values")),
        environment=listed(environment, "rules"),
        production=texts(given(environment, "cogs")) if "cogs" in environment else ["prod", "production"],
        development=dict(map(_booked, listed(environment, "opex"))),
        default_side=text(environment, "default", "cogs"),
        nonproduction=text(rules, "customer_nonprod", "opex"),
        pools=[_pool(pool) for pool in listed(rules, "pools")],
        charges={kind: text(charges, kind, "follow") for kind in _CHARGES},
        recoverable=listed(rules, "recoverable_tax"),
        order=texts(given(inner(rules, "network"), "order")),
        spreads={stage: _spread(inner(rules, stage), stage) for stage in ("idle", "untagged")},
        spellings=[[text(tag, "key"), *texts(given(tag, "aliases"))] for tag in listed(policy, "tags")],
        unknown=tuple(_strange(rules)),
    )


def _strange(rules: Tree) -> list[str]:
    environment, charges = inner(rules, "environment"), inner(rules, "charges")
    found = strange(rules, _TOP, "")
    for at, rule in enumerate(listed(rules, "customer")):
        found += strange(rule, _RULE, f"customer[{at}].")
    for at, rule in enumerate(listed(environment, "rules")):
        found += strange(rule, _RULE, f"environment.rules[{at}].")
    found += strange(inner(rules, "network"), ("method", "order"), "network.")
    found += strange(environment, ("rules", "cogs", "opex", "default"), "environment.")
    found += strange(charges, (*_CHARGES, "unused_commitment"), "charges.")
    found += [f"charges.unused_commitment: {n}" for n in texts(given(charges, "unused_commitment")) if n != "idle"]
    for at, tax in enumerate(listed(rules, "recoverable_tax")):
        found += strange(tax, ("type", "issuer", "account", "rate"), f"recoverable_tax[{at}].")
    for pool in listed(rules, "pools"):
        found += strange(inner(pool, "match"), _MATCH, f"pool {text(pool, 'name')}: match.")
        found += _strange_part(given(pool, "by"), text(pool, "name"))
    return found


def _strange_part(by: object, pool: str) -> list[str]:
    """What is not known of a pool's ``by``: it says what is split at once, so that nothing is sure without it."""
    if isinstance(by, dict):
        return strange(by, ("tag",), f"pool {pool}: by.")
    return [f"pool {pool}: by {by}"] if by is not None and by not in _PARTS else []


def _booked(value: object) -> tuple[str, str]:
    if isinstance(value, dict):
        return text(value, "value"), text(value, "function", "rnd")
    return str(value), "rnd"


def _pool(pool: Tree) -> Pool:
    name = text(pool, "method")
    chain = texts(given(pool, "fallback")) if "fallback" in pool else ["period", "unallocated"]
    chain = chain[: chain.index("unallocated")] if "unallocated" in chain else chain
    population = inner(pool, "customers")
    unknown = strange(pool, _POOL, "") + strange(population, _POPULATION, "customers.")
    unknown += [f"method {name}"] if name not in _METHODS else []
    unknown += strange(inner(pool, "sample"), _SAMPLE, "sample.")
    for window in listed(inner(pool, "sample"), "windows"):
        unknown += strange(window, ("first", "last", "from", "until"), "sample.windows.")
    unknown += strange(inner(pool, "capacity"), ("driver", "quantity"), "capacity.")
    for blend in listed(pool, "drivers"):
        unknown += strange(blend, ("driver", "weight", "capacity"), "drivers.")
        unknown += strange(inner(blend, "capacity"), ("driver", "quantity"), "drivers.capacity.")
    return Pool(
        name=text(pool, "name"),
        match=inner(pool, "match"),
        method=name,
        components=_components(pool),
        fallbacks=[step for step in chain if step in _FALLBACKS.get(name, ())],
        shares=_percentages(inner(pool, "shares")),
        remainder_idle=text(pool, "remainder") == "idle",
        population={key: texts(value) for key, value in population.items() if given(population, key) is not None},
        takes_opex="@opex" in texts(given(pool, "consumers")),
        windows=[_window(window) for window in listed(inner(pool, "sample"), "windows")],
        part=_part(given(pool, "by")),
        unknown=tuple(unknown),
    )


def _components(pool: Tree) -> list[Component]:
    blended = listed(pool, "drivers")
    if not blended:
        return [_component(pool, 1)]
    weights = whole(Decimal(text(blend, "weight")) for blend in blended)
    return [_component(blend, weight) for blend, weight in zip(blended, weights, strict=True)]


def _component(blend: Tree, weight: int) -> Component:
    capacity = inner(blend, "capacity")
    fixed = text(capacity, "quantity")
    return Component(text(blend, "driver"), weight, text(capacity, "driver"), Decimal(fixed) if fixed else None)


def _window(window: Tree) -> Window:
    first, last = (date.fromisoformat(text(window, name)) for name in ("first", "last"))
    return Window(first, last, text(window, "from"), text(window, "until"))


def _part(by: object) -> str:
    return f"tag:{text(by, 'tag')}" if isinstance(by, dict) else str(by or "")


def _percentages(shares: Tree) -> dict[str, int]:
    if not shares:
        return {}
    percents = [Decimal(str(share)) for share in shares.values()]
    weights = whole([*percents, Decimal(100) - sum(percents, Decimal(0))])
    return dict(zip([*shares, "@fixed-remainder"], weights, strict=True))


def _spread(spread: Tree, stage: str) -> Spread:
    unknown = strange(spread, ("method", "base", "scope", "rate"), f"{stage}.")
    name, base = text(spread, "method", "pro_rata"), text(spread, "base", "attributed")
    scope = text(spread, "scope", "all")
    for known, value in (
        (("pro_rata", "tax", "bucket"), name),
        (("attributed", "direct", "pool"), base),
        (("all", "provider", "account"), scope),
    ):
        unknown += [f"{stage}: {value}"] if value not in known else []
    return Spread(name, base, scope, Decimal(text(spread, "rate", "0")), tuple(unknown))
