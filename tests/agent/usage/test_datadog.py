"""Drivers from Datadog: sums by the customer's tag, with the server's own digits, whole or not at all."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from agent.config.usage import DatadogUsage
from agent.errors import ApportionError, InputError, Unreachable
from agent.usage import ROWS, Pulled
from agent.usage.live import pull
from tests.datadog_server import DatadogServer, Failing, Limited, Saying, day
from tests.servers import free_port

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 2)
QUERY = "sum:api.requests{*} by {tenant}.as_count()"


@pytest.fixture
def datadog(monkeypatch: pytest.MonkeyPatch) -> Iterator[DatadogServer]:
    with DatadogServer() as server:
        monkeypatch.setenv("DD_API_KEY", server.api_key)
        monkeypatch.setenv("DD_APP_KEY", server.app_key)
        yield server


def config(address: str, **changes: Any) -> DatadogUsage:
    return DatadogUsage.model_validate(
        {"name": "requests", "kind": "datadog", "query": QUERY, "customer_tag": "tenant", "base_url": address} | changes
    )


def asked(datadog: DatadogServer, **changes: Any) -> Pulled:
    return pull(config(datadog.address, **changes), FIRST, LAST)


def refused(datadog: DatadogServer, error: type[ApportionError] = Unreachable, **changes: Any) -> ApportionError:
    with pytest.raises(error) as caught:
        asked(datadog, **changes)
    assert type(caught.value) is error
    told = "".join(caught.value.lines())
    assert datadog.api_key not in told
    assert datadog.app_key not in told
    return caught.value


def rows(pulled: Pulled) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in pulled.rows.to_pylist()]


def test_days_are_sums_by_customer_with_the_servers_digits(datadog: DatadogServer) -> None:
    datadog.put("api.requests", {"tenant": "acme"}, day(1), "1")
    datadog.put("api.requests", {"tenant": "acme"}, day(1, 23, 59), "2")
    datadog.put("api.requests", {"tenant": "beta"}, day(2, 5), "12345678901234567890.123456789012")
    datadog.put("api.requests", {"tenant": "beta"}, day(3), "9")
    pulled = asked(datadog)
    assert rows(pulled) == [
        (FIRST, None, "acme", Decimal(3), None),
        (LAST, None, "beta", Decimal("12345678901234567890.123456789012"), None),
    ]
    assert pulled.rows.schema == ROWS
    assert pulled.coverage == {FIRST: (1, 1), LAST: (1, 1)}
    assert pulled.method == f"Datadog {QUERY}.rollup(sum, 86400), points by their text"
    assert pulled.notes == ()
    assert datadog.calls == [
        {
            "from": str(int(day(1).timestamp())),
            "to": str(int(day(3).timestamp()) - 1),
            "query": f"{QUERY}.rollup(sum, 86400)",
        }
    ]


def test_hours_are_those_of_utc_and_parts_stay_apart(datadog: DatadogServer) -> None:
    for region, value in (("eu", "1.5"), ("us", "2.5")):
        datadog.put("api.requests", {"tenant": "acme", "region": region, "env": "prod"}, day(1, 5, 30), value)
    datadog.put("api.requests", {"tenant": "acme", "region": "eu", "env": "test"}, day(1, 5), "70")
    query = "sum:api.requests{env:prod} by {tenant,region}"
    pulled = asked(datadog, interval="hour", query=query, key_tag="region")
    assert rows(pulled) == [(FIRST, 5, "acme", Decimal("1.5"), "eu"), (FIRST, 5, "acme", Decimal("2.5"), "us")]
    assert pulled.coverage == {FIRST: (1, 24), LAST: (0, 24)}


def test_further_tags_are_added_up(datadog: DatadogServer) -> None:
    for host in ("g", "h"):
        datadog.put("api.requests", {"tenant": "acme", "host": host}, day(1), "0.1")
    assert rows(asked(datadog, query="sum:api.requests{*} by {tenant, host}")) == [
        (FIRST, None, "acme", Decimal("0.2"), None)
    ]


def test_usage_without_the_tag_keeps_its_weight(datadog: DatadogServer) -> None:
    datadog.put("api.requests", {}, day(1), "7")
    pulled = asked(datadog)
    assert rows(pulled) == [(FIRST, None, "@unknown", Decimal(7), None)]
    assert pulled.notes == ("1 series have no tenant; their weight is @unknown",)


def test_a_long_time_is_asked_in_parts_that_are_not_rolled_up_further(datadog: DatadogServer) -> None:
    datadog.most_points = 350
    for hours in range(0, 31 * 24, 24):
        datadog.put("api.requests", {"tenant": "acme"}, day(1) + timedelta(hours=hours), "1")
    pulled = pull(config(datadog.address, interval="hour"), FIRST, date(2026, 10, 31))
    assert (len(pulled.rows), len(datadog.calls), len(pulled.coverage)) == (31, 3, 31)


def test_an_answer_that_was_rolled_up_further_is_refused(datadog: DatadogServer) -> None:
    datadog.most_points = 20
    datadog.put("api.requests", {"tenant": "acme"}, day(1), "1")
    error = refused(datadog, InputError, interval="hour")
    assert error.message == "usage requests: Datadog answered by intervals of 14400 seconds"
    assert error.expected == "3600 seconds, as asked"


def test_nothing_there_is_days_without_coverage(datadog: DatadogServer) -> None:
    pulled = asked(datadog)
    assert (len(pulled.rows), pulled.coverage) == (0, {FIRST: (0, 1), LAST: (0, 1)})


def test_what_is_finer_than_twelve_decimals_is_cut_and_told(datadog: DatadogServer) -> None:
    datadog.put("api.requests", {"tenant": "acme"}, day(1), "0.30000000000000004")
    pulled = asked(datadog)
    assert pulled.rows["quantity"].to_pylist() == [Decimal("0.3")]
    assert pulled.notes == ("1 quantities have more than 12 decimals and were cut there",)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sum:api.requests{*}", "the query is not one metric by tags"),
        ("sum:a{*} by {tenant} / sum:b{*} by {tenant}", "the query is not one metric by tags"),
        ("api.requests{*} by {tenant}", "the query is not one metric by tags"),
        ("top(sum:a{*} by {tenant}, 5, 'mean', 'desc')", "the query is not one metric by tags"),
        ("avg:api.requests{*} by {tenant}", "the query takes the avg over hosts"),
        ("sum:api.requests{*} by {host}", "the query is not grouped by tenant"),
        ("sum:api.requests{*} by {tenant}.rollup(avg, 86400)", "the query is rolled up by avg of 86400 seconds"),
        ("sum:api.requests{*} by {tenant}.rollup(sum, 3600)", "the query is rolled up by sum of 3600 seconds"),
        ("sum:api.requests{*} by {tenant}.rollup(sum)", "the query is rolled up by sum of any number of seconds"),
    ],
)
def test_a_query_that_makes_no_weights_is_refused_before_it_is_asked(
    datadog: DatadogServer, query: str, message: str
) -> None:
    assert refused(datadog, InputError, query=query).message == f"usage requests: {message}"
    assert datadog.calls == []


def test_a_rollup_that_is_there_stays(datadog: DatadogServer) -> None:
    query = "sum:api.requests{env:prod} by {tenant}.rollup(sum,86400)"
    asked(datadog, query=query)
    assert datadog.calls[0]["query"] == query


def test_a_limit_that_passes_is_waited_for_as_the_server_says(datadog: DatadogServer) -> None:
    datadog.put("api.requests", {"tenant": "acme"}, day(1), "1")
    datadog.troubles = [Limited("0"), Failing(503)]
    assert len(asked(datadog).rows) == 1
    assert len(datadog.calls) == 3


def test_a_limit_that_does_not_end_leaves_nothing(datadog: DatadogServer) -> None:
    datadog.troubles = [Limited("0")] * 3
    assert refused(datadog).message == "usage requests: Datadog's limit of requests is used up (429)"


@pytest.mark.parametrize(
    ("trouble", "error", "message"),
    [
        (Failing(400, ("No such metric",)), InputError, "usage requests: Datadog refuses the query: No such metric"),
        (Failing(500, ("Oops",)), Unreachable, "usage requests: Datadog answers 500: Oops"),
        (Failing(404), Unreachable, "usage requests: Datadog answers 404, without a word of its API"),
        (Saying("[]"), Unreachable, "usage requests: Datadog answers 200, without a word of its API"),
        (
            Saying('{"status": "error", "error": "Error parsing query"}'),
            InputError,
            "usage requests: Datadog refuses the query: Error parsing query",
        ),
        (
            Saying('{"status": "ok", "series": [{"interval": 86400, "scope": "tenant:a"}]}'),
            InputError,
            "usage requests: a series cannot be read: KeyError('pointlist')",
        ),
    ],
)
def test_an_answer_of_another_kind_is_told(
    datadog: DatadogServer, trouble: Any, error: type[ApportionError], message: str
) -> None:
    datadog.troubles = [trouble]
    assert refused(datadog, error).message == message


def test_half_an_answer_is_none(datadog: DatadogServer) -> None:
    datadog.troubles = [Saying('{"status": "ok", "series": []}', whole=False)] * 3
    assert isinstance(refused(datadog), Unreachable)


def with_points(*points: list[Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(answer: dict[str, Any]) -> dict[str, Any]:
        [series] = answer["series"]
        return answer | {"series": [series | {"pointlist": list(points)}]}

    return change


MIDNIGHT = day(1).timestamp() * 1000


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ([MIDNIGHT, float("nan")], "the quantity 'NaN' is not a number"),
        ([MIDNIGHT, float("inf")], "the quantity 'Infinity' is not a number"),
        ([MIDNIGHT + 1000, 1.0], "usage requests: Datadog answered a point of 2026-10-01T00:00:01+00:00"),
        ([day(3).timestamp() * 1000, 1.0], "usage requests: Datadog answered a point of 2026-10-03T00:00:00+00:00"),
        (
            ["noon", 1.0],
            "usage requests: a series cannot be read: InvalidOperation([<class 'decimal.ConversionSyntax'>])",
        ),
    ],
)
def test_a_point_that_cannot_be_used_is_refused(datadog: DatadogServer, point: list[Any], message: str) -> None:
    datadog.put("api.requests", {"tenant": "acme"}, day(1), "1")
    datadog.changed = with_points(point)
    assert refused(datadog, InputError).message == message


def test_a_point_twice_is_refused_and_one_without_a_value_is_none(datadog: DatadogServer) -> None:
    datadog.put("api.requests", {"tenant": "acme"}, day(1), "1")
    datadog.changed = with_points([MIDNIGHT, 1.0], [day(2).timestamp() * 1000, None])
    assert asked(datadog).coverage == {FIRST: (1, 1), LAST: (0, 1)}
    datadog.changed = with_points([MIDNIGHT, 1.0], [MIDNIGHT, 1.0])
    assert refused(datadog, InputError).message.endswith("a point of 2026-10-01T00:00:00+00:00 twice")


def test_what_the_server_adds_is_a_note(datadog: DatadogServer) -> None:
    datadog.changed = lambda answer: answer | {"message": "some data is late"}
    assert asked(datadog).notes == ("Datadog says: some data is late",)


def test_a_key_that_is_not_set_is_named_and_one_that_is_wrong_is_told(
    datadog: DatadogServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refused(datadog, app_key_env="OURS").message == "usage requests: OURS is not set"
    monkeypatch.setenv("OURS", "wrong-key")
    error = refused(datadog, app_key_env="OURS")
    assert error.message.endswith("they may not read this (403)")
    assert "wrong-key" not in "".join(error.lines())


def test_keys_are_sent_by_https_only(datadog: DatadogServer) -> None:
    error = refused(datadog, base_url="http://datadog.example.com")
    assert (error.message, error.expected) == (
        "usage requests: the keys are sent by https only",
        "https://datadog.example.com",
    )


def test_a_server_that_is_not_there_is_unreachable(datadog: DatadogServer) -> None:
    error = refused(datadog, base_url=f"http://127.0.0.1:{free_port()}")
    assert error.message.startswith("usage requests: the server cannot be reached")
