"""Drivers from OTLP JSON: exact sums of deltas and of cumulative streams with resets, spans, and what is refused."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.usage import OpenTelemetryUsage
from agent.errors import InputError
from agent.usage import ROWS, SUFFIXES, Driver, read_files
from policies.faults import FaultsError
from policies.source import validate
from policies.yaml_tree import yaml_tree

Json = dict[str, Any]
DAY = date(2026, 10, 5)
MIDNIGHT = int(datetime(2026, 10, 5, tzinfo=UTC).timestamp()) * 10**9
MINUTE, HOUR = 60 * 10**9, 3_600 * 10**9
DELTA, CUMULATIVE = 1, 2
BASED = (
    "1 first values of streams, {} in all, count nothing: they were begun before the files' first day, or nobody knows "
    "when"
)


def config(**keys: Any) -> OpenTelemetryUsage:
    keys = {"metric": "db.seconds"} | keys if "span" not in keys else keys
    return OpenTelemetryUsage.model_validate(
        {"name": "db", "kind": "opentelemetry", "location": "otlp", "customer_attribute": "tenant"} | keys
    )


def attributes(**texts: Any) -> list[Json]:
    return [
        {"key": key, "value": value if isinstance(value, dict) else {"stringValue": value}}
        for key, value in texts.items()
    ]


def point(time: int, value: Any, start: int | None = None, tenant: Any = "acme", **fields: Any) -> Json:
    """A point ``time`` nanoseconds after midnight; an integer is ``asInt``, a text ``asDouble`` as written."""
    held = {"asInt": str(value)} if isinstance(value, int) else {"asDouble": value}
    begun = {} if start is None else {"startTimeUnixNano": str(MIDNIGHT + start)}
    named = {"attributes": attributes(tenant=tenant)} if tenant is not None else {}
    return {"timeUnixNano": str(MIDNIGHT + time)} | begun | held | named | fields


def measured(time: int, start: int, tenant: str = "acme", **fields: Any) -> Json:
    """A point of a histogram."""
    found = point(time, 0, start, tenant, **fields)
    del found["asInt"]
    return found


def request(
    *points: Json,
    temporality: Any = DELTA,
    kind: str = "sum",
    name: str = "db.seconds",
    resource: Json | None = None,
    scope: Json | None = None,
    **fields: Any,
) -> Json:
    data = {"dataPoints": list(points), "aggregationTemporality": temporality}
    data |= {"isMonotonic": True} if kind == "sum" else {}
    metric = {"name": name, kind: data | fields.pop("data", {})} | fields
    held = {"scope": {"name": "lib", "attributes": attributes(**(scope or {}))}, "metrics": [metric]}
    return {"resourceMetrics": [{"resource": {"attributes": attributes(**(resource or {}))}, "scopeMetrics": [held]}]}


def cumulative(*points: Json, **fields: Any) -> Json:
    return request(*points, temporality=CUMULATIVE, **fields)


def span(at: int, nanos: int = 10**9, number: int = 1, tenant: str | None = "acme", **fields: Any) -> Json:
    return {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "GET /orders",
        "startTimeUnixNano": str(MIDNIGHT + at),
        "endTimeUnixNano": str(MIDNIGHT + at + nanos),
        "attributes": attributes(tenant=tenant) if tenant is not None else [],
    } | fields


def traces(*spans: Json, resource: Json | None = None) -> Json:
    held = {"scope": {}, "spans": list(spans)}
    return {"resourceSpans": [{"resource": {"attributes": attributes(**(resource or {}))}, "scopeSpans": [held]}]}


def lines(*requests: Json) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in requests).encode()


def read(*requests: Json, **keys: Any) -> Driver:
    return read_files(config(**keys), [("otlp/a.jsonl", lines(*requests))])


def weights(driver: Driver) -> dict[tuple[int, str], Decimal]:
    """By day of October and customer."""
    return {(row["date"].day, row["customer"]): row["quantity"] for row in driver.rows.to_pylist()}


def refused(*requests: Json, **keys: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read(*requests, **keys)
    return caught.value


def test_deltas_are_added_up_by_day_and_customer_exactly() -> None:
    driver = read(
        request(point(MINUTE, "0.1", 0), point(2 * MINUTE, "0.2", MINUTE)),
        request(point(3 * MINUTE, 2**62, tenant="globex"), point(25 * HOUR, "1e-12", tenant="globex")),
    )
    assert weights(driver) == {
        (5, "acme"): Decimal("0.3"),
        (5, "globex"): Decimal(2**62),
        (6, "globex"): Decimal("0.000000000001"),
    }
    assert driver.rows.schema == ROWS
    assert (driver.name, driver.interval, driver.notes) == ("db", "day", ())
    assert driver.method == "OTLP sum of db.seconds: deltas, and the growth of cumulative values, restarts included"


def test_numbers_of_json_are_no_floats() -> None:
    file = lines(request(point(MINUTE, "@"))).replace(b'"@"', b"12345678901234567890.123456789012")
    assert weights(read_files(config(), [("a.json", file)])) == {
        (5, "acme"): Decimal("12345678901234567890.123456789012")
    }


def test_an_interval_holds_its_end() -> None:
    """A delta over midnight is of the day it ends in, and one that ends at midnight of the day before."""
    driver = read(request(point(0, 1, -MINUTE), point(MINUTE, 2, -MINUTE), point(24 * HOUR, 4, HOUR)))
    assert weights(driver) == {(4, "acme"): 1, (5, "acme"): 6}


def test_hours_are_told_apart() -> None:
    driver = read(request(point(HOUR, 1), point(HOUR + 1, 2)), interval="hour")
    assert [(row["hour"], row["quantity"]) for row in driver.rows.to_pylist()] == [(0, 1), (1, 2)]


def test_what_was_measured_over_several_intervals_counts_where_it_ends_with_a_note() -> None:
    driver = read(request(point(5 * HOUR, 3, HOUR)), interval="hour")
    assert [(row["hour"], row["quantity"]) for row in driver.rows.to_pylist()] == [(4, 3)]
    assert driver.notes == ("1 quantities were measured over more than one hour; each counts where it ends",)


def test_cumulative_values_count_their_growth() -> None:
    driver = read(cumulative(point(HOUR, "0.3", 0), point(2 * HOUR, "0.7", 0), point(25 * HOUR, "1.7", 0)))
    assert weights(driver) == {(5, "acme"): Decimal("0.7"), (6, "acme"): Decimal(1)}
    assert driver.notes == ()


def test_a_restart_is_told_by_the_start_even_where_the_value_grew() -> None:
    driver = read(cumulative(point(HOUR, 10, 0), point(2 * HOUR, 50, HOUR + 1), point(3 * HOUR, 60, HOUR + 1)))
    assert weights(driver) == {(5, "acme"): 70}
    assert driver.notes == ("1 resets: a counter that starts anew counts from 0",)


def test_a_drop_is_a_restart_where_no_start_tells() -> None:
    driver = read(cumulative(point(HOUR, 10), point(2 * HOUR, 25), point(3 * HOUR, 4), point(4 * HOUR, 5)))
    assert weights(driver) == {(5, "acme"): 20}
    assert driver.notes == (
        "1 resets: a counter that starts anew counts from 0",
        BASED.format(10),
    )


@pytest.mark.parametrize("start", [-1, None, HOUR])
def test_the_first_value_counts_nothing_where_it_holds_what_was_before(start: int | None) -> None:
    """Begun the day before, nobody knows when, or at the first point's own time, which means the same."""
    driver = read(cumulative(point(HOUR, 10, start), point(2 * HOUR, 13, start)))
    assert weights(driver) == {(5, "acme"): 3}
    assert driver.notes == (BASED.format(10),)


