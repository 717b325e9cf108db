"""The real pipeline's own files are audited: a month that ran holds, and one change anywhere in it is found."""

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent import pipeline
from agent.config.loading import Settings, load_application
from agent.period import Period
from agent.progress import Quiet
from agent.verify import verify
from tests.project import ROWS, write_project

OCTOBER = Period(2026, 10)
CENT = Decimal("0.01")
MORE = (
    {"BilledCost": "-7.5", "ChargeCategory": "Credit", "ServiceName": "Credits"},
    {"BilledCost": "0.0000000000000000000000019", "SubAccountId": "", "ServiceName": "AmazonS3"},
    {"BilledCost": "21.3", "EffectiveCost": "20", "ChargeCategory": "Tax"},
)


def ran(folder: Path, rows=(*ROWS, *MORE)) -> Settings:
    settings = load_application(write_project(folder, rows))
    pipeline.ingest(settings, None, Quiet())
    pipeline.allocate(settings, OCTOBER, Quiet())
    return settings


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Settings:
    return ran(tmp_path_factory.mktemp("company"))


def failed(settings: Settings) -> list[str]:
    return [f"{check.name}: {check.detail}" for check in verify(settings, OCTOBER).checks if not check.ok]


def test_a_month_that_ran_holds(project):
    assert failed(project) == []


def change_raw(settings: Settings) -> Path:
    path = settings.root / "exports" / "october.csv"
    path.write_text(path.read_text().replace("60", "60.01", 1))
    return path


def change_ledger(settings: Settings) -> Path:
    (path,) = (settings.data / "ledger").rglob("part-0.parquet")
    return change_table(path, "x_EffectiveUnits", Decimal(1))


def change_classification(settings: Settings) -> Path:
    return change_table(results(settings) / "classification.parquet", "BilledCost", CENT)


def change_allocation(settings: Settings) -> Path:
    return change_table(results(settings) / "allocation.parquet", "EffectiveCost", CENT)


def change_customers(settings: Settings) -> Path:
    path = results(settings) / "cost_per_customer.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    rows[0]["Cost"] = str(Decimal(rows[0]["Cost"]) + CENT)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def change_types(settings: Settings) -> Path:
    path = results(settings) / "costs_by_type.json"
    path.write_text(path.read_text() + " ")
    return path


def change_table(path: Path, column: str, by: Decimal) -> Path:
    table = pq.read_table(path)
    values = table[column].to_pylist()
    values[0] += by
    changed = table.set_column(
        table.column_names.index(column), column, pa.array(values, table.schema.field(column).type)
    )
    pq.write_table(changed, path)
    return path


def results(settings: Settings) -> Path:
    return settings.data / "results" / str(OCTOBER)


@pytest.mark.parametrize(
    "change", [change_raw, change_ledger, change_classification, change_allocation, change_customers, change_types]
)
def test_one_change_is_found(project, change: Callable[[Settings], Path]):
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    path = change(project)
    found = failed(project)
    path.write_bytes(before[path])
    assert found != []
    assert failed(project) == []


def test_a_raw_file_that_is_gone_is_tied_to_recorded_sums(tmp_path):
    settings = ran(tmp_path)
    (settings.root / "exports" / "october.csv").unlink()
    found = verify(settings, OCTOBER)
    assert found.ok
    assert any("tied to recorded sums" in text for text in found.statements)


def test_values_finer_than_a_unit_hold_too(tmp_path):
    settings = ran(tmp_path, [*ROWS, *({"BilledCost": f"0.{'3' * 30}", "ResourceId": f"r{n}"} for n in range(7))])
    assert failed(settings) == []


def test_real_exports_of_two_months_and_three_providers_hold(tmp_path, shared_data):
    settings = load_application(write_project(tmp_path, []))
    (tmp_path / "exports" / "october.csv").unlink()
    (tmp_path / "exports" / "real.csv").write_bytes((shared_data / "focus_sample.csv").read_bytes())
    pipeline.ingest(settings, None, Quiet())
    for period in (Period(2024, 9), Period(2024, 10)):
        pipeline.allocate(settings, period, Quiet())
        found = verify(settings, period)
        assert [check for check in found.checks if not check.ok] == []
        assert json.loads(json.dumps(found.records()))["ok"]
