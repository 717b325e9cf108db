"""Bills as people really hand them in: each is read exactly, or refused with one message and exit code 2."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent import cli
from tests.focus_rows import focus_row, write_focus
from tests.project import ROWS, write_project

ACME = '{"tenant": "acme"}'
COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path).parent


def run(project, *arguments: str) -> int:
    return cli.main(["--quiet", "--config", str(project / "apportion.yaml"), *(arguments or ("run",))])


def billed(project, period: str = "2026-10") -> str:
    proof = json.loads((project / "data/results" / period / "proof.json").read_text())
    return proof["totals"]["USD"]["BilledCost"]["source"]


def parquet(project, **columns: pa.Array) -> None:
    rows = [focus_row(row) for row in ROWS]
    texts = {name: pa.array([row[name] or None for row in rows], pa.string()) for name in rows[0]}
    (project / "exports" / "october.csv").unlink()
    pq.write_table(pa.table(texts | columns), project / "exports" / "october.parquet")


def records(*names: str) -> pa.DataType:
    return pa.list_(pa.struct([(name, pa.string()) for name in names]))


REFUSED: dict[str, tuple[str, Callable[[], pa.Array], str]] = {
    "a cost that is a yes or no": ("BilledCost", lambda: pa.array([True] * 4), "bool"),
    "a cost of bytes": ("BilledCost", lambda: pa.array([b"1"] * 4), "binary"),
    "an account of bytes": ("SubAccountId", lambda: pa.array([b"1"] * 4), "binary"),
    "a service that is a record": ("ServiceName", lambda: pa.array([{"name": "x"}] * 4), "struct"),
    "a date that is a number": ("ChargePeriodStart", lambda: pa.array([20261005] * 4), "int64"),
    "tags as a record": ("Tags", lambda: pa.array([{"tenant": "acme"}] * 4), "struct"),
    "tags as numbers": ("Tags", lambda: pa.array([[1]] * 4), "list"),
    "tags whose values are numbers": (
        "Tags",
        lambda: pa.array([[("tenant", 1)]] * 4, pa.map_(pa.string(), pa.int64())),
        "map",
    ),
    "tags whose value comes first": (
        "Tags",
        lambda: pa.array([[{"value": "acme", "key": "tenant"}]] * 4, records("value", "key")),
        "list",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_column_of_another_type_is_refused_by_name(project, capsys, name):
    column, values, said = REFUSED[name]
    parquet(project, **{column: values()})
    assert run(project) == 2
    message = capsys.readouterr().err
    assert f"{column} is stored as {said}" in message
    assert "october.parquet" in message
    assert not (project / "data" / "results").exists()


def test_doubles_in_a_dictionary_keep_every_digit(project):
    values = pa.array([1.23456789012345e-05, 2.5, 1.23456789012345e-05, 1.0]).dictionary_encode()
    parquet(project, **dict.fromkeys(COSTS, values))
    assert run(project) == 0
    assert Decimal(billed(project)) == Decimal("3.50002469135780246900")
    assert run(project, "verify") == 0


def test_integers_in_a_dictionary_are_ids(project):
    parquet(project, SubAccountId=pa.array([12] * 4).dictionary_encode())
    assert run(project) == 0


@pytest.mark.parametrize("quantity", ["2678400000000000000", "2.6784e+18", "-9000000000000000000.5"])
def test_a_quantity_in_byte_seconds_is_larger_than_any_cost(project, quantity):
    write_focus(project / "exports" / "october.csv", [{"ConsumedQuantity": quantity, "Tags": ACME}, *ROWS])
    assert run(project) == 0
    (ledger,) = (project / "data" / "ledger").rglob("part-0.parquet")
    assert Decimal(quantity) in pq.read_table(ledger)["ConsumedQuantity"].to_pylist()


def test_a_quantity_beyond_64_bits_is_refused_as_too_large(project, capsys):
    write_focus(project / "exports" / "october.csv", [{"ConsumedQuantity": "3.5e19"}])
    assert run(project) == 2
    assert "too large" in capsys.readouterr().err


@pytest.mark.parametrize("cost", ["1e14", "-100000000000000", "1e400"])
def test_a_number_that_is_too_large_is_not_called_no_number(project, capsys, cost):
    write_focus(project / "exports" / "october.csv", [{"BilledCost": cost}])
    assert run(project) == 2
    message = capsys.readouterr().err
    assert "too large" in message
    assert "october.csv:2" in message


def test_costs_whose_sum_is_too_large_are_refused(project, capsys):
    rows = [{"BilledCost": "9" * 14, "ResourceId": str(number)} for number in range(3)]
    write_focus(project / "exports" / "october.csv", rows)
    assert run(project) == 2
    assert "more than 38 digits" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("column", ["BillingPeriodStart", "ChargePeriodStart", "ChargePeriodEnd"])
def test_a_date_no_bill_can_have_is_refused(project, capsys, column, text):
    dates = {"ChargePeriodStart": "2026-10-05T00:00:00Z", "ChargePeriodEnd": "2026-10-06T00:00:00Z"}
    write_focus(project / "exports" / "october.csv", [dates | {column: text}])
    assert run(project) == 2
    assert column in capsys.readouterr().err


def test_a_parquet_date_no_bill_can_have_is_refused(project, capsys):
    parquet(project, ChargePeriodEnd=pa.array([date(9999, 12, 31)] * 4))
    assert run(project) == 2
    assert "ChargePeriodEnd" in capsys.readouterr().err


@pytest.mark.parametrize(
    "tags",
    ['{"tenant": "\\ud800"}', "[" * 5000, '{"a":' * 3000 + "1" + "}" * 3000, '{"a":' + "[" * 900 + "]" * 900 + "}"],
    ids=["half a character", "a deep list", "a deep object", "a deep value"],
)
def test_tags_that_cannot_be_read_never_stop_the_bill(project, tags):
    write_focus(project / "exports" / "october.csv", [*ROWS, {"BilledCost": "5", "Tags": tags}])
    assert run(project) == 0
    assert billed(project) == "145"


def test_tags_that_cannot_be_read_are_counted_in_the_report(project, capsys):
    write_focus(project / "exports" / "october.csv", [*ROWS, {"BilledCost": "5", "Tags": "tenant=acme"}])
    assert run(project) == 0
    assert "october.csv: the tags of 1 line cannot be read" in capsys.readouterr().out
