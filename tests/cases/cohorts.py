"""Writes the four cohort cases: 5 enterprise and 500 small customers, and four ways to treat the idle 30 %.

Inputs and expectations alike, worked out here with integers and without importing apportion:

    python tests/cases/cohorts.py
"""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).parent
ENTERPRISE = [f"ent-{number}" for number in range(1, 6)]
SMALL = [f"smb-{number:03d}" for number in range(1, 501)]
IDLE = 3000
HEADER = [
    "BillingAccountId",
    "SubAccountId",
    "BillingPeriodStart",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ProviderName",
    "ServiceName",
    "BilledCost",
    "EffectiveCost",
    "BillingCurrency",
    "Tags",
]
COSTS = {"ent": {"direct": "300", "shared": "400", "apis": "100", "desk": "200"},
         "smb": {"shared": "10", "apis": "0.2", "desk": "0.8"}}  # fmt: skip
"""What one customer of each cohort costs before idle."""
REVENUE = {"ent": 10000, "smb": 100}
CASES = {
    "cohorts": ("{method: bucket}", {}),
    "cohorts-idle-attributed": ("{method: pro_rata, base: attributed}", {"ent": 300 + 400, "smb": 10}),
    "cohorts-idle-direct": ("{method: pro_rata, base: direct}", {"ent": 300}),
    "cohorts-idle-pool": ("{method: pro_rata, base: pool}", {"ent": 400, "smb": 10}),
}
"""Folder -> setting of idle, and each customer's base for it in dollars."""


def main() -> None:
    """Writes every file of the four folders except their READMEs."""
    for name, (setting, bases) in CASES.items():
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        _write_inputs(folder, setting)
        _write_expected(folder, _idle(bases))


def _idle(bases: dict[str, int]) -> dict[str, Decimal]:
    """The idle 3,000 by base: cumulative rounding at 1e-12, customers in bytewise order."""
    weighted = [(customer, bases[customer[:3]]) for customer in ENTERPRISE + SMALL if customer[:3] in bases]
    total = sum(weight for _, weight in weighted)
    shares: dict[str, Decimal] = {}
    running = before = 0
    for customer, weight in weighted:
        running += weight
        upto = IDLE * 10**12 * running // total
        shares[customer] = Decimal(upto - before).scaleb(-12)
        before = upto
    return shares


def _write_inputs(folder: Path, setting: str) -> None:
    _table(folder / "customers.csv", ("id", "name", "kind", "tier", "start"), [
        (customer, f"{tier} {customer[4:]}", "paying", tier, "2025-01-01")
        for tier, customers in (("enterprise", ENTERPRISE), ("smb", SMALL)) for customer in customers
    ])  # fmt: skip
    _table(folder / "revenue.csv", ("period", "customer", "amount", "currency"), [
        ("2026-10", customer, REVENUE[customer[:3]], "USD") for customer in ENTERPRISE + SMALL
    ])  # fmt: skip
    direct = [_line("cloud", "300", "Compute", f'{{"tenant": "{customer}"}}') for customer in ENTERPRISE]
    _table(folder / "billing.csv", HEADER, [*direct, _line("cloud", "10000", "Cluster", "")])
    tiers = [f'{{"tier": "{tier}"}}' for tier in ("enterprise", "smb")]
    vendors = {"third_party": ("Message API", "500", "100"), "support": ("Service desk", "1000", "400")}
    for name, (service, *costs) in vendors.items():
        rows = [_line(name, cost, service, tier) for cost, tier in zip(costs, tiers, strict=True)]
        _table(folder / f"billing-{name}.csv", HEADER, rows)
    (folder / "policy.yaml").write_text("version: 1\ntags:\n  - {key: tenant, values: {known: customers}}\n")
    (folder / "allocation.yaml").write_text(_allocation(setting))


def _line(account: str, cost: str, service: str, tags: str) -> Sequence[str]:
    month = ("2026-10-01", "2026-10-31", "2026-11-01")
    return (account, account, *month, "Usage", "Example Cloud", service, cost, cost, "USD", tags)


def _allocation(setting: str) -> str:
    shares = [f"{customer}: 4" for customer in ENTERPRISE] + [f'{customer}: "0.1"' for customer in SMALL]
    pools = [
        f"  - {{name: {pool}-{tier}, match: {{service: {service}, tags: {{tier: {tier}}}}}, method: even, "
        f"customers: {{tier: {tier}}}}}"
        for pool, service in (("apis", "Message API"), ("desk", "Service desk"))
        for tier in ("enterprise", "smb")
    ]
    lines = [
        "version: 1",
        "customer: [{tag: tenant}]",
        "pools:",
        "  # 4 % to each enterprise customer, 0.1 % to each small one; 30 % is nobody's and idle.",
        "  - {name: cluster, match: {service: Cluster}, method: fixed, remainder: idle, shares: {",
        *(f"      {', '.join(shares[at : at + 8])}," for at in range(0, len(shares), 8)),
        "    }}",
        *pools,
        f"idle: {setting}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _write_expected(folder: Path, idle: dict[str, Decimal]) -> None:
    rows = [row for customer in ENTERPRISE + SMALL for row in _rows(customer, idle.get(customer, Decimal(0)))]
    if not idle:
        rows.append(("@unallocated", "unallocated", "idle", "cluster", "usage", "idle-bucket", str(IDLE), str(IDLE)))
    names = ("Customer", "Bucket", "Class", "Pool", "Kind", "Reason", "EffectiveCost", "BilledCost")
    _table(folder / "expected_allocation.csv", names, sorted(rows))
    margins = [_margin(customer, idle.get(customer, Decimal(0))) for customer in ENTERPRISE + SMALL]
    reserved = [("@unallocated", "0" if idle else str(IDLE)), ("@opex", "0"), ("@balance_sheet", "0")]
    margins += [(name, cost, "", "") for name, cost in reserved]
    _table(folder / "expected_margin.csv", ("Customer", "Cost", "Revenue", "MarginPct"), margins)


def _rows(customer: str, idle: Decimal) -> list[tuple[str, ...]]:
    tier = "enterprise" if customer.startswith("ent") else "smb"
    kinds = {"direct": ("direct", ""), "shared": ("shared", "cluster"),
             "apis": ("vendor", f"apis-{tier}"), "desk": ("vendor", f"desk-{tier}")}  # fmt: skip
    costs = [(*kinds[key], Decimal(cost)) for key, cost in COSTS[customer[:3]].items()]
    costs += [("idle", "cluster", idle)] if idle else []
    return [(customer, "customer", class_, pool, "usage", "", _text(cost), _text(cost)) for class_, pool, cost in costs]


def _margin(customer: str, idle: Decimal) -> tuple[str, ...]:
    cost = sum((Decimal(cost) for cost in COSTS[customer[:3]].values()), idle)
    revenue = REVENUE[customer[:3]]
    percent = (100 * (revenue - cost) / revenue).quantize(Decimal("0.000001"))
    return customer, _text(cost), str(revenue), str(percent)


def _text(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _table(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
