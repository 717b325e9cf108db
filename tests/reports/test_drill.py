import json
from dataclasses import replace

import pytest

from reports.customers import customers_table
from reports.drill import base36, cents_of, page_data
from tests.reports.example_report import PEOPLE, empty_report, example_report


def parsed(text):
    return [int(word, 36) if word else 0 for word in text.split(" ")]


@pytest.fixture
def data():
    return json.loads(page_data(example_report()))


def test_classes_sum_to_the_cents_of_the_table(data):
    table = customers_table(example_report())
    for customer, cost in zip(table.column("customer"), table.column("cost"), strict=True):
        parts = [part for part in data["customers"][customer.text]["p"] if part]
        assert sum(cents for cents, _ in parts) == cost.number * 100


def test_days_sum_to_their_class_and_pools_to_the_shared_class(data):
    acme = data["customers"]["acme"]
    direct, shared, untagged, idle, charges, third, support, _ = (part[0] if part else 0 for part in acme["p"])
    sums = {cls: sum(parsed(words)) for cls, words in acme["d"].items()}
    expected = {"direct": direct, "shared": shared, "untagged": untagged, "idle": idle, "charge": charges}
    assert sums == expected | {"vendor": third + support}
    assert sum(cents for _, cents, _ in acme["o"]) == shared


def test_each_class_has_a_figure_for_every_day(data):
    assert {len(parsed(words)) for words in data["customers"]["acme"]["d"].values()} == {21}
    assert data["days"][0] == "2026-10-01"


def test_a_customer_without_cost_by_day_has_no_days(data):
    assert data["customers"]["@opex"]["d"] == {}
    assert data["customers"]["@opex"]["o"] == []


def test_nothing_in_the_data_can_end_its_element():
    person = replace(PEOPLE[0], id="</script><!--&\u2028")
    text = page_data(example_report(through=1, people=(person,)))
    assert not set("<>&\u2028") & set(text)
    assert person.id in json.loads(text)["customers"]


def test_an_empty_month_has_no_customers():
    assert json.loads(page_data(empty_report()))["customers"] == {}


@pytest.mark.parametrize(("number", "word"), [(0, "0"), (35, "z"), (36, "10"), (-1234567, "-qglj")])
def test_numbers_are_written_as_the_page_reads_them(number, word):
    assert base36(number) == word
    assert int(word, 36) == number


def test_cents_keep_their_sign():
    assert cents_of("-0.05") == -5
