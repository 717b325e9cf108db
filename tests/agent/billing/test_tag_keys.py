"""Tags to the letter: a key with two values keeps both, and what Python prints is read without being evaluated."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.billing.reading.batch import Words
from agent.billing.reading.raw_tags import TagFault, TagSets, parse
from tests.agent.billing.ledgers import ingest, manifest, rows
from tests.azure_rows import write_azure
from tests.cur2_rows import cur2_table
from tests.focus_rows import write_focus
from tests.gcp_rows import write_csv, write_json, write_parquet

TWICE = "1 line has a tag key with two values: both are kept, and rules see conflicting tags"
LABELS = [{"key": "tenant", "value": "acme"}, {"key": "tenant", "value": "globex"}, {"key": "env", "value": "prod"}]
BOTH = {"tenant": "acme", "tenant ": "globex", "env": "prod"}


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ('{"a": "1", "a": "2"}', {"a": "1", "a ": "2"}),
        ('"a": "1", "a": "2", "a": "3"', {"a": "1", "a ": "2", "a  ": "3"}),
        ('{"a": "1", "a ": "2", "a": "3"}', {"a": "1", "a ": "2", "a  ": "3"}),
        ('{"a": "1", "a": "1"}', {"a": "1"}),
        ('[{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]', {"a": "1", "a ": "2"}),
        ("{'a': '1', 'a': '2'}", {"a": "1", "a ": "2"}),
        ("[{'key': 'a', 'value': '1'}, {'key': 'a', 'value': '2'}]", {"a": "1", "a ": "2"}),
    ],
)
def test_a_key_with_two_values_keeps_both(text: str, tags: dict[str, str]) -> None:
    assert parse(text) == tags


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 'it\\'s'}", "it's"),
        ("""{'a': "it's"}""", "it's"),
        (r"{'a': 'C:\\temp\n\x07\u00e9\U0001f600'}", "C:\\temp\n\x07é😀"),
        ("{'a': 0.1000000000000000055511151231257827}", "0.1000000000000000055511151231257827"),
        ("{'a': 007}", "007"),
        ("{'a': -1.50E+3}", "-1.50E+3"),
        ("{'a': True}", "true"),
        ("{'a': None}", ""),
        ("{'a': ['x', 1.0, {'b': None}]}", '["x","1.0",{"b":null}]'),
        ("{'a': NaN}", None),
        ('{"a": NaN}', "NaN"),
    ],
)
def test_what_python_prints_keeps_its_digits_and_letters(text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(TagFault):
            parse(text)
    else:
        assert parse(text) == {"a": value}


@pytest.mark.parametrize(
    "text",
    [
        '"q": "say ""hi""", "tenant": "acme"',
        "{'a': 'b' 'c'}",
        "{'a': 'b',}",
        '"tenant": "acme",',
        "{'a': 'b'} {'c': 'd'}",
        "{'a': 'b', 'c'}",
        "{'a': 'b'",
        "{'a': b'c'}",
        "{'a': r'c'}",
        "{'a': 1 + 1}",
        "{'a': 1_000}",
        "{'a': 0x1F}",
        "{'a': '\\q'}",
        "{'a': '\\U00110000'}",
        "{'a': {'x', 'y'}}",
        "{**{}}",
        "[" * 100_000,
        "{'a': " * 100_000,
    ],
)
def test_what_python_does_not_print_is_no_tag_text(text: str) -> None:
    with pytest.raises(TagFault):
        parse(text)


def test_tags_that_a_spreadsheet_has_quoted_again_are_counted_not_joined(tmp_path: Path) -> None:
    write_azure(tmp_path / "x" / "b.csv", [{"Tags": '"q": "say ""hi""","tenant": "acme"'}])
    ingest(tmp_path / "x", tmp_path / "data", kind="azure")
    assert rows(tmp_path / "data")[0]["Tags"] == "{}"
    assert manifest(tmp_path / "data").tag_failures == {"b.csv": 1}


@pytest.mark.parametrize("form", ["parquet", "json", "csv"])
def test_a_label_that_google_gives_twice_is_told(tmp_path: Path, form: str) -> None:
    write = {"parquet": write_parquet, "json": write_json, "csv": write_csv}[form]
    write(tmp_path / "x" / f"b.{form}", [{"cost": 1.0, "labels": LABELS}, {"cost": 2.0, "labels": LABELS[1:]}])
    ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    found = {row["Billed"]: json.loads(row["Tags"]) for row in rows(tmp_path / "data")}
    assert found == {"1": BOTH, "2": {"tenant": "globex", "env": "prod"}}
    assert TWICE in manifest(tmp_path / "data").notes


def test_a_label_of_the_resource_hides_both_values_of_its_project(tmp_path: Path) -> None:
    line = {"cost": 1.0, "labels": [{"key": "tenant", "value": "initech"}], "project.labels": LABELS}
    write_parquet(tmp_path / "x" / "b.parquet", [line])
    ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    assert json.loads(rows(tmp_path / "data")[0]["Tags"]) == {
        "tenant": "initech",
        "env": "prod",
        "project/tenant": "acme",
        "project/tenant ": "globex",
        "project/env": "prod",
    }


def test_tags_of_one_key_in_two_namespaces_are_both_seen(tmp_path: Path) -> None:
    tags = [{"namespace": space, "key": "env", "value": value} for space, value in (("1", "prod"), ("2", "dev"))]
    write_json(tmp_path / "x" / "b.json", [{"cost": 1.0, "tags": tags}])
    ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    found = json.loads(rows(tmp_path / "data")[0]["Tags"])
    assert found == {"env": "prod", "env ": "dev", "tag/1/env": "prod", "tag/2/env": "dev"}


def test_a_map_with_a_key_twice_keeps_both_values(tmp_path: Path) -> None:
    table = cur2_table([{"line_item_unblended_cost": 1.0}])
    maps = pa.array([[("tenant", "acme"), ("tenant", "globex"), ("tenant", "acme")]], pa.map_(pa.string(), pa.string()))
    at = table.schema.get_field_index("resource_tags")
    (tmp_path / "x").mkdir()
    pq.write_table(table.set_column(at, "resource_tags", maps), tmp_path / "x" / "b.parquet")
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")
    assert rows(tmp_path / "data")[0]["Tags"] == '{"tenant":"acme","tenant ":"globex"}'
    assert TWICE in manifest(tmp_path / "data").notes


def test_one_month_tells_of_its_own_lines_only(tmp_path: Path) -> None:
    november = {"BillingPeriodStart": "2026-11-01T00:00:00Z", "BillingPeriodEnd": "2026-12-01T00:00:00Z"}
    charged = {"ChargePeriodStart": "2026-11-05T00:00:00Z", "ChargePeriodEnd": "2026-11-06T00:00:00Z"}
    write_focus(tmp_path / "x" / "b.csv", [{}, november | charged | {"Tags": '{"a": "1", "a": "2"}'}])
    first, second = ingest(tmp_path / "x", tmp_path / "data")
    assert (TWICE in first.notes, TWICE in second.notes) == (False, True)


def test_of_sets_put_together_the_second_hides_all_values_of_a_key() -> None:
    sets = TagSets()
    lower, upper = sets.id_of({"a": "1", "a ": "2", "b": "3"}), sets.id_of({"a": "4"})
    merged = sets.merged(Words.same(lower), Words.same(upper), 1)
    assert sets.texts[str(merged.values[0])] == '{"a":"4","b":"3"}'
    assert sets.doubled == {lower}
