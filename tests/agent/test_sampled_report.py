"""What readers are told of a sampled pool: its shares, how sure they are, who was not traced, what may not be used."""

from pathlib import Path

import pytest

from agent import cli

CASE = Path(__file__).parents[1] / "cases" / "sampled-two-days"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for file in CASE.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "bill").mkdir()
    (tmp_path / "billing.csv").rename(tmp_path / "bill" / "billing.csv")
    (tmp_path / "apportion.yaml").write_text(
        "version: 1\npolicy: policy.yaml\nallocation: allocation.yaml\ncustomers: customers.csv\n"
        "sources: [{name: bill, kind: focus, location: bill}]\n"
        "usage: [{name: traced_seconds, kind: csv, location: usage-traced_seconds.csv, late_after_days: 400}]\n"
        "revenue: {kind: csv, location: revenue.csv}\n"
    )
    return tmp_path / "apportion.yaml"


def told(config: Path) -> str:
    """The page and the notes of the month."""
    assert cli.main(["run", "--config", str(config), "--quiet"]) == 0
    folder = config.parent / "data/results/2026-10/report"
    return "".join((folder / f"cost-per-customer-2026-10.{form}").read_text() for form in ("html", "notes.txt"))


def test_the_report_shows_each_share_with_its_interval(config):
    page = " ".join(told(config).split())
    assert "Sampled shares" in page
    assert "median of its tier" in page
    assert "sampled in 2 intervals of 2026-08-30 to 2026-08-31" in page
    assert "not in the sample, so by the median of their tier: dogwood" in page
    assert "could not be used" not in page


def test_a_day_of_the_window_that_may_not_be_used_is_named(config):
    usage = config.parent / "usage-traced_seconds.csv"
    usage.write_text(usage.read_text().replace("2026-08-31,acorn,40", "2026-08-31,acorn,-40"))
    assert "days of its sample could not be used, their hours neither: 2026-08-31" in " ".join(told(config).split())


def test_shares_that_have_drifted_ask_for_a_new_sample(config):
    rules = config.parent / "allocation.yaml"
    rules.write_text(rules.read_text().replace("    sample:\n", "    sample:\n      live: calls\n"))
    text = config.read_text().replace(
        "late_after_days: 400}]", "late_after_days: 400}, {name: calls, kind: csv, location: calls.csv}]"
    )
    config.write_text(text)
    rows = ["date,customer,quantity", "2026-08-30,acorn,10", "2026-08-30,birch,30", "2026-10-31,acorn,30",
            "2026-10-31,birch,10"]  # fmt: skip
    (config.parent / "calls.csv").write_text("\n".join(rows) + "\n")
    page = " ".join(told(config).split())
    assert "shares of calls moved by more than 5 points since the sample: acorn 25.0 % to 75.0 %" in page
    assert "sample again" in page
