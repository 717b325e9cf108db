"""The commands of one step each, as text and as JSON."""

import json
import shutil
from pathlib import Path

import pytest

from agent import cli
from agent.config.schemas import schemas
from tests.project import write_project
from tests.slack_server import SlackServer


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_project(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    config = write_project(tmp_path_factory.mktemp("published"))
    assert call(config, "run") == 0
    return config.parent


@pytest.fixture
def published(made: Path, tmp_path: Path) -> Path:
    """The configuration of a project whose October is published."""
    return Path(shutil.copytree(made, tmp_path / "project")) / "apportion.yaml"


def call(config: Path, *argv: str) -> int:
    return cli.main([*argv, "--config", str(config), "--quiet"])


def document(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_the_steps_in_order_say_what_they_did(config: Path, capsys):
    assert call(config, "ingest") == 0
    assert "2026-10" in capsys.readouterr().out
    assert call(config, "allocate") == 0
    assert "difference 0" in capsys.readouterr().out
    assert call(config, "report") == 0
    assert all(Path(line).is_file() for line in capsys.readouterr().out.split())
    assert call(config, "digest") == 0
    assert "Total cost to serve" in capsys.readouterr().out
    assert call(config, "verify") == 0
    assert "checks hold" in capsys.readouterr().out


def test_the_same_as_json_has_stable_keys(config: Path, capsys):
    assert call(config, "ingest", "--format", "json") == 0
    (delivered,) = document(capsys)["delivered"]
    settled = {"change", "estimated_until", "estimated_because"}
    counted = {"source", "period", "version", "changed", "lines", "rows", "billed", "completeness", "notes"}
    assert delivered.keys() == counted | settled
    assert call(config, "allocate", "--format", "json") == 0
    assert document(capsys).keys() == {"version", "period", "results", "proof_line", "totals", "missing"}
    assert call(config, "report", "--format", "json") == 0
    assert document(capsys).keys() == {"version", "period", "reports"}
    assert call(config, "digest", "--format", "json") == 0
    assert document(capsys).keys() == {"version", "period", "posted", "text", "blocks"}
    assert call(config, "verify", "--format", "json") == 0
    assert document(capsys).keys() == {"version", "ok", "periods"}
    assert call(config, "run", "--format", "json") == 0
    keys = {"version", "period", "delivered", "failed", "proof_line", "reports", "alerts", "posted", "digest"}
    assert document(capsys).keys() == keys


def test_money_in_json_is_exact_text(published: Path, capsys):
    call(published, "allocate", "--format", "json")
    assert document(capsys)["totals"]["USD"]["EffectiveCost"]["source"] == "140"


def test_a_delivery_without_a_manifest_is_said_not_to_be_proven_complete_each_time(config: Path, capsys):
    for _ in range(2):
        assert call(config, "ingest") == 0
        assert "2026-10: completeness not proven: no manifest says" in capsys.readouterr().out
    assert call(config, "ingest", "--format", "json") == 0
    assert document(capsys)["delivered"][0]["completeness"] == "not proven"


@pytest.mark.parametrize("command", ["allocate", "report", "digest", "verify"])
def test_before_the_first_ingest_there_is_nothing_to_do(command: str, config: Path, capsys):
    assert call(config, command) == 3
    assert capsys.readouterr().err.startswith("apportion: ")


@pytest.mark.parametrize("command", ["ingest", "allocate", "report", "digest", "run", "verify"])
def test_a_month_without_data_is_nothing_to_do(command: str, published: Path, capsys):
    assert call(published, command, "--period", "2020-01") == 3
    assert "2020-01" in capsys.readouterr().err


def test_a_changed_result_is_found_and_ends_with_1(published: Path, capsys):
    table = published.parent / "data/results/2026-10/cost_per_customer.csv"
    table.write_text(table.read_text().replace("Acme", "Acne"))
    assert call(published, "verify") == 1
    assert "FAIL" in capsys.readouterr().out


def test_the_digest_is_posted_once(published: Path, monkeypatch, capsys):
    with SlackServer() as slack:
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.token)
        published.write_text(
            published.read_text() + f'slack: {{channel: "#cloud-cost", base_url: "{slack.base_url}"}}\n'
        )
        assert call(published, "digest", "--send") == 0
        assert call(published, "digest", "--send") == 0
        assert [post["channel"] for post in slack.posts] == ["C0CLOUDCOST"]


def test_sending_without_a_token_is_wrong_usage(published: Path, capsys):
    published.write_text(published.read_text() + 'slack: {channel: "#cloud-cost"}\n')
    assert call(published, "digest", "--send") == 2
    assert "SLACK_BOT_TOKEN" in capsys.readouterr().err


def test_a_half_published_run_is_finished_by_the_next_command(published: Path, capsys):
    folder = published.parent / "data/results/2026-10"
    run = published.parent / "data/results/.runs/2026-10-1-1"
    run.mkdir()
    (folder / "proof.json").rename(run / "proof.json")
    (run / "COMPLETE").write_text("2026-10")
    assert call(published, "verify") == 0
    assert not run.exists()


@pytest.mark.parametrize("name", list(schemas()))
def test_a_schema_is_printed_as_it_is_saved(name: str, capsys):
    assert cli.main(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out) == schemas()[name]


def test_all_schemas_have_their_names(capsys):
    assert cli.main(["schema", "--format", "json"]) == 0
    assert document(capsys)["schemas"].keys() == schemas().keys() | {"explanation.json"}


def test_an_unknown_schema_is_wrong_usage(capsys):
    assert cli.main(["schema", "nothing.yaml"]) == 2
    assert "apportion.yaml" in capsys.readouterr().err


def test_a_missing_configuration_names_the_command_that_writes_one(tmp_path: Path, capsys):
    assert cli.main(["run", "--config", str(tmp_path / "apportion.yaml")]) == 2
    assert "apportion init" in capsys.readouterr().err


def test_the_starter_project_runs_as_it_is(tmp_path: Path, capsys):
    assert cli.main(["init", str(tmp_path)]) == 0
    assert call(tmp_path / "apportion.yaml", "run") == 0
    assert "difference 0" in capsys.readouterr().out
