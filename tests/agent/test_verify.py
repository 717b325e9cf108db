"""The audit finds one changed raw cost, ledger row or result row, whoever else was changed to cover it."""

import json
import shutil

import pytest

from agent.errors import NothingToDo, ProofError
from agent.period import Period
from agent.verify import Check, Verification, verify
from tests.verified_month import (
    ALLOCATED,
    CLASSIFIED,
    CUSTOMERS,
    FINEST,
    LEDGER,
    RAW,
    Month,
    digest,
    write_json,
)

OCTOBER = Period(2026, 10)
UNTIED = "cloud: 14.599999999999999999999999 USD is not tied to an invoice: its lines name none"
NOT_RECOMPUTED = "the allocation is not recomputed: the proof does not say which configuration it was made by"
STATED = (UNTIED, NOT_RECOMPUTED)


@pytest.fixture
def month(tmp_path) -> Month:
    return Month(tmp_path).write()


def audit(month: Month) -> Verification:
    return verify(month.settings, OCTOBER)


def failed(month: Month) -> set[str]:
    return {check.name for check in audit(month).checks if not check.ok}


def test_a_month_that_ties_holds(month):
    found = audit(month)
    assert [check for check in found.checks if not check.ok] == []
    assert found.ok
    assert found.statements == STATED


def changed_raw() -> list[dict[str, str]]:
    return [RAW[0] | {"BilledCost": "10.11"}, *RAW[1:]]


def test_one_changed_raw_cost_is_found(month):
    month.write_raw(changed_raw())
    assert failed(month) == {"cloud: part-1.csv.gz: sha256", "cloud: part-1.csv.gz: raw == manifest, USD BilledCost"}


def test_a_changed_raw_cost_is_found_although_its_hash_was_made_again(month):
    month.write_raw(changed_raw())
    month.write_manifest()
    month.write_proof()
    assert failed(month) == {"cloud: part-1.csv.gz: raw == manifest, USD BilledCost"}


def test_a_changed_raw_cost_is_found_although_the_recorded_sums_were_changed_with_it(month):
    month.write_raw(changed_raw())
    month.write_manifest(billed="14.609999999999999999999999")
    month.write_proof()
    assert failed(month) == {"cloud: files == ledger, USD BilledCost", "cloud: manifest == ledger, USD BilledCost"}


def test_a_raw_row_more_is_found_though_it_costs_nothing(month):
    month.write_raw([*RAW, {"BilledCost": "0"}])
    month.write_manifest()
    month.write_proof()
    assert failed(month) == {"cloud: part-1.csv.gz: rows"}


def test_one_changed_ledger_row_is_found(month):
    month.write_ledger([("sub", "EC2", "10.6", "9.36"), *LEDGER[1:]])
    assert "cloud: sha256 of ledger part-0.parquet" in failed(month)
    assert "cloud: files == ledger, USD EffectiveCost" in failed(month)


def test_ledger_rows_that_trade_money_are_found_by_their_cells(month):
    month.write_ledger([("sub", "EC2", "9.6", "9.35"), (None, "RDS", "5", "4"), LEDGER[2]])
    month.write_manifest()
    assert failed(month) == {"cloud: ledger == classification by account, service, day"}
    cells = next(check for check in audit(month).checks if not check.ok)
    assert cells.difference == "2"
    assert "(payer, null, RDS, 2026-10-05, USD): 5 / 4 against 4 / 4" in cells.detail


def test_one_changed_classification_row_is_found(month):
    month.write_classification([*CLASSIFIED[:3], ("sub", "S3", "untagged", FINEST, "0")])
    assert failed(month) >= {
        "sha256 of classification.parquet",
        "cloud: ledger == classification by account, service, day",
        "classification == proof, source, USD EffectiveCost",
    }


def test_one_changed_allocation_row_is_found_although_the_proof_was_made_again(month):
    month.write_allocation([*ALLOCATED[:2], ("acme", "customer", "shared", "1", "2"), *ALLOCATED[3:]])
    assert "sha256 of allocation.parquet" in failed(month)
    month.write_proof()
    assert failed(month) == {
        "classification == allocation, USD EffectiveCost",
        "allocation == proof, customer, USD EffectiveCost",
        "source + adjustments == all buckets, USD EffectiveCost",
        "allocation == cost_per_customer, Cost",
        "allocation == cost_per_customer, each column",
    }


