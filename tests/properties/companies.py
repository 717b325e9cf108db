"""Random small companies: credits, negative pools, zero costs, spans, tags in every spelling, drivers with gaps.

A company comes of a seed, not of Hypothesis' own choices: those favour equal values, and equal values split evenly.
Hypothesis picks the seed and how many rows the bill has, so that a failure shrinks to few rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

from agent.config.allocation import AllocationFile
from policies.registry import Customer
from tests.reference.building import OCTOBER, POLICY, customer, day
from tests.reference.records import Company, Driver, Row

IDS = ("acme", "a-b", "a", "dé", "x/y")
KINDS = (*["usage"] * 14, "discount", "discount", "marketplace", "tax", "tax", "support", "credit", "refund", "fee",
         "correction", "commitment_purchase", "commitment_unused", "rounding")  # fmt: skip
SOURCES = {"aws": "infrastructure", "gcp": "infrastructure", "openai": "third_party", "care": "support"}
TENANTS = ("acme", " ACME", "a-b", "A-B", "a", "a", "DÉ", "dé", "x/y", "X/Y", "nobody", "shared", "")
KEYS = ((), (), ("tenant",), ("tenant",), (" Tenant",), ("user:customer",), ("user_tenantid",), ("tenant", " Tenant"))
ENVIRONMENTS = (None, None, None, "prod", "prod", "Dev", "marketing", "unheard-of")
DAYS = (1, 2, 3, 30, 31)
SERVED = ("@pool/db", "@Pool/ NET", "@pool/rest", "@pool/care ", "@pool/none")
"""Pools as customers of drivers; there need not be such a pool."""
FALLBACKS = (["period", "unallocated"], ["even"], ["unallocated", "even"], ["period", "even", "unallocated"])
POPULATIONS = (None, None, None, {"tier": "Gold"}, {"kind": ["paying", "internal"], "id": ["acme", "a", "a-b"]})
SHARES = ({"acme": "33.3", "a": "20"}, {"a-b": "100"}, {"acme": "12.5", "x/y": "0", "dé": "40", "@opex": "7"})
PARTS = (" R1", "prod", "DB", "dev", "aws", "lab", "@unknown")
"""Keys of drivers: regions, accounts, services, sources and environments, in other spellings than the bill's."""
CAPACITIES_OF_PARTS: tuple[dict[str, str] | None, ...] = (None, {"driver": "all"}, {"driver": "all"}, {"driver": "m"})
CAPACITIES = (*CAPACITIES_OF_PARTS, {"quantity": "60.25"}, {"quantity": "1000000"})
WINDOWS = (
    [{"first": "2026-10-01", "last": "2026-10-03", "from": "2026-10", "until": "2026-12"}],
    [
        {"first": "2026-10-01", "last": "2026-10-01", "from": "2026-10", "until": "2026-10"},
        {"first": "2026-10-02", "last": "2026-10-31", "from": "2026-07", "until": "2026-12"},
        {"first": "2026-10-01", "last": "2026-10-31", "from": "2026-11", "until": "2026-12"},
    ],
    [{"first": "2026-09-01", "last": "2026-09-02", "from": "2026-10", "until": "2026-12"}],
)
"""Of methods ``sampled``: days of October that stand for it, and others that do not, or of which nothing is known."""
MATCHES: dict[str, dict[str, Any]] = {
    "db": {"service": "DB"},
    "net": {"service": ["gate*", "none"], "account": "prod"},
    "rest": {"source": "aws", "region": "r1", "tags": {"namespace": "kube-*"}},
    "care": {"kind": ["support", "usage"], "billing_account": "second"},
}
RULES: tuple[dict[str, Any], ...] = (
    {"account": {"acme-only": "acme"}},
    {"service": {"logs": "a-b"}},
    {"name": "acme$"},
    {"tag": "namespace", "pattern": "^tenant-(?P<customer>.+)$"},
)


ENVIRONMENT_RULES: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"tag": "env"}],
    [{"account": {"lab": "dev"}}, {"tag": "ENV"}],
)


