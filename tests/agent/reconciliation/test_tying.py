"""Each invoice against the bill: tied, before tax, differing, missing on either side, without ids."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from agent import inputs, pipeline
from agent.billing import ingest_source
from agent.config.loading import Settings, load_application
from agent.money import legible, units_from_text
from agent.period import Period
from agent.progress import Quiet
from agent.reconciliation import TieOut, tie_outs
from agent.verify import Verification, verify
from tests.project import write_project

OCTOBER = Period(2026, 10)
HEAD = "period,source,invoice_id,amount,currency,tax,support,credits,gap_reason"
Rows = Sequence[Mapping[str, str]]
AWS: Rows = (
    {"BilledCost": "100.004", "InvoiceId": "E1", "Tags": '{"tenant": "acme"}'},
    {"BilledCost": "20", "InvoiceId": "E1", "ChargeCategory": "Tax", "ServiceName": "Tax"},
    {"BilledCost": "50", "InvoiceId": "E2", "Tags": '{"tenant": "globex"}'},
)
AZURE: Rows = (
    {"BilledCost": "700.10", "ProviderName": "Microsoft", "InvoiceIssuerName": "Microsoft"},
    {"BilledCost": "300.15", "ProviderName": "Microsoft", "InvoiceIssuerName": "Microsoft"},
)


def project(folder: Path, rows: Rows, invoices: Sequence[str] | None) -> Settings:
    config = write_project(folder, rows)
    if invoices is not None:
        config.write_text(config.read_text() + "invoices: invoices.csv\n")
        (folder / "invoices.csv").write_text("\n".join([HEAD, *invoices, ""]))
    settings = load_application(config)
    pipeline.ingest(settings, None, Quiet())
    return settings


def ties(folder: Path, rows: Rows, *invoices: str) -> dict[str, TieOut]:
    settings = project(folder, rows, invoices)
    return {tie.invoice_id: tie for tie in tie_outs(settings, OCTOBER)}


def test_an_invoice_ties_to_the_penny(tmp_path):
    found = ties(tmp_path, AWS, "2026-10,cloud,E1,120.00,USD,20,,,", "2026-10,cloud,E2,50,USD,,,,")
    first, second = found["E1"], found["E2"]
    assert (first.within, legible(first.difference), first.told) == (
        True,
        "0.004",
        "tied within 0.01: differs by 0.004 USD",
    )
    assert (second.within, second.difference, second.gap, second.told) == (True, 0, "", "tied")


def test_tax_in_the_export_is_compared_and_not_taken_off(tmp_path):
    tie = ties(tmp_path, AWS, "2026-10,cloud,E1,120.00,USD,20,,,")["E1"]
    assert legible(tie.billed) == "120.004"
    assert "not in the export" not in tie.told


def test_a_difference_beyond_a_penny_does_not_tie(tmp_path):
    tie = ties(tmp_path, AWS, "2026-10,cloud,E2,50.0101,USD,,,,")["E2"]
    assert (tie.within, tie.gap, tie.told) == (False, "", "differs by -0.0101 USD")


def test_a_difference_may_have_a_name(tmp_path):
    tie = ties(tmp_path, AWS, "2026-10,cloud,E2,62,USD,,,,marketplace seat billed apart")["E2"]
    assert (tie.within, tie.gap) == (False, "marketplace seat billed apart")
    assert tie.told == "differs by -12.00 USD; marketplace seat billed apart"


def test_what_only_one_side_has_is_named(tmp_path):
    found = ties(tmp_path, AWS, "2026-10,cloud,E1,120.004,USD,,,,", "2026-10,cloud,E9,8,USD,,,,")
    assert found["E2"].told == "not in invoices.csv"
    assert (found["E9"].told, found["E9"].within, found["E9"].billed) == ("the bill has no such invoice", False, 0)


def test_without_invoices_csv_the_bills_own_ids_are_listed_untied(tmp_path):
    settings = project(tmp_path, AWS, None)
    listed = [(tie.invoice_id, legible(tie.billed), tie.within, tie.told) for tie in tie_outs(settings, OCTOBER)]
    assert listed == [
        ("E1", "120.004", False, "not tied to an invoice"),
        ("E2", "50.00", False, "not tied to an invoice"),
    ]


def test_azure_ties_before_tax_and_says_so(tmp_path):
    tie = ties(tmp_path, AZURE, "2026-10,cloud,,2234.25,USD,1234,,,")[""]
    assert (tie.within, tie.difference) == (True, 0)
    assert tie.gap == "tax 1,234.00 USD is not in the export"
    assert tie.told == "tied; tax 1,234.00 USD is not in the export"
    assert legible(tie.invoice_amount) == "2,234.25"


def test_support_and_credits_that_the_export_lacks_are_named_too(tmp_path):
    tie = ties(tmp_path, AZURE, "2026-10,cloud,,1190.25,USD,100,100,-10,")[""]
    assert tie.gap == (
        "tax 100.00 USD is not in the export; support 100.00 USD is not in the export; "
        "credits -10.00 USD is not in the export"
    )


def test_an_export_without_ids_ties_to_all_of_its_invoices_together(tmp_path):
    found = ties(tmp_path, AZURE, "2026-10,cloud,G1,700.10,USD,,,,", "2026-10,cloud,G2,300.15,USD,,,,")
    assert [(name, tie.within) for name, tie in found.items()] == [("G1 + G2", True)]


def test_lines_without_an_id_beside_invoiced_ones_stand_apart(tmp_path):
    rows = (*AWS, {"BilledCost": "3"}, {"BilledCost": "0"})
    tie = ties(tmp_path, rows, "2026-10,cloud,E1,120.004,USD,,,,")[""]
    assert (legible(tie.billed), tie.told) == ("3.00", "not tied to an invoice: these lines name none")


def test_a_source_without_data_has_its_invoices_named(tmp_path):
    config = write_project(tmp_path, AWS)
    config.write_text(
        config.read_text().replace("usage:", "  - {name: azure, kind: focus, location: azure}\nusage:", 1)
        + "invoices: invoices.csv\n"
    )
    (tmp_path / "azure").mkdir()
    (tmp_path / "azure" / "x.csv").write_bytes(b"")
    (tmp_path / "invoices.csv").write_text(f"{HEAD}\n2026-10,azure,G1,5,USD,,,,\n")
    settings = load_application(config)
    ingest_source(settings.source("cloud"), settings.data, settings.root, None, Quiet())
    inputs.take_in(settings, Quiet())
    found = {(tie.source, tie.invoice_id): tie.told for tie in tie_outs(settings, OCTOBER)}
    assert found["azure", "G1"] == "the bill has no such invoice"


def test_the_manifest_holds_exact_sums_by_invoice(tmp_path):
    settings = project(tmp_path, (*AWS, {"BilledCost": "0.000000000000000000000001"}), None)
    (tie, *_) = tie_outs(settings, OCTOBER)
    assert (tie.invoice_id, tie.billed) == ("", 1)
    assert sum(one.billed for one in tie_outs(settings, OCTOBER)) == units_from_text("170.004") + 1


def audited(folder: Path, rows: Rows, *invoices: str) -> Verification:
    settings = project(folder, rows, invoices or None)
    pipeline.allocate(settings, OCTOBER, Quiet())
    return verify(settings, OCTOBER)


def invoice_checks(found: Verification) -> list[tuple[str, str, bool, str]]:
    return [
        (check.name, check.difference, check.ok, check.detail) for check in found.checks if " invoice " in check.name
    ]


def test_verify_ties_invoices_by_its_own_reading(tmp_path):
    found = audited(tmp_path, AWS, "2026-10,cloud,E1,120,USD,20,,,", "2026-10,cloud,E2,50,USD,,,,")
    assert found.ok
    assert invoice_checks(found) == [
        ("cloud: invoice E1 == BilledCost, USD", "0.004", True, ""),
        ("cloud: invoice E2 == BilledCost, USD", "0", True, ""),
    ]


def test_verify_fails_on_an_invoice_that_differs_without_a_name(tmp_path):
    found = audited(tmp_path, AWS, "2026-10,cloud,E2,62,USD,,,,")
    assert not found.ok
    assert invoice_checks(found) == [("cloud: invoice E2 == BilledCost, USD", "-12", False, "")]
    assert "cloud: 120.004 USD is not tied to an invoice: E1 120.004" in found.statements


def test_verify_holds_with_a_named_gap_and_prints_it(tmp_path):
    found = audited(tmp_path, AWS, "2026-10,cloud,E2,62,USD,,,,seat billed apart")
    assert found.ok
    assert invoice_checks(found) == [
        ("cloud: invoice E2 == BilledCost, USD", "-12", True, "gap named: seat billed apart")
    ]


def test_verify_ties_azure_before_tax(tmp_path):
    found = audited(tmp_path, AZURE, "2026-10,cloud,,2234.25,USD,1234,,,")
    assert found.ok
    assert invoice_checks(found) == [
        ("cloud: invoice of the month == BilledCost, USD", "0", True, "tax 1234 USD is not in the export")
    ]


def test_verify_without_invoices_states_the_bills_own(tmp_path):
    found = audited(tmp_path, AWS)
    assert found.ok
    assert "cloud: 170.004 USD is not tied to an invoice: E1 120.004, E2 50" in found.statements


def test_verify_finds_a_changed_copy_of_the_invoices(tmp_path):
    settings = project(tmp_path, AWS, ["2026-10,cloud,E2,50,USD,,,,"])
    pipeline.allocate(settings, OCTOBER, Quiet())
    (copy,) = (settings.data / "inputs" / "invoices").iterdir()
    copy.write_text(copy.read_text().replace(",50,", ",51,"))
    failed = [check.name for check in verify(settings, OCTOBER).checks if not check.ok]
    assert failed == ["invoices: sha256 of the kept copy", "cloud: invoice E2 == BilledCost, USD"]


PLAN = "arn:aws:savingsplans::1:savingsplan/a"
COMMITMENT: Rows = (
    {
        "BilledCost": "80",
        "EffectiveCost": "0",
        "ChargeCategory": "Purchase",
        "CommitmentDiscountId": PLAN,
        "InvoiceId": "E1",
    },
    {
        "BilledCost": "0",
        "EffectiveCost": "70",
        "CommitmentDiscountId": PLAN,
        "CommitmentDiscountStatus": "Used",
        "InvoiceId": "E1",
        "Tags": '{"tenant": "acme"}',
    },
    {
        "BilledCost": "0",
        "EffectiveCost": "30",
        "CommitmentDiscountId": PLAN,
        "CommitmentDiscountStatus": "Unused",
        "InvoiceId": "E1",
        "ResourceId": PLAN,
    },
)


@pytest.mark.parametrize(
    ("purchased", "told"),
    [
        ("80", "purchased 80, used 70, unused 30, difference 20 USD, paid in other months or up front"),
        ("100", "purchased 100, used 70, unused 30, difference 0 USD"),
        ("1200", "purchased 1200, used 70, unused 30, difference -1100 USD, paid ahead or not yet used"),
    ],
)
def test_verify_prints_a_bridge_for_each_commitment(tmp_path, purchased, told):
    found = audited(tmp_path, ({**COMMITMENT[0], "BilledCost": purchased}, *COMMITMENT[1:]))
    assert found.ok
    assert f"cloud: commitment {PLAN}: {told}" in found.statements
    assert "commitments as reported == ledger" in [check.name for check in found.checks]
