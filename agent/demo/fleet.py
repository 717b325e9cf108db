"""The AWS resources of the demo company: one :class:`Resource` per row of fleet.csv and customer or copy."""

import hashlib
from dataclasses import dataclass

from agent.demo.tables import Account, Customer, rows


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that is billed by the hour. ``quantity`` is October's, in millionths of ``unit``."""

    name: str
    """Unique among all resources."""
    account: Account
    product: str
    usage_type: str
    operation: str
    unit: str
    rate_micros: int
    """Price per unit in millionths of a dollar."""
    resource_id: str | None
    tags: dict[str, str]
    quantity: int
    curve: str
    customer: Customer | None
    covered: bool
    """Covered by the savings plan."""


def fleet(accounts: dict[str, Account], customers: list[Customer], copies: int) -> list[Resource]:
    """Every resource; ``copies`` multiplies their number and leaves the spend as it is."""
    return [
        resource for row in rows("fleet.csv") for resource in _expand(row, accounts[row["account"]], customers, copies)
    ]


def _expand(row: dict[str, str], account: Account, customers: list[Customer], copies: int) -> list[Resource]:
    each = row["tenant"] in ("each", "namespace", "alias")
    chosen = [c for c in customers if {c.id, c.tier} & set(row["customers"].split())] if each else [None]
    weights = [customer.weight if customer else 1 for customer in chosen]
    count = int(row["count"]) * copies
    micros = int(row["monthly_usd"]) * 1_000_000
    return [
        _resource(row, account, customer, number, micros * weight // (sum(weights) * count))
        for customer, weight in zip(chosen, weights, strict=True)
        for number in range(1, count + 1)
    ]


def _resource(row: dict[str, str], account: Account, customer: Customer | None, number: int, micros: int) -> Resource:
    name = f"{row['name']}/{customer.id if customer else ''}/{number}"
    rate = int(row["rate_micros"])
    filled = row["resource"].format(
        region=account.region, account=account.id, customer=customer.id if customer else "", n=number, id17=digest(name)
    )
    return Resource(
        name=name,
        account=account,
        product=row["product"],
        usage_type=row["usage_type"],
        operation=row["operation"],
        unit=row["unit"],
        rate_micros=rate,
        resource_id=filled or None,
        tags=_tags(row, customer),
        quantity=micros * 1_000_000 // rate,
        curve=row["curve"],
        customer=customer,
        covered=row["covered"] == "yes",
    )


def digest(text: str, length: int = 17) -> str:
    """``length`` hexadecimal digits that stay the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _tags(row: dict[str, str], customer: Customer | None) -> dict[str, str]:
    """Tags with keys as CUR 2.0 writes them: ``user_`` in front, lower case, other characters ``_``."""
    tags = _tenant(row["tenant"], row["customers"], customer)
    tags |= {f"user_{key}": row[key] for key in ("cluster", "env", "team") if row[key]}
    return dict(sorted(tags.items()))


def _tenant(rule: str, named: str, customer: Customer | None) -> dict[str, str]:
    if customer is not None:
        key = {"each": "user_tenant", "namespace": "user_k8s_namespace", "alias": "user_customer"}[rule]
        return {key: f"tenant-{customer.id}" if rule == "namespace" else customer.id}
    if rule.startswith("="):
        return {"user_tenant": rule[1:]}
    if rule == "conflict":
        first, second = named.split()
        return {"user_customer": second, "user_tenant": first}
    return {"user_tenant": "shared"} if rule == "shared" else {}
