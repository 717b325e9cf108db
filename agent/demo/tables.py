"""The demo's tables (CSV files beside this package) as records: customers, accounts, resources, charges."""

import csv
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable

FOLDER: Traversable = files("agent.demo") / "files"


def rows(name: str) -> list[dict[str, str]]:
    """Rows of one table, by column name."""
    return list(csv.DictReader((FOLDER / name).read_text(encoding="utf-8").splitlines()))


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the demo company. Revenue is text as delivered, empty where the file has no row."""

    id: str
    tier: str
    start: date
    end: date | None
    weight: int
    """How much the customer uses in October, in arbitrary units."""
    growth_permille: int
    """October's use over September's."""
    revenue: dict[str, str]

    def uses(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


def customers() -> list[Customer]:
    """All customers in bytewise order of their id."""
    profile = {row["customer"]: row for row in rows("profiles.csv")}
    found = [_customer(row, profile[row["id"]]) for row in rows("customers.csv")]
    return sorted(found, key=lambda customer: customer.id)


def _customer(row: dict[str, str], profile: dict[str, str]) -> Customer:
    return Customer(
        id=row["id"],
        tier=row["tier"],
        start=date.fromisoformat(row["start"]),
        end=date.fromisoformat(row["end"]) if row["end"] else None,
        weight=int(profile["weight"]),
        growth_permille=int(profile["growth_permille"]),
        revenue={"2026-09": profile["revenue_2026_09"], "2026-10": profile["revenue_2026_10"]},
    )


@dataclass(frozen=True, slots=True)
class Account:
    """One AWS account. Ids are text: one starts with a zero."""

    key: str
    id: str
    name: str
    region: str


def accounts() -> dict[str, Account]:
    """Accounts by their short key."""
    return {row["key"]: Account(**row) for row in rows("accounts.csv")}