def test_a_stream_that_begins_later_counts_from_its_start() -> None:
    driver = read(cumulative(point(HOUR, 5, -HOUR)), cumulative(point(30 * HOUR, 8, 26 * HOUR, "globex")))
    assert weights(driver) == {(6, "globex"): 8}


def test_a_restart_at_a_time_that_nobody_knows_is_only_a_base() -> None:
    points = point(HOUR, 5, 0), point(2 * HOUR, 9, 2 * HOUR), point(3 * HOUR, 10, 2 * HOUR)
    assert weights(read(cumulative(*points))) == {(5, "acme"): 6}


def test_streams_are_told_apart_by_resource_scope_and_point() -> None:
    driver = read(
        cumulative(point(HOUR, 100, 0), resource={"service.instance.id": "a"}),
        cumulative(point(2 * HOUR, 7, 0), resource={"service.instance.id": "b"}),
        cumulative(point(3 * HOUR, 101, 0), resource={"service.instance.id": "a"}),
        cumulative(point(4 * HOUR, 3, 0), scope={"shard": "1"}),
    )
    assert weights(driver) == {(5, "acme"): 111}


def test_two_processes_under_one_identity_are_refused() -> None:
    error = refused(cumulative(point(HOUR, 9, 5), point(2 * HOUR, 3, 6)), cumulative(point(3 * HOUR, 12, 5)))
    assert error.message.startswith("a stream of 'db.seconds' starts at 2026-10-05 00:00:00 UTC, after")
    assert error.where == "otlp/a.jsonl:2"
    assert "service.instance.id" in error.mend