def test_money_moved_between_customers_is_found(month):
    rows = [("acme", "customer", "shared", "1", "2"), ("beta", "customer", "shared", "3", "2")]
    month.write_allocation([*ALLOCATED[:2], *rows, ALLOCATED[4]])
    month.write_proof()
    assert failed(month) == {
        "allocation == cost_per_customer, Cost",
        "allocation == cost_per_customer, each column",
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [("acme", "9.1", "1", "10.2"), *CUSTOMERS[1:]],
            {"cost_per_customer foots to source + adjustments, USD", "allocation == cost_per_customer, Cost"},
        ),
        ([("acme", "9.0", "1.1", "10.1"), *CUSTOMERS[1:]], {"allocation == cost_per_customer, each column"}),
        (
            [CUSTOMERS[0], CUSTOMERS[0], *CUSTOMERS[1:]],
            {"cost_per_customer: rows == customers"},
        ),
    ],
    ids=["cost", "column", "twice"],
)
def test_one_changed_row_of_the_customer_table_is_found(month, rows, expected):
    month.write_customers(rows)
    assert failed(month) == expected | {"sha256 of cost_per_customer.csv"}
    month.write_proof()
    assert failed(month) == expected


def test_other_result_files_are_held_to_their_hash(month):
    extra = month.results / "costs_by_type.json"
    extra.write_text("{}")
    month.edit(month.results / "proof.json", lambda proof: proof["results"].update({extra.name: digest(extra)}))
    assert failed(month) == set()
    extra.write_text("{ }")
    assert failed(month) == {"sha256 of costs_by_type.json"}
    extra.unlink()
    assert failed(month) == {"sha256 of costs_by_type.json"}


def test_a_proof_that_says_it_does_not_hold_is_believed(month):
    def spoil(proof):
        proof["checks"][0]["right"] = "2"

    month.edit(month.results / "proof.json", spoil)
    assert failed(month) == {"proof: c, USD BilledCost"}
    month.edit(month.results / "proof.json", lambda proof: proof["checks"][0].update(difference="-1"))
    assert failed(month) == {"proof: c, USD BilledCost"}


def test_a_proof_of_other_files_than_the_manifest_is_found(month):
    month.edit(month.results / "proof.json", lambda proof: proof["sources"][0]["files"].clear())
    assert failed(month) == {"cloud: proof's files == manifest's"}


def test_a_proof_that_forgets_a_source_is_found(month):
    month.edit(month.results / "proof.json", lambda proof: proof["sources"].clear())
    assert "classification names the proof's sources" in failed(month)


def test_where_a_raw_file_is_gone_it_ties_to_recorded_sums_and_says_so(month):
    month.raw.unlink()
    found = audit(month)
    assert found.ok
    assert found.statements == ("cloud: part-1.csv.gz is gone: tied to recorded sums", *STATED)
    assert "note: cloud: part-1.csv.gz is gone: tied to recorded sums" in found.text()


def test_a_raw_file_that_now_lies_in_another_folder_is_read_there(month):
    """As where AWS delivers an unchanged month again in the folder of a new run, and the old run is deleted."""
    again = month.raw.parent / "20261118T0600Z" / month.raw.name
    again.parent.mkdir()
    month.raw.rename(again)
    found = audit(month)
    assert found.ok
    moved = "cloud: part-1.csv.gz is gone from its place and read as 20261118T0600Z/part-1.csv.gz, the same bytes"
    assert found.statements == (moved, *STATED)


def test_another_file_of_its_name_is_not_a_raw_file_that_is_gone(month):
    other = month.raw.parent / "20261118T0600Z" / month.raw.name
    other.parent.mkdir()
    other.write_bytes(month.raw.read_bytes() + b"x")
    month.raw.unlink()
    assert audit(month).statements == ("cloud: part-1.csv.gz is gone: tied to recorded sums", *STATED)


def test_a_source_no_longer_configured_ties_to_recorded_sums(month):
    (month.root / "apportion.yaml").write_text("version: 1\n")
    assert audit(month).statements == ("cloud: part-1.csv.gz is gone: tied to recorded sums", *STATED)


