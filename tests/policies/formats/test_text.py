"""The report for a terminal: what a reader sees of each finding, and what is told once."""

import re
from pathlib import Path

import pytest
from hypothesis import given

from policies.finding import Finding, Report
from policies.formats import render
from policies.formats.source import SourceFiles, SourceLines
from tests.policies.formats.reports import (
    CLEAN,
    EMPTY,
    NO_SOURCE,
    PLAN,
    PROVIDER_FIX,
    REPORTS,
    SOURCE,
    SOURCE_TREE,
    UNREAD,
    Lines,
    finding,
    report,
)


def text(given: Report, source: SourceLines = NO_SOURCE, **how: bool) -> str:
    return render(given, "text", source=source, tool_version="1", **how)


def lines(*findings: Finding, source: SourceLines = NO_SOURCE, **how: bool) -> list[str]:
    return text(report(findings, checked=len(findings)), source, **how).splitlines()


def test_a_finding_shows_its_sentence_place_line_and_fix() -> None:
    assert text(SOURCE_TREE, SOURCE).split("\n\n")[0] == (
        "error[missing-tag]: aws_s3_bucket.logs has no tag tenant\n"
        " --> infra/main.tf:5\n"
        "  |\n"
        '5 | resource "aws_s3_bucket" "logs" {\n'
        "  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  |\n"
        "  = note: costs about 412 USD a month that nobody can be charged for\n"
        "  = help:\n"
        "      # once, for every resource of this provider\n"
        '      provider "aws" {\n'
        "        default_tags {\n"
        "          tags = {\n"
        '            tenant = "<customer id>"\n'
        "          }\n"
        "        }\n"
        "      }"
    )


def test_a_wrong_value_is_underlined_where_it_stands() -> None:
    shown = text(SOURCE_TREE, SOURCE).splitlines()
    at = shown.index("11 |   tags = {")
    assert shown[at + 1 : at + 4] == [
        '12 |     env    = "prod"',
        '13 |     tenant = "Acme Corp"',
        "   |     ^^^^^^^^^^^^^^^^^^^^",
    ]


def test_a_far_value_is_shown_behind_a_gap() -> None:
    body = "tags = {\n" + "".join(f'  k{at} = "v"\n' for at in range(9)) + '  tenant = "Acme"\n}\n'
    shown = lines(finding(file="a.tf", line=1, value="Acme", message="bad"), source=Lines({"a.tf": body}))
    assert shown[3:7] == [" 1 | tags = {", "...", '11 |   tenant = "Acme"', "   |   ^^^^^^^^^^^^^^^"]


def test_a_tag_in_a_one_line_map_is_underlined_as_it_is_spelled() -> None:
    body = 'tags = { env = "Acme", "Tenant" = "Acme" } # tenant = "Acme"\n'
    shown = lines(finding(file="a.tf", line=1, value="Acme", spelling="Tenant"), source=Lines({"a.tf": body}))
    assert shown[4] == "  | " + " " * body.index('"Tenant"') + "^" * len('"Tenant" = "Acme"')


@pytest.mark.parametrize(
    "body",
    [
        'tags = local.tags\nother = { tenant = "Acme" }\n',
        'tags = {\n}\nx = "Acme"\n',
        'tags = {\n  # tenant = "Acme"\n}\n',
        'tags = {\n  a = "}"\n  # {\n}\ntenant = "Acme"\n',
    ],
)
def test_a_value_outside_the_block_is_not_taken_for_the_wrong_one(body: str) -> None:
    shown = lines(finding(file="a.tf", line=1, value="Acme"), source=Lines({"a.tf": body}))
    assert shown[4] == "  | ^^^^"


@pytest.mark.parametrize(
    ("line", "underlined"),
    [
        ("\ttags = {}", "    ^^^^"),
        ('"tags": {', "^^^^^^"),
        ('resource "a" "b" { # why', "^^^^^^^^^^^^^^^^"),
        ('"資源" = 1', "^^^^^^"),
        ("{", "^"),
    ],
)
def test_the_underline_stands_below_the_attribute_or_header(line: str, underlined: str) -> None:
    shown = lines(finding(file="a.tf", line=1), source=Lines({"a.tf": line}))
    assert shown[4] == f"  | {underlined}"


def test_a_long_line_is_cut() -> None:
    shown = lines(finding(file="a.tf", line=1), source=Lines({"a.tf": "x" * 5000}))
    assert shown[3].endswith("x…")
    assert max(map(len, shown)) < 130


def test_without_the_source_the_place_is_enough() -> None:
    assert lines(finding(file="a.tf", line=7))[:2] == [
        "error[missing-tag]: aws_s3_bucket.logs has no tag tenant",
        " --> a.tf:7 (create)",
    ]


def test_one_fix_for_many_is_shown_once_and_every_blocking_address_is_named() -> None:
    shown = text(report([finding(f"aws_s3_bucket.b[{at}]", fix=PROVIDER_FIX) for at in range(40)], checked=40))
    assert shown.count("default_tags") == 1
    assert "= also: 39 more with the same fix\n" in shown
    assert all(f"aws_s3_bucket.b[{at}]" in shown for at in range(40))
    assert max(map(len, shown.splitlines())) <= 120


def test_of_warnings_that_repeat_a_few_are_named() -> None:
    many = [finding(f"aws_s3_bucket.b[{at}]", mode="warn", fix="x") for at in range(40)]
    shown = "\n".join(lines(*many))
    assert "b[3]" in shown
    assert "b[4]" not in shown
    assert "and 36 more (--all lists them)" in shown
    assert "b[39]" in "\n".join(lines(*many, all_findings=True))