@pytest.mark.parametrize("kind", ["histogram", "exponentialHistogram"])
@pytest.mark.parametrize(("quantity", "expected"), [("sum", "2.75"), ("count", "12")])
def test_histograms_give_their_sum_or_their_count(kind: str, quantity: str, expected: str) -> None:
    points = measured(HOUR, 0, sum=1.25, count="7"), measured(2 * HOUR, 0, sum=2.75, count=12)
    driver = read(cumulative(*points, kind=kind), quantity=quantity)
    assert weights(driver) == {(5, "acme"): Decimal(expected)}


def test_the_customer_is_of_the_point_else_of_the_scope_else_of_the_resource() -> None:
    driver = read(
        request(point(1, 1, tenant=" point "), resource={"tenant": "resource"}, scope={"tenant": "scope"}),
        request(point(1, 2, tenant=None), resource={"tenant": "resource"}, scope={"tenant": "scope"}),
        request(point(1, 4, tenant=None), resource={"tenant": "resource"}),
        request(point(1, 8, tenant={"intValue": "42"})),
        request(point(1, 16, tenant={"boolValue": True})),
    )
    assert weights(driver) == {
        (5, "point"): 1, (5, "scope"): 2, (5, "resource"): 4, (5, "42"): 8, (5, "true"): 16
    }  # fmt: skip


@pytest.mark.parametrize("tenant", [None, "", " ", "@pool/db", {"arrayValue": {"values": []}}, {}])
def test_what_names_nobody_keeps_its_weight(tenant: Any) -> None:
    driver = read(request(point(1, 3, tenant=tenant)))
    assert weights(driver) == {(5, "@unknown"): 3}
    assert driver.notes == ("1 streams have no attribute 'tenant': they count as @unknown",)


def test_a_key_names_the_part() -> None:
    found = request(point(1, 3), resource={"cloud.region": "eu"}), request(point(1, 4))
    driver = read(*found, key_attribute="cloud.region")
    assert [(row["key"], row["quantity"]) for row in driver.rows.to_pylist()] == [(None, 4), ("eu", 3)]


def test_a_point_twice_counts_once() -> None:
    once = request(point(HOUR, 3, 0))
    driver = read(once, once)
    assert weights(driver) == {(5, "acme"): 3}
    assert driver.notes == ("1 points came twice and count once",)


def test_a_point_with_two_values_is_refused() -> None:
    error = refused(request(point(HOUR, 3, 0)), request(point(HOUR, 4, 0)))
    assert error.message == (
        "a stream of 'db.seconds' has two values at 2026-10-05 01:00:00 UTC: 3 and 4 (at otlp/a.jsonl:1)"
    )
    assert error.where == "otlp/a.jsonl:2"


