import pytest

from reports.slack_limits import SlackLimitError, check, find_faults
from reports.slack_text import context, fields, fit, header, name, section, table


def found(*blocks, text="x"):
    return list(find_faults(blocks, text))


def test_a_small_message_has_no_faults():
    assert found(header("h"), section("s"), fields([("a", "b")]), table([["a"]], [True]), context(["c"])) == []


@pytest.mark.parametrize(
    ("blocks", "fault"),
    [
        ([section("s")] * 51, "message: blocks: 51, at most 50"),
        ([{"type": "section", "text": {"text": "s" * 3001}}], "block 0: section text characters: 3001, at most 3000"),
        ([{"type": "section", "text": {"text": " "}}], "block 0: section text is empty"),
        ([{"type": "section"}], "block 0: section without text and fields"),
        ([{"type": "section", "fields": [{"text": "f"}] * 11}], "block 0: fields: 11, at most 10"),
        ([{"type": "section", "fields": [{"text": "f" * 2001}]}], "block 0: field characters: 2001, at most 2000"),
        ([{"type": "header", "text": {"text": "h" * 151}}], "block 0: header characters: 151, at most 150"),
        ([{"type": "context", "elements": []}], "block 0: context without elements"),
        ([{"type": "context", "elements": [{"text": "c"}] * 11}], "block 0: context elements: 11, at most 10"),
        ([table([["a"]] * 101, [True])], "block 0: table rows: 101, at most 100"),
        ([table([["a"] * 21], [True])], "block 0: table columns: 21, at most 20"),
        ([table([["a" * 10_001]], [True])], "block 0: table characters: 10001, at most 10000"),
        ([table([["a"], ["a", "b"]], [True])], "block 0: table rows of different width"),
        ([{"type": "table", "rows": [[{"text": ""}]]}], "block 0: table cell without text"),
        ([{"type": "table", "rows": []}], "block 0: table without rows"),
        ([table([["a"]], [True])] * 2, "message: tables: 2, at most 1"),
        ([section("s" * 3000)] * 5, "message: characters: 15000, at most 12000"),
        ([{"type": "hologram"}], "block 0: unknown type hologram"),
    ],
)
def test_each_limit_is_known(blocks, fault):
    assert fault in found(*blocks)


def test_a_message_needs_a_text_for_notifications():
    assert found(section("s"), text="") == ["message: text is empty"]


def test_the_guard_names_every_fault_at_once():
    with pytest.raises(SlackLimitError, match="block 0: header is empty; block 1: unknown type") as caught:
        check([{"type": "header", "text": {"text": ""}}, {"type": "hologram"}], "x")
    assert len(caught.value.faults) == 2


def test_lines_that_do_not_fit_are_counted():
    assert fit("\n".join(["1234567890"] * 10), 60) == "1234567890\n1234567890\n1234567890\nand 7 more lines"
    assert fit("short", 60) == "short"
    assert fit("x" * 100, 10) == "x" * 9 + "\N{HORIZONTAL ELLIPSIS}"


def test_an_empty_cell_shows_a_dash():
    assert table([["a", ""]], [False, True])["rows"][0][1]["text"] == "\N{EN DASH}"


def test_a_name_is_escaped_and_cut():
    assert name("A & B <co>") == "A &amp; B &lt;co&gt;"
    assert len(name("x" * 100)) == 60
