"""Small companies, built with the least words.

NOTE: columns are passed on by name as given, which no type can say: hence the ignored argument types.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from agent.config.allocation import AllocationFile
from agent.period import Period
from policies.policy import PolicyFile
from policies.registry import Customer
from tests.reference.records import Allocation, Company, Driver, Money, Published, Row

OCTOBER = Period(2026, 10)
LAST = date(2026, 10, 31)
POLICY = PolicyFile.model_validate(
    {"version": "1", "tags": [{"key": "tenant", "aliases": ["customer", "TenantID"]}, {"key": "env"}]}
)
RULES: dict[str, object] = {
    "version": "1",
    "customer": [{"tag": "tenant"}],
    "environment": {"rules": [{"tag": "env"}], "opex": ["dev", {"value": "marketing", "function": "sm"}]},
}


def units(amount: str) -> int:
    return int(Decimal(amount).scaleb(24))


def amount(of: int) -> Decimal:
    return Decimal(of).scaleb(-24).normalize()


def day(number: int) -> date:
    return date(2026, 10, number)


def row(cost: str, on: int = 1, *, billed: str | None = None, span: int = 1, **given: object) -> Row:
    """A usage row of one day; ``tenant=`` and ``env=`` are tags, everything else a column."""
    tags = {key: str(given.pop(key)) for key in ("tenant", "env") if key in given}
    tags |= given.pop("tags", {})  # type: ignore[arg-type]
    columns = {"source": "aws", "kind": "usage", "provider": "AWS", "billing": "payer", "sub": "prod"} | given
    money = {"billed": units(billed or cost), "effective": units(cost), "currency": "USD"}
    return Row(start=day(on), end=day(on) + timedelta(days=span), tags=tags, **columns, **money)  # type: ignore[arg-type]


def customer(
    known: str, kind: str = "paying", start: date | None = None, end: date | None = None, **more: str
) -> Customer:
    texts = {"tier": "", "plan": "", "segment": "", "cohort": "", "parent": ""} | more
    return Customer(id=known, name=known, kind=kind, start=start, end=end, **texts)  # type: ignore[arg-type]


def driver(days: Mapping[int, Mapping[str, str]]) -> Driver:
    """Quantities by day of October and consumer."""
    return Driver({day(on): {who: Decimal(text) for who, text in used.items()} for on, used in days.items()})


def company(
    rows: Sequence[Row],
    customers: Sequence[Customer] | str = "acme beta",
    drivers: Mapping[str, Driver] | None = None,
    as_of: date = LAST,
    **rules: object,
) -> Company:
    """October of a company; ``rules`` are keys of allocation.yaml laid over the usual ones."""
    known = [customer(name) for name in customers.split()] if isinstance(customers, str) else customers
    allocation = AllocationFile.model_validate(RULES | rules)
    return Company(OCTOBER, as_of, rows, known, drivers or {}, allocation, POLICY)


def costs(allocation: Allocation, *by: str) -> dict[object, Decimal]:
    """EffectiveCost by columns of the published rows, ``customer`` if none is named."""
    sums: dict[object, int] = {}
    for published, money in allocation.items():
        key = _key(published, by or ("customer",))
        sums[key] = sums.get(key, 0) + money.effective
    return {key: amount(effective) for key, effective in sums.items() if effective}


def _key(published: Published, by: Sequence[str]) -> object:
    values = tuple(getattr(published, name) for name in by)
    return values if len(values) > 1 else values[0]


def total(allocation: Allocation) -> Money:
    return sum(allocation.values(), Money())
