"""The whole job on a small company, in one process, against a local Slack."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from agent import pipeline, results
from agent.config.loading import load_application
from agent.errors import ConfigError, NothingToDo, PartialRun, UsageError
from agent.period import Period
from agent.progress import Quiet
from tests.focus_rows import write_focus
from tests.project import write_project
from tests.slack_server import Fail, SlackServer

SEPTEMBER, OCTOBER = Period(2026, 9), Period(2026, 10)
DAY = date(2026, 11, 2)


class Steps(Quiet):
    """Remembers what was begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def step(self, text: str) -> None:
        self.begun.append(text)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_project(tmp_path)


@pytest.fixture
def slack(config: Path, monkeypatch) -> Iterator[SlackServer]:
    with SlackServer() as server:
        setting = f'slack: {{channel: "#cloud-cost", alerts: "#cloud-alerts", base_url: "{server.base_url}"}}\n'
        config.write_text(config.read_text() + setting + "alerts: {untagged_share_pct: 1, untagged_amount: 5}\n")
        monkeypatch.setenv("SLACK_BOT_TOKEN", server.token)
        yield server


def run(config: Path, *, send: bool = False, steps: Steps | None = None) -> pipeline.RunOutcome:
    return pipeline.run(load_application(config), None, steps or Quiet(), send=send, day=DAY)


def september(config: Path, amount: str = "5") -> None:
    row = {"BilledCost": amount, "BillingPeriodStart": "2026-09-01T00:00:00Z", "Tags": '{"tenant": "acme"}'}
    write_focus(config.parent / "exports" / "september.csv", [row])


def test_a_run_publishes_proven_results_and_the_report(config: Path):
    outcome = run(config)
    folder = config.parent / "data" / "results" / "2026-10"
    proof = json.loads((folder / "proof.json").read_text())
    assert outcome.period == OCTOBER
    assert outcome.figures.proof_line == proof["proof_line"]
    assert "difference 0" in proof["proof_line"]
    totals = proof["totals"]["USD"]
    assert f"USD effective {totals['EffectiveCost']['source']} = customers " in proof["proof_line"]
    assert proof["proof_line"].endswith(f"; billed {totals['BilledCost']['source']} USD")
    assert "\n" not in proof["proof_line"]
    assert proof["results"].keys() >= {"classification.parquet", "allocation.parquet", "cost_per_customer.csv"}
    for name, recorded in proof["results"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == recorded
    assert {path.suffix for path in outcome.files} >= {".xlsx", ".html", ".csv"}
    assert all(path.is_file() and path.parent == folder / "report" for path in outcome.files)


def test_the_same_run_again_gives_the_same_bytes(config: Path):
    folder = config.parent / "data" / "results" / "2026-10"

    def hashes() -> dict[str, str]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    run(config)
    first = hashes()
    again = run(config)
    assert hashes() == first
    assert [one.changed for one in again.ingested.delivered] == [False]


def test_a_proof_records_what_it_was_made_from(config: Path):
    run(config)
    proof = results.read_proof(config.parent / "data", OCTOBER)
    assert proof is not None
    assert set(proof["config"]) == {"apportion.yaml", "policy.yaml", "allocation.yaml"}
    assert set(proof["inputs"]) == {"usage", "revenue", "registry"}
    assert set(proof["inputs"]["usage"]) == {"requests"}
    assert proof["as_of"] == "2026-10-05"


def test_the_month_before_is_allocated_first_and_only_when_out_of_date(config: Path):
    september(config)
    steps = Steps()
    run(config, steps=steps)
    begun = [text for text in steps.begun if text.startswith("allocate")]
    assert begun == ["allocate 2026-09", "allocate 2026-10"]

    again = Steps()
    run(config, steps=again)
    assert "allocate 2026-09" not in again.begun

    september(config, "6")
    changed = Steps()
    run(config, steps=changed)
    assert "allocate 2026-09" in changed.begun


@pytest.mark.parametrize("file", ["allocation.yaml", "customers.csv", "usage/requests.csv"])
def test_changed_rules_or_inputs_put_the_month_before_out_of_date(file: str, config: Path):
    september(config)
    run(config)
    path = config.parent / file
    comment = "# a remark\n" if file.endswith("yaml") else ""
    path.write_text(
        path.read_text().replace("Globex,paying", "Globex Ltd,paying").replace("05,acme,3", "05,acme,4") + comment
    )
    steps = Steps()
    run(config, steps=steps)
    assert "allocate 2026-09" in steps.begun


def test_digest_and_alerts_are_posted_once_however_often_it_runs(config: Path, slack: SlackServer):
    first = run(config, send=True)
    assert set(first.posted) == {"digest", "alert untagged-share", "alert untagged-amount"}
    run(config, send=True)
    assert sorted(post["channel"] for post in slack.posts) == ["C0CLOUDALERTS", "C0CLOUDALERTS", "C0CLOUDCOST"]
    assert len(set(slack.keys)) == 3


def test_without_send_nothing_leaves(config: Path, slack: SlackServer):
    outcome = run(config)
    assert outcome.posted == ()
    assert [crossing.cause for crossing in outcome.alerts] == ["untagged-amount", "untagged-share"]
    assert slack.calls == []


def test_slack_refusing_one_message_keeps_no_other_back_and_the_work_is_done(config: Path, slack: SlackServer):
    slack.then("chat.postMessage", Fail("account_inactive"))
    with pytest.raises(PartialRun, match="not posted: alert"):
        run(config, send=True)
    assert "C0CLOUDCOST" in [post["channel"] for post in slack.posts]
    assert results.published(config.parent / "data", OCTOBER)
    assert list((config.parent / "data/results/2026-10/report").iterdir())


def test_sending_without_slack_configured_stops_before_any_work(config: Path):
    with pytest.raises(ConfigError, match="mistake"):
        run(config, send=True)
    assert not (config.parent / "data").exists()


def test_sending_without_a_token_stops_before_any_work(config: Path, slack: SlackServer, monkeypatch):
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    with pytest.raises(UsageError):
        run(config, send=True)
    assert not (config.parent / "data").exists()


def test_a_month_without_results_has_no_figures(config: Path):
    with pytest.raises(NothingToDo, match="2026-10"):
        pipeline.figures(load_application(config), OCTOBER)


def test_a_month_that_was_not_delivered_is_nothing_to_do(config: Path):
    with pytest.raises(NothingToDo):
        pipeline.ingest(load_application(config), {Period(2020, 1)}, Quiet())


def test_sources_are_needed(tmp_path: Path):
    (tmp_path / "apportion.yaml").write_text("version: 1\n")
    with pytest.raises(ConfigError):
        pipeline.ingest(load_application(tmp_path / "apportion.yaml"), None, Quiet())


def test_two_runs_at_the_same_time_both_end_well_and_agree(config: Path):
    code = "import sys; from agent.cli import main; sys.exit(main(['run', '--config', sys.argv[1], '--quiet']))"
    runs = [subprocess.Popen([sys.executable, "-c", code, config], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate()[0] for process in runs]
    assert [process.returncode for process in runs] == [0, 0]
    proofs = {next(line for line in text.splitlines() if line.startswith("Proof: ")) for text in told}
    assert len(proofs) == 1
    assert list((config.parent / "data/results/.runs").iterdir()) == []
