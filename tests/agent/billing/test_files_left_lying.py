"""What lies beside an export and is not read is told of, at every ingest; a packed part of it is refused."""

import shutil

import pytest

from agent.errors import SourceError
from tests.agent.billing.ledgers import ingest
from tests.cur2_rows import write_cur2
from tests.focus_rows import write_focus


def notes(delivered):
    return [note for one in delivered for note in one.notes]


def test_a_month_whose_manifest_is_missing_is_told_of_beside_one_that_has_it(tmp_path):
    location = tmp_path / "exports"
    write_cur2(location, [{"line_item_unblended_cost": 1.0}])
    october = next(location.rglob("BILLING_PERIOD=2026-10/*.parquet"))
    september = october.parents[1] / "BILLING_PERIOD=2026-09" / october.name
    september.parent.mkdir()
    shutil.copy(october, september)
    for _ in range(2):
        told = notes(ingest(location, tmp_path / "data", kind="aws-cur2"))
        assert [note for note in told if "BILLING_PERIOD=2026-09" in note and "listed in no manifest" in note]


def test_another_run_of_a_month_that_a_manifest_speaks_for_is_no_surprise(tmp_path):
    location = tmp_path / "exports"
    write_cur2(location, [{"line_item_unblended_cost": 1.0}])
    october = next(location.rglob("BILLING_PERIOD=2026-10/*.parquet"))
    older = october.parent / "older-run" / "older.parquet"
    older.parent.mkdir()
    shutil.copy(october, older)
    assert [note for note in notes(ingest(location, tmp_path / "data", kind="aws-cur2")) if "manifest" in note] == []


@pytest.mark.parametrize("name", ["b.csv.zip", "b.csv.zst", "b.CSV.BZ2", "b.parquet.gz"])
def test_a_part_that_is_packed_in_a_way_that_is_not_read_is_refused(tmp_path, name):
    write_focus(tmp_path / "exports" / "a.csv", [{}])
    (tmp_path / "exports" / name).write_bytes(b"packed")
    with pytest.raises(SourceError, match="packed") as refused:
        ingest(tmp_path / "exports", tmp_path / "data")
    assert refused.value.where == name


@pytest.mark.parametrize("name", ["b.xlsx", "b.tsv", "b.json.gz", "_old/b.csv"])
def test_a_table_of_another_form_beside_the_export_is_told_of(tmp_path, name):
    write_focus(tmp_path / "exports" / "a.csv", [{}])
    (tmp_path / "exports" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "exports" / name).write_bytes(b"something")
    assert [note for note in notes(ingest(tmp_path / "exports", tmp_path / "data")) if name in note]
