from dataclasses import replace
from decimal import Decimal

import pytest

from reports import alert
from reports.slack_limits import find_faults
from tests.reports.example_report import example_report

REPORT = example_report()


@pytest.mark.parametrize(
    ("amount", "share", "causes"),
    [
        (None, None, []),
        ("9334.02", None, []),
        ("9334.01", None, ["untagged-amount"]),
        (None, "7.9", ["untagged-share"]),
        (None, "7.917733", []),
        ("1", "1", ["untagged-amount", "untagged-share"]),
    ],
)
def test_a_bound_is_crossed_only_above_it(amount, share, causes):
    found = alert.crossings(REPORT, amount=amount and Decimal(amount), share_pct=share and Decimal(share))
    assert [crossing.cause for crossing in found] == causes


def test_a_share_that_is_not_known_crosses_nothing():
    report = replace(REPORT, summary=replace(REPORT.summary, untagged_share_pct=None))
    assert alert.crossings(report, amount=None, share_pct=Decimal(1)) == ()


def test_the_alert_names_bound_amount_share_and_the_dearest_resources():
    crossed = alert.crossings(REPORT, amount=Decimal(5000), share_pct=Decimal(5))
    message = alert.blocks(REPORT, crossed)
    header, why, figures, resources, proof = message.blocks
    assert header["text"]["text"] == "Example SaaS: untagged spend, 1 to 21 October 2026"
    assert why["text"]["text"] == (
        "$9,334 is above the bound of $5,000\n7.9 % of infrastructure spend is above the bound of 5 %"
    )
    assert [field["text"] for field in figures["fields"]] == [
        "*Untagged*\n$9,334", "*Share of infrastructure spend*\n7.9 %",
    ]  # fmt: skip
    assert "$4,667: orders-replica (AmazonRDS, AWS 123456789012): no-tag" in resources["text"]["text"]
    assert proof["elements"][0]["text"].startswith("Proof: 2026-10: USD effective ")
    assert message.text.startswith("Example SaaS: untagged spend, 1 to 21 October 2026: $9,334 is above")


def test_many_long_resources_stay_inside_the_limits():
    resource = replace(REPORT.untagged[0], name="n<" * 4000, account="a" * 500, reason="unknown-customer:" + "v" * 900)
    report = replace(REPORT, untagged=(resource,) * 3000)
    message = alert.blocks(report, alert.crossings(report, amount=Decimal(1), share_pct=None))
    assert not list(find_faults(message.blocks, message.text))
    assert "and 2,990 more in the report" in message.blocks[3]["text"]["text"]
