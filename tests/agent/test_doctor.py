"""What the doctor says of a healthy project, and of each thing that can be wrong with one."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from agent import cli, pipeline
from agent.config.loading import load_application
from agent.doctor import Finding, examine, least
from agent.progress import Quiet
from tests.focus_rows import write_focus
from tests.project import usage, write_project

TODAY = date(2026, 11, 2)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_project(tmp_path)


@pytest.fixture
def taken_in(config: Path) -> Path:
    pipeline.ingest(load_application(config), None, Quiet())
    return config


def findings(config: Path, today: date = TODAY) -> list[Finding]:
    return list(examine(load_application(config), today))


def said(config: Path, part: str, today: date = TODAY) -> list[tuple[str, str]]:
    return [(one.state, one.text) for one in findings(config, today) if one.part == part]


def changed(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(config: Path) -> None:
        path = config.parent / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return change


def test_before_the_first_ingest_the_way_on_is_named(config: Path):
    (finding,) = [one for one in findings(config) if one.part == "source cloud"]
    assert (finding.state, finding.mend) == ("warn", "apportion ingest")


def test_a_source_tells_its_months_version_completeness_and_last_day(taken_in: Path):
    waits = "cloud has no invoice yet; AWS rewrites a month for about two weeks after its end"
    assert said(taken_in, "source cloud") == [
        ("ok", "1 month from 2026-10, newest 2026-10 v1, completeness not proven"),
        ("ok", "complete through 2026-10-05"),
        ("ok", f"2026-10 is estimated until 2026-11-14: {waits}"),
    ]


def test_a_source_that_stopped_arriving_is_a_warning(taken_in: Path):
    assert ("warn", "complete through 2026-10-05, 87 days ago") in said(taken_in, "source cloud", date(2026, 12, 31))


def test_a_location_that_does_not_exist_is_missing(config: Path):
    changed("apportion.yaml", "location: exports", "location: exprots")(config)
    ((state, text),) = said(config, "source cloud")
    assert state == "missing"
    assert "does not exist" in text
    assert "exprots" in text


def test_a_source_no_longer_configured_is_named(taken_in: Path):
    changed("apportion.yaml", "name: cloud", "name: renamed")(taken_in)
    assert said(taken_in, "source cloud")[0][0] == "warn"


def test_usage_tells_its_days_gaps_and_invalid_days(config: Path):
    text = (
        usage()
        .replace("2026-10-07,acme,3\n2026-10-07,globex,3\n", "")
        .replace("2026-10-09,acme,3", "2026-10-09,acme,-3")
    )
    (config.parent / "usage/requests.csv").write_text(text)
    assert said(config, "usage requests") == [
        ("ok", "30 days, 2026-10-01 to 2026-10-31, 2 customers"),
        ("warn", "no rows on 2026-10-07"),
        ("warn", "zero, negative or with hours missing on 2026-10-09"),
    ]


def test_a_driver_may_be_a_folder(config: Path):
    changed("apportion.yaml", "location: usage/requests.csv", "location: usage")(config)
    assert said(config, "usage requests")[0] == ("ok", "31 days, 2026-10-01 to 2026-10-31, 2 customers")
    (config.parent / "usage/requests.csv").unlink()
    assert said(config, "usage requests")[0][0] == "missing"


def test_what_was_found_in_a_driver_is_told(config: Path):
    otlp = "kind: opentelemetry, location: otlp.json, span: order, quantity: count, customer_attribute: tenant"
    changed("apportion.yaml", "kind: csv, location: usage/requests.csv", otlp)(config)
    span = {"traceId": "aa", "spanId": "bb", "name": "order", "startTimeUnixNano": "1793404800000000000"}
    export = {"resourceSpans": [{"scopeSpans": [{"spans": [span, span]}]}]}
    (config.parent / "otlp.json").write_text(json.dumps(export))
    told = said(config, "usage requests")
    assert ("ok", "1 days, 2026-10-31 to 2026-10-31, 1 customers") in told
    assert ("warn", "1 spans came twice and count once") in told
    assert ("warn", "1 spans have no attribute 'tenant': they count as @unknown") in told


def test_an_hourly_day_with_hours_missing_is_named(config: Path):
    changed("apportion.yaml", "location: usage/requests.csv,", "location: usage/requests.csv, interval: hour,")(config)
    hours = [(day, hour) for day in (1, 2) for hour in range(24 if day == 1 else 21)]
    rows = [f"2026-10-{day:02d}T{hour:02d}:00:00Z,acme,1" for day, hour in hours]
    (config.parent / "usage/requests.csv").write_text("\n".join(["date,customer,quantity", *rows, ""]))
    assert ("warn", "zero, negative or with hours missing on 2026-10-02") in said(config, "usage requests")


def test_a_driver_that_cannot_be_read_is_missing(config: Path):
    (config.parent / "usage/requests.csv").write_text("day,who\n")
    assert said(config, "usage requests")[0][0] == "missing"


def test_a_driver_file_that_is_not_there_is_missing(config: Path):
    (config.parent / "usage/requests.csv").unlink()
    assert said(config, "usage requests")[0][0] == "missing"


def test_customers_are_counted_by_kind(config: Path):
    assert said(config, "customers") == [("ok", "2 known (2 paying), 2 active today")]


def test_customers_no_charge_names_are_listed(config: Path):
    changed("customers.csv", "globex,Globex", "globex2,Globex")(config)
    pipeline.ingest(load_application(config), None, Quiet())
    assert ("warn", "no charge of 2026-10 names globex2") in said(config, "customers")


def test_revenue_tells_its_months(config: Path):
    assert said(config, "revenue") == [("ok", "months 2026-10, basis recognised")]


def test_without_revenue_there_are_no_margins(config: Path):
    changed("apportion.yaml", "revenue: {kind: csv, location: revenue.csv}\n", "")(config)
    assert said(config, "revenue")[0][0] == "warn"


def test_overlapping_pools_are_named(config: Path):
    extra = '  - {name: second, match: {service: "Amazon*"}, method: even}\n'
    path = config.parent / "allocation.yaml"
    path.write_text(path.read_text() + extra)
    pipeline.ingest(load_application(config), None, Quiet())
    assert said(config, "pools") == [
        ("warn", "database and second match the same charges; database, listed first, takes them"),
        ("warn", "second matches every charge"),
    ]


def test_a_tag_key_nothing_carries_is_a_warning(config: Path):
    changed("allocation.yaml", "{tag: tenant}", "{tag: tenant}\n  - {tag: tennant}")(config)
    pipeline.ingest(load_application(config), None, Quiet())
    states = {text.split()[0]: state for state, text in said(config, "tags")}
    assert states == {"tenant": "ok", "tennant": "warn"}


def test_the_slack_token_is_looked_for_and_never_shown(config: Path, monkeypatch, capsys):
    config.write_text(config.read_text() + 'slack: {channel: "#cloud-cost"}\n')
    assert said(config, "slack")[0][0] == "missing"
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-very-secret")
    assert said(config, "slack") == [("ok", "token present; digest to #cloud-cost, alerts to #cloud-cost")]
    cli.main(["doctor", "--config", str(config)])
    told = capsys.readouterr()
    assert "very-secret" not in told.out + told.err


def test_a_state_that_cannot_be_opened_is_missing(config: Path):
    config.write_text(config.read_text() + "state: mysql://nowhere/x\n")
    assert said(config, "state")[0][0] == "missing"


def test_least_rights_of_a_cost_and_usage_export_are_two_actions(config: Path):
    changed("apportion.yaml", "kind: focus", "kind: aws-cur2")(config)
    policy = json.loads(least(load_application(config).app.sources[0]))
    assert [statement["Action"] for statement in policy["Statement"]] == ["s3:ListBucket", "s3:GetObject"]


def test_least_rights_of_an_api_are_the_scopes_of_its_token(config: Path):
    changed(
        "apportion.yaml",
        "kind: focus, location: exports",
        "kind: digitalocean, location: 'https://api.digitalocean.com'",
    )(config)
    assert "billing:read" in least(load_application(config).app.sources[0])


def test_the_command_ends_with_0_on_warnings_and_2_on_what_is_broken(config: Path, capsys):
    assert cli.main(["doctor", "--config", str(config), "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "0 missing" in told
    assert "least rights for focus" in told
    (config.parent / "usage/requests.csv").unlink()
    assert cli.main(["doctor", "--config", str(config), "--format", "json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    assert {one["state"] for one in document["findings"]} == {"ok", "warn", "missing"}


def test_mistakes_of_the_configuration_are_findings_with_their_lines(config: Path, capsys):
    changed("apportion.yaml", "version: 1", "version: 1\ncurency: USD")(config)
    assert cli.main(["doctor", "--config", str(config)]) == 2
    told = capsys.readouterr().out
    assert "apportion.yaml:2" in told


def test_without_customers_the_registry_is_missing(config: Path):
    changed("apportion.yaml", "customers: customers.csv\n", "")(config)
    changed("policy.yaml", "    values: {known: customers}\n", "")(config)
    assert said(config, "customers")[0][0] == "missing"


def test_the_doctor_changes_nothing_but_the_state(taken_in: Path):
    before = {path for path in taken_in.parent.rglob("*") if path.is_file()}
    findings(taken_in)
    after = {path for path in taken_in.parent.rglob("*") if path.is_file()}
    assert {path.name.partition(".")[0] for path in after - before} <= {"state"}


def test_a_stale_month_is_named(taken_in: Path):
    (taken_in.parent / "exports/october.csv").unlink()
    write_focus(taken_in.parent / "exports" / "november.csv", [{"BillingPeriodStart": "2026-11-01T00:00:00Z"}])
    pipeline.ingest(load_application(taken_in), None, Quiet())
    assert any("2026-10 is no longer in the delivery" in text for _, text in said(taken_in, "source cloud"))
