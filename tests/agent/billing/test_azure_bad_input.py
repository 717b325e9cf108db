"""Each Azure delivery that is not whole or not clear is refused with what, where and how to mend it."""

import json

import pytest

from agent.billing import ingest_source
from agent.billing.ledger.versions import periods
from agent.config.application import SourceConfig
from agent.errors import SourceError
from agent.progress import Quiet
from agent.verify.azure import PAYMENTS, read_azure
from tests.agent.billing.ledgers import manifest, rows
from tests.azure_rows import COVERED, PAYMENT, SCOPE, UNUSED, azure_text, write_azure, write_both, write_run

SEPTEMBER = {"BillingPeriodStartDate": "09/01/2026", "BillingPeriodEndDate": "09/30/2026", "Date": "09/05/2026"}


@pytest.fixture
def take_in(tmp_path):
    """Ingests ``tmp_path/x``."""

    def take_in(dataset=None):
        source = SourceConfig(name="bill", kind="azure", location=str(tmp_path / "x"), dataset=dataset)
        return ingest_source(source, tmp_path / "data", tmp_path, None, Quiet())

    take_in.x = tmp_path / "x"
    take_in.data = tmp_path / "data"
    return take_in


@pytest.fixture
def refused(take_in):
    """The error of an ingest that must leave nothing behind."""

    def refused(dataset=None):
        with pytest.raises(SourceError) as caught:
            take_in(dataset)
        assert periods(take_in.data) == []
        assert caught.value.expected
        assert caught.value.mend
        return caught.value

    return refused


def test_missing_columns_are_all_named_by_every_name_they_go_by(take_in, refused):
    write_azure(take_in.x / "bill.csv", [{}], without=["CostInBillingCurrency", "ChargeType", "Date"])
    error = refused("actual")
    assert error.message == (
        "3 Azure cost details columns are missing: CostInBillingCurrency or Cost or PreTaxCost, "
        "Date or UsageDateTime or UsageDate, ChargeType"
    )
    assert error.where == "bill.csv:1"


def test_a_file_without_any_account_is_refused_unless_it_is_as_old_as_pre_tax_cost(take_in, refused):
    write_azure(take_in.x / "bill.csv", [{}], without=["BillingAccountId", "BillingProfileId"])
    assert "1 Azure cost details column is missing: BillingAccountId" in refused("actual").message


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ({"ChargeType": "Bonus"}, "1 lines have the ChargeType 'Bonus'"),
        ({"ChargeType": ""}, "ChargeType is empty in 1 lines"),
        ({"PricingModel": "Barter"}, "1 lines have the PricingModel 'Barter'"),
        ({"BillingCurrencyCode": "us-dollar"}, "BillingCurrency holds 'us-dollar'"),
        ({"CostInBillingCurrency": ""}, "Cost is empty"),
        ({"CostInBillingCurrency": "1,5"}, "Cost holds '1,5'"),
        ({"BillingAccountId": "8.61E+12"}, "a spreadsheet has rounded this id"),
        ({"BillingPeriodEndDate": "09/30/2026"}, "the billing period ends before it starts"),
    ],
)
def test_a_value_that_cannot_be_taken_is_named_with_its_line(line, found, take_in, refused):
    write_azure(take_in.x / "bill.csv", [{}, line])
    error = refused_of(take_in)
    assert found in error.message
    assert error.where == "bill.csv:3"


def refused_of(take_in):
    with pytest.raises(SourceError) as caught:
        take_in("actual")
    assert caught.value.expected
    return caught.value


def test_dates_with_the_day_first_are_refused_with_a_hint(take_in, refused):
    write_azure(take_in.x / "bill.csv", [{"Date": "13/10/2026"}])
    error = refused("actual")
    assert "Date holds '13/10/2026'" in error.message
    assert "the day first" in error.mend