def test_points_without_a_value_are_left_out() -> None:
    gone = {"timeUnixNano": str(MIDNIGHT + 3 * HOUR), "flags": 1, "attributes": attributes(tenant="acme")}
    driver = read(cumulative(point(HOUR, 3, 0), gone, point(4 * HOUR, "NaN", 0), point(5 * HOUR, 5, 0)))
    assert weights(driver) == {(5, "acme"): 5}
    assert driver.notes == (
        "1 points hold no recorded value and were left out",
        "1 points are NaN or infinite and were left out",
    )


def test_overlapping_deltas_count_with_a_note() -> None:
    driver = read(request(point(HOUR, 3, 0), point(2 * HOUR, 4, MINUTE)))
    assert weights(driver) == {(5, "acme"): 7}
    assert driver.notes == (
        "1 deltas overlap the one before in their stream, and count: do two processes report as one?",
    )


def test_a_stream_in_both_temporalities_is_refused_unless_one_follows_the_other() -> None:
    assert (
        "as deltas and as cumulative" in refused(request(point(HOUR, 3, 0)), cumulative(point(2 * HOUR, 3, 0))).message
    )
    assert weights(read(request(point(HOUR, 3, 0)), cumulative(point(2 * HOUR, 4, HOUR)))) == {(5, "acme"): 7}


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (request(point(1, 1), kind="gauge"), "the metric 'db.seconds' is a gauge, which cannot be added up"),
        (request(point(1, 1), kind="summary"), "the metric 'db.seconds' is a summary, which cannot be added up"),
        (request(point(1, 1), kind="other"), "the metric 'db.seconds' is of no known type, which cannot be added up"),
        (
            request(point(1, 1), data={"isMonotonic": False}),
            "the metric 'db.seconds' is a sum that may fall: a level, not what was used",
        ),
        (request(point(1, 1), temporality=0), "the metric 'db.seconds' has no aggregationTemporality"),
        (request(point(1, -1)), "a point of 'db.seconds' is -1: what was used is not below zero"),
        (request(point(1, "1_0")), "asDouble is '1_0'"),
        (request(point(1, "1e999")), "the quantity '1e999' is not a number"),
        (request(measured(1, 0)), "a point of 'db.seconds' has no asInt or asDouble"),
        (request(point(1, 1, timeUnixNano="-5")), "timeUnixNano is '-5'"),
        (request(point(1, 1, timeUnixNano=str(2**64))), f"timeUnixNano is '{2**64}'"),
        (request(point(1, 1, 2)), f"a point of 'db.seconds' is of the time from {MIDNIGHT + 2} to {MIDNIGHT + 1}"),
        (request(point(1, 1), data={"dataPoints": [7]}), "dataPoints is no list of objects"),
        (request(point(1, 1, attributes={"tenant": "acme"})), "attributes is no list of objects"),
        ({"resourceMetrics": [{"resource": []}]}, "resource is no object"),
        ({"metrics": []}, "this is no export of metrics or spans"),
    ],
)
def test_what_is_wrong_is_refused_with_file_and_line(found: Json, message: str) -> None:
    error = refused(request(point(1, 5, tenant="other")), found)
    assert (error.message, error.where) == (message, "otlp/a.jsonl:2")


def test_a_histogram_without_a_sum_is_counted_or_refused() -> None:
    found = request(measured(1, 0, count="3"), measured(2, 1), kind="histogram")
    assert weights(read(found, quantity="count")) == {(5, "acme"): 3}
    error = refused(found)
    assert error.message == "a point of 'db.seconds' has no sum"
    assert error.mend == "count what the histogram measured: `quantity: count`"


