"""Random small companies: credits, negative pools, zero costs, spans, tags in every spelling, drivers with gaps."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from agent.config.allocation import AllocationFile
from policies.registry import Customer
from tests.reference.building import OCTOBER, POLICY, customer, day
from tests.reference.records import Company, Driver, Row

IDS = ("acme", "a-b", "a", "dé", "x/y")
KINDS = (*["usage"] * 12, "discount", "marketplace", "tax", "support", "credit", "refund", "fee")
KINDS += ("discount", "correction", "commitment_purchase", "commitment_unused", "rounding")
SOURCES = {"aws": "infrastructure", "gcp": "infrastructure", "openai": "third_party", "care": "support"}
TENANTS = ("acme", "acme", " ACME", "a-b", "a-b", "a", "DÉ", "x/y", "nobody", "shared", "")
TAG_KEYS = ("tenant", " Tenant", "user:customer", "user_tenantid")
ENVIRONMENTS = ("prod", "Dev", "marketing", "unheard-of")
DAYS = st.sampled_from([1, 2, 3, 30, 31])
CENTS = st.integers(1, 100_000).map(lambda cents: cents * 10**22)
AMOUNTS = st.one_of(
    CENTS,
    CENTS,
    CENTS,
    st.integers(-9, 9),
    st.integers(-(10**26), 10**26),
    st.integers(-(10**30), 10**30),
)
QUANTITIES = st.one_of(
    st.integers(0, 50).map(Decimal),
    st.decimals(0, 1000, places=3),
    st.decimals(0, 1000, places=3),
    st.integers(-1, 3).map(Decimal),
    st.integers(0, 10**15).map(Decimal),
)


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


@st.composite
def registries(draw: st.DrawFn) -> list[Customer]:
    ids = draw(st.lists(one_of(*IDS), min_size=2, unique=True))
    return [row for known in ids for row in draw(_dated(known, ids))]


@st.composite
def _dated(draw: st.DrawFn, known: str, ids: list[str]) -> list[Customer]:
    kinds = one_of("paying", "free", "trial", "internal")
    first = customer(known, draw(kinds), tier=draw(one_of("gold", "basic")))
    if draw(st.integers(0, 4)) == 0 and known != ids[0]:
        first = replace(first, parent=ids[0])
    start, end = draw(st.none() | DAYS), draw(st.none() | DAYS)
    if start is None or end is None or start <= end:
        first = replace(first, start=start and day(start), end=end and day(end))
    if first.end is None or not draw(st.booleans()):
        return [first]
    later = replace(first, start=first.end + timedelta(days=1), end=None, kind=draw(kinds), tier="gold")
    return [first, later]


@st.composite
def bills(draw: st.DrawFn) -> Row:
    source = draw(one_of("aws", "aws", "aws", *SOURCES))
    start = draw(DAYS)
    billed = draw(AMOUNTS)
    tags = draw(st.dictionaries(one_of(*TAG_KEYS), one_of(*TENANTS), min_size=draw(one_of(0, 1, 1)), max_size=2))
    tags |= draw(st.dictionaries(one_of("env"), one_of(*ENVIRONMENTS), max_size=1))
    tags |= draw(st.dictionaries(one_of("namespace"), one_of("tenant-acme", "kube-system"), max_size=1))
    return Row(
        source=source,
        group=SOURCES[source],
        kind=draw(one_of(*KINDS)),
        start=date(2026, 9, 30) if draw(st.integers(0, 19)) == 0 else day(start),
        end=day(start) + timedelta(days=draw(one_of(1, 1, 1, 2, 31))),
        currency="USD",
        billed=billed,
        effective=draw(st.just(billed) | AMOUNTS),
        provider=draw(one_of("AWS", "AWS", "Other", None)),
        billing=draw(one_of("payer", "second")),
        sub=draw(one_of("prod", "prod", "lab", "acme-only", None)),
        service=draw(one_of("db", "gateway", "logs", None)),
        invoice=draw(one_of(None, None, "i-1")),
        commitment=draw(one_of(None, None, "sp-1", "sp-2")),
        region=draw(one_of("r1", None)),
        resource=draw(one_of(None, "vm", "arn:vm/acme", "disk")),
        resource_name=draw(one_of(None, None, "name-a")),
        issuer=draw(one_of("AWS", None)),
        tax_type=draw(one_of("VAT", "vat", "GST", None)),
        tags=tags,
    )


@st.composite
def drivers(draw: st.DrawFn) -> Driver:
    who = st.dictionaries(one_of("acme", "A-B", "a", "x/y", "dé", "nobody", "@opex"), QUANTITIES, max_size=5)
    used = draw(st.dictionaries(DAYS.map(day), who.filter(bool), min_size=draw(one_of(0, 2, 3)), max_size=5))
    if draw(st.booleans()):
        return Driver(used)
    return Driver(used, {on: draw(one_of(Decimal("0.875"), Decimal(1))) for on in used} or {day(1): Decimal(1)})


FALLBACKS = one_of(("period", "unallocated"), ("even",), ("unallocated", "even"), ("period", "even", "unallocated"))
POPULATIONS = one_of(None, None, {"tier": "Gold"}, {"kind": ["paying", "internal"], "id": ["acme", "a", "a-b"]})
SHARES = one_of({"acme": "33.3", "a": "20"}, {"a-b": "100"}, {"acme": "12.5", "x/y": "0", "@opex": "7"})


@st.composite
def pools(draw: st.DrawFn, name: str, match: dict[str, Any]) -> dict[str, Any]:
    method = draw(one_of("usage", "blend", "even", "fixed", "cost"))
    pool: dict[str, Any] = {"name": name, "match": match, "fallback": list(draw(FALLBACKS))}
    if method in ("usage", "even", "blend") and draw(st.booleans()):
        pool["consumers"] = ["@opex"]
    if method != "fixed":
        pool["customers"] = draw(POPULATIONS)
    if method == "usage":
        pool["driver"] = draw(one_of("n", "m"))
    if method == "blend":
        pool["drivers"] = [{"driver": "m", "weight": "1.5"}, {"driver": "n", "weight": "3"}]
    if method == "fixed":
        pool |= {"shares": draw(SHARES), "remainder": draw(one_of("idle", "unallocated"))}
    return pool | {"method": "usage" if method == "blend" else method}


@st.composite
def spreads(draw: st.DrawFn, *bases: str) -> dict[str, Any]:
    method = draw(one_of("pro_rata", "pro_rata", "pro_rata", "tax", "bucket"))
    rate = {"rate": draw(one_of("0.08", "0", "3"))} if method == "tax" else {}
    return {"method": method, "base": draw(one_of(*bases)), "scope": draw(one_of("all", "provider", "account"))} | rate


@st.composite
def allocations(draw: st.DrawFn) -> AllocationFile:
    matches = {
        "db": {"service": "DB"},
        "net": {"service": ["gate*", "none"], "account": "prod"},
        "rest": {"source": "aws", "region": "r1", "tags": {"namespace": "kube-*"}},
        "care": {"kind": ["support", "usage"], "billing_account": "second"},
    }
    names = draw(st.lists(one_of(*matches), min_size=draw(one_of(0, 2, 3)), unique=True))
    follow = ("follow", "follow", "corporate", *(f"pool:{name}" for name in names))
    rules: list[dict[str, Any]] = [{"account": {"acme-only": "acme"}}, {"service": {"logs": "a-b"}}, {"name": "acme$"}]
    rules += [{"tag": "namespace", "pattern": "^tenant-(?P<customer>.+)$"}]
    return AllocationFile.model_validate(
        {
            "version": "1",
            "customer": draw(one_of([], *[[{"tag": "tenant"}]] * 4)) + draw(st.lists(one_of(*rules), unique_by=str)),
            "shared_values": draw(one_of([], ["Shared"])),
            "environment": {
                "rules": draw(one_of([], [{"tag": "env"}], [{"account": {"lab": "dev"}}, {"tag": "ENV"}])),
                "opex": ["dev", {"value": "marketing", "function": "sm"}],
                "default": draw(one_of("cogs", "cogs", "opex", "pro_rata")),
            },
            "customer_nonprod": draw(one_of("opex", "cogs")),
            "pools": [draw(pools(name, matches[name])) for name in names],
            "charges": {kind: draw(one_of(*follow)) for kind in ("tax", "support", "credit", "refund", "fee")},
            "recoverable_tax": draw(
                one_of(None, [], [{"type": "VAT", "rate": "0.7"}, {"account": "payer", "issuer": "aws"}])
            ),
            "untagged": draw(spreads("attributed", "direct")),
            "idle": draw(spreads("attributed", "direct", "pool")),
        }
    )


@st.composite
def companies(draw: st.DrawFn) -> Company:
    rows = draw(st.lists(bills(), min_size=draw(one_of(1, 8, 8, 12)), max_size=20))
    return Company(
        period=OCTOBER,
        as_of=day(draw(one_of(2, 30, 31))),
        rows=[_without_owner(row) if row.kind == "commitment_unused" else row for row in rows],
        customers=draw(registries()),
        drivers={"n": draw(drivers()), "m": draw(drivers())},
        allocation=draw(allocations()),
        policy=POLICY,
    )


def _without_owner(row: Row) -> Row:
    """An unused commitment of a customer's own has a test of its own: SQL and reference differ there."""
    return replace(row, tags={}, resource=None, resource_name=None)
