"""Whatever a bill holds: nothing is lost, order does not matter, and the same again changes nothing."""

import tempfile
from collections import Counter
from decimal import Context, Decimal, localcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.billing.intake.tally import sum_units
from agent.billing.reading.exact_numbers import exact
from agent.billing.reading.raw_tags import DistinctMaps
from tests.agent.billing.ledgers import ingest, manifest, rows
from tests.focus_rows import focus_row, write_focus

plain = st.builds(
    lambda sign, whole, fraction: f"{sign}{whole}{'.' + fraction if fraction else ''}",
    st.sampled_from(["", "-", "+"]),
    st.integers(0, 10**9),
    st.text("0123456789", max_size=28),
)
scientific = st.builds(
    lambda sign, digits, e, exponent: f"{sign}{digits}{e}{exponent}",
    st.sampled_from(["", "-"]),
    st.one_of(st.integers(0, 10**6).map(str), st.decimals(0, 100, places=6, allow_nan=False).map(str)),
    st.sampled_from(["e", "E", "E+", "e-0", "E-"]),
    st.integers(0, 4),
)
costs = st.one_of(plain, scientific)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=12)
lines = st.fixed_dictionaries(
    {
        "BilledCost": costs,
        "EffectiveCost": costs,
        "ResourceName": texts,
        "ChargeCategory": st.sampled_from(["Usage", "Tax", "Credit", "Purchase", "Adjustment"]),
        "SubAccountId": st.sampled_from(["001", "1", "01"]),
        "ChargePeriodStart": st.sampled_from(["2026-10-05T01:00:00Z", "2026-10-05T23:00Z", "2026-10-31"]),
        "Tags": st.sampled_from(["", "{}", '{"a": "1"}', '{"b": "2", "a": "1"}', '"a": "1","b": "2"']),
    }
)
_NULLS = {"", "NULL", "null", "None"}


def exact_sum(values):
    with localcontext(prec=200):
        return sum((Decimal(value) for value in values), Decimal(0))


@settings(max_examples=40)
@given(st.lists(lines, min_size=1, max_size=12))
def test_sums_as_written_equal_the_file_and_the_ledger_holds_all_but_less_than_a_unit(bill):
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        ingest(write_focus(Path(folder) / "f.csv", bill), data)
        found, ledger = manifest(data), rows(data)
    for cost, units in (("BilledCost", "x_BilledUnits"), ("EffectiveCost", "x_EffectiveUnits")):
        written = exact_sum(line[cost] for line in bill)
        with localcontext(prec=200):
            assert Decimal(found.files[0].sums["USD"][cost]) == written
            held = sum(int(row[units]) for row in ledger)
            assert abs(written.scaleb(24) - held) < 1
    assert sum(row["x_Lines"] for row in ledger) == len(bill)
    names = Counter(None if line["ResourceName"] in _NULLS else line["ResourceName"] for line in bill)
    kept = Counter()
    for row in ledger:
        kept[row["ResourceName"]] += row["x_Lines"]
    assert +kept == names


@settings(max_examples=20)
@given(st.data())
def test_the_order_of_rows_changes_no_byte_of_the_ledger(draw):
    bill = draw.draw(st.lists(lines, min_size=2, max_size=10))
    written = []
    for order in (bill, draw.draw(st.permutations(bill))):
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            ingest(write_focus(Path(folder) / "f.csv", order), data)
            found = manifest(data)
            written.append((found.ledger[0].sha256, found.ledger_sums, found.rounding, found.kinds))
    assert written[0] == written[1]


@settings(max_examples=15)
@given(st.lists(lines, min_size=1, max_size=10))
def test_the_same_delivery_again_changes_nothing(bill):
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        path = write_focus(Path(folder) / "f.csv.gz", bill)
        [first] = ingest(path, data)
        before = {file: file.stat().st_mtime_ns for file in data.rglob("*") if file.is_file()}
        [second] = ingest(path, data)
        assert {file: file.stat().st_mtime_ns for file in data.rglob("*") if file.is_file()} == before
    assert (first.changed, second.changed, first.billed_text) == (True, False, second.billed_text)


