"""``verify`` holds for every month that ``run`` accepts, however late its sources and however named its files."""

import gzip
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent import cli
from tests.focus_rows import focus_row, focus_text, write_focus
from tests.project import ROWS, write_project

ACME = '{"tenant": "acme"}'


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path).parent


def run(project, command: str) -> int:
    return cli.main(["--quiet", "--config", str(project / "apportion.yaml"), command])


def day(number: int, **columns: str) -> dict[str, str]:
    start, end = f"2026-10-{number:02d}T00:00:00Z", f"2026-10-{number + 1:02d}T00:00:00Z"
    return {"ChargePeriodStart": start, "ChargePeriodEnd": end, "Tags": ACME, **columns}


def test_an_open_month_holds_while_one_source_is_days_behind_the_other(project, capsys):
    application = project / "apportion.yaml"
    second = "sources:\n  - {name: other, kind: focus, location: other}\n"
    application.write_text(application.read_text().replace("sources:\n", second))
    write_focus(project / "exports" / "october.csv", [day(number) for number in range(1, 6)])
    write_focus(project / "other" / "a.csv", [day(n, BillingAccountId="2", SubAccountId="3") for n in range(1, 8)])
    assert run(project, "run") == 0
    assert "@after_asof" in (project / "data/results/2026-10/cost_per_customer.csv").read_text()
    assert run(project, "verify") == 0, capsys.readouterr().out


def test_a_charge_dated_after_the_last_complete_day_moved_to_a_customer_is_found(project):
    write_focus(project / "exports" / "october.csv", [day(5), day(6, ChargeCategory="Tax")])
    assert run(project, "run") == 0
    assert run(project, "verify") == 0
    published = project / "data/results/2026-10/cost_per_customer.csv"
    published.write_text(published.read_text().replace("@after_asof", "@opex", 1))
    assert run(project, "verify") == 1


@pytest.mark.parametrize("name", ["october.csv", "october.CSV", "october.csv.gz", "october.csv.GZ"])
@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_a_csv_is_read_alike_whatever_its_name_says_of_its_compression(project, name, packed, capsys):
    raw = focus_text(ROWS).encode()
    (project / "exports" / "october.csv").unlink()
    (project / "exports" / name).write_bytes(gzip.compress(raw, mtime=0) if packed else raw)
    assert run(project, "run") == 0
    assert run(project, "verify") == 0, capsys.readouterr().out


def test_a_parquet_file_is_known_by_its_suffix_in_any_case(project, capsys):
    rows = [focus_row(row) for row in ROWS]
    (project / "exports" / "october.csv").unlink()
    table = pa.table({name: pa.array([row[name] or None for row in rows], pa.string()) for name in rows[0]})
    pq.write_table(table, project / "exports" / "october.PARQUET")
    assert run(project, "run") == 0
    assert run(project, "verify") == 0, capsys.readouterr().out


def test_a_tag_value_longer_than_a_csv_cell_usually_is(project, capsys):
    write_focus(project / "exports" / "october.csv", [{"Tags": json.dumps({"tenant": "x" * 200_000})}])
    assert run(project, "run") == 0
    assert run(project, "verify") == 0, capsys.readouterr().out


def test_an_input_changed_after_the_run_is_found(project, capsys):
    assert run(project, "run") == 0
    (kept,) = (project / "data/inputs/revenue").iterdir()
    kept.write_text("period,customer,amount,currency\n")
    assert run(project, "verify") == 1
    assert "revenue" in capsys.readouterr().out


def test_an_input_that_is_gone_is_said_and_holds(project, capsys):
    assert run(project, "run") == 0
    shutil.rmtree(project / "data/inputs/usage")
    assert run(project, "verify") == 0
    assert "requests" in capsys.readouterr().out