@st.composite
def companies(draw: st.DrawFn) -> Company:
    """A month of a company of up to 40 bill rows."""
    seed, rows = draw(st.integers(0, 10**9)), draw(st.integers(1, 40))
    return random_company(seed, rows)


def random_company(seed: int, rows: int) -> Company:
    """The company of a seed; its n-th row is the same whatever the number of rows."""
    chance = Random(seed)
    return Company(
        period=OCTOBER,
        as_of=day(chance.choice((2, 30, 31, 31, 31))),
        customers=_merged(
            seed, [row for known in chance.sample(IDS, chance.randint(2, 5)) for row in _dated(chance, known)]
        ),
        drivers={"n": _driver(chance), "m": _driver(chance), "all": _capacity_driver(chance)},
        allocation=_allocation(chance),
        policy=POLICY,
        rows=[_row(Random(seed * 100 + number)) for number in range(rows)],
    )


def redelivered(company: Company, seed: int) -> list[Row]:
    """The bill of the same month, delivered again: lines dearer, tagged anew, both, gone, twice, invoiced, new."""
    chance = Random(seed)
    rows: list[Row] = []
    for row in company.rows:
        dearer = replace(row, billed=row.billed + _amount(chance), effective=row.effective + _amount(chance))
        retagged = replace(row, tags=_tags(chance))
        moved = chance.choice(
            ([replace(dearer, tags=retagged.tags)], [dearer, retagged], [replace(row, invoice="i-2")])
        )
        rows += chance.choice(([row], [row], [row], [dearer], [retagged], [retagged], [row, retagged], [], moved))
    rows += [_row(Random(seed * 1000 + number)) for number in range(chance.choice((0, 0, 1, 4)))]
    return rows


def _merged(seed: int, customers: list[Customer]) -> list[Customer]:
    """Now and then one that has ended merges into one that is there on the day after."""
    chance = Random(seed + 1)
    last = {row.id: row for row in customers}
    for row in chance.sample(sorted(last.values(), key=lambda row: row.id), len(last)):
        heirs = [
            other.id
            for other in customers
            if row.end and other.id != row.id and other.covers(row.end + timedelta(days=1))
        ]
        if heirs and chance.random() < 0.4:
            return [replace(each, successor=heirs[0]) if each is row else each for each in customers]
    return customers


def _dated(chance: Random, known: str) -> list[Customer]:
    kinds = ("paying", "paying", "free", "trial", "internal")
    first = customer(known, chance.choice(kinds), tier=chance.choice(("gold", "basic")))
    start, end = chance.choice((None, None, *DAYS)), chance.choice((None, None, *DAYS))
    if start is None or end is None or start <= end:
        first = replace(first, start=start and day(start), end=end and day(end))
    if first.end is None or chance.random() < 0.5:
        return [replace(first, parent="acme") if chance.random() < 0.1 and known != "acme" else first]
    later = replace(first, start=first.end + timedelta(days=1), end=None, kind=chance.choice(kinds), tier="gold")
    return [first, later]


def _amount(chance: Random) -> int:
    kinds = (
        lambda: chance.randint(1, 10**5) * 10**22,
        lambda: chance.randint(1, 10**5) * 10**22,
        lambda: chance.randint(1, 10**29),
        lambda: chance.randint(-(10**26), 10**26),
        lambda: chance.randint(-9, 9),
    )
    return chance.choice(kinds)()


