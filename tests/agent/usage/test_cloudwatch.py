"""Drivers from CloudWatch: every customer's metric, exact, by UTC days or hours, whole or not at all."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from agent.config.usage import CloudWatchUsage
from agent.errors import ApportionError, InputError, Unreachable
from agent.usage import ROWS, Pulled
from agent.usage.live import pull
from tests.aws_server import AwsError, AwsServer, Question
from tests.servers import S3_KEYS, free_port, s3_server

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 2)
MIDNIGHT = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in S3_KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")


def config(endpoint: str, **changes: Any) -> CloudWatchUsage:
    return CloudWatchUsage.model_validate(
        {
            "name": "requests",
            "kind": "cloudwatch",
            "region": "eu-west-1",
            "namespace": "App",
            "metric": "Requests",
            "customer_dimension": "Tenant",
            "endpoint": endpoint,
        }
        | changes
    )


def asked(endpoint: str, **changes: Any) -> Pulled:
    return pull(config(endpoint, **changes), FIRST, LAST)


def refused(endpoint: str, error: type[ApportionError] = Unreachable, **changes: Any) -> ApportionError:
    with pytest.raises(error) as caught:
        asked(endpoint, **changes)
    assert type(caught.value) is error
    return caught.value


def rows(pulled: Pulled) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in pulled.rows.to_pylist()]


def at(hour: int, minute: int = 0) -> datetime:
    return MIDNIGHT + timedelta(hours=hour, minutes=minute)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


class TestMoto:
    """With a server that keeps what is put into it."""

    def put(self, moto: str, metric: str, *data: tuple[Mapping[str, str], datetime, float]) -> None:
        # NOTE: this server tells metrics with dimensions apart by their names only, and compares dimensions in order
        import boto3

        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        client = boto3.client("cloudwatch", endpoint_url=moto, region_name="eu-west-1", **keys)
        for start in range(0, len(data), 500):
            metrics = [
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(dimensions.items())],
                    "Timestamp": moment,
                    "Value": value,
                }
                for dimensions, moment, value in data[start : start + 500]
            ]
            client.put_metric_data(Namespace="App", MetricData=metrics)
        client.close()

    def test_days_are_sums_by_customer_and_part(self, moto: str) -> None:
        self.put(
            moto,
            "Days",
            ({"Tenant": "acme", "Region": "eu"}, at(0), 0.1),
            ({"Tenant": "acme", "Region": "eu"}, at(23, 59), 3.0),
            ({"Tenant": "acme", "Region": "us"}, at(24), 4.0),
            ({"Tenant": "beta", "Region": "eu"}, at(12), 5.0),
            ({"Tenant": "beta", "Region": "eu"}, at(48), 9.0),
        )
        pulled = asked(moto, metric="Days", key_dimension="Region")
        assert rows(pulled) == [
            (FIRST, None, "acme", Decimal("3.1"), "eu"),
            (FIRST, None, "beta", Decimal(5), "eu"),
            (LAST, None, "acme", Decimal(4), "us"),
        ]
        assert pulled.rows.schema == ROWS
        assert pulled.coverage == {FIRST: (1, 1), LAST: (1, 1)}
        assert pulled.method == "CloudWatch App/Days, Sum by days; doubles by their shortest decimals"
        assert pulled.notes == ()

    def test_hours_are_those_of_utc(self, moto: str) -> None:
        self.put(moto, "Hours", ({"Tenant": "acme"}, at(5, 30), 1.0), ({"Tenant": "beta"}, at(47), 2.0))
        pulled = asked(moto, metric="Hours", interval="hour")
        assert rows(pulled) == [(FIRST, 5, "acme", Decimal(1), None), (LAST, 23, "beta", Decimal(2), None)]
        assert pulled.coverage == {FIRST: (1, 24), LAST: (1, 24)}

    def test_the_day_of_a_level_is_the_sum_of_its_hours(self, moto: str) -> None:
        tenant = {"Tenant": "acme"}
        self.put(moto, "Levels", (tenant, at(1), 2.0), (tenant, at(1, 30), 4.0), (tenant, at(2), 10.5))
        pulled = asked(moto, metric="Levels", statistic="Average")
        assert rows(pulled) == [(FIRST, None, "acme", Decimal("13.5"), None)]
        assert pulled.coverage == {FIRST: (2, 24), LAST: (0, 24)}
        assert "Average by hours, hours added up" in pulled.method

    def test_more_customers_than_one_call_takes(self, moto: str) -> None:
        self.put(moto, "Many", *(({"Tenant": f"t{number}"}, at(1), float(number)) for number in range(1_100)))
        pulled = asked(moto, metric="Many")
        assert sorted(pulled.rows["quantity"].to_pylist()) == [Decimal(number) for number in range(1_100)]

    def test_a_metric_told_by_more_dimensions_is_not_counted_again(self, moto: str) -> None:
        self.put(moto, "Twice", ({"Tenant": "a"}, at(1), 5.0), ({"Tenant": "a", "Host": "h"}, at(1), 5.0))
        pulled = asked(moto, metric="Twice")
        assert rows(pulled) == [(FIRST, None, "a", Decimal(5), None)]
        assert pulled.notes == ("1 metrics with further dimensions tell the same usage again and are not added",)

    def test_a_metric_told_by_more_dimensions_only_is_added_up(self, moto: str) -> None:
        for host, value in (("g", 2.0), ("h", 3.0)):
            self.put(moto, "Hosts", ({"Tenant": "a", "Host": host, "Stage": "prod"}, at(1), value))
        self.put(moto, "Hosts", ({"Tenant": "a", "Host": "h", "Stage": "test"}, at(1), 70.0))
        pulled = asked(moto, metric="Hosts", dimensions={"Stage": "prod"})
        assert rows(pulled) == [(FIRST, None, "a", Decimal(5), None)]
        assert pulled.notes == ("metrics by Host are added up",)

    def test_several_sets_of_dimensions_are_ambiguous(self, moto: str) -> None:
        self.put(moto, "Sets", ({"Tenant": "a", "Host": "h"}, at(1), 1.0), ({"Tenant": "a", "Path": "/"}, at(1), 1.0))
        error = refused(moto, InputError, metric="Sets")
        assert error.message == "the metric comes by several sets of further dimensions: Host; Path"

    def test_spaces_around_a_name_do_not_make_another_customer(self, moto: str) -> None:
        self.put(moto, "Spaces", ({"Tenant": "acme "}, at(1), 1.0), ({"Tenant": "acme"}, at(2), 2.0))
        assert rows(asked(moto, metric="Spaces")) == [(FIRST, None, "acme", Decimal(3), None)]

    def test_nothing_there_is_days_without_coverage(self, moto: str) -> None:
        pulled = asked(moto, metric="Nothing")
        assert (len(pulled.rows), pulled.coverage) == (0, {FIRST: (0, 1), LAST: (0, 1)})
        assert pulled.notes == ("CloudWatch lists no App/Nothing with Tenant",)

    def test_a_long_question_tells_what_is_not_listed(self, moto: str) -> None:
        pulled = pull(config(moto, metric="Nothing"), FIRST, date(2026, 10, 31))
        assert len(pulled.coverage) == 31
        assert any("lists no metric that reported nothing for two weeks" in note for note in pulled.notes)

    def test_a_role_is_assumed(self, moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto)
        with AwsServer({"ListMetrics": lambda _: {"Metrics": []}}) as aws:
            asked(aws.address, role="arn:aws:iam::123456789012:role/apportion-read")
            assert aws.keys[0] != S3_KEYS["AWS_ACCESS_KEY_ID"]
            assert aws.keys[0].startswith("ASIA")


def listed(*tenants: str) -> dict[str, Any]:
    return {
        "Metrics": [
            {"Namespace": "App", "MetricName": "Requests", "Dimensions": [{"Name": "Tenant", "Value": tenant}]}
            for tenant in tenants
        ]
    }


def result(name: str, *values: float, status: str = "Complete", times: list[datetime] | None = None) -> dict[str, Any]:
    times = [at(24 * day) for day in range(len(values))] if times is None else times
    return {"Id": name, "Label": name, "Timestamps": times, "Values": list(values), "StatusCode": status}


def answered(*pages: Any, tenants: tuple[str, ...] = ("acme", "beta")) -> AwsServer:
    """A server whose GetMetricData answers these pages; each but the last names the next."""
    told = [
        page if isinstance(page, AwsError) or "MetricDataResults" in page else {"MetricDataResults": [page]}
        for page in pages
    ]
    chained = [
        {**page, "NextToken": f"p{number}"} if number < len(told) else page for number, page in enumerate(told, 1)
    ]
    return AwsServer({"ListMetrics": lambda _: listed(*tenants), "GetMetricData": chained})


def test_the_question_is_one_of_periods_at_utc_boundaries() -> None:
    with answered({"MetricDataResults": [result("m0", 1.0), result("m1", 2.0)]}) as aws:
        asked(aws.address)
    (_, listing), (operation, question) = aws.questions
    assert listing == {"Namespace": "App", "MetricName": "Requests", "Dimensions": [{"Name": "Tenant"}]}
    assert (operation, question["StartTime"], question["EndTime"]) == ("GetMetricData", MIDNIGHT, at(48))
    assert question["MetricDataQueries"][0]["MetricStat"] == {
        "Metric": {"Namespace": "App", "MetricName": "Requests", "Dimensions": [{"Name": "Tenant", "Value": "acme"}]},
        "Period": 86_400,
        "Stat": "Sum",
    }


def test_a_metric_that_is_listed_on_two_pages_is_asked_for_once() -> None:
    pages = [listed("acme") | {"NextToken": "p1"}, listed("acme", "beta")]
    with AwsServer(
        {"ListMetrics": pages, "GetMetricData": [{"MetricDataResults": [result("m0", 1.0), result("m1", 2.0)]}]}
    ) as aws:
        assert len(asked(aws.address).rows) == 2


def test_pages_are_joined_and_partial_data_is_what_the_next_page_completes() -> None:
    first = result("m0", 1.0, status="PartialData")
    rest = {"MetricDataResults": [result("m0", 2.0, times=[at(24)]), result("m1", 0.1, 1e-13)]}
    with answered(first, rest) as aws:
        pulled = asked(aws.address)
    assert aws.questions[-1][1]["NextToken"] == "p1"
    assert [row[2:4] for row in rows(pulled)] == [
        ("acme", Decimal(1)),
        ("beta", Decimal("0.1")),
        ("acme", Decimal(2)),
        ("beta", Decimal(0)),
    ]
    assert pulled.notes == ("1 quantities have more than 12 decimals and were cut there",)


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ({"MetricDataResults": [result("m0", 1.0)]}, "nothing for 1 of 2 metrics"),
        (
            {"MetricDataResults": [result("m0", 1.0), result("m1", status="PartialData")]},
            "PartialData for 1 of 2 metrics",
        ),
        ({"MetricDataResults": [result("m0", 1.0), result("m1", status="Forbidden")]}, "Forbidden for 1 of 2 metrics"),
        (
            {"MetricDataResults": [result("m0", status="InternalError"), result("m1", status="PartialData")]},
            "InternalError and PartialData for 2 of 2 metrics",
        ),
        (
            {"MetricDataResults": [], "Messages": [{"Code": "MaxMetricsExceeded", "Value": "too many"}]},
            "MaxMetricsExceeded: too many",
        ),
        ({"MetricDataResults": [result("m0", 1.0, times=[])]}, "0 times for 1 values"),
        ({"MetricDataResults": [result("x", 1.0)]}, "it names 'x', which was not asked"),
        (
            {"MetricDataResults": [result("m0", 1.0), result("m0", 2.0)]},
            "two values for 2026-10-01T00:00:00+00:00, 1.0 and 2.0",
        ),
    ],
)
def test_nothing_is_taken_of_a_part(page: dict[str, Any], problem: str) -> None:
    with answered(page) as aws:
        error = refused(aws.address)
    assert error.message == f"CloudWatch did not answer whole: {problem}"
    assert error.where == "usage requests: CloudWatch in eu-west-1"


def test_pages_that_lead_in_a_circle_end() -> None:
    def endless(_: Question) -> dict[str, Any]:
        return {"MetricDataResults": [], "NextToken": "again"}

    with AwsServer({"ListMetrics": lambda _: listed("a"), "GetMetricData": endless}) as aws:
        assert refused(aws.address).message == "CloudWatch did not answer whole: its pages lead in a circle"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_told_with_its_place(value: float) -> None:
    with answered(result("m0", value), tenants=("acme",)) as aws:
        error = refused(aws.address, InputError)
    assert error.message == f"the quantity '{value}' is not a number"
    assert error.where == "usage requests: CloudWatch in eu-west-1, Requests of acme at 2026-10-01T00:00:00+00:00"


@pytest.mark.parametrize("moment", [at(5), at(-24), at(48)])
def test_a_value_outside_the_periods_asked_for_is_refused(moment: datetime) -> None:
    with answered(result("m0", 1.0, times=[moment]), tenants=("acme",)) as aws:
        assert refused(aws.address, InputError).message == f"a value is of {moment.isoformat()}"


def test_a_throttle_that_passes_is_waited_for() -> None:
    whole = {"MetricDataResults": [result("m0", 1.0)]}
    operations = {"ListMetrics": [AwsError("Throttling"), listed("a")], "GetMetricData": [AwsError("", 503), whole]}
    with AwsServer(operations) as aws:
        assert len(asked(aws.address).rows) == 1
    assert [name for name, _ in aws.questions] == ["ListMetrics", "ListMetrics", "GetMetricData", "GetMetricData"]


def test_a_throttle_that_does_not_end_leaves_nothing() -> None:
    with AwsServer({"ListMetrics": lambda _: listed("a"), "GetMetricData": lambda _: AwsError("Throttling")}) as aws:
        error = refused(aws.address)
    assert error.message == "CloudWatch answers get_metric_data with Throttling: said by the test"
    assert len(aws.questions) == 3


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        ("AccessDenied", Unreachable, "access to CloudWatch is denied: said by the test"),
        ("ExpiredToken", Unreachable, "CloudWatch does not accept the AWS credentials: said by the test"),
        ("InvalidParameterValue", InputError, "CloudWatch refuses the question: said by the test"),
    ],
)
def test_a_refusal_says_what_to_mend(code: str, error: type[ApportionError], message: str) -> None:
    with AwsServer({"ListMetrics": lambda _: AwsError(code, 403)}) as aws:
        assert refused(aws.address, error).message == message


def test_without_credentials_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert refused("http://127.0.0.1:9").message.startswith("the AWS credentials cannot be used: ")


def test_a_server_that_is_not_there_is_unreachable() -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    assert refused(endpoint, timeout_seconds=1).message.startswith("CloudWatch cannot be reached: ")


def test_a_role_is_named_by_its_arn() -> None:
    assert refused("http://127.0.0.1:9", InputError, role="reader").message == "role 'reader' is no ARN"
