"""What people read is audited too: the report's files, and the version that the ledger says is in force."""

import json
from pathlib import Path

import pytest

from agent import pipeline
from agent.config.loading import Settings, load_application
from agent.period import Period
from agent.progress import Quiet
from agent.verify import Verification, verify
from tests.project import write_project

OCTOBER = Period(2026, 10)
NAMES = ["xlsx", "html", "csv", "notes.txt"]


@pytest.fixture
def settings(tmp_path) -> Settings:
    settings = load_application(write_project(tmp_path))
    pipeline.ingest(settings, None, Quiet())
    pipeline.allocate(settings, OCTOBER, Quiet())
    return settings


@pytest.fixture
def report(settings) -> Path:
    pipeline.report(settings, OCTOBER, Quiet())
    return settings.data / "results/2026-10/report"


def failed(found: Verification) -> list[str]:
    return [f"{check.name} {check.detail}" for check in found.checks if not check.ok]


def about_the_report(found: Verification) -> list[str]:
    return [text for text in [*found.statements, *(check.name for check in found.checks)] if "report" in text]


def test_a_report_as_it_was_written_holds(settings, report):
    found = verify(settings, OCTOBER)
    assert found.ok
    assert len(about_the_report(found)) == len(NAMES)


@pytest.mark.parametrize("suffix", NAMES)
def test_an_edited_report_file_is_found(settings, report, suffix):
    path = report / f"cost-per-customer-2026-10.{suffix}"
    path.write_bytes(path.read_bytes() + b" ")
    assert [path.name in text for text in failed(verify(settings, OCTOBER))] == [True]


def test_a_report_file_that_is_gone_is_found(settings, report):
    (report / "cost-per-customer-2026-10.html").unlink()
    assert len(failed(verify(settings, OCTOBER))) == 1


@pytest.mark.parametrize("content", ["{", "[]", '{"a.csv": 1}', "{}", '{"../proof.json": "x", "proof": "y"}'])
def test_a_list_of_the_report_that_was_edited_is_found(settings, report, content):
    (report / "hashes.json").write_text(content)
    assert failed(verify(settings, OCTOBER))


def test_a_report_older_than_the_proof_is_said_and_fails_nothing(settings, report):
    revenue = settings.root / "revenue.csv"
    revenue.write_text(revenue.read_text().replace("900", "901"))
    pipeline.ingest(settings, None, Quiet())
    pipeline.allocate(settings, OCTOBER, Quiet())
    found = verify(settings, OCTOBER)
    assert found.ok
    assert any("report" in text and "earlier proof" in text for text in found.statements)
    pipeline.report(settings, OCTOBER, Quiet())
    assert not any("earlier proof" in text for text in verify(settings, OCTOBER).statements)


def test_nothing_is_said_without_a_report(settings):
    assert about_the_report(verify(settings, OCTOBER)) == []


def test_the_same_report_again_is_listed_with_the_same_bytes(settings, report):
    before = (report / "hashes.json").read_bytes()
    pipeline.report(settings, OCTOBER, Quiet())
    assert (report / "hashes.json").read_bytes() == before
    assert "proof" in json.loads(before)


@pytest.mark.parametrize("content", ['{"version": 9}', "{", "{}", "[]"])
def test_a_head_that_names_no_version_on_disk_is_found(settings, content):
    (settings.data / "ledger/cloud/2026-10/HEAD.json").write_text(content)
    (reason,) = failed(verify(settings, OCTOBER))
    assert "cloud" in reason
    assert "HEAD" in reason