def _row(chance: Random) -> Row:
    source = chance.choice((*["aws"] * 6, *SOURCES))
    start, billed = chance.choice(DAYS), _amount(chance)
    return Row(
        source=source,
        group=SOURCES[source],
        kind=chance.choice(KINDS),
        start=date(2026, 9, 30) if chance.random() < 0.05 else day(start),
        end=day(start) + timedelta(days=chance.choice((1, 1, 1, 2, 31))),
        currency="USD",
        billed=billed,
        effective=chance.choice((billed, _amount(chance))),
        provider=chance.choice(("AWS", "AWS", "Other", None)),
        billing=chance.choice(("payer", "payer", "payer", "second")),
        sub=chance.choice((*["prod"] * 5, "lab", "acme-only", None)),
        service=chance.choice(("db", "db", "compute", "compute", "gateway", "logs", None)),
        invoice=chance.choice((None, None, "i-1")),
        commitment=chance.choice((None, None, "sp-1", "sp-2")),
        region=chance.choice(("r1", None)),
        resource=chance.choice((None, "vm", "arn:vm/acme", "disk")),
        resource_name=chance.choice((None, None, "name-a")),
        issuer=chance.choice(("AWS", None)),
        tax_type=chance.choice(("VAT", "vat", "GST", None)),
        tags=_tags(chance),
    )


def _tags(chance: Random) -> dict[str, str]:
    tags = {key: chance.choice(TENANTS) for key in chance.choice(KEYS)}
    environment, namespace = chance.choice(ENVIRONMENTS), chance.choice((None, None, "tenant-acme", "kube-system"))
    tags |= {"env": environment} if environment else {}
    split = chance.choice((*[None] * 8, "unused", "unused", "overhead"))
    tags |= {"apportion:split": split} if split else {}
    return tags | ({"namespace": namespace} if namespace else {})


def _driver(chance: Random) -> Driver:
    who = ("acme", "A-B", "a", "x/y", "dé", "nobody", "@opex", *chance.choice(((), SERVED)))
    used = _days(chance, who)
    keyed = {key: _days(chance, who) for key in chance.sample(PARTS, chance.choice((0, 0, 2, 4)))}
    driver = Driver(used, keyed=keyed, told=_told(chance))
    if chance.random() < 0.7:
        return driver
    days = {on for on, *_ in driver.rows}
    covered = {on: chance.choice((Decimal("0.875"), Decimal(1))) for on in sorted(days)}
    return replace(driver, covered=covered or {day(1): Decimal(1)})


def _days(chance: Random, who: Sequence[str]) -> dict[date, dict[str, Decimal]]:
    days = chance.sample(DAYS, chance.choice((0, 3, 4, 5)))
    found = {
        day(on): {name: _quantity(chance) for name in chance.sample(who, chance.randint(1, min(5, len(who))))}
        for on in days
    }
    for used in found.values():
        # NOTE: somebody who is no pool, so that no pools only serve one another; test_network is about those
        if not used.keys().isdisjoint(SERVED):
            used["@opex"] = used.get("@opex") or Decimal(1)
    return found


def _told(chance: Random) -> dict[date, tuple[int, int]]:
    """Coverage that the source itself knows, of some days or none."""
    days = chance.sample(DAYS, chance.choice((0, 0, 0, 2, 5)))
    return {day(on): chance.choice(((288, 288), (260, 288), (259, 288), (0, 288), (0, 0))) for on in days}


def _capacity_driver(chance: Random) -> Driver:
    """Nodes of a cluster, say, by node: more than is used on most days, nothing known on some."""
    parts = {key: _days(chance, ("node-1",)) for key in chance.sample(PARTS, 4)}
    few = Driver(_days(chance, ("node-1", "node-2")), keyed=parts, told=_told(chance))
    return few if chance.random() < 0.3 else _thousandfold(few)


def _thousandfold(driver: Driver) -> Driver:
    def larger(days: Mapping[date, Mapping[str, Decimal]]) -> dict[date, dict[str, Decimal]]:
        return {on: {who: abs(n) * 1000 for who, n in used.items()} for on, used in days.items()}

    return replace(driver, days=larger(driver.days), keyed={key: larger(days) for key, days in driver.keyed.items()})


def _quantity(chance: Random) -> Decimal:
    whole = chance.choice((chance.randint(0, 50), chance.randint(0, 10**6), chance.randint(-1, 60)))
    return chance.choice((Decimal(whole), Decimal(whole).scaleb(-3), Decimal(abs(whole)).scaleb(9)))


