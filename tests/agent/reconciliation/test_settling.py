"""Until when a month is an estimate: by source and provider, read from invoice ids, never from the day alone."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agent.billing.ledger.settling import Charges, estimated
from agent.billing.ledger.versions import LedgerVersion, Manifest
from agent.period import Period
from agent.reconciliation import standing

OCTOBER = Period(2026, 10)
NONE, SOME, ALL = Charges(0, 7), Charges(5, 2), Charges(7, 0)


@pytest.mark.parametrize(
    ("kind", "provider", "until"),
    [
        ("aws-cur", "AWS", "2026-11-14"),
        ("aws-cur2", "AWS", "2026-11-14"),
        ("azure", "Microsoft", "2026-11-08"),
        ("gcp", "Google Cloud", "2026-11-10"),
        ("digitalocean", "DigitalOcean", "2026-11-01"),
        ("oci", "Oracle", "2026-11-10"),
        ("csv", "Hetzner", "2026-11-10"),
        ("focus", "AWS", "2026-11-14"),
        ("focus", "Amazon Web Services", "2026-11-14"),
        ("focus", "Microsoft", "2026-11-08"),
        ("focus", "Google Cloud", "2026-11-10"),
        ("focus", "Grafana Labs", "2026-11-10"),
    ],
)
def test_without_invoices_the_provider_says_until_when(kind, provider, until):
    found, because = estimated(kind, OCTOBER, {provider: NONE})
    assert found == until
    assert because.startswith(("has no invoice yet; ", "names no final invoice; "))


@pytest.mark.parametrize("kind", ["aws-cur2", "azure", "digitalocean", "csv", "focus"])
def test_a_month_is_final_once_every_charge_names_its_invoice(kind):
    assert estimated(kind, OCTOBER, {"AWS": ALL}) == (None, "")


@pytest.mark.parametrize("kind", ["gcp", "oci"])
def test_where_ids_mean_no_invoice_they_make_nothing_final(kind):
    until, because = estimated(kind, OCTOBER, {"X": ALL})
    assert (until, because.partition(";")[0]) == ("2026-11-10", "names no final invoice")


def test_a_part_without_invoices_keeps_the_month_open_and_is_counted():
    until, because = estimated("aws-cur2", OCTOBER, {"AWS": SOME})
    assert until == "2026-11-14"
    assert because.startswith("has charges without an invoice yet (2 of 7)")


def test_the_slowest_provider_that_is_not_invoiced_decides():
    assert estimated("focus", OCTOBER, {"AWS": NONE, "Microsoft": NONE})[0] == "2026-11-14"
    assert estimated("focus", OCTOBER, {"AWS": ALL, "Microsoft": NONE})[0] == "2026-11-08"


def test_the_user_may_know_better():
    assert estimated("aws-cur2", OCTOBER, {"AWS": NONE}, after_days=20)[0] == "2026-11-20"
    assert estimated("aws-cur2", OCTOBER, {"AWS": ALL}, after_days=20)[0] is None


def test_a_month_without_any_charge_is_an_estimate():
    assert estimated("aws-cur2", OCTOBER, {})[0] == "2026-11-14"


def version(until: str | None, because: str = "has no invoice yet") -> LedgerVersion:
    manifest = Manifest("aws", "aws-cur2", "2026-10", 1, "manifest", (), (), {}, invoices={"": {"USD": "1"}})
    manifest = replace(manifest, estimated_until=until, estimated_because=because if until else "")
    return LedgerVersion("aws", OCTOBER, 1, Path("nowhere"), manifest)


@pytest.mark.parametrize(
    ("until", "today", "state"),
    [
        ("2026-11-14", date(2026, 10, 20), "open"),
        ("2026-11-14", date(2026, 11, 14), "estimated"),
        ("2026-11-14", date(2026, 11, 15), "overdue"),
        (None, date(2026, 11, 3), "final"),
        (None, date(2026, 10, 31), "open"),
    ],
)
def test_how_a_month_stands_on_a_day(until, today, state):
    assert standing(version(until), today).state == state


def test_a_passed_day_alone_makes_nothing_final():
    found = standing(version("2026-11-14"), date(2027, 6, 1))
    assert found.text == "not final though 2026-11-14 has passed: aws has no invoice yet"


def test_the_users_lock_makes_it_final():
    found = standing(version("2026-11-14"), date(2026, 11, 3), locked=True)
    assert (found.state, found.text) == ("final", "final: the month is closed")
