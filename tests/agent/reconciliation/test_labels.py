"""Wherever a month is shown that can still move, it says so; once it is invoiced nothing does."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from agent import cli
from agent.config.loading import load_application
from agent.doctor import examine
from tests.focus_rows import write_focus
from tests.project import ROWS, write_project

REASON = "cloud has no invoice yet; AWS rewrites a month for about two weeks after its end"
LABEL = f"2026-10 is estimated, usually settled by 2026-11-14: {REASON}"


def call(config: Path, *argv: str) -> int:
    return cli.main([*argv, "--config", str(config), "--quiet"])


def ran(folder: Path, more: Mapping[str, str]) -> Path:
    config = write_project(folder, [{**row, **more} for row in ROWS])
    assert call(config, "run") == 0
    return config


@pytest.fixture(scope="module")
def estimate(tmp_path_factory) -> Path:
    return ran(tmp_path_factory.mktemp("estimate"), {})


@pytest.fixture(scope="module")
def invoiced(tmp_path_factory) -> Path:
    return ran(tmp_path_factory.mktemp("invoiced"), {"InvoiceId": "E1"})


def report(config: Path, suffix: str) -> Path:
    (found,) = (config.parent / "data" / "results" / "2026-10" / "report").glob(f"*{suffix}")
    return found


def words(workbook: Path) -> dict[str, list[str]]:
    book = openpyxl.load_workbook(workbook)
    return {
        sheet.title: [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
        for sheet in book
    }


@pytest.mark.parametrize(
    ("today", "told"),
    [
        ("2026-11-14", "estimated until 2026-11-14"),
        ("2026-11-15", "estimated, was due 2026-11-14"),
    ],
)
def test_ingest_says_it_in_its_table_and_in_json(estimate, capsys, monkeypatch, today, told):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime.fromisoformat(f"{today}T12:00:00Z").timestamp())))
    assert call(estimate, "ingest") == 0
    text = capsys.readouterr().out
    assert text.count(told) == 2
    assert f"note: cloud 2026-10: {told}: {REASON}" in text
    assert call(estimate, "ingest", "--format", "json") == 0
    (delivered,) = json.loads(capsys.readouterr().out)["delivered"]
    assert (delivered["estimated_until"], f"cloud {delivered['estimated_because']}") == ("2026-11-14", REASON)


def test_the_digest_says_it_in_its_title_and_its_notes(estimate, capsys):
    assert call(estimate, "digest", "--format", "json") == 0
    digest = json.loads(capsys.readouterr().out)
    assert "(estimated)" in digest["blocks"][0]["text"]["text"]
    assert "(estimated)" in digest["text"]
    assert LABEL in json.dumps(digest["blocks"])


def test_every_sheet_of_the_workbook_says_it_on_top(estimate):
    for name, said in words(report(estimate, ".xlsx")).items():
        assert any("estimated, usually settled by 14 November 2026" in text for text in said[:3]), name


def test_the_sources_sheet_has_the_day_and_the_note(estimate):
    said = words(report(estimate, ".xlsx"))["Sources and proof"]
    assert "2026-11-14" in said
    assert f"estimated: {LABEL}" in said


def test_the_page_the_csv_and_the_notes_say_it(estimate):
    assert "estimated, usually settled by 14 November 2026" in report(estimate, ".html").read_text()
    assert LABEL in report(estimate, ".html").read_text()
    assert LABEL in report(estimate, ".csv").read_text()
    assert LABEL in report(estimate, ".notes.txt").read_text()


def test_the_summary_has_the_day_for_programs(estimate):
    summary = json.loads((estimate.parent / "data/results/2026-10/summary.json").read_text())
    assert summary["estimated_until"] == "2026-11-14"
    assert {"level": "estimated", "text": LABEL} in summary["notes"]


@pytest.mark.parametrize(
    ("today", "state", "told"),
    [
        (date(2026, 10, 20), "ok", f"2026-10 is open; estimated until 2026-11-14: {REASON}"),
        (date(2026, 11, 3), "ok", f"2026-10 is estimated until 2026-11-14: {REASON}"),
        (date(2026, 12, 1), "warn", f"2026-10 is not final though 2026-11-14 has passed: {REASON}"),
    ],
)
def test_doctor_tells_how_the_month_stands_on_a_day(estimate, today, state, told):
    findings = [(one.state, one.text) for one in examine(load_application(estimate), today)]
    assert (state, told) in findings


def test_an_invoiced_month_is_labelled_nowhere(invoiced, capsys):
    assert call(invoiced, "ingest") == 0
    assert "estimated" not in capsys.readouterr().out
    assert call(invoiced, "digest") == 0
    assert "(estimated)" not in capsys.readouterr().out
    everything = " ".join(text for said in words(report(invoiced, ".xlsx")).values() for text in said)
    assert "estimated, usually settled" not in everything
    summary = json.loads((invoiced.parent / "data/results/2026-10/summary.json").read_text())
    assert summary["estimated_until"] is None


def test_the_report_shows_each_invoice_beside_the_bill(tmp_path):
    config = write_project(tmp_path, [{**row, "InvoiceId": "E1"} for row in ROWS])
    config.write_text(config.read_text() + "invoices: invoices.csv\n")
    (tmp_path / "invoices.csv").write_text(
        "period,source,invoice_id,amount,currency,tax\n2026-10,cloud,E1,168,USD,28\n2026-10,cloud,E7,9,USD,\n"
    )
    assert call(config, "run") == 0
    said = words(report(config, ".xlsx"))["Invoices"]
    told = "tied; tax 28.00 USD is not in the export"
    assert said[said.index("E1") - 1 : said.index("E1") + 6] == ["cloud", "E1", "USD", "140.0", "168.0", "0.0", told]
    assert "the bill has no such invoice" in said
    page = report(config, ".html").read_text()
    assert told in page
    assert "invoice E7 of cloud: the bill has no such invoice" in page


def test_a_new_version_says_what_it_changes(tmp_path, capsys):
    config = write_project(tmp_path)
    assert call(config, "ingest") == 0
    refund = {"BilledCost": "-3.25", "ChargeCategory": "Credit", "ServiceName": "Credits"}
    write_focus(tmp_path / "exports" / "october.csv", [*ROWS, refund])
    capsys.readouterr()
    assert call(config, "ingest") == 0
    assert (
        "changed: cloud 2026-10 v1 -> v2: lines 4 -> 5 (+1); BilledCost 140.00 -> 136.75 USD (-3.25); "
        "EffectiveCost 140.00 -> 136.75 USD (-3.25); BilledCost by kind: credit -3.25"
    ) in capsys.readouterr().out


def test_a_closed_month_moves_no_more(tmp_path, capsys):
    month = {"ChargePeriodStart": "2026-10-31T00:00:00Z", "ChargePeriodEnd": "2026-11-01T00:00:00Z"}
    config = ran(tmp_path, month)
    closing = ("close", "2026-10", "--by", "Ada", "--accept-gap", "no invoice yet", "--accept-estimates", "quarter end")
    assert call(config, *closing) == 0
    assert call(config, "report", "--period", "2026-10") == 0
    everything = " ".join(text for said in words(report(config, ".xlsx")).values() for text in said)
    assert "usually settled by" not in everything
    assert call(config, "doctor") == 0
    assert "2026-10 is final: the month is closed" in capsys.readouterr().out
