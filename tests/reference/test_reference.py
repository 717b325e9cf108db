"""The reference itself, held against the cases of the page by hand: what it gets wrong, it would prove."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.reference.allocate import allocate, classify
from tests.reference.building import company, costs, customer, day, driver, row, total, units
from tests.reference.records import Money
from tests.reference.split import bounded, split

COHORTS = {
    "rows": [
        row("1500", tenant="a"),
        row("10000", service="cluster"),
    ],
    "customers": "a b",
    "pools": [
        {
            "name": "cluster",
            "match": {"service": "cluster"},
            "method": "fixed",
            "shares": {"a": "20", "b": "50"},
            "remainder": "idle",
        }
    ],
}


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("attributed", {"a": Decimal("4735.294118"), "b": Decimal("6764.705882")}),
        ("pool", {"a": Decimal("4357.142857"), "b": Decimal("7142.857143")}),
        ("direct", {"a": Decimal(6500), "b": Decimal(5000)}),
    ],
)
def test_idle_of_two_cohorts_by_base(base, expected):
    """The page's 6,235.29 / 7,264.71 and the like, less the 1,500 and 500 of vendors that are not in this bill."""
    found = costs(allocate(company(**COHORTS, idle={"method": "pro_rata", "base": base})))
    assert {name: cost.quantize(Decimal("1e-6")).normalize() for name, cost in found.items()} == {
        name: cost.normalize() for name, cost in expected.items()
    }


def test_fifteen_percent_of_a_database():
    used = {on: {"acme": "15", "beta": "85"} for on in range(1, 32)}
    rows = [row("10000", service="db", span=31)]
    pool = {"name": "db", "match": {"service": "db"}, "method": "usage", "driver": "seconds"}
    found = allocate(company(rows, drivers={"seconds": driver(used)}, pools=[pool]))
    assert costs(found) == {"acme": 1500, "beta": 8500}


def test_ten_percent_of_the_base_gets_ten_percent_of_untagged():
    found = allocate(company([row("10", tenant="acme"), row("90", tenant="beta"), row("50")]))
    assert costs(found, "customer", "cls")["acme", "untagged"] == 5


def test_tax_over_half_development_is_half_opex():
    rows = [row("50", tenant="acme"), row("50", env="dev"), row("20", kind="tax")]
    found = costs(allocate(company(rows)), "customer", "bucket", "cls", "function")
    assert found["@opex", "opex", "charge", "rnd"] == 10
    assert found["acme", "customer", "charge", None] == 10


def test_a_credit_of_another_account_follows_its_billing_account():
    rows = [row("75", tenant="acme", sub="one"), row("25", tenant="beta", sub="two"), row("-8", kind="credit", sub="x")]
    found = costs(allocate(company(rows)), "customer", "cls")
    assert (found["acme", "charge"], found["beta", "charge"]) == (-6, -2)


def test_a_purchase_follows_the_commitment_in_any_account():
    rows = [
        row("60", tenant="acme", sub="one", commitment="sp", billed="0"),
        row("20", tenant="beta", sub="two", commitment="sp", billed="0"),
        row("20", kind="commitment_unused", commitment="sp", billed="0"),
        row("0", kind="commitment_purchase", commitment="sp", billed="100"),
        row("0", kind="commitment_purchase", commitment="other", billed="7"),
    ]
    found = allocate(company(rows, idle={"method": "bucket"}))
    billed = {(p.customer, p.reason): money.billed for p, money in found.items() if p.kind == "commitment_purchase"}
    assert billed == {
        ("acme", None): units("60"),
        ("beta", None): units("20"),
        ("@unallocated", "idle-bucket"): units("20"),
        ("@unallocated", "commitment-prepaid"): units("7"),
    }


def test_a_negative_pool_day_splits_by_the_same_weights():
    rows = [row("-10", service="db"), row("10", 2, service="db")]
    pool = {"name": "db", "match": {"service": "db"}, "method": "usage", "driver": "n"}
    used = driver({1: {"acme": "1", "beta": "3"}, 2: {"acme": "1"}})
    assert costs(allocate(company(rows, drivers={"n": used}, pools=[pool]))) == {
        "acme": Decimal("7.5"),
        "beta": -Decimal("7.5"),
    }


def test_a_customer_without_base_gets_nothing_of_untagged():
    found = costs(allocate(company([row("10", tenant="acme"), row("5")])))
    assert found == {"acme": 15}