def test_a_counter_is_not_counted_by_its_exports() -> None:
    error = refused(request(point(1, 1)), quantity="count")
    assert (
        error.message
        == "the metric 'db.seconds' is a counter: the number of its points tells how often it was exported"
    )
    assert error.mend == "set `quantity: sum` of usage 'db'"


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (request(point(1, 1), unit="ms"), request(point(2, 1), unit="s"), "the units 'ms' and 's'"),
        (
            request(point(1, 1)),
            request(measured(1, 0, sum="2"), kind="histogram"),
            "the types 'counter' and 'histogram'",
        ),
    ],
)
def test_metrics_that_cannot_be_added_up_together_are_refused(one: Json, other: Json, message: str) -> None:
    assert refused(one, other).message == f"the metric 'db.seconds' comes with {message}"


def test_a_quantity_is_cut_to_twelve_decimals_with_a_note() -> None:
    driver = read(request(point(1, "0.0000000000019")))
    assert weights(driver) == {(5, "acme"): Decimal("0.000000000001")}
    assert driver.notes == ("1 quantities have more than 12 decimals and were cut there",)


def test_more_than_26_digits_are_refused() -> None:
    assert refused(request(point(1, "1e26"))).message == "the quantity of 'acme' on 2026-10-05 has more than 26 digits"
    assert weights(read(request(point(1, "9e25")))) == {(5, "acme"): Decimal("9e25")}


def test_a_name_that_occurs_nowhere_is_refused_with_the_nearest() -> None:
    error = refused(request(point(1, 1)), request(point(1, 1), name="http.requests"), metric="db.second")
    assert error.message == "no metric is named 'db.second'; did you mean 'db.seconds'?"
    assert (error.where, error.expected) == ("otlp", "one of the metrics in the files: db.seconds, http.requests")
    error = refused(traces(span(1)), span="GET /order", quantity="count")
    assert error.message == "no span is named 'GET /order'; did you mean 'GET /orders'?"
    assert refused(traces(span(1))).expected == "files with metrics; these hold none"


def test_one_document_may_stand_over_many_lines() -> None:
    file = json.dumps(request(point(1, 3)), indent=2).encode()
    assert weights(read_files(config(), [("a.json", b"\xef\xbb\xbf" + file)])) == {(5, "acme"): 3}


@pytest.mark.parametrize(
    ("content", "message", "where"),
    [
        (lines(request(point(1, 1))) + b'{"resourceMetrics": [', "this is no JSON: Expecting value", "a.json:2"),
        (b'{\n"resourceMetrics": [\n', "this is no JSON: Expecting value", "a.json:3"),
        (b"\x28\xb5\x2f\xfd", "the file is no text in UTF-8", "a.json"),
        (b"PAR1", "Parquet is not read by drivers of kind opentelemetry", "a.json"),
        (b"[" * 200_000, "the JSON is nested too deeply", "a.json:1"),
        (b"[]\n", "this is no export of metrics or spans", "a.json:1"),
    ],
)
def test_a_file_that_is_no_otlp_json_is_refused(content: bytes, message: str, where: str) -> None:
    with pytest.raises(InputError) as caught:
        read_files(config(), [("a.json", content)])
    assert (caught.value.message, caught.value.where) == (message, where)


def test_parquet_is_not_among_the_files_of_a_folder() -> None:
    assert SUFFIXES["opentelemetry"] == (".json", ".jsonl")


def test_spans_are_counted_where_they_start() -> None:
    driver = read(
        traces(span(-1), span(0, number=2), span(1, number=3, name="GET /health")),
        traces(span(24 * HOUR - 1, number=4, tenant=None), resource={"tenant": "globex"}),
        {"resourceLogs": []},
        span="GET /orders",
        quantity="count",
    )
    assert weights(driver) == {(4, "acme"): 1, (5, "acme"): 1, (5, "globex"): 1}


def test_seconds_of_spans_are_exact() -> None:
    found = traces(span(0, 1), span(0, 10**18 + 2, 2), span(0, 0, 3, "globex"))
    driver = read(found, span="GET /orders", quantity="seconds")
    assert weights(driver) == {(5, "acme"): Decimal("1000000000.000000003"), (5, "globex"): 0}


def test_spans_that_are_not_over_have_no_seconds() -> None:
    found = traces(span(0, 10**9), span(0, number=2, endTimeUnixNano="0"), span(0, -5, 3))
    driver = read(found, span="GET /orders", quantity="seconds")
    assert weights(driver) == {(5, "acme"): 1}
    assert driver.notes == ("1 spans have no end and were left out", "1 spans end before they start and were left out")


