"""The allocation as FOCUS rows: FOCUS's rules for splits, and sums that are the published ones."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from agent import cli
from tests.project import write_project

PERIOD = ["--period", "2026-10"]
ORIGIN = ("BillingAccountId", "SubAccountId", "ServiceName", "InvoiceId", "ChargePeriodStart", "ChargePeriodEnd",
          "CommitmentDiscountId", "x_Kind", "x_Source", "x_CostGroup", "ChargeCategory")  # fmt: skip


@pytest.fixture(autouse=True)
def exactly() -> Iterator[None]:
    """Amounts have more digits than Python's decimals are added with by default."""
    with localcontext(prec=80):
        yield


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "company"
    assert cli.main(["demo", str(root), "--lines", "3000", "--quiet"]) == 0
    return root / "apportion.yaml"


@pytest.fixture(scope="module")
def rows(config: Path) -> list[dict[str, Any]]:
    assert export(config) == 0
    return pq.read_table(config.parent / "data/exports/2026-10/focus-1.3-allocated.parquet").to_pylist()


def export(config: Path, *more: str) -> int:
    return cli.main(["export", "--allocated", "--config", str(config), "--quiet", *(more or PERIOD)])


def ratio(row: dict[str, Any]) -> Decimal:
    details = json.loads(row["AllocatedMethodDetails"], parse_float=Decimal, parse_int=Decimal)
    (element,) = details["Elements"]
    return element["AllocatedRatio"]


def test_the_file_sums_to_what_was_published_for_each_customer(config, rows):
    published = config.parent / "data/results/2026-10/cost_per_customer.csv"
    with published.open() as text:
        expected = {row["Customer"]: Decimal(row["Cost"]) for row in csv.DictReader(text)}
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        reserved = {"opex": "@opex", "unallocated": "@unallocated", "balance_sheet": "@balance_sheet"}
        found[reserved.get(row["x_Bucket"], row["x_Customer"])] += row["EffectiveCost"]
    assert {known: cost for known, cost in found.items() if cost} == {k: c for k, c in expected.items() if c}


def test_ratios_of_a_charge_sum_to_exactly_one(rows):
    split = [row for row in rows if row["AllocatedMethodId"] is not None]
    assert split
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in split:
        # NOTE: a charge is in one class and pool, idle of a pool apart, so these tell charges apart
        sums[tuple(row[name] for name in ORIGIN)] += ratio(row)
    assert all(total == total.to_integral_value() for total in sums.values())
    assert min(sums.values()) == 1


def test_a_part_is_its_ratio_of_the_charge(rows):
    charges: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["x_Method"] == "usage":
            charges[tuple(row[name] for name in (*ORIGIN, "x_Pool"))].append(row)
    assert charges
    for parts in charges.values():
        if sum(map(ratio, parts)) == 1:
            total = sum(row["EffectiveCost"] for row in parts)
            assert all(abs(row["EffectiveCost"] - total * ratio(row)) < Decimal("1e-11") for row in parts)


def test_what_is_unallocated_has_a_method_and_no_resource(rows):
    left = [row for row in rows if row["x_Customer"] == "@unallocated" and row["x_Method"] == "usage"]
    assert left
    assert {row["AllocatedResourceId"] for row in left} == {None}
    assert None not in {row["AllocatedMethodId"] for row in left}


def test_what_needs_no_split_has_no_method(rows):
    direct = [row for row in rows if row["x_Method"] == "direct"]
    assert direct
    assert {(row["AllocatedMethodId"], row["AllocatedResourceId"], row["AllocatedTags"]) for row in direct} == {
        (None, None, None)
    }


def test_a_customer_is_named_by_id_name_and_tag(rows):
    row = next(row for row in rows if row["AllocatedResourceId"] == "aldervane" and row["x_Pool"] == "gateway")
    assert row["AllocatedResourceName"] == "Aldervane Logistics"
    assert json.loads(row["AllocatedTags"]) == {"apportion:customer": "aldervane"}
    assert row["AllocatedMethodId"] == "apportion/shared/pool/gateway/usage"


def test_the_same_results_give_the_same_bytes(config, tmp_path):
    for name in ("one.parquet", "two.parquet"):
        assert export(config, *PERIOD, "--output", str(tmp_path / name)) == 0
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_csv_holds_the_same_rows(config, rows, tmp_path):
    assert export(config, *PERIOD, "--output", str(tmp_path / "x.csv")) == 0
    with (tmp_path / "x.csv").open() as text:
        read = list(csv.DictReader(text))
    assert len(read) == len(rows)
    assert sum(Decimal(row["EffectiveCost"]) for row in read) == sum(row["EffectiveCost"] for row in rows)


def test_a_release_without_columns_for_splits_is_refused(config, capsys):
    assert export(config, *PERIOD, "--format", "focus-1.2") == 2
    assert "focus-1.2 has no columns for splits" in capsys.readouterr().err


def test_results_that_are_out_of_date_are_not_exported(tmp_path, capsys):
    config = write_project(tmp_path)
    assert cli.main(["run", "--config", str(config), "--quiet"]) == 0
    rules = config.parent / "allocation.yaml"
    rules.write_text(rules.read_text() + "\ncustomer_nonprod: cogs\n")
    assert export(config) == 2
    assert "out of date" in capsys.readouterr().err


def test_a_month_without_results_has_nothing_to_export(tmp_path, capsys):
    assert export(write_project(tmp_path)) == 3
    assert "no results" in capsys.readouterr().err
