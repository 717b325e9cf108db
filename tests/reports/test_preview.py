from pathlib import Path

import pytest

from reports import alert, digest, preview
from tests.reports.example_report import empty_report, example_report

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("name", "report"), [("digest.txt", example_report()), ("digest-empty.txt", empty_report())], ids=["month", "empty"]
)
def test_the_preview_reads_as_stored(name, report):
    assert preview.render(digest.blocks(report)) == (GOLDEN / name).read_text()


def test_the_plain_form_previews_the_same_table():
    table, plain = (preview.render(digest.blocks(example_report(), plain=plain)) for plain in (False, True))
    assert table == plain


def test_lines_keep_to_the_width_asked_for():
    text = preview.render(digest.blocks(example_report()), width=80)
    assert max(map(len, text.splitlines())) <= 80


def test_colour_only_when_asked_for():
    message = digest.blocks(example_report())
    assert "\x1b" not in preview.render(message)
    assert "\x1b[1mTotal cost to serve\x1b[0m" in preview.render(message, colour=True)


def test_colour_moves_no_column():
    message = digest.blocks(example_report())
    coloured = preview.render(message, colour=True).replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert coloured == preview.render(message)


def test_slack_escapes_are_undone():
    assert preview.unescape("A &amp; B &lt;co&gt; &amp;lt;") == "A & B <co> &lt;"


def test_wide_signs_take_two_columns():
    assert preview.columns("日本") == 4
    assert preview.columns("e\N{COMBINING ACUTE ACCENT}") == 1
    assert preview.pad("日", 4, right=True) == "  日"


def test_an_alert_previews_too():
    report = example_report()
    text = preview.render(alert.blocks(report, (alert.Crossing("untagged-amount", "above"),)))
    assert text.startswith("Example SaaS: untagged spend")