@settings(max_examples=20)
@given(st.lists(lines, min_size=1, max_size=10), st.integers(1, 9))
def test_csv_in_one_file_or_parquet_in_row_groups_give_the_same_rows(bill, size):
    full = [{name: value or None for name, value in focus_row(line).items()} for line in bill]
    written = []
    with tempfile.TemporaryDirectory() as folder:
        csv = write_focus(Path(folder) / "f.csv", bill)
        parquet = Path(folder) / "f.parquet"
        pq.write_table(pa.Table.from_pylist(full), parquet, row_group_size=size)
        for path in (csv, parquet):
            data = Path(folder) / path.suffix
            ingest(path, data)
            written.append(manifest(data).ledger[0].sha256)
    assert written[0] == written[1]


wild = st.builds(
    lambda sign, digits, point, exponent: f"{sign}{digits[:point]}.{digits[point:]}e{exponent}",
    st.sampled_from(["", "-"]),
    st.text("0123456789", min_size=1, max_size=36),
    st.integers(0, 36),
    st.integers(-120, 12),
)


@given(st.lists(wild.filter(lambda text: abs(Decimal(text)) < 10**14), min_size=1))
@settings(max_examples=500)
def test_a_text_is_read_to_its_last_digit(values):
    numbers = exact(pa.array(values))
    with localcontext(prec=400):
        total = Decimal(sum_units(numbers)).scaleb(-24) + sum(map(Decimal, numbers.cut.values()), Decimal(0))
        assert total == sum(Decimal(value) for value in values)


@given(st.lists(st.decimals(-(10**13), 10**13, places=10, allow_nan=False), min_size=1))
def test_a_stored_decimal_is_read_to_its_last_digit(values):
    for kind in (pa.decimal128(38, 10), pa.decimal128(30, 12), pa.decimal128(38, 20), pa.decimal256(60, 20)):
        assert Decimal(sum_units(exact(pa.array(values, kind)))).scaleb(-24, Context(prec=60)) == sum(values)


whole_units = st.integers(-(2**70), 2**70) | st.integers(-(10**37), 10**37)


@given(st.integers(0, 30), st.lists(whole_units, min_size=1))
def test_a_stored_decimal_of_any_scale_is_read_whole(places, integers):
    written = [Decimal(value).scaleb(-places, Context(prec=60)) for value in integers]
    held = [value for value in written if abs(value) < 10**13] or [Decimal(0)]
    numbers = exact(pa.array(held, pa.decimal128(38, places)))
    with localcontext(prec=400):
        read = Decimal(sum_units(numbers)).scaleb(-24) + sum(map(Decimal, numbers.cut.values()), Decimal(0))
        assert read == exact_sum(held)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e13, max_value=1e13), min_size=1))
def test_a_double_is_its_shortest_decimal(values):
    numbers = exact(pa.array(values))
    with localcontext(prec=400):
        total = Decimal(sum_units(numbers)).scaleb(-24) + sum(map(Decimal, numbers.cut.values()), Decimal(0))
        assert total == sum(Decimal(repr(value)) for value in values)


@pytest.mark.parametrize("coded", [True, False])
@given(st.lists(st.none() | st.dictionaries(texts, texts, max_size=4), min_size=1, max_size=20), st.integers(0, 5))
def test_maps_keep_every_key_and_value_through_slices_and_nulls(coded, maps, skipped):
    column = pa.array(
        [None if tags is None else list(tags.items()) for tags in maps], pa.map_(pa.string(), pa.string())
    )
    if coded:
        with tempfile.TemporaryDirectory() as folder:
            pq.write_table(pa.table({"m": column}), Path(folder) / "f.parquet")
            leaves = ["m.key_value.key", "m.key_value.value"]
            column = pq.read_table(Path(folder) / "f.parquet", read_dictionary=leaves)["m"].combine_chunks()
    column = column.slice(min(skipped, len(maps) - 1))
    found = DistinctMaps(column)
    distinct = [*map(found.tags, range(len(found.offsets) - 1)), {}]
    assert [distinct[code] for code in found.codes] == [tags or {} for tags in maps[min(skipped, len(maps) - 1) :]]
