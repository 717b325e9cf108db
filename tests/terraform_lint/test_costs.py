"""What a wrongly tagged resource will cost, as last month's bill tells."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from policies.faults import FaultsError
from policies.finding import Finding, Report, Summary
from terraform_lint.costs import Costs, with_costs


def written(folder: Path, *rows: dict[str, object], period: str = "2026-10") -> Path:
    base = {"provider": "AWS", "account": "1", "service": "AmazonRDS", "currency": "USD", "resource_type": ""}
    file = folder / "results" / period / "costs_by_type.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 1, "period": period, "types": [base | row for row in rows]}))
    return file


def finding(type_name: str = "aws_db_instance", rule: str = "missing-tag", verdict: str = "violation") -> Finding:
    return Finding(rule, "tenant", verdict, "block", "aws", type_name, f"{type_name}.a", "create", "no tag")


def test_a_database_costs_what_databases_cost_on_average_last_month(tmp_path):
    file = written(
        tmp_path,
        {"kind": "rds:db", "resources": 6, "effective": "21784.271669888"},
        {"kind": "rds:db", "resources": 1, "effective": "3595.669067648", "account": "2"},
        {"kind": "rds:cluster", "resources": 1, "effective": "4208.357879583"},
    )
    # (21784.271669888 + 3595.669067648) / 7 = 3625.70581964…
    assert Costs.read(file).monthly("aws_db_instance") == (Decimal("3625.71"), "USD")
    assert Costs.read(file, account="2").monthly("aws_db_instance") == (Decimal("3595.67"), "USD")


def test_a_service_of_one_type_is_matched_by_its_name(tmp_path):
    rows = {"service": "AmazonS3", "kind": "", "resources": 11, "effective": "110"}
    assert Costs.read(written(tmp_path, rows)).monthly("aws_s3_bucket") == (Decimal("10.00"), "USD")


def test_the_latest_month_below_the_data_folder_is_taken(tmp_path):
    written(tmp_path, {"kind": "rds:db", "resources": 1, "effective": "1"}, period="2026-09")
    written(tmp_path, {"kind": "rds:db", "resources": 1, "effective": "2"}, period="2026-10")
    costs = Costs.read(tmp_path)
    assert (costs.period, costs.monthly("aws_db_instance")) == ("2026-10", (Decimal("2.00"), "USD"))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no such resource in the bill"),
        pytest.param([{"kind": "rds:db", "resources": 0, "effective": "0"}], id="no resource"),
        pytest.param([{"kind": "rds:db", "resources": 2, "effective": "-3"}], id="credits outweigh it"),
        pytest.param(
            [
                {"kind": "rds:db", "resources": 1, "effective": "3"},
                {"kind": "rds:db", "resources": 1, "effective": "3", "currency": "EUR"},
            ],
            id="two currencies",
        ),
    ],
)
def test_nothing_is_said_where_the_bill_does_not_tell(tmp_path, rows):
    assert Costs.read(written(tmp_path, *rows)).monthly("aws_db_instance") is None


def test_a_type_that_is_not_in_the_table_has_no_cost(tmp_path):
    file = written(tmp_path, {"kind": "rds:db", "resources": 1, "effective": "3"})
    assert Costs.read(file).monthly("aws_iam_role") is None


def test_only_findings_that_leave_nobody_to_charge_get_a_cost(tmp_path):
    costs = Costs.read(
        written(
            tmp_path,
            {"kind": "rds:db", "resources": 2, "effective": "823.999"},
            {"kind": "ec2:volume", "resources": 1, "effective": "7"},
        )
    )
    found = (
        finding(),
        finding(rule="conflicting-tags"),
        finding(rule="ignored-changes"),
        finding(verdict="exempt"),
        finding("aws_instance", "untagged-volume"),
        replace(finding(), key="team"),
    )
    priced = with_costs(Report(found, Summary()), costs, {"tenant"}).findings
    assert [one.cost for one in priced] == ["412.00", "412.00", "", "", "7.00", ""]
    assert [one.currency for one in priced] == ["USD", "USD", "", "", "USD", ""]


@pytest.mark.parametrize("effective", ["NaN", "1e5x", "Infinity"])
def test_an_amount_that_is_no_number_is_a_mistake(tmp_path, effective):
    file = written(tmp_path, {"kind": "rds:db", "resources": 1, "effective": effective})
    with pytest.raises(FaultsError, match="not an amount"):
        Costs.read(file)


@pytest.mark.parametrize("content", ["", "[]", '{"version": 1, "period": "x", "types": [{"provider": 1}]}', "{"])
def test_a_file_that_is_something_else_is_named(tmp_path, content):
    file = tmp_path / "costs_by_type.json"
    file.write_text(content)
    with pytest.raises(FaultsError, match=r"costs_by_type\.json: not a costs_by_type\.json"):
        Costs.read(file)


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(FaultsError, match=r"there is no costs_by_type\.json"):
        Costs.read(tmp_path)