def _allocation(chance: Random) -> AllocationFile:
    names = chance.sample(list(MATCHES), chance.randint(0, 4))
    follow = (*["follow"] * 4, "corporate", *(f"pool:{name}" for name in names))
    tenant: list[dict[str, Any]] = [{"tag": "tenant"}] if chance.random() < 0.85 else []
    days = Random(chance.random())
    return AllocationFile.model_validate(
        {
            "version": "1",
            "customer": [_bounded(days, rule) for rule in tenant + chance.sample(RULES, chance.randint(0, 2))],
            "shared_values": chance.choice(([], ["Shared"])),
            "environment": {
                "rules": [_bounded(days, rule) for rule in chance.choice(ENVIRONMENT_RULES)],
                "opex": ["dev", {"value": "marketing", "function": "sm"}],
                "default": chance.choice(("cogs", "cogs", "opex", "pro_rata")),
            },
            "customer_nonprod": chance.choice(("opex", "cogs")),
            "pools": [_pool(chance, name) for name in names],
            "network": _network(chance, names),
            "charges": {kind: chance.choice(follow) for kind in ("tax", "support", "credit", "refund", "fee")},
            "recoverable_tax": chance.choice(
                (None, [], [{"type": "VAT", "rate": "0.7"}, {"account": "payer", "issuer": "aws"}])
            ),
            "untagged": _spread(chance, ("attributed", "direct")),
            "idle": _spread(chance, ("attributed", "direct", "pool")),
        }
    )


def _network(chance: Random, names: Sequence[str]) -> dict[str, Any]:
    if names and chance.random() < 0.4:
        return {"method": "step_down", "order": chance.sample(names, len(names))}
    return {"method": "simultaneous"}


def _bounded(chance: Random, rule: dict[str, Any]) -> dict[str, Any]:
    """The rule, or now and then the rule on some days only."""
    if chance.random() < 0.7:
        return rule
    first, last = sorted((chance.choice(DAYS), chance.choice(DAYS)))
    bounds = {"from": f"2026-10-{first:02d}", "until": f"2026-10-{last:02d}"}
    return rule | {key: bounds[key] for key in chance.choice((["from"], ["until"], ["from", "until"]))}


def _pool(chance: Random, name: str) -> dict[str, Any]:
    method = chance.choice(("usage", "usage", "blend", "even", "fixed", "cost", "sampled"))
    pool: dict[str, Any] = {
        "name": name,
        "match": _bounded(chance, MATCHES[name]),
        "fallback": chance.choice(FALLBACKS),
    }
    if method != "fixed" and chance.random() < 0.5:
        pool["consumers"] = ["@opex"]
    pool["customers"] = chance.choice(POPULATIONS)
    if method in ("usage", "blend"):
        by = chance.choice((None, None, None, "region", "account", "service", "source", {"tag": "Env"}))
        pool["by"] = by
        capacities = CAPACITIES if by is None else CAPACITIES_OF_PARTS
    if method == "usage":
        pool |= {"driver": chance.choice(("n", "m")), "capacity": chance.choice(capacities)}
    if method == "blend":
        pool["drivers"] = [
            {"driver": "m", "weight": "1.5", "capacity": chance.choice(capacities)},
            {"driver": "n", "weight": "3", "capacity": chance.choice(capacities)},
        ]
    if method == "sampled":
        pool |= {"driver": chance.choice(("n", "m")), "sample": {"windows": chance.choice(WINDOWS)}}
    if method == "fixed":
        pool |= {"shares": chance.choice(SHARES), "remainder": chance.choice(("idle", "unallocated"))}
    return pool | {"method": "usage" if method == "blend" else method}


def _spread(chance: Random, bases: tuple[str, ...]) -> dict[str, Any]:
    method = chance.choice(("pro_rata", "pro_rata", "pro_rata", "tax", "bucket"))
    rate = {"rate": chance.choice(("0.08", "0", "3"))} if method == "tax" else {}
    scope = chance.choice(("all", "provider", "account"))
    base = chance.choice([base for base in bases if method == "pro_rata" or base != "pool"])
    return {"method": method, "base": base, "scope": scope} | rate