def test_a_period_with_the_day_first_is_refused_though_its_start_reads_as_a_date(take_in, refused):
    line = {"BillingPeriodStartDate": "01/10/2026", "BillingPeriodEndDate": "31/10/2026", "Date": "05/10/2026"}
    write_azure(take_in.x / "bill.csv", [line])
    assert "BillingPeriodEndDate holds '31/10/2026'" in refused("actual").message


def test_a_ragged_row_is_refused_with_its_line(take_in, refused):
    (take_in.x).mkdir()
    (take_in.x / "bill.csv").write_text(azure_text([{}, {}]) + "one,two\n")
    error = refused("actual")
    assert "a row has 2 cells" in error.message
    assert error.where == "bill.csv:4"


def test_shifted_columns_are_refused(take_in, refused):
    text = azure_text([{}])
    header, line = text.splitlines()
    take_in.x.mkdir()
    (take_in.x / "bill.csv").write_text(f"{header}\n,{line.rpartition(',')[0]}\n")
    assert "bill.csv:2" in refused_of(take_in).where


def test_nul_bytes_are_refused(take_in):
    take_in.x.mkdir()
    (take_in.x / "bill.csv").write_bytes(b"\0" * 4096)
    refused_of(take_in)
    (take_in.x / "bill.csv").write_bytes(azure_text([{}]).encode() + b"\0" * 4096 + b"\n")
    refused_of(take_in)


@pytest.mark.parametrize("text", ["", azure_text([])])
def test_a_file_without_rows_is_refused(text, take_in):
    take_in.x.mkdir()
    (take_in.x / "bill.csv").write_text(text)
    refused_of(take_in)


def test_two_currencies_of_one_account_are_refused(take_in, refused):
    write_azure(take_in.x / "bill.csv", [{}, {"BillingCurrencyCode": "EUR", "Date": "10/20/2026"}])
    assert "billed in 2 currencies: EUR (1 rows), USD (1 rows)" in refused("actual").message