def test_a_location_that_is_the_file_itself_is_read(month):
    text = (month.root / "apportion.yaml").read_text()
    (month.root / "apportion.yaml").write_text(text.replace("exports", "exports/part-1.csv.gz"))
    assert audit(month).statements == STATED
    assert audit(month).ok


def test_a_newer_version_is_named(month):
    shutil.copytree(month.version, month.version.parent / "v2")
    write_json(month.version.parent / "HEAD.json", {"version": 2})
    assert audit(month).statements == ("cloud: made from version 1; version 2 has come in since", *STATED)
    assert audit(month).ok


def test_a_raw_file_that_cannot_be_read_is_a_check_that_fails(month):
    month.raw.write_bytes(month.raw.read_bytes()[:-9])
    unread = next(check for check in audit(month).checks if check.name.endswith(": read"))
    assert not unread.ok
    assert "cannot be read" in unread.detail


def test_what_is_finer_than_a_unit_is_stated_and_no_difference(month):
    month.write_raw([RAW[0] | {"BilledCost": "10.1000000000000000000000004"}, *RAW[1:]])
    month.write_manifest()

    def recorded(manifest):
        manifest["files"][0]["sums"]["USD"]["BilledCost"] = "14.5999999999999999999999994"

    month.edit(month.version / "manifest.json", recorded)
    month.write_proof()
    found = audit(month)
    assert found.ok
    (statement,) = [text for text in found.statements if text not in STATED]
    assert statement == ("cloud: finer than 1e-24 USD and so in no ledger row: BilledCost 4E-25, EffectiveCost 0")


def test_booked_rounding_must_be_in_the_ledger(month):
    def book(manifest):
        manifest["rounding"] = {"USD": {"BilledCost": "0.01", "EffectiveCost": "0"}}

    month.edit(month.version / "manifest.json", book)
    assert failed(month) == {"cloud: rounding booked == ledger, USD BilledCost"}


def test_a_period_without_results_is_nothing_to_verify(month):
    with pytest.raises(NothingToDo, match="no results for 2026-09"):
        verify(month.settings, Period(2026, 9))


@pytest.mark.parametrize("file", ["manifest.json", "part-0.parquet"])
def test_a_record_that_cannot_be_read_is_an_error_and_no_success(month, file):
    (month.version / file).unlink()
    with pytest.raises(ProofError, match="cannot be read"):
        audit(month)


def test_a_proof_that_is_no_object_is_an_error(month):
    (month.results / "proof.json").write_text("[]")
    with pytest.raises(ProofError, match="not a JSON object"):
        audit(month)


def test_currencies_that_the_customer_table_leaves_out_are_named(month):
    month.write_customers([])
    told = "USD is in allocation.parquet only; cost_per_customer.csv does not show it"
    assert audit(month).statements == (UNTIED, told, NOT_RECOMPUTED)


def test_progress_names_each_source_and_the_results(month):
    class Heard:
        def __init__(self):
            self.texts = []

        def step(self, text):
            self.texts.append(text)

        def advance(self, done, total, text):
            self.texts.append(f"{done}/{total} {text}")

    heard = Heard()
    verify(month.settings, OCTOBER, heard)
    assert heard.texts == [
        "verify 2026-10: recompute from raw files",
        "0/1 cloud: raw files, ledger, classification",
        "verify 2026-10: invoices and commitments",
        "verify 2026-10: published results",
        "verify 2026-10: recompute the allocation",
    ]


def test_the_table_shows_each_check_its_difference_and_the_outcome(month):
    month.write_raw(changed_raw())
    lines = audit(month).text().splitlines()
    assert any(line.startswith("FAIL") and line.endswith("0.01") for line in lines)
    assert lines[-1] == f"2026-10: 2 of {len(audit(month).checks)} checks do not hold"


def test_records_are_plain_values(month):
    found = audit(month).records()
    assert json.loads(json.dumps(found)) == found
    assert found["ok"] is True
    assert found["period"] == "2026-10"


def test_no_checks_are_no_success():
    assert not Verification("2026-10", ()).ok
    assert Verification("2026-10", (Check("a", "1", "1", "0", ok=True),)).ok


def test_nothing_is_written(month):
    before = {path: digest(path) for path in month.root.rglob("*") if path.is_file()}
    audit(month)
    assert {path: digest(path) for path in month.root.rglob("*") if path.is_file()} == before
