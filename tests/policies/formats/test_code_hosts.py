"""What GitHub and GitLab show people: annotations, the comment on a change, the summary of a step."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import given

from policies.finding import Finding, Report, Summary, Unread
from policies.formats import FORMATS, render
from policies.formats.markdown import COMMENT_LIMIT, MARKER, SUMMARY_LIMIT
from policies.formats.markdown_text import code, fenced, prose
from policies.formats.printable import one_line
from tests.policies.formats.reports import (
    CLEAN,
    EXAMPLES,
    HOSTILE,
    NO_SOURCE,
    PLAN,
    REPORTS,
    SOURCE,
    Lines,
    finding,
    report,
)

GOLDEN = Path(__file__).parent / "golden"
_COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def rendered(given: Report, name: str) -> str:
    return render(given, name, source=NO_SOURCE, tool_version="1")


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("name", ["text", "markdown", "github"])
def test_the_examples_read_as_stored(example: str, name: str) -> None:
    shown = render(EXAMPLES[example], name, source=SOURCE, tool_version="1")
    assert shown == (GOLDEN / f"{example}.{name}.txt").read_text("utf-8")


# Workflow commands


def commands(given: Report) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner makes of each line: the command, its properties, its message."""
    parsed = []
    for line in rendered(given, "github").removesuffix("\n").split("\n"):
        found = _COMMAND.fullmatch(line)
        assert found is not None, line
        pairs = (pair.split("=", 1) for pair in found[2].split(","))
        parsed.append((found[1], {key: _unescaped(value) for key, value in pairs}, _unescaped(found[3])))
    return parsed