def test_half_a_manifest_is_refused(take_in, refused):
    folder = write_run(take_in.x, "ActualCost", [{}])
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text[: len(text) // 2])
    assert "only half of it is there" in refused().message


def test_a_manifest_whose_counts_do_not_agree_is_refused(take_in, refused):
    write_run(take_in.x, "ActualCost", [{}, {}], parts=2, blobCount=3)
    assert "states blobCount 3 and lists 2" in refused().message


def test_a_file_of_another_size_than_the_manifest_says_is_refused(take_in, refused):
    folder = write_run(take_in.x, "ActualCost", [{}])
    with (folder / "part_0_0000.csv").open("a") as part:
        part.write(azure_text([{}]).splitlines()[1] + "\n")
    assert "bytes, the manifest says" in refused().message


def test_fewer_rows_than_the_manifest_says_are_refused(take_in, refused):
    write_run(take_in.x, "ActualCost", [{}, {}], dataRowCount=3)
    error = refused()
    assert "3" in error.message
    assert "2" in error.message


def test_a_listed_part_that_is_not_there_is_refused_and_none_is_taken_from_another_run(take_in, refused):
    write_run(take_in.x, "ActualCost", [{}, {}], parts=2, submitted="2026-11-07T00:00:00Z", run="run-1")
    folder = write_run(take_in.x, "ActualCost", [{}, {}], parts=2, run="run-2")
    (folder / "part_0_0001.csv").unlink()
    assert "which is not here" in refused().message


def test_a_newer_run_without_its_manifest_leaves_the_earlier_run_in_force(take_in):
    write_run(take_in.x, "ActualCost", [{}], run="run-1")
    folder = write_run(take_in.x, "ActualCost", [{}, {}, {}], run="run-2", submitted="2026-11-09T00:00:00Z")
    (folder / "manifest.json").unlink()
    take_in()
    assert manifest(take_in.data).ledger_sums["USD"]["BilledCost"] == "1"


def test_of_several_runs_of_a_month_the_newest_counts_alone(take_in):
    """A daily export of the month to date, kept run by run, and a monthly one of the month that has ended."""
    for day, lines in (("05", 1), ("06", 2), ("07", 3)):
        write_run(
            take_in.x,
            "ActualCost",
            [{"Date": f"10/{number + 1:02}/2026"} for number in range(lines)],
            export="daily",
            run=f"run-{9 - lines}",
            submitted=f"2026-10-{day}T04:00:00Z",
            days=("2026-10-01", f"2026-10-{day}"),
        )
    take_in()
    assert manifest(take_in.data).ledger_sums["USD"]["BilledCost"] == "3"
    write_run(take_in.x, "ActualCost", [{"CostInBillingCurrency": "31"}], export="monthly", run="run-0")
    take_in()
    assert manifest(take_in.data).ledger_sums["USD"]["BilledCost"] == "31"
    assert len(manifest(take_in.data).files) == 1


def test_a_newer_run_of_fewer_days_than_the_one_it_overlaps_is_refused(take_in, refused):
    write_run(take_in.x, "ActualCost", [{}], export="history", days=("2026-08-01", "2026-10-31"))
    write_run(take_in.x, "ActualCost", [{}], export="daily", submitted="2026-11-09T00:00:00Z")
    error = refused()
    assert "two runs state the same days" in error.message
    assert "2026-08-01 to 2026-10-31" in error.message


def test_two_runs_of_which_nothing_tells_the_newer_are_refused(take_in, refused):
    for run in ("run-1", "run-2"):
        write_run(take_in.x, "ActualCost", [{}], run=run, submitted="")
    assert "nothing tells which is newer" in refused().message


def test_exports_of_overlapping_scopes_are_refused(take_in, refused):
    write_run(take_in.x, "ActualCost", [{}], export="enrolment")
    write_run(take_in.x, "ActualCost", [{"Quantity": "2"}], export="subscription", scope="/subscriptions/1111")
    assert "two exports bill account" in refused().message


def test_a_manual_export_beside_the_daily_one_is_refused_without_manifests(take_in, refused):
    lines = [{"Date": f"10/{day:02}/2026", "CostInBillingCurrency": str(day)} for day in range(1, 8)]
    write_azure(take_in.x / "daily" / "bill.csv", lines)
    write_azure(take_in.x / "manual" / "bill.csv", [*lines, {"Date": "10/08/2026"}])
    refused("actual")


def test_a_manifest_of_another_dataset_is_not_read(take_in, refused):
    write_run(take_in.x, "FocusCost", [{}])
    write_run(take_in.x, "PriceSheet", [{}])
    assert "they are of type focuscost, pricesheet" in refused().message


def test_exports_of_other_types_in_the_same_container_are_left_alone(take_in):
    write_run(take_in.x, "FocusCost", [{"CostInBillingCurrency": "9"}])
    write_run(take_in.x, "ActualCost", [{}], name="_manifest.json")
    take_in()
    assert manifest(take_in.data).ledger_sums["USD"]["BilledCost"] == "1"


def test_amortised_costs_delivered_twice_are_refused(take_in):
    write_azure(take_in.x / "amortized" / "a.csv", [{}, {**COVERED, "CostInBillingCurrency": "2"}])
    write_azure(take_in.x / "amortized" / "b.csv.gz", [{}, {**COVERED, "CostInBillingCurrency": "2"}])
    assert "hold the same" in refused_of_both(take_in).message


def refused_of_both(take_in):
    with pytest.raises(SourceError) as caught:
        take_in()
    return caught.value


def test_datasets_that_contradict_each_other_on_settled_days_are_refused(take_in, refused):
    write_both(take_in.x, [{}, {"Date": "10/06/2026"}], [{}])
    error = refused()
    assert "do not bill the same on a settled day, first on 2026-10-06: 1 USD against 0 USD" in error.message
    assert "run both exports of this month again" in error.mend


def test_datasets_that_differ_below_the_ledgers_last_digit_contradict_each_other(take_in, refused):
    fine = "0.1000000000000000000000000001"
    write_both(take_in.x, [{"CostInBillingCurrency": fine}], [{"CostInBillingCurrency": "0.1"}])
    assert "2026-10-05" in refused().message


def test_datasets_of_different_months_are_refused_where_no_manifest_tells_the_months(take_in, refused):
    write_azure(take_in.x / "actual.csv", [{**PAYMENT}, {}])
    write_azure(take_in.x / "amortized.csv", [{**SEPTEMBER, **UNUSED}, SEPTEMBER])
    assert "2026-10: only actual costs have lines" in refused().message


def test_both_is_refused_where_only_one_is_there(take_in, refused):
    write_run(take_in.x, "ActualCost", [{}])
    assert "only actual costs for 2026-10" in refused("both").message


def test_a_dataset_that_is_asked_for_and_not_there_is_refused(take_in, refused):
    write_run(take_in.x, "ActualCost", [{}])
    assert "no file of the delivery holds amortized costs" in refused("amortized").message


@pytest.mark.parametrize(
    ("dataset", "line", "found"),
    [
        ("actual", UNUSED, "1 lines of actual costs are unused parts of commitments"),
        ("amortized", PAYMENT, "1 lines of amortised costs are payments for reservations"),
    ],
)
def test_lines_that_the_dataset_cannot_have_are_refused(dataset, line, found, take_in, refused):
    write_azure(take_in.x / "bill.csv", [{}, line])
    error = refused(dataset)
    assert found in error.message
    assert error.where == "bill.csv:3"


@pytest.mark.parametrize("model", ["Reservation", "SavingsPlan"])
def test_amortised_costs_that_are_named_actual_are_refused(model, take_in, refused):
    covered = {**COVERED, "PricingModel": model, "CostInBillingCurrency": "2.4"}
    path = write_azure(take_in.x / "actual.csv", [{}, covered])
    error = refused()
    assert "1 lines of actual costs charge for usage that a commitment covers" in error.message
    assert "this file looks like amortised costs" in error.mend
    assert error.where == "actual.csv:3"
    with pytest.raises(ValueError, match="a charge for usage that a commitment covers"):
        read_azure(path, "2026-10", "actual")


def test_amortised_costs_that_are_delivered_as_both_datasets_are_refused(take_in, refused):
    covered = {**COVERED, "CostInBillingCurrency": "2.4"}
    write_both(take_in.x, [covered], [covered])
    assert "1 lines of actual costs charge for usage that a commitment covers" in refused().message
    [path] = take_in.x.glob("actualcost/**/*.csv")
    with pytest.raises(ValueError, match="a charge for usage that a commitment covers"):
        read_azure(path, "2026-10", PAYMENTS)


def test_covered_usage_that_costs_nothing_belongs_to_actual_costs(take_in):
    path = write_azure(take_in.x / "actual.csv", [{}, {**COVERED, "CostInBillingCurrency": "0"}])
    take_in()
    assert {row["Billed"] for row in rows(take_in.data)} == {"0", "1"}
    assert read_azure(path, "2026-10", "actual").rows == 2


def test_files_that_could_be_of_either_dataset_are_refused(take_in, refused):
    write_azure(take_in.x / "one" / "a.csv", [PAYMENT])
    write_azure(take_in.x / "two" / "b.csv", [UNUSED])
    write_azure(take_in.x / "three" / "c.csv", [{}])
    assert "nothing tells whether the file holds actual or amortised costs" in refused().message


def test_a_manifest_without_configuration_is_told_by_its_folder_and_content(take_in):
    folder = write_run(take_in.x, "ActualCost", [{}, PAYMENT], name="_manifest.json", export="old")
    path = folder / "_manifest.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({key: content[key] for key in ("blobs", "blobCount", "byteCount")}))
    take_in()
    assert {row["x_Kind"] for row in rows(take_in.data)} == {"usage", "commitment_purchase"}


def test_one_file_delivered_under_two_names_is_refused(take_in):
    write_azure(take_in.x / "actual-1.csv", [{}])
    write_azure(take_in.x / "actual-2.csv", [{}])
    assert "hold the same rows" in refused_of_both(take_in).message


def test_the_scope_of_a_manifest_counts_in_any_case(take_in):
    write_run(take_in.x, "ActualCost", [{}], export="one", scope=SCOPE.upper(), submitted="2026-11-01T00:00:00Z")
    write_run(take_in.x, "ActualCost", [{"CostInBillingCurrency": "2"}], export="two")
    take_in()
    assert manifest(take_in.data).ledger_sums["USD"]["BilledCost"] == "2"


def day_first(*days, month=10, **more):
    """Lines of these days as a spreadsheet of another country writes them, with the period they are of."""
    period = {"BillingPeriodStartDate": f"01/{month:02}/2026", "BillingPeriodEndDate": ""}
    return [period | {"Date": f"{day:02}/{month:02}/2026"} | more for day in days]


LOCALISED = "this file has the day first: deliver the export itself, not a copy saved by a spreadsheet"


def test_days_first_beside_a_manifest_of_another_month_are_refused(take_in, refused):
    write_run(take_in.x, "ActualCost", day_first(5, 6))
    error = refused("actual")
    assert error.message == (
        "Date holds '05/10/2026', which month first is no day of its billing period, and day first is one"
    )
    assert (error.where.rpartition(":")[2], error.mend) == ("2", LOCALISED)


def test_a_day_first_that_only_the_manifest_tells_apart_is_refused(take_in, refused):
    write_run(take_in.x, "ActualCost", day_first(1))
    assert refused("actual").mend == LOCALISED


def test_days_first_without_a_manifest_are_refused_by_their_billing_period(take_in, refused):
    write_azure(take_in.x / "bill.csv", [*day_first(1), *day_first(5, 6)])
    error = refused("actual")
    assert (error.where, error.mend) == ("bill.csv:3", LOCALISED)


def test_days_first_in_a_file_without_billing_periods_are_refused_by_the_months_they_fall_into(take_in, refused):
    write_azure(
        take_in.x / "bill.csv",
        day_first(5, 6, 7),
        without=["BillingPeriodStartDate", "BillingPeriodEndDate", "ChargeType", "PricingModel"],
        names={"CostInBillingCurrency": "PreTaxCost"},
    )
    assert refused("actual").mend == LOCALISED


def test_a_manifest_of_another_month_than_its_lines_is_refused(take_in, refused):
    write_run(take_in.x, "ActualCost", [{}, SEPTEMBER])
    error = refused("actual")
    assert error.message == "1 lines are of the billing period 2026-09, the run of the export is of 2026-10"
    assert error.where.endswith(":3")


@pytest.mark.parametrize("days", [(5, 6), (1, 2, 12), (31,)])
def test_months_first_are_taken_with_and_without_a_manifest(take_in, days):
    lines = [{"Date": f"10/{day:02}/2026"} for day in days]
    write_azure(take_in.x / "bill.csv", lines)
    assert take_in("actual")[0].billed_text == f"{len(days)} USD"


def test_a_late_charge_of_the_month_before_is_taken(take_in):
    write_azure(take_in.x / "bill.csv", [{}, {"Date": "09/05/2026"}])
    assert take_in("actual")[0].billed_text == "2 USD"


def test_the_billing_period_of_a_subscription_may_begin_on_any_day(take_in):
    period = {"BillingPeriodStartDate": "01/10/2026", "BillingPeriodEndDate": "02/09/2026"}
    write_azure(take_in.x / "bill.csv", [period | {"Date": "01/10/2026"}, period | {"Date": "02/03/2026"}])
    assert str(take_in("actual")[0].period) == "2026-01"
