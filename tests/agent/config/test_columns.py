"""A column map says every mistake at once, each at its line; apportion.yaml says which sources take one."""

import pytest

from agent.config.columns import ColumnsFile
from agent.config.loading import load_application
from agent.errors import ConfigError
from policies.faults import FaultsError
from policies.source import validate
from policies.yaml_tree import yaml_tree

COLUMNS = """\
version: 1
columns:
  BilledCost: cost
  BillingCurrency: {value: EUR}
  ChargePeriodStart: day
  BillingAccountId: {value: "1"}
  ServiceName: service
"""


def mistakes(text):
    with pytest.raises(FaultsError) as refused:
        validate(yaml_tree((COLUMNS + text).encode(), "columns.yaml"), ColumnsFile)
    return [(fault.line, fault.message) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file: {delimiter: ':'}", "file.delimiter: expected ',', ';', 'tab' or '|', found ':'"),
        ("file: {decimal: '.', thousands: '.'}", "file.thousands: '.' is the decimal mark, too"),
        ("file: {symbols: [€, '-']}", "file.symbols[1]: a symbol is neither empty nor a digit or a mark of a number"),
        ("file: {names: [cost, day, cost]}", "file.names[2]: 'cost' is already listed"),
        ("dates: {format: DD.MM}", "dates.format: expected at least YYYY and MM, such as DD.MM.YYYY, found 'DD.MM'"),
        ("dates: {format: MM.YYYY}", "dates.format: expected a day, such as DD.MM.YYYY, found 'MM.YYYY'"),
        ("dates: {format: DD.MM.YYYY MM}", "dates.format: each part of a date stands in a format once"),
        ("dates: {timezone: Europe/Berln}", "dates.timezone: 'Europe/Berln' is not a time zone such as Europe/Paris"),
        ("dates: {inclusive_end: true}", "dates.inclusive_end: needs ChargePeriodEnd"),
        ("tags: [{column: a}]", "tags[0]: a column takes either key, for one tag, or as, for several"),
        ("tags: [{prefix: a, key: b}]", "tags[0]: key and as go with column"),
        ("tags: [{key: b}]", "tags[0]: expected either column or prefix"),
        ("tax: {amount: vat, percent: rate}", "tax: expected either amount or percent"),
        ("negate: [credit]", "negate: kinds are turned where columns.Kind is filled; else say all"),
        ("leave_out: [{column: a, equals: b}]", "leave_out[0].reason is missing"),
    ],
)
def test_a_mistake_is_named_where_it_stands(text, message):
    assert mistakes(text) == [(8, message)]


def test_what_a_column_is_filled_with_is_one_thing():
    inside = "  ResourceId: {column: a, value: b}\n  SkuId: {value: b, values: {a: b}}\n"
    assert [line for line, _ in mistakes(inside)] == [8, 9]
    assert mistakes("  Kind: {column: a, values: {VAT: vat}}\n")[0][1].startswith(
        "columns.Kind.values.VAT: 'vat' is no kind of charge; expected usage, discount, tax"
    )


def test_a_file_without_header_has_the_columns_that_are_listed():
    assert mistakes("file: {names: [cost, day]}") == [
        (7, "columns.ServiceName: 'service' is not listed under file.names")
    ]


def test_a_length_goes_without_an_end():
    assert mistakes("  ChargePeriodEnd: end\ndates: {length: month}\n") == [
        (9, "dates.length: goes without ChargePeriodEnd, which says what a row spans")
    ]


@pytest.fixture
def faults(tmp_path):
    """The mistakes of an apportion.yaml with these sources, as (file, line, message)."""

    def faults(sources, **maps):
        (tmp_path / "apportion.yaml").write_text(f"version: 1\nsources:\n{sources}")
        for name, text in maps.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        with pytest.raises(ConfigError) as refused:
            load_application(tmp_path / "apportion.yaml")
        return [(fault.file.rpartition("/")[2], fault.line, fault.message) for fault in refused.value.faults]

    return faults


def test_keys_that_only_some_kinds_take_are_refused_elsewhere(faults):
    assert faults(
        "  - {name: a, kind: csv, location: a}\n"
        "  - {name: b, kind: focus, location: b, columns: map.yaml}\n"
        "  - {name: c, kind: csv, location: c, columns: lost.yaml}\n"
        "  - {name: d, kind: gcp, location: d, dataset: both}\n"
    ) == [
        ("apportion.yaml", 3, "sources[0]: kind csv needs columns, the file that maps its columns"),
        ("apportion.yaml", 4, "sources[1].columns goes with kind csv, not focus"),
        ("apportion.yaml", 5, "sources[2].columns: there is no file 'lost.yaml'"),
        ("apportion.yaml", 6, "sources[3].dataset goes with kind azure, not gcp"),
    ]


def test_a_service_is_asked_by_its_kind_only(faults):
    assert faults(
        "  - {name: a, kind: focus, location: 'https://api.digitalocean.com'}\n"
        "  - {name: b, kind: digitalocean, location: 'bigquery://p/d/t'}\n"
    ) == [
        ("apportion.yaml", 3, "sources[0].location: a service of kind digitalocean, not focus"),
        ("apportion.yaml", 4, "sources[1].location: a service of kind gcp, not digitalocean"),
    ]


def test_the_mistakes_of_a_map_are_told_with_the_others(faults):
    sources = "  - {name: a, kind: csv, location: a, columns: one.yaml}\n  - {name: b, kind: csv, location: a}\n"
    found = faults(sources, one=COLUMNS + "tax: {}\n")
    assert ("one.yaml", 8, "tax: expected either amount or percent") in found
    assert ("apportion.yaml", 4, "sources[1]: kind csv needs columns, the file that maps its columns") in found


def test_a_map_without_mistakes_loads(tmp_path):
    (tmp_path / "one.yaml").write_text(COLUMNS)
    (tmp_path / "apportion.yaml").write_text(
        "version: 1\nsources: [{name: a, kind: csv, location: a, columns: one.yaml}]\n"
    )
    assert load_application(tmp_path / "apportion.yaml").app.sources[0].columns == "one.yaml"