def _unescaped(text: str) -> str:
    for escape, char in (("%0A", "\n"), ("%0D", "\r"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, char)
    return text


def test_an_annotation_stands_on_its_line_with_reason_cost_and_fix() -> None:
    found = finding(file="a,b:c/100%.tf", line=3, cost="12", currency="EUR", fix="x = 1\ny = 2")
    level, place, message = commands(report([found]))[0]
    assert level == "error"
    assert place == {"file": "a,b:c/100%.tf", "line": "3", "title": "apportion missing-tag"}
    assert message == (
        "aws_s3_bucket.logs has no tag tenant\ncosts about 12 EUR a month that nobody can be charged for\n"
        "Fix:\nx = 1\ny = 2"
    )


def test_what_blocks_comes_first_and_all_of_it_is_in_the_log() -> None:
    warnings = [finding(f"a.w{at}", mode="warn", file="a.tf") for at in range(30)]
    blocking = [finding(f"a.b{at}", file="b.tf") for at in range(41)]
    given = commands(report([*warnings, *blocking], checked=71))
    assert [level for level, _, _ in given] == ["error"] * 41 + ["warning"] * 10 + ["notice"]
    assert given[-1][2] == (
        "71 resources checked: 41 block, 30 warnings\n"
        "31 more that block are not shown as annotations; the log of this step has them\n"
        "20 more warnings are left out here"
    )


def test_a_clean_run_annotates_nothing() -> None:
    assert rendered(CLEAN, "github") == "12 resources checked: nothing to fix; 5 cannot carry tags\n"


@given(REPORTS)
def test_hostile_text_starts_no_command_of_its_own(given: Report) -> None:
    shown = commands(given)
    counted = sum(found.blocks or found.verdict in ("violation", "unknown", "external") for found in given.findings)
    assert len(shown) == len(given.unread) + counted + 1
    assert {key for _, place, _ in shown for key in place} <= {"file", "line", "title"}


# Markdown


def test_a_comment_can_be_found_again() -> None:
    assert all(rendered(example, "markdown").startswith(f"{MARKER}\n### ") for example in EXAMPLES.values())
    assert rendered(PLAN, "github-summary") == rendered(PLAN, "markdown").removeprefix(f"{MARKER}\n")


@pytest.mark.parametrize(("name", "limit"), [("markdown", COMMENT_LIMIT), ("github-summary", SUMMARY_LIMIT)])
@pytest.mark.parametrize("kind", ["violation", "unknown", "existing"])
def test_a_page_keeps_to_its_limit_and_says_how_much_it_leaves_out(name: str, limit: int, kind: str) -> None:
    many = [finding(f'aws_s3_bucket.b["é{at}"]', verdict=kind, mode="warn", fix=f"fix = {at}") for at in range(20_000)]
    shown = rendered(report([finding("a.first"), *many], checked=20_001), name)
    assert len(shown.encode()) <= limit
    assert len(shown.encode()) > 0.9 * limit
    rows = sum(line.startswith("| `") for line in shown.splitlines())
    fixes = shown.count("**Fix**")
    each = 1 if kind == "existing" else 2
    assert f"**{20_001 + (each - 1) * 20_000 - rows - fixes:,} entries left out:**" in shown
    assert shown.count("<details>") == shown.count("</details>")
    assert shown.count("```") % 2 == 0


def test_one_long_name_cannot_push_the_rest_aside() -> None:
    shown = rendered(report([finding("a." + "x" * 100_000), finding("a.b")]), "markdown")
    assert len(shown.encode()) < COMMENT_LIMIT
    assert "2 findings block" in shown
    assert "2 entries left out" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain_name.x", "plain_name.x"),
        ("_a_ *b*", "&#95;a&#95; &#42;b&#42;"),
        ("<b>|`", "&#60;b&#62;&#124;&#96;"),
        ("@team", "@\u2060team"),
        ("see #12", "see #\u206012"),
        ("# head", "&#35; head"),
        ("12. item", "12&#46; item"),
        ("https://a.b", "https:\u2060//a.b"),
        ("www.a.b", "www.\u2060a.b"),
        ("line\nline\x1b", "line&#92;nline&#92;x1b"),
    ],
)
def test_prose_wakes_no_markup_and_calls_nobody(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_code_is_plain_where_it_can_be() -> None:
    assert code('a.b["x"]') == '`a.b["x"]`'
    assert code("_a_`|b") == "<code>&#95;a&#95;&#96;&#124;b</code>"
    assert code("") == ""


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert fenced("a\n````\nb", "hcl") == ["`````hcl", "a", "````", "b", "`````"]


@pytest.fixture(scope="module")
def to_html() -> Callable[[str], str]:
    """CommonMark with GitHub's tables, HTML let through."""
    parser = pytest.importorskip("markdown_it", reason="needs markdown-it-py")
    render_html: Callable[[str], str] = parser.MarkdownIt("commonmark", {"html": True}).enable("table").render
    return render_html


@given(text=HOSTILE)
def test_code_and_prose_come_out_of_the_renderer_as_they_went_in(to_html: Callable[[str], str], text: str) -> None:
    table = to_html(f"| A | B |\n| --- | --- |\n| x{code(text)}x | x{prose(text)}x |\n| end | end |\n")
    cells = re.findall(r"<td>(.*?)</td>", table)
    assert len(cells) == 4
    seen = one_line(text)
    plain = [html.unescape(re.sub(r"</?code>", "", cell)).replace("\u2060", "") for cell in cells]
    assert plain[1] == f"x{seen.strip()}x"
    assert plain[0].strip("x").strip() == (seen.strip("x").strip() if seen.strip() else "")


@given(text=HOSTILE)
def test_prose_starts_no_block_of_its_own(to_html: Callable[[str], str], text: str) -> None:
    page = to_html(f"- {prose(text)}\n- end\n")
    assert re.findall(r"<(\w+)", page) == ["ul", "li", "li"]


@given(given=REPORTS)
def test_hostile_text_breaks_neither_table_nor_fold(to_html: Callable[[str], str], given: Report) -> None:
    shown = rendered(given, "markdown")
    assert shown.replace("\n", "").replace("\u2060", "").isprintable()
    page = to_html(shown)
    tags = set(re.findall(r"<(/?\w+)", page))
    assert {tag.strip("/") for tag in tags} <= {
        "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "br", "strong", "ul", "li",
        "details", "summary",
    }  # fmt: skip
    assert page.count("<tr>") == len(given.findings) + page.count("<thead>")
    assert page.count("<td>") == 3 * len(given.findings)
    assert page.count("<details>") == page.count("</details>")


def test_a_table_has_a_row_for_each_blocking_finding() -> None:
    shown = rendered(PLAN, "markdown").splitlines()
    start = shown.index("| Resource | What | Where |") + 2
    assert len(list(takewhile(bool, shown[start:]))) == 5


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("command", ["##vso[task.complete result=Succeeded;]", "##[add-mask]e", "::error::x", " ::a::"])
def test_no_text_becomes_a_command_to_the_service_that_shows_the_log(name: str, command: str) -> None:
    first = Finding(
        "missing-tag", "tenant", "violation", "block", "aws", command, f"{command}.x", "create",
        f"{command}.x has no tag tenant", fix=f"{command}\n{command}", file=command, line=1, value=command,
        reason=command, part=command, attribute=command, spelling=command, proposal=command, owner=command,
    )  # fmt: skip
    other = replace(first, address=f"{command}.y", message=f"{command}.y has no tag tenant")
    given = Report(
        (first, other), Summary(2, 2, 2), (Unread(command, 1, command, f"{command}\n{command}"),), (command,)
    )
    text = render(given, name, source=Lines({command: command}), tool_version="1", all_findings=True)
    assert not re.search(r"##[\w-]*\[", text)
    commands = [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert all(line.startswith(("::error file=", "::notice title=")) for line in commands)
    assert name == "github" or not commands
    if name == "json":
        assert command in str(json.loads(text))
