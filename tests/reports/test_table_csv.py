import csv
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.money import text_from_units, units_from_text
from reports.table import COLUMNS, render_csv, render_notes
from tests.reports.example_report import PEOPLE, empty_report, example_report


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def named(name, customer="acme"):
    return example_report(through=3, people=(replace(PEOPLE[0], id=customer, name=name),))


def test_the_columns_are_the_published_ones_in_order():
    assert rows_of(render_csv(example_report()))[0] == list(COLUMNS)
    assert len(COLUMNS) == 24


def test_a_row_holds_exact_text_and_leaves_unknown_figures_empty():
    rows = {row[1]: dict(zip(COLUMNS, row, strict=True)) for row in rows_of(render_csv(example_report()))[1:]}
    assert rows["acme"]["Direct"] == "18250.123456789"
    assert rows["acme"]["Vendor"] == "3800"
    assert rows["acme"]["MarginPct"] == "63.039534"
    assert rows["fathom"]["Revenue"] == rows["fathom"]["MarginPct"] == ""
    assert rows["juniper"]["Revenue"] == "0"


def test_cost_sums_exactly_to_the_source():
    place = COLUMNS.index("Cost")
    report = example_report()
    total = sum(units_from_text(row[place]) for row in rows_of(render_csv(report))[1:])
    assert text_from_units(total) == text_from_units(report.summary.source_total)


def test_the_published_file_is_clean_and_the_copy_for_people_carries_proof_and_notes():
    report = example_report()
    clean, annotated = rows_of(render_csv(report)), rows_of(render_csv(report, annotated=True))
    assert annotated[: len(clean)] == clean
    assert [row[1] for row in annotated[len(clean) :]] == ["@proof", "@note", "@note", "@note"]
    assert annotated[len(clean)][2] == report.proof_line
    assert {len(row) for row in annotated} == {len(COLUMNS)}


def test_lines_end_in_a_line_feed_alone():
    assert "\r" not in render_csv(example_report())
    assert render_csv(empty_report()).count("\n") == 1


def test_a_formula_in_a_name_is_inert_for_people_and_exact_in_the_published_file():
    report = named("=HYPERLINK(0)")
    assert rows_of(render_csv(report, annotated=True))[1][2] == "'=HYPERLINK(0)"
    assert rows_of(render_csv(report))[1][2] == "=HYPERLINK(0)"


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
)
def test_whatever_a_customer_is_called_the_file_reads_back_equal(name, customer):
    row = rows_of(render_csv(named(name, customer)))[1]
    assert (row[1], row[2], len(row)) == (customer, name, len(COLUMNS))


def test_the_notes_beside_the_tables_say_the_missing_first():
    lines = render_notes(example_report()).splitlines()
    assert lines[0] == "2026-10, through 2026-10-21"
    assert lines[1].startswith("proof: 2026-10: USD effective ")
    assert [line.partition(":")[0] for line in lines[2:]] == ["missing", "estimated", "info"]
