"""Whatever brings the usage, the money is the same: every kind of driver from its server to the published cost."""

import io
import sqlite3
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent import cli
from tests.aws_server import AwsServer, Question
from tests.datadog_server import DatadogServer
from tests.project import APPLICATION, write_project
from tests.servers import S3_KEYS

DAYS = [date(2026, 10, 1) + timedelta(days=number) for number in range(31)]
USED = {"acme": 3, "globex": 1}
CSV = "  - {name: requests, kind: csv, location: usage/requests.csv, late_after_days: 40}\n"


@pytest.fixture(autouse=True)
def _a_day_in_november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp())))
    for name, value in S3_KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def expected(tmp_path: Path) -> bytes:
    """The cost by customer where the same usage comes as CSV."""
    return cost(tmp_path / "csv", CSV)


def cost(folder: Path, driver: str) -> bytes:
    """Runs the whole job of a project whose only driver this is."""
    config = write_project(folder)
    lines = [f"{day},{customer},{quantity}" for day in DAYS for customer, quantity in USED.items()]
    (folder / "usage/requests.csv").write_text("\n".join(["date,customer,quantity", *lines, ""]))
    assert CSV in APPLICATION
    config.write_text(APPLICATION.replace(CSV, driver))
    assert cli.main(["run", "--config", str(config), "--quiet", "--period", "2026-10"]) == 0
    return (folder / "data/results/2026-10/cost_per_customer.csv").read_bytes()


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def test_parquet(tmp_path: Path, expected: bytes) -> None:
    (tmp_path / "other/calls").mkdir(parents=True)
    for customer, quantity in USED.items():
        out = io.BytesIO()
        table = {"day": DAYS, "who": [customer.upper()] * len(DAYS), "n": [quantity / 10] * len(DAYS)}
        pq.write_table(pa.table(table), out)
        (tmp_path / f"other/calls/{customer}.parquet").write_bytes(out.getvalue())
    columns = "date_column: day, customer_column: who, quantity_column: n"
    driver = f"  - {{name: requests, kind: parquet, location: calls, {columns}}}\n"
    assert cost(tmp_path / "other", driver) == expected


def test_sql(tmp_path: Path, expected: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(tmp_path / "usage.db") as connection:
        connection.execute("create table calls (day text, tenant text)")
        rows = [(str(day), customer) for day in DAYS for customer, quantity in USED.items() for _ in range(quantity)]
        connection.executemany("insert into calls values (?, ?)", rows)
    connection.close()
    monkeypatch.setenv("USAGE_URL", f"sqlite:///{tmp_path}/usage.db")
    driver = """\
  - name: requests
    kind: sql
    url_env: USAGE_URL
    query: |
      select day as date, tenant as customer, count(*) as quantity from calls
      where day between :first and :last group by 1, 2
"""
    assert cost(tmp_path / "other", driver) == expected


def test_cloudwatch(tmp_path: Path, expected: bytes) -> None:
    def listed(_: Question) -> dict[str, Any]:
        dimensions = [[{"Name": "Tenant", "Value": customer}] for customer in USED]
        return {"Metrics": [{"Namespace": "App", "MetricName": "Calls", "Dimensions": one} for one in dimensions]}

    def answered(question: Question) -> dict[str, Any]:
        times = [moment(day) for day in DAYS if question["StartTime"] <= moment(day) < question["EndTime"]]
        return {
            "MetricDataResults": [
                {
                    "Id": query["Id"],
                    "Timestamps": times,
                    "Values": [_value(query["MetricStat"]["Metric"])] * len(times),
                    "StatusCode": "Complete",
                }
                for query in question["MetricDataQueries"]
            ]
        }

    with AwsServer({"ListMetrics": listed, "GetMetricData": answered}) as aws:
        keys = (
            f'region: eu-west-1, namespace: App, metric: Calls, customer_dimension: Tenant, endpoint: "{aws.address}"'
        )
        assert cost(tmp_path / "other", f"  - {{name: requests, kind: cloudwatch, {keys}}}\n") == expected


def _value(metric: Mapping[str, Any]) -> float:
    [dimension] = metric["Dimensions"]
    return USED[dimension["Value"]] / 10


def test_performance_insights(tmp_path: Path, expected: bytes) -> None:
    def answered(question: Question) -> dict[str, Any]:
        hours = [question["StartTime"] + timedelta(hours=hour) for hour in range(24)]
        return {"MetricList": [_load(hours, None), *(_load(hours, customer) for customer in USED)]}

    with AwsServer({"GetResourceMetrics": answered}) as aws:
        keys = f'region: eu-west-1, resources: [db-A], endpoint: "{aws.address}"'
        driver = f"  - {{name: requests, kind: performance-insights, {keys}}}\n"
        assert cost(tmp_path / "other", driver) == expected


def _load(hours: list[datetime], customer: str | None) -> dict[str, Any]:
    sessions = sum(USED.values()) / 10 if customer is None else USED[customer] / 10
    named = {} if customer is None else {"Dimensions": {"db.user.name": customer}}
    points = [{"Timestamp": hour, "Value": sessions} for hour in hours]
    return {"Key": {"Metric": "db.load.avg", **named}, "DataPoints": points}


def test_datadog(tmp_path: Path, expected: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with DatadogServer() as datadog:
        monkeypatch.setenv("DD_API_KEY", datadog.api_key)
        monkeypatch.setenv("DD_APP_KEY", datadog.app_key)
        for day in DAYS:
            for customer, quantity in USED.items():
                datadog.put("calls", {"tenant": customer}, moment(day), str(quantity))
        keys = f'query: "sum:calls{{*}} by {{tenant}}", customer_tag: tenant, base_url: "{datadog.address}"'
        assert cost(tmp_path / "other", f"  - {{name: requests, kind: datadog, {keys}}}\n") == expected


def test_a_server_that_is_away_leaves_the_other_figures_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_project(tmp_path)
    monkeypatch.setenv("USAGE_URL", "postgresql://reader:hunter2@127.0.0.1:9/usage")
    query = "select 1 as date, 1 as customer, 1 as quantity where :first < :last"
    away = f'  - {{name: away, kind: sql, url_env: USAGE_URL, timeout_seconds: 2, query: "{query}"}}\n'
    config.write_text(APPLICATION.replace(CSV, CSV + away))
    assert cli.main(["ingest", "--config", str(config)]) == 4
    printed = capsys.readouterr()
    assert "away" in printed.out + printed.err
    assert "hunter2" not in printed.out + printed.err
    assert not any(b"hunter2" in file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file())
