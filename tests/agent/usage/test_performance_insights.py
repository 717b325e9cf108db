"""Drivers from Performance Insights: active session seconds by what names the customer, and the rest by nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from agent.config.usage import PerformanceInsightsUsage
from agent.errors import ApportionError, InputError, Unreachable
from agent.usage import ROWS, Pulled
from agent.usage.live import pull
from tests.aws_server import AwsError, AwsServer, Question
from tests.servers import S3_KEYS

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 2)
MIDNIGHT = datetime(2026, 10, 1, tzinfo=UTC)
DATABASE = "db-ABCDEFGHIJKLMNOP"
OTHER = "db-QRSTUVWXYZ"


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in S3_KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")


def at(hour: int) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


@dataclass
class Load:
    """Average active sessions of databases by hour and name, answered as the service documents it.

    The first metric has no dimensions and is the whole load; then come the names with the most load, up to the limit.
    ``page`` metrics come at a time.
    """

    hours: Mapping[tuple[str, datetime], Mapping[str, float]]
    nobody: float = 0.0
    page: int = 100
    tokens: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __call__(self, question: Question) -> dict[str, Any]:
        metrics = self.tokens.pop(question["NextToken"]) if "NextToken" in question else self.metrics(question)
        answer = {
            "AlignedStartTime": question["StartTime"],
            "AlignedEndTime": question["EndTime"],
            "Identifier": question["Identifier"],
            "MetricList": metrics[: self.page],
        }
        if metrics[self.page :]:
            token = f"{question['Identifier']} {question['StartTime']} {len(metrics)}"
            self.tokens[token] = metrics[self.page :]
            answer["NextToken"] = token
        return answer

    def metrics(self, question: Question) -> list[dict[str, Any]]:
        [query] = question["MetricQueries"]
        assert (question["ServiceType"], question["PeriodInSeconds"]) == ("RDS", 3600)
        assert question["PeriodAlignment"] == "START_TIME"
        within = {
            moment: names
            for (resource, moment), names in sorted(self.hours.items())
            if resource == question["Identifier"] and question["StartTime"] <= moment < question["EndTime"]
        }
        totals: dict[str, float] = {}
        for names in within.values():
            for name, sessions in names.items():
                totals[name] = totals.get(name, 0.0) + sessions
        top = sorted(totals, key=lambda name: (-totals[name], name))[: query["GroupBy"]["Limit"]]
        [dimension] = query["GroupBy"]["Dimensions"]
        whole = [_point(moment, sum(names.values()) + self.nobody) for moment, names in within.items()]
        return [
            {"Key": {"Metric": "db.load.avg"}, "DataPoints": whole},
            *(
                {
                    "Key": {"Metric": "db.load.avg", "Dimensions": {dimension: name}},
                    "DataPoints": [_point(moment, names[name]) for moment, names in within.items() if name in names],
                }
                for name in top
            ),
        ]


def _point(moment: datetime, value: float) -> dict[str, Any]:
    return {"Timestamp": moment, "Value": value}


def config(endpoint: str, **changes: Any) -> PerformanceInsightsUsage:
    return PerformanceInsightsUsage.model_validate(
        {
            "name": "load",
            "kind": "performance-insights",
            "region": "eu-west-1",
            "resources": [DATABASE],
            "endpoint": endpoint,
        }
        | changes
    )


def asked(load: Any, **changes: Any) -> tuple[Pulled, AwsServer]:
    with AwsServer({"GetResourceMetrics": load}) as aws:
        return pull(config(aws.address, **changes), FIRST, LAST), aws


def refused(load: Any, error: type[ApportionError] = Unreachable, **changes: Any) -> ApportionError:
    with pytest.raises(error) as caught:
        asked(load, **changes)
    assert type(caught.value) is error
    return caught.value


def rows(pulled: Pulled) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in pulled.rows.to_pylist()]


def test_load_is_active_session_seconds_by_user_and_instance() -> None:
    load = Load(
        {
            (DATABASE, at(0)): {"acme": 0.5, "beta": 0.25},
            (DATABASE, at(23)): {"acme": 0.1},
            (OTHER, at(24)): {"acme": 2.0},
        }
    )
    pulled, aws = asked(load, resources=[OTHER, DATABASE])
    assert rows(pulled) == [
        (FIRST, None, "acme", Decimal(2160), DATABASE),
        (FIRST, None, "beta", Decimal(900), DATABASE),
        (LAST, None, "acme", Decimal(7200), OTHER),
    ]
    assert pulled.rows.schema == ROWS
    assert pulled.coverage == {FIRST: (2, 48), LAST: (1, 48)}
    assert "active session seconds" in pulled.method
    assert pulled.notes == ()
    assert [(question["Identifier"], question["StartTime"]) for _, question in aws.questions] == [
        (DATABASE, at(0)),
        (DATABASE, at(24)),
        (OTHER, at(0)),
        (OTHER, at(24)),
    ]


def test_hours_stay_apart_where_they_are_asked_for() -> None:
    load = Load({(DATABASE, at(3)): {"acme": 1.0}, (DATABASE, at(4)): {"acme": 1.0}})
    pulled, _ = asked(load, interval="hour")
    assert [row[1:4] for row in rows(pulled)] == [(3, "acme", Decimal(3600)), (4, "acme", Decimal(3600))]


@pytest.mark.parametrize(
    ("customer_from", "group", "dimension"),
    [
        ("db.user", "db.user", "db.user.name"),
        ("db.name", "db", "db.name"),
        ("db.application", "db.application", "db.application.name"),
        ("db.host", "db.host", "db.host.name"),
    ],
)
def test_what_names_the_customer_is_asked_by_its_group(customer_from: str, group: str, dimension: str) -> None:
    pulled, aws = asked(Load({(DATABASE, at(0)): {"acme": 1.0}}), customer_from=customer_from)
    assert pulled.rows["customer"].to_pylist() == ["acme"]
    grouped = {"Group": group, "Dimensions": [dimension], "Limit": 25}
    assert aws.questions[0][1]["MetricQueries"] == [{"Metric": "db.load.avg", "GroupBy": grouped}]


def test_a_pattern_takes_the_customer_out_of_a_name() -> None:
    names = {"app_acme": 1.0, "batch_acme": 2.0, "rdsadmin": 4.0, "@acme": 8.0}
    pulled, _ = asked(Load({(DATABASE, at(0)): names}), pattern="^(?:app|batch)_(.+)$")
    assert [row[2:4] for row in rows(pulled)] == [("@unknown", Decimal(43_200)), ("acme", Decimal(10_800))]
    pulled, _ = asked(Load({(DATABASE, at(0)): names}))
    assert pulled.rows["customer"].to_pylist() == ["@unknown", "app_acme", "batch_acme", "rdsadmin"]


def test_load_beyond_the_names_that_are_told_apart_is_nobodys() -> None:
    crowd = {f"user{number:02d}": 1.0 for number in range(30)}
    pulled, _ = asked(Load({(DATABASE, at(0)): crowd, (DATABASE, at(24)): {"user29": 1.0}}))
    found = {row[2]: row[3] for row in rows(pulled) if row[0] == FIRST}
    assert len(found) == 26
    assert found["@unknown"] == 5 * 3600
    assert pulled.notes == ("on 1 days of an instance more than 25 names had load; the rest is @unknown",)
    assert [row[2] for row in rows(pulled) if row[0] == LAST] == ["user29"]


def test_load_of_sessions_without_a_name_is_nobodys() -> None:
    pulled, _ = asked(Load({(DATABASE, at(0)): {"acme": 1.0}}, nobody=0.5))
    assert [row[2:4] for row in rows(pulled)] == [("@unknown", Decimal(1800)), ("acme", Decimal(3600))]
    assert pulled.notes == ()


def test_the_noise_of_added_doubles_is_nobodys_load() -> None:
    names = {f"user{number}": 0.1 for number in range(3)}
    assert sum(names.values()) != 0.3
    pulled, _ = asked(Load({(DATABASE, at(0)): names}))
    assert [row[2:4] for row in rows(pulled)] == [(name, Decimal(360)) for name in names]


def test_pages_are_joined() -> None:
    crowd = {f"user{number}": float(number + 1) for number in range(7)}
    pulled, aws = asked(Load({(DATABASE, at(0)): crowd}, page=3))
    assert len(rows(pulled)) == 7
    assert [question.get("NextToken") is None for _, question in aws.questions] == [True, False, False, True]


def test_no_load_is_days_without_coverage() -> None:
    pulled, _ = asked(Load({}))
    assert (len(pulled.rows), pulled.coverage) == (0, {FIRST: (0, 24), LAST: (0, 24)})


def test_hours_at_rest_are_covered() -> None:
    pulled, _ = asked(Load({(DATABASE, at(hour)): {} for hour in range(24)}))
    assert pulled.coverage == {FIRST: (24, 24), LAST: (0, 24)}


def told(*points: dict[str, Any], dimensions: Mapping[str, str] | None = None) -> dict[str, Any]:
    key = {"Metric": "db.load.avg"} | ({"Dimensions": dimensions} if dimensions else {})
    return {"Key": key, "DataPoints": list(points)}


def answer(*metrics: dict[str, Any]) -> Any:
    return lambda _: {"Identifier": DATABASE, "MetricList": list(metrics)}


ACME = {"db.user.name": "acme"}


@pytest.mark.parametrize(
    ("metrics", "error", "message"),
    [
        (
            [told(_point(at(0), 1.0), dimensions=ACME)],
            Unreachable,
            f"Performance Insights did not answer whole: the whole load of {DATABASE} on 2026-10-01 is missing",
        ),
        (
            [told(_point(at(0), 1.0), _point(at(0), 2.0))],
            Unreachable,
            "Performance Insights did not answer whole: two values for 2026-10-01T00:00:00+00:00, 1.0 and 2.0",
        ),
        ([told(_point(at(24), 1.0))], InputError, "a value is of 2026-10-02T00:00:00+00:00"),
        ([told(_point(at(0) + timedelta(minutes=5), 1.0))], InputError, "a value is of 2026-10-01T00:05:00+00:00"),
        ([told(_point(at(0), float("nan")))], InputError, "the quantity 'nan' is not a number"),
        ([told(_point(at(0), -1.0))], InputError, "the load at 2026-10-01T00:00:00+00:00 is -1.0"),
        ([told(_point(at(0), 1.0), dimensions={"db.host.name": "h"})], InputError, "load is told by db.host.name"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused(
    metrics: list[dict[str, Any]], error: type[ApportionError], message: str
) -> None:
    assert refused(answer(*metrics), error).message == message


def test_an_hour_without_a_value_is_not_covered() -> None:
    whole = told(_point(at(0), 1.0), {"Timestamp": at(1), "Value": None})
    with AwsServer({"GetResourceMetrics": answer(whole, told(_point(at(0), 1.0), dimensions=ACME))}) as aws:
        pulled = pull(config(aws.address), FIRST, FIRST)
    assert pulled.coverage == {FIRST: (1, 24)}


def test_an_error_on_the_second_page_leaves_nothing() -> None:
    load = Load({(DATABASE, at(0)): {"acme": 1.0, "beta": 1.0}}, page=2)

    def breaking(question: Question) -> Any:
        return AwsError("InternalServiceError", 500) if "NextToken" in question else load(question)

    error = refused(breaking)
    assert error.message == (
        "Performance Insights answers get_resource_metrics with InternalServiceError: said by the test"
    )


def test_a_day_beyond_the_retention_is_told_as_it_is() -> None:
    said = AwsError("InvalidArgumentException", message="StartTime is before the retention period")
    error = refused(lambda _: said, InputError)
    assert error.message == "Performance Insights refuses the question: StartTime is before the retention period"
    assert error.where == "usage load: Performance Insights in eu-west-1"


def test_a_missing_right_is_told() -> None:
    error = refused(lambda _: AwsError("NotAuthorizedException"))
    assert error.message == "access to Performance Insights is denied: said by the test"