def test_a_span_twice_counts_once_by_the_one_that_ends_last() -> None:
    found = [traces(span(0, 10**9)), traces(span(0, 2 * 10**9)), traces(span(0, 10**9))]
    for order in (found, found[::-1], [found[1], found[0], found[2]]):
        driver = read(*order, span="GET /orders", quantity="seconds")
        assert weights(driver) == {(5, "acme"): 2}
        assert driver.notes == (
            "2 spans came twice and count once",
            "1 spans came with different times or attributes; of each the one that ends last counts",
        )


@pytest.mark.parametrize(
    ("state", "told"),
    [("ot=th:c", True), ("a=1, ot=rv:1;p:8", True), ("ot=th:0", False), ("b=th:8", False), ("", False)],
)
def test_sampling_is_told_and_not_scaled_up(state: str, told: bool) -> None:
    driver = read(traces(span(0, traceState=state)), span="GET /orders", quantity="count")
    assert weights(driver) == {(5, "acme"): 1}
    assert bool(driver.notes) == told


def test_a_span_without_its_ids_is_refused() -> None:
    error = refused(traces(span(0, traceId="")), span="GET /orders", quantity="count")
    assert error.message == "a span 'GET /orders' lacks its traceId, its spanId or its startTimeUnixNano"


def test_spans_of_nobody_keep_their_weight() -> None:
    driver = read(traces(span(0, tenant=None)), span="GET /orders", quantity="count")
    assert weights(driver) == {(5, "@unknown"): 1}
    assert driver.notes == ("1 spans have no attribute 'tenant': they count as @unknown",)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("metric: a, location: received", "location: received is not built yet"),
        ("location: x", "expected either metric or span, a name"),
        ("span: a, location: x", "spans have no sum: expected quantity: count, or seconds"),
        ("metric: a, location: x, quantity: seconds", "seconds are of spans"),
    ],
)
def test_a_driver_that_cannot_be_is_a_mistake_of_the_configuration(keys: str, message: str) -> None:
    text = f"{{name: db, kind: opentelemetry, customer_attribute: tenant, {keys}}}".encode()
    with pytest.raises(FaultsError) as caught:
        validate(yaml_tree(text, "x"), OpenTelemetryUsage)
    assert message in str(caught.value.faults[0])


amounts = st.decimals(min_value=0, max_value=10**9, places=6)
"""What happened in a second."""


@given(
    runs=st.lists(
        st.tuples(st.lists(st.tuples(st.integers(1, 40_000), amounts), min_size=1, max_size=8), st.integers(1, 9)),
        min_size=1,
        max_size=5,
    ),
    data=st.data(),
)
def test_cumulative_points_give_what_happened_whatever_the_restarts_and_the_order_of_lines(
    runs: Sequence[tuple[list[tuple[int, Decimal]], int]], data: st.DataObject
) -> None:
    """Each run of a process counts from 0; what happened until a point is of the day the point is in."""
    truth: dict[int, Decimal] = {}
    requests: list[Json] = []
    clock = 0
    for steps, pause in runs:
        start, value = clock, Decimal(0)
        for seconds, amount in steps:
            clock += seconds
            value += amount
            day = 5 + (clock - 1) // 86_400
            truth[day] = truth.get(day, Decimal(0)) + amount
            requests.append(cumulative(point(clock * 10**9, str(value), start * 10**9)))
        clock += pause
    ordered = data.draw(st.permutations(requests))
    cut = data.draw(st.integers(0, len(ordered)))
    driver = read_files(config(), [("a.jsonl", lines(*ordered[:cut])), ("b.jsonl", lines(*ordered[cut:]))])
    first = DAY - timedelta(days=5)
    found = {(row["date"] - first).days: row["quantity"] for row in driver.rows.to_pylist()}
    assert found == truth
    assert driver.notes == read(*requests).notes
