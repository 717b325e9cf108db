"""Amounts stored as floats of 32 or 16 bits are the shortest decimal that names them, in ingest and in verify."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.billing.reading.exact_numbers import NumberFault, exact
from agent.billing.reading.quantities import quantities
from agent.verify.rawfile import values
from tests.agent.billing.ledgers import UNIT, ingest, rows
from tests.cur2_rows import cur2_table
from tests.gcp_rows import credit, gcp_table


def texts(column: pa.Array) -> list[Decimal]:
    numbers = exact(column)
    nothing = np.zeros(len(column), np.int64)
    whole = nothing if numbers.whole is None else numbers.whole
    fine = nothing if numbers.fine is None else numbers.fine
    limbs = zip(whole.tolist(), numbers.pico.tolist(), fine.tolist(), strict=True)
    return [Decimal(w) + Decimal(p).scaleb(-12) + Decimal(f).scaleb(-24) for w, p, f in limbs]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32()])
def test_a_tenth_is_a_tenth(kind: pa.DataType) -> None:
    column = pa.array(np.array([0.1, -0.3, 2.5, 0.0], kind.to_pandas_dtype()))
    assert texts(column) == [Decimal("0.1"), Decimal("-0.3"), Decimal("2.5"), Decimal(0)]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e30"])
def test_what_is_no_amount_is_found_in_its_row(value: str) -> None:
    with pytest.raises(NumberFault) as caught:
        exact(pa.array([1.0, float(value)], pa.float32()))
    assert caught.value.row == 1


def test_a_quantity_may_be_larger_than_any_cost() -> None:
    numbers = quantities(pa.array([1e15, 0.1], pa.float32()))
    assert numbers.whole is not None
    assert (numbers.whole.tolist(), numbers.pico.tolist()) == ([10**15, 0], [0, 10**11])


@given(st.lists(st.floats(-(2**40), 2**40, width=32), min_size=1))
def test_ingest_and_verify_name_every_float_alike(drawn: list[float]) -> None:
    column = pa.array(drawn, pa.float32())
    for read, named in zip(texts(column), values(column), strict=True):
        assert abs(read - Decimal(str(named))) < UNIT


def test_a_report_in_32_bits_is_what_it_was_written_from(tmp_path: Path) -> None:
    table = cur2_table([{"line_item_unblended_cost": 0.1}] * 3)
    at = table.schema.get_field_index("line_item_unblended_cost")
    narrow = table.set_column(at, "line_item_unblended_cost", pa.array([0.1] * 3, pa.float32()))
    (tmp_path / "x").mkdir()
    pq.write_table(narrow, tmp_path / "x" / "b.parquet")
    [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")
    assert delivered.billed_text == "0.3 USD"


def test_googles_credits_in_32_bits(tmp_path: Path) -> None:
    table = gcp_table([{"cost": 0.3, "credits": [credit("DISCOUNT", -0.1)]}])
    kinds = {"cost": pa.float32(), "credits": pa.list_(_narrow(table.schema.field("credits").type.value_type))}
    schema = pa.schema([(field.name, kinds.get(field.name, field.type)) for field in table.schema])
    (tmp_path / "x").mkdir()
    pq.write_table(table.cast(schema), tmp_path / "x" / "b.parquet")
    ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    assert sorted(row["Billed"] for row in rows(tmp_path / "data")) == ["-0.1", "0.3"]
    found = values(pq.read_table(tmp_path / "x" / "b.parquet")["credits"].combine_chunks())
    assert [entry["amount"] for entry in found[0]] == [Decimal("-0.1")]  # type: ignore[attr-defined]  # as read


def _narrow(kind: pa.StructType) -> pa.StructType:
    return pa.struct([(field.name, pa.float32() if field.name == "amount" else field.type) for field in kind])
