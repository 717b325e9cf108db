import json

from agent import summary
from tests.reports.example_report import example_report


def test_money_is_exact_text_counts_are_numbers_and_unknowns_are_null():
    figures = example_report()
    content = json.loads(summary.render(figures))
    assert content["version"] == 1
    assert content["period"] == figures.summary.period
    assert content["as_of"] == figures.summary.as_of.isoformat()
    assert content["active_customers"] == figures.summary.active_customers
    assert isinstance(content["cost_to_serve"], str)
    assert isinstance(content["is_open"], bool)
    assert not any(isinstance(value, float) for value in content.values())


def test_every_tier_and_note_is_there():
    figures = example_report()
    content = json.loads(summary.render(figures))
    assert [tier["value"] for tier in content["tiers"]] == [
        line.value for line in figures.groups if line.dimension == "tier"
    ]
    assert [note["text"] for note in content["notes"]] == [note.text for note in figures.notes]
