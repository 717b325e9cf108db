from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.margins.records import Note, UntaggedResource
from agent.money import UNITS_PER_ONE
from reports import digest
from reports.slack_limits import find_faults
from tests.reports.example_report import PEOPLE, empty_report, example_report, many_customers
from tests.slack_blocks import faults

REPORT = example_report()


def said(blocks):
    """Every text of a message, one after the other."""
    if isinstance(blocks, dict):
        return "\n".join([str(blocks["text"])] if isinstance(blocks.get("text"), str) else map(said, blocks.values()))
    return "\n".join(map(said, blocks)) if isinstance(blocks, list) else ""


def silly(name):
    """A report in which every text from outside is ``name``."""
    people = tuple(replace(person, id=f"{number}{name}", name=name, tier=name) for number, person in enumerate(PEOPLE))
    report = example_report(through=2, people=people)
    resource = UntaggedResource(name, name, name, name, name, f"unknown-customer:{name}", name, UNITS_PER_ONE)
    return replace(
        report,
        summary=replace(report.summary, company=name),
        untagged=(resource,) * 30,
        notes=(Note("missing", name),) * 40,
        proof_line=name or "-",
    )


def test_the_digest_opens_with_the_figures_asked_for_first():
    header, opening, tiers, *_ = digest.blocks(REPORT).blocks
    assert header["text"]["text"] == "Example SaaS: cost to serve, 1 to 21 October 2026"
    assert [field["text"].split("\n")[:2] for field in opening["fields"]] == [
        ["*Total cost to serve*", "$137,553"],
        ["*Average cost per active customer*", "$11,463"],
        ["*Margin on allocated COGS*", "54.4 %"],
        ["*Untagged share of spend*", "7.9 %"],
    ]
    assert "growth: $10,068, margin 47.7 %, 3 active" in tiers["text"]["text"]


def test_a_complete_month_is_named_without_its_days():
    assert digest.blocks(example_report(through=31)).text.startswith(
        "Example SaaS: cost to serve, October 2026: $137,553"
    )


def test_the_first_day_of_a_month_is_one_day():
    assert "cost to serve, 1 October 2026" in digest.blocks(example_report(through=1)).text


def test_every_margin_names_its_revenue_basis():
    text = said(digest.blocks(REPORT).blocks)
    assert "$165,362 of $304,200 recognised revenue" in text
    assert "gross margin" not in text.lower()


def test_untagged_spend_is_told_with_its_account():
    assert "$4,667: orders-replica (AmazonRDS, AWS 123456789012): no-tag" in said(digest.blocks(REPORT).blocks)


def test_what_is_missing_and_the_proof_close_the_message():
    *_, notes, proof = digest.blocks(REPORT).blocks
    assert notes["elements"][0]["text"].startswith("missing: Revenue of 1 paying customer is unknown")
    assert proof["elements"][0]["text"] == f"Proof: {REPORT.proof_line}"


def test_customers_stand_in_one_table_of_raw_text():
    tables = [block for block in digest.blocks(REPORT).blocks if block["type"] == "table"]
    assert len(tables) == 1
    assert [cell["text"] for cell in tables[0]["rows"][1]] == [
        "Corvid Analytics GmbH", "enterprise", "$38,537", "$69,000", "44.1 %",
    ]  # fmt: skip


def test_the_plain_form_needs_no_table_block():
    message = digest.blocks(REPORT, plain=True)
    assert {block["type"] for block in message.blocks} == {"header", "section", "context"}
    assert "Corvid Analytics GmbH  enterprise  $38,537" in said(message.blocks)


def test_other_currencies_are_written_by_their_code():
    report = replace(REPORT, summary=replace(REPORT.summary, currency="EUR"))
    text = said(digest.blocks(report).blocks)
    assert "137,553 EUR" in text
    assert "$" not in text


def test_a_month_without_anything_is_said():
    message = digest.blocks(empty_report())
    text = said(message.blocks)
    assert "No customer had any cost in this period." in text
    assert "No untagged spend." in text
    assert not any(block["type"] == "table" for block in message.blocks)


@pytest.mark.parametrize("name", ["<!channel>", "<@U123>", "@here", "<https://x.example|click>", "```code"])
def test_a_name_mentions_nobody_and_opens_no_code_block(name):
    for plain in (False, True):
        message = digest.blocks(silly(name), plain=plain)
        # NOTE: cells of raw text and the plain text of a header are shown as they are; Slack parses everything else
        text = said([block for block in message.blocks if block["type"] not in ("table", "header")]) + message.text
        assert "<" not in text
        assert "@here" not in text
        assert text.count("```") == (2 if plain else 0)


def test_an_id_can_be_copied_from_the_message_as_it_is():
    assert "orders_replica*1 ops@example.com" in said(digest.blocks(silly("orders_replica*1 ops@example.com")).blocks)


def test_control_characters_reach_nobody():
    assert "\x1b" not in said(digest.blocks(silly("a\x1b[31m\nb")).blocks)


@pytest.mark.parametrize("plain", [False, True])
def test_three_thousand_customers_fit_into_slack(plain):
    message = digest.blocks(many_customers(3000, through=1), plain=plain)
    assert not list(find_faults(message.blocks, message.text))
    assert faults({"blocks": message.blocks}) == []


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(1, 400), st.booleans())
def test_no_name_breaks_a_limit(name, times, plain):
    message = digest.blocks(silly((name * times)[:5000]), plain=plain)
    assert not list(find_faults(message.blocks, message.text))
    assert faults({"blocks": message.blocks}) == []