def test_nobody_with_a_base_leaves_no_base():
    found = costs(allocate(company([row("5")])), "customer", "bucket", "reason")
    assert found == {("@unallocated", "unallocated", "no-base"): 5}


def test_a_driver_whose_only_users_are_internal_ends_in_opex():
    people = [customer("acme"), customer("us", kind="internal")]
    pool = {"name": "db", "match": {"service": "db"}, "method": "usage", "driver": "n"}
    found = allocate(company([row("5", service="db")], people, {"n": driver({1: {"us": "1"}})}, pools=[pool]))
    assert costs(found, "customer", "bucket", "cls", "function") == {("us", "opex", "shared", "rnd"): 5}


@pytest.mark.parametrize(
    ("used", "fallback", "expected"),
    [
        ({1: {"acme": "1"}}, ["period", "unallocated"], ("acme", "period", None)),
        ({1: {"acme": "-1", "beta": "2"}}, ["even"], ("beta", "even", None)),
        ({1: {"acme": "0"}}, ["unallocated"], ("@unallocated", "unallocated", "no-driver")),
        ({2: {"nobody": "3"}}, ["period"], ("@unallocated", None, "unknown-driver-customer")),
    ],
)
def test_invalid_days_go_to_the_fallback_whole(used, fallback, expected):
    pool = {"name": "db", "match": {"service": "db"}, "method": "usage", "driver": "n", "fallback": fallback}
    people = [customer("acme", end=day(1)), customer("beta")]
    found = allocate(company([row("5", 2, service="db")], people, {"n": driver(used)}, pools=[pool]))
    assert set(costs(found, "customer", "fallback", "reason")) == {expected}


def test_even_counts_active_days_and_leaves_parents_to_their_children():
    people = [customer("acme", parent="group"), customer("beta", end=day(10)), customer("group")]
    people += [customer("us", kind="internal")]
    pool = {"name": "all", "match": {"service": "x"}, "method": "even", "consumers": ["@opex"]}
    found = allocate(company([row("50", service="x", span=20)], people, pools=[pool]))
    assert costs(found) == {"acme": 20, "beta": 10, "@opex": 20}


def test_fixed_shares_are_never_renormalised():
    people = [customer("acme"), customer("beta", end=day(1))]
    pool = {"name": "p", "match": {"service": "x"}, "method": "fixed", "shares": {"acme": "50", "beta": "30"}}
    found = allocate(company([row("10", 2, service="x")], people, pools=[pool]))
    assert costs(found, "customer", "reason") == {
        ("acme", None): 5,
        ("@unallocated", "fixed-inactive"): 3,
        ("@unallocated", "fixed-remainder"): 2,
    }


def test_a_blend_is_the_weighted_mean_and_each_driver_falls_back_alone():
    drivers = {"n": driver({1: {"acme": "1"}}), "m": driver({2: {"acme": "1", "beta": "1"}})}
    blend = [{"driver": "n", "weight": "3"}, {"driver": "m", "weight": "1"}]
    pool = {"name": "p", "match": {"service": "x"}, "method": "usage", "drivers": blend}
    found = allocate(company([row("8", service="x")], drivers=drivers, pools=[pool]))
    assert costs(found, "customer", "fallback") == {("acme", None): 6, ("acme", "period"): 1, ("beta", "period"): 1}


def test_a_standard_rate_charges_direct_cost_and_shows_what_it_leaves():
    rows = [row("100", tenant="acme"), row("30")]
    found = costs(allocate(company(rows, untagged={"method": "tax", "rate": "0.25"})), "customer", "cls", "reason")
    assert found == {
        ("acme", "direct", None): 100,
        ("acme", "untagged", None): 25,
        ("@unallocated", "untagged", "under-recovery"): 5,
    }
    over = costs(allocate(company(rows, untagged={"method": "tax", "rate": "0.5"})), "customer", "reason")
    assert over["@unallocated", "over-recovery"] == -20
    free = costs(allocate(company(rows, untagged={"method": "tax", "rate": "0"})), "customer", "reason")
    assert free == {("acme", None): 100, ("@unallocated", "under-recovery"): 30}


def test_an_account_scope_keeps_untagged_within_the_account():
    rows = [row("10", tenant="acme", sub="a"), row("10", tenant="beta", sub="b"), row("4", sub="a"), row("2", sub="c")]
    found = costs(allocate(company(rows, untagged={"scope": "account"})), "customer", "cls")
    assert (found["acme", "untagged"], found["beta", "untagged"]) == (5, 1)


