"""A column that stands in a file twice: refused where it decides, kept apart where it is a tag, in CSV and Parquet."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.errors import SourceError
from tests.agent.billing.ledgers import ingest, rows
from tests.azure_rows import azure_table
from tests.cur2_rows import cur2_table
from tests.cur_rows import cur_table, cur_text
from tests.focus_rows import focus_row
from tests.gcp_rows import full, gcp_table

TABLES: dict[str, Callable[[], pa.Table]] = {
    "focus": lambda: pa.Table.from_pylist([focus_row({})]),
    "aws-cur": lambda: cur_table([{}]),
    "aws-cur2": lambda: cur2_table([{"line_item_unblended_cost": 1.0}]),
    "azure": lambda: azure_table([{}]),
    "gcp": lambda: gcp_table([full({"cost": 1.0})]),
}
COSTS = {
    "focus": "BilledCost",
    "aws-cur": "line_item_unblended_cost",
    "aws-cur2": "reservation_effective_cost",
    "azure": "CostInBillingCurrency",
    "gcp": "cost",
}


def parquet(folder: Path, table: pa.Table) -> Path:
    folder.mkdir()
    pq.write_table(table, folder / "f.parquet")
    return folder


@pytest.mark.parametrize("kind", TABLES)
def test_a_cost_that_stands_in_a_parquet_file_twice_is_refused(tmp_path: Path, kind: str) -> None:
    table = TABLES[kind]()
    again = table.append_column(COSTS[kind], table[COSTS[kind]])
    with pytest.raises(SourceError, match=f"{COSTS[kind]}' twice") as caught:
        ingest(parquet(tmp_path / "x", again), tmp_path / "data", kind=kind)
    assert caught.value.where.startswith("f.parquet")


@pytest.mark.parametrize("kind", TABLES)
def test_an_unknown_column_may_stand_in_a_parquet_file_twice(tmp_path: Path, kind: str) -> None:
    table = TABLES[kind]()
    for value in "ab":
        table = table.append_column("anything", pa.array([value] * len(table)))
    [delivered] = ingest(parquet(tmp_path / "x", table), tmp_path / "data", kind=kind)
    assert delivered.lines == 1


def test_an_optional_amount_under_two_spellings_is_refused(tmp_path: Path) -> None:
    header, line = cur_text([{"reservation/EffectiveCost": "2.5", "extra": "1"}]).strip().split("\n")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(f"{header.replace('extra', 'reservation_effective_cost')}\n{line}\n")
    with pytest.raises(SourceError, match="the header names 'reservation_effective_cost' twice"):
        ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")


def test_tags_that_stand_in_a_parquet_file_twice_are_both_kept(tmp_path: Path) -> None:
    table = cur_table([{}, {}, {}])
    for values in (["acme", "acme", None], ["globex", "acme", "initech"]):
        table = table.append_column("resource_tags_user_tenant", pa.array(values))
    ingest(parquet(tmp_path / "x", table), tmp_path / "data", kind="aws-cur")
    assert sorted(row["Tags"] for row in rows(tmp_path / "data")) == [
        '{"user_tenant":"acme","user_tenant ":"globex"}',
        '{"user_tenant":"acme"}',
        '{"user_tenant":"initech"}',
    ]