def test_findings_of_one_fix_that_say_different_things_keep_their_sentences() -> None:
    tags = {"a.a": "X", "a.b": "X", "a.c": "Y", "a.d": "Z"}
    shown = lines(*(finding(name, message=f"{name} has tenant {tag!r}", fix="f") for name, tag in tags.items()))
    assert shown[3:7] == [
        "  = also: 3 more with the same fix",
        "      a.b",
        "      a.c has tenant 'Y'",
        "      a.d has tenant 'Z'",
    ]


def test_costs_of_one_fix_are_added_exactly_and_a_resource_costs_once() -> None:
    same = {"fix": "f", "currency": "USD"}
    shown = lines(
        finding("a.b", cost="0.1", **same),
        finding("a.c", cost="1000000000000000000000.4", **same),
        finding("a.c", part="volume_tags", cost="1000000000000000000000.4", **same),
    )
    cost = "about 1,000,000,000,000,000,000,001 USD a month"
    assert f"  = note: together these cost {cost} that nobody can be charged for" in shown


@pytest.mark.parametrize(
    ("cost", "said"),
    [("0.004", "less than 1 USD"), ("411.5", "about 412 USD"), ("0", ""), ("-3", ""), ("x", ""), ("1e99", "")],
)
def test_a_cost_is_told_in_whole_units(cost: str, said: str) -> None:
    told = [line for line in lines(finding(cost=cost, currency="USD")) if "costs" in line]
    assert told == ([f"  = note: costs {said} a month that nobody can be charged for"] if said else [])


def test_what_does_not_count_is_shown_on_demand_only() -> None:
    assert "aws_ebs_volume.old[0]" not in text(PLAN)
    shown = text(PLAN, all_findings=True)
    assert "existing[missing-tag]: aws_ebs_volume.old[0] has no tag tenant" in shown
    assert "exempt[missing-tag]: aws_iam_role.ci has no tag tenant" in shown
    assert "  = note: identity is not a cost, until 2027-03-31, owner platform" in shown


def test_a_reason_that_the_message_gives_is_not_repeated() -> None:
    assert text(SOURCE_TREE).count("var.tenant has no default") == 1


def test_inputs_not_read_come_first_and_are_counted() -> None:
    shown = text(UNREAD, SOURCE)
    assert shown.startswith("error[unread]: plans/prod.json is UTF-16 with damaged quotes\n --> plans/prod.json\n")
    assert shown.endswith("\n2 inputs could not be read; 1 resource checked: 1 blocks\n")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (CLEAN, "12 resources checked: nothing to fix; 5 cannot carry tags"),
        (EMPTY, "0 resources checked"),
        (SOURCE_TREE,
         "9 resources checked: 2 block, 1 warning, 1 unknown, 1 module not there to be read; 5 cannot carry tags"),
        (PLAN,
         "31 resources checked: 5 block, 1 unknown, 4 existing, 1 exempt; 7 cannot carry tags; 2 deleted or only read"),
        (report([finding(verdict="unknown"), finding(mode="warn")], checked=2),
         "2 resources checked: 1 blocks (1 of them unknown), 1 warning"),
        (report([], unread=UNREAD.unread, checked=2), "2 inputs could not be read; 2 resources checked"),
    ],
)  # fmt: skip
def test_one_line_counts_everything_once(given: Report, line: str) -> None:
    assert text(given).splitlines()[-1] == line


def test_a_clean_run_says_one_line() -> None:
    assert text(CLEAN).count("\n") == 1


def test_notes_stand_at_the_end() -> None:
    assert text(PLAN).splitlines()[-3] == "note: the exemption of aws_kms_* ended on 2026-10-31"


def test_colour_is_only_added() -> None:
    coloured = text(PLAN, SOURCE, color=True)
    assert coloured != text(PLAN, SOURCE)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text(PLAN, SOURCE)


@given(REPORTS)
def test_hostile_text_can_neither_move_the_cursor_nor_turn_the_reading_order(given: Report) -> None:
    hostile = Lines({item.file: "\x1b[2J\u202e tags = {\n" * 12 for item in (*given.findings, *given.unread)})
    shown = text(given, hostile, all_findings=True)
    assert shown.replace("\n", "").isprintable()
    assert shown == text(given, hostile, all_findings=True)


def test_lines_come_from_small_regular_text_files_only(tmp_path: Path) -> None:
    (tmp_path / "a.tf").write_bytes(b"\xef\xbb\xbfone\r\ntwo\x0bstill two\n")
    (tmp_path / "binary").write_bytes(b"a\0b\n")
    (tmp_path / "latin").write_bytes(b"\xe9\n")
    (tmp_path / "large").write_bytes(b"x\n" * (3 << 20))
    source = SourceFiles(tmp_path)
    assert [source.line("a.tf", number) for number in (0, 1, 2, 3, 4)] == [None, "one", "two\x0bstill two", "", None]
    assert [source.line(name, 1) for name in ("binary", "latin", "large", "gone", ".", "a\0b")] == [None] * 6


def test_a_file_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.tf").write_text("one\n")
    source = SourceFiles(tmp_path)
    assert source.line("a.tf", 1) == "one"
    (tmp_path / "a.tf").unlink()
    assert source.line("a.tf", 1) == "one"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "repository", tmp_path / "elsewhere"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("key\n")
    (inside / "main.tf").write_text("one\n")
    (inside / "link.tf").symlink_to(outside / "secret")
    (inside / "folder").symlink_to(outside)
    (inside / "same.tf").symlink_to("main.tf")
    source = SourceFiles(inside)
    assert [source.line(name, 1) for name in ("link.tf", "folder/secret")] == [None, None]
    assert source.line("same.tf", 1) == "one"
    assert source.line("../elsewhere/secret", 1) == "key"