def test_vendor_money_is_class_vendor_and_no_base():
    rows = [row("10", tenant="acme"), row("90", tenant="beta", source="openai", group="third_party"), row("5")]
    found = costs(allocate(company(rows)), "customer", "cls")
    assert found == {("acme", "direct"): 10, ("beta", "vendor"): 90, ("acme", "untagged"): 5}


def test_recoverable_tax_is_balance_sheet_by_its_rate():
    rows = [row("10", tenant="acme"), row("4", kind="tax", tax_type="VAT")]
    found = costs(allocate(company(rows, recoverable_tax=[{"type": "vat", "rate": "0.75"}])), "customer", "bucket")
    assert found == {("acme", "customer"): 11, ("@balance_sheet", "balance_sheet"): 3}


def test_unknown_environments_by_pro_rata_split_like_the_known():
    environment = {"rules": [{"tag": "env"}], "opex": ["dev"], "default": "pro_rata"}
    rows = [row("30", tenant="acme", env="prod"), row("10", tenant="acme", env="dev"), row("8", tenant="beta")]
    found = costs(allocate(company(rows, environment=environment)), "customer", "bucket")
    assert found["beta", "customer"] == 6
    assert found["beta", "opex"] == 2


def test_customers_own_development_is_opex_unless_said_otherwise():
    rows = [row("10", tenant="acme", env="marketing")]
    assert costs(allocate(company(rows)), "customer", "bucket", "function") == {("acme", "opex", "sm"): 10}
    assert costs(allocate(company(rows, customer_nonprod="cogs")), "customer", "bucket") == {("acme", "customer"): 10}


def test_discounts_reduce_what_the_resource_became_else_the_service_that_day():
    rows = [
        row("30", tenant="acme", resource="vm"),
        row("10", env="dev", resource="vm"),
        row("-4", kind="discount", resource="vm"),
        row("-1", kind="discount", resource="other"),
    ]
    found = costs(allocate(company(rows, untagged={"method": "bucket"})), "customer", "kind", "cls")
    assert found["acme", "discount", "direct"] == Decimal("-3.75")
    assert found["@opex", "discount", "opex"] == Decimal("-1.25")


def test_spellings_of_one_key_that_contradict_each_other_find_nobody():
    rows = [
        row("5", tags={"Tenant": "acme", " tenant": "beta"}),
        row("3", tags={"customer": "ACME ", "tenant": "acmee"}),
    ]
    reasons = {placement.reason for _, placement, _ in classify(company(rows))}
    assert reasons == {"conflicting-tags", None}
    assert costs(allocate(company(rows, untagged={"method": "bucket"}))) == {"@unallocated": 5, "acme": 3}


@pytest.mark.parametrize("default", ["cogs", "opex", "pro_rata"])
def test_every_dollar_is_somewhere(default):
    kinds = ["usage", "discount", "tax", "support", "credit", "refund", "fee", "marketplace", "correction", "rounding"]
    rows = [row("0.07", on, kind=kind, billed="0.03") for on, kind in enumerate(kinds, start=1)]
    rows += [row("1", tenant="acme", kind="usage"), row("0.333333333333333333333333", 3, env="dev", sub=None)]
    found = allocate(company(rows, environment={"rules": [{"tag": "env"}], "opex": ["dev"], "default": default}))
    assert total(found) == Money(sum(r.billed for r in rows), sum(r.effective for r in rows))


def test_split_follows_the_bytes_of_keys_and_keeps_every_unit():
    assert split(Money(10, -10), {"b": 1, "a": 1, "Ä": 1}) == {
        "a": Money(3, -3),
        "b": Money(3, -3),
        "Ä": Money(4, -4),
    }
    assert bounded({"a": 10**14, "b": 9, "c": 0}) == {"a": 10**13}


def test_a_charge_dated_before_its_billing_period_counts_and_is_base():
    early = replace(row("5", tenant="acme"), start=date(2026, 9, 30), end=date(2026, 10, 1))
    assert costs(allocate(company([early, row("3")])), "customer", "day") == {
        ("acme", date(2026, 9, 30)): 5,
        ("acme", date(2026, 10, 1)): 3,
    }


def test_what_lies_after_the_last_complete_day_is_no_base():
    rows = [row("5", tenant="acme"), row("5", 3, tenant="beta"), row("2")]
    assert costs(allocate(company(rows, as_of=day(2))), "customer", "cls")["acme", "untagged"] == 2
