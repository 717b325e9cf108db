"""The stand-in for Slack refuses what Slack refuses; the tests that trust it stand on this."""

from typing import Any

import pytest

from tests.slack_blocks import faults


def text(characters: int, kind: str = "plain_text") -> dict[str, str]:
    return {"type": kind, "text": "x" * characters}


def table(rows: int, columns: int, **more: Any) -> dict[str, Any]:
    return {"type": "data_table", "caption": "c", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows} | more


@pytest.mark.parametrize(
    ("blocks", "taken"),
    [
        ([{"type": "divider"}] * 50, True),
        ([{"type": "divider"}] * 51, False),
        ([{"type": "section", "text": text(3000)}], True),
        ([{"type": "section", "text": text(3001)}], False),
        ([{"type": "section", "text": text(0)}], False),
        ([{"type": "section", "fields": [text(2000, "mrkdwn")] * 10}], True),
        ([{"type": "section", "fields": [text(10)] * 11}], False),
        ([{"type": "section", "fields": [text(2001)]}], False),
        ([{"type": "section"}], False),
        ([{"type": "header", "text": text(150)}], True),
        ([{"type": "header", "text": text(151)}], False),
        ([{"type": "header", "text": text(10, "mrkdwn")}], False),
        ([{"type": "context", "elements": [text(10)] * 10}], True),
        ([{"type": "context", "elements": [text(10)] * 11}], False),
        ([{"type": "context", "elements": []}], False),
        ([table(101, 20)], True),
        ([table(102, 20)], False),
        ([table(5, 21)], False),
        ([table(5, 5, caption="")], False),
        ([table(5, 5, page_size=101)], False),
        ([table(101, 5, type="table")], False),
        ([table(5, 5, type="table")] * 2, False),
        ([{"type": "data_visualization", "title": "x" * 51}], False),
        ([{"type": "data_visualization", "title": "x", "chart": {"series": [{"name": "a"}] * 7}}], False),
        ([{"type": "data_visualization", "title": "x", "chart": {"series": [{"name": "a"}] * 6}}] * 2, True),
        ([{"type": "data_visualization", "title": "x"}] * 3, False),
        ([{"type": "divider", "block_id": "x" * 256}], False),
        ([{"type": "invented"}], False),
    ],
)
def test_a_message_over_a_limit_is_refused(blocks: list[dict[str, Any]], taken: bool) -> None:
    assert (faults({"blocks": blocks}) == []) is taken
