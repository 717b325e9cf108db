"""What ``init`` writes: files that load, belong together, and never replace the user's own."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from agent import pipeline
from agent.allocation import allocate
from agent.billing import SOURCES
from agent.config.allocation import AllocationFile
from agent.config.application import ApplicationFile
from agent.config.loading import load_application
from agent.errors import UsageError
from agent.period import Period
from agent.progress import Quiet
from agent.starter import FILES, write_starter
from policies.policy import PolicyFile
from policies.source import load


def test_every_named_file_is_written(tmp_path: Path) -> None:
    assert write_starter(tmp_path) == [tmp_path / name for name in FILES]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(tmp_path / name for name in FILES)


def test_existing_files_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("mine")
    (tmp_path / "revenue.csv").write_text("mine")
    with pytest.raises(UsageError, match=r"policy\.yaml, revenue\.csv"):
        write_starter(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["policy.yaml", "revenue.csv"]


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    write_starter(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_configuration_is_accepted_by_the_models(tmp_path: Path) -> None:
    write_starter(tmp_path)
    application = load(tmp_path / "apportion.yaml", ApplicationFile)
    allocation = load(tmp_path / "allocation.yaml", AllocationFile)
    policy = load(tmp_path / "policy.yaml", PolicyFile)
    assert {pool.driver for pool in allocation.pools if pool.driver} == {driver.name for driver in application.usage}
    assert [tag.key for tag in policy.tags] == ["tenant", "env"]


def test_every_file_the_configuration_names_is_there(tmp_path: Path) -> None:
    write_starter(tmp_path)
    application = load(tmp_path / "apportion.yaml", ApplicationFile)
    named = [application.policy, application.allocation, application.customers]
    named += [source.location for source in application.sources] + [driver.location for driver in application.usage]
    named += [application.revenue.location if application.revenue else None]
    assert all(name and (tmp_path / name).exists() for name in named)


def test_every_setting_is_explained(tmp_path: Path) -> None:
    """A newcomer reads these files before any page of documentation."""
    write_starter(tmp_path)
    for name in ("apportion.yaml", "policy.yaml", "allocation.yaml"):
        lines = (tmp_path / name).read_text().splitlines()
        assert sum("#" in line for line in lines) > len(lines) // 4


def test_the_sample_bill_is_small_exact_and_has_more_than_usage(tmp_path: Path) -> None:
    write_starter(tmp_path)
    with (tmp_path / "exports" / "example-focus.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert 25 <= len(rows) <= 35
    assert {row["ChargeCategory"] for row in rows} == {"Usage", "Tax", "Credit"}
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal("429.151754")


def test_the_job_runs_and_proves_on_what_was_written(tmp_path: Path) -> None:
    write_starter(tmp_path)
    settings = load_application(tmp_path / "apportion.yaml")
    pipeline.ingest(settings, None, Quiet())
    folder = tmp_path / "run"
    folder.mkdir()
    proof = allocate(settings, Period(2026, 10), folder, Quiet())
    assert {check.difference for check in proof.checks} == {"0"}
    assert proof.totals["USD"]["BilledCost"]["source"] == "429.151754"


def test_every_kind_of_source_is_shown_and_what_is_commented_out_loads_once_it_is_not(tmp_path: Path) -> None:
    write_starter(tmp_path)
    config = tmp_path / "apportion.yaml"
    text = config.read_text().replace("  # - {name: ", "  - {name: ")
    config.write_text(text)
    sources = load(config, ApplicationFile).sources
    assert {source.kind for source in sources} == set(SOURCES)
    assert len(sources) == text.count("- {name: ") - 1


def test_the_starter_names_the_versions_of_focus_that_are_read(tmp_path: Path) -> None:
    write_starter(tmp_path)
    assert "FOCUS 1.0 to 1.4" in (tmp_path / "apportion.yaml").read_text()
