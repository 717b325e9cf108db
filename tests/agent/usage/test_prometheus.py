"""Drivers from Prometheus, asked of a local server that speaks its HTTP API."""

import base64
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.config.usage import PrometheusUsage
from agent.errors import InputError, Unreachable
from agent.usage import live
from tests.prometheus_server import Drip, Fail, Half, Hang, PrometheusServer, Say

DAY, NEXT = date(2026, 10, 5), date(2026, 10, 6)


@pytest.fixture
def prometheus():
    with PrometheusServer() as server:
        yield server


def ask(server, first=DAY, last=DAY, **keys):
    said = {"name": "work", "kind": "prometheus", "url": server.address, "customer_label": "tenant"}
    if "query" not in keys:
        said["counter"] = 'work_total{job="api"}'
    return live.pull(PrometheusUsage.model_validate(said | keys), first, last)


def quantities(pulled):
    """(day of the month, hour, customer, key) -> quantity."""
    return {
        (row["date"].day, row["hour"], row["customer"], row["key"]): row["quantity"]
        for row in pulled.rows.to_pylist()
        if row["quantity"]
    }


def on(day, time):
    return f"2026-10-{day:02d}T{time}"


def test_increases_are_counted_from_sample_to_sample_and_nothing_between_two_days_is_lost(prometheus):
    samples = [(on(4, "23:59:30"), "100"), (on(5, "00:00:30"), "107.25"), (on(5, "13:00:00"), "110")]
    prometheus.add({"tenant": "acme"}, [*samples, (on(6, "00:00:10"), "111")])
    both = ask(prometheus, DAY, NEXT)
    assert quantities(both) == {(5, None, "acme", None): 10, (6, None, "acme", None): 1}
    apart = quantities(ask(prometheus, DAY, DAY)) | quantities(ask(prometheus, NEXT, NEXT))
    assert apart == quantities(both)


def test_a_sample_at_midnight_and_at_the_hour_tells_of_the_time_before(prometheus):
    samples = [(on(5, "00:00:00"), "5"), (on(5, "01:00:00"), "6"), (on(5, "01:00:01"), "8"), (on(6, "00:00:00"), "9")]
    prometheus.add({"tenant": "acme"}, samples)
    assert quantities(ask(prometheus)) == {(5, None, "acme", None): 4}
    hours = quantities(ask(prometheus, interval="hour"))
    assert hours == {(5, 0, "acme", None): 1, (5, 1, "acme", None): 2, (5, 23, "acme", None): 1}


def test_a_drop_is_a_reset_and_the_new_value_counts_from_zero(prometheus):
    samples = [(on(4, "23:00:00"), "50"), (on(5, "01:00:00"), "60"), (on(5, "02:00:00"), "4"), (on(5, "03:00:00"), "5")]
    prometheus.add({"tenant": "acme"}, samples)
    pulled = ask(prometheus)
    assert quantities(pulled) == {(5, None, "acme", None): 15}
    assert any(note.startswith("1 resets") for note in pulled.notes)


def test_a_reset_between_two_answers_is_seen(prometheus):
    prometheus.add({"tenant": "acme"}, [(on(4, "12:00:00"), "1000"), (on(5, "12:00:00"), "3")])
    assert quantities(ask(prometheus)) == {(5, None, "acme", None): 3}


def test_a_series_that_appears_counts_from_zero_only_where_others_tell_that_it_is_new(prometheus):
    prometheus.add({"tenant": "old"}, [(on(4, "12:00:00"), "1000"), (on(5, "12:00:00"), "1001")])
    prometheus.add({"tenant": "new"}, [(on(5, "13:00:00"), "7"), (on(5, "14:00:00"), "9")])
    pulled = ask(prometheus)
    assert quantities(pulled) == {(5, None, "old", None): 1, (5, None, "new", None): 9}
    assert "1 series appeared; their first values, 7 in all, count from 0" in pulled.notes


def test_where_nothing_lies_before_the_first_samples_are_no_increase(prometheus):
    prometheus.add({"tenant": "old"}, [(on(5, "12:00:00"), "1000"), (on(5, "13:30:00"), "1001")])
    prometheus.add({"tenant": "other"}, [(on(5, "12:00:15"), "2000"), (on(5, "13:30:00"), "2002")])
    prometheus.add({"tenant": "new"}, [(on(5, "15:00:00"), "7")])
    pulled = ask(prometheus)
    assert quantities(pulled) == {(5, None, "old", None): 1, (5, None, "other", None): 2, (5, None, "new", None): 7}
    assert "nothing lies before the first samples: the first value of 2 series counts nothing" in pulled.notes


def test_a_series_silent_for_days_goes_on_from_its_last_value(prometheus):
    prometheus.add({"tenant": "acme"}, [("2026-09-30T12:00:00", "40"), (on(5, "12:00:00"), "42")])
    prometheus.add({"tenant": "lively"}, [(on(4, "23:00:00"), "1")])
    assert quantities(ask(prometheus)) == {(5, None, "acme", None): 2}


def test_series_that_differ_by_other_labels_are_summed_and_a_key_keeps_them_apart(prometheus):
    for pod, region, text in (("a", "eu", "3"), ("b", "eu", "4"), ("c", "us", "5")):
        labels = {"tenant": "acme", "pod": pod, "region": region}
        prometheus.add(labels, [(on(4, "23:00:00"), "0"), (on(5, "12:00:00"), text)])
    assert quantities(ask(prometheus)) == {(5, None, "acme", None): 12}
    assert quantities(ask(prometheus, key_label="region")) == {(5, None, "acme", "eu"): 7, (5, None, "acme", "us"): 5}


def test_a_series_without_the_customers_label_keeps_its_weight(prometheus):
    prometheus.add({"pod": "a"}, [(on(4, "23:00:00"), "0"), (on(5, "12:00:00"), "3")])
    pulled = ask(prometheus)
    assert quantities(pulled) == {(5, None, "@unknown", None): 3}
    assert "1 series have no label 'tenant': they count as @unknown" in pulled.notes


def test_the_same_sample_twice_counts_once_and_two_values_at_once_are_refused(prometheus):
    samples = [(on(4, "23:00:00"), "0"), (on(5, "12:00:00"), "3"), (on(5, "12:00:00"), "3.0")]
    prometheus.add({"tenant": "acme"}, samples)
    pulled = ask(prometheus)
    assert quantities(pulled) == {(5, None, "acme", None): 3}
    assert "1 samples came twice and count once" in pulled.notes
    prometheus.series[0][1][-1] = (prometheus.series[0][1][-1][0], "4")
    with pytest.raises(InputError, match="two values at 2026-10-05 12:00:00 UTC: 3 and 4"):
        ask(prometheus)


def test_one_series_delivered_in_two_pieces_is_one(prometheus):
    prometheus.add({"tenant": "acme"}, [(on(4, "23:00:00"), "0"), (on(5, "14:00:00"), "5")])
    prometheus.add({"tenant": "acme"}, [(on(5, "12:00:00"), "3"), (on(5, "16:00:00"), "6")])
    prometheus.behave = lambda call: (
        call.query["query"].startswith("last")
        and Say(
            '{"status":"success","data":{"resultType":"vector","result":['
            '{"metric":{"__name__":"work_total","tenant":"acme"},"value":[1790981999,"0"]}]}}'
        )
    )
    assert quantities(ask(prometheus)) == {(5, None, "acme", None): 6}


def test_nan_and_infinite_samples_are_left_out_and_lower_the_coverage(prometheus):
    prometheus.add({"tenant": "acme"}, [(on(4, "23:00:00"), "1"), (on(5, "10:30:00"), "NaN"), (on(5, "11:30:00"), "4")])
    prometheus.add({"tenant": "b"}, [(on(4, "23:00:00"), "1"), (on(5, "11:40:00"), "+Inf")])
    pulled = ask(prometheus)
    assert quantities(pulled) == {(5, None, "acme", None): 3}
    assert pulled.coverage == {DAY: (1, 24)}
    assert "2 samples are NaN or infinite and were left out" in pulled.notes


def test_a_gauge_taken_for_a_counter_is_told(prometheus):
    samples = [(on(5, f"{hour:02d}:30:00"), str(hour % 2)) for hour in range(24)]
    prometheus.add({"tenant": "acme"}, [(on(4, "23:00:00"), "0"), *samples])
    assert any("is it a gauge?" in note for note in ask(prometheus).notes)
    prometheus.add({"tenant": "b"}, [(on(5, "12:00:00"), "-1")])
    with pytest.raises(InputError, match="a sample is -1: no counter is below zero"):
        ask(prometheus)


def test_replicas_that_grow_alike_are_told_and_both_counted(prometheus):
    for replica, second in (("a", 0), ("b", 7)):
        samples = [(on(5, f"{hour:02d}:30:{second:02d}"), str(hour * 100)) for hour in range(24)]
        prometheus.add({"tenant": "acme", "replica": replica}, [(on(4, f"23:00:{second:02d}"), "0"), *samples])
    pulled = ask(prometheus)
    assert quantities(pulled) == {(5, None, "acme", None): 4600}
    assert any("differ by a replica's label alone and grow alike" in note for note in pulled.notes)


def test_coverage_counts_the_hours_with_samples(prometheus):
    samples = [(on(5, f"{hour:02d}:30:00"), "1") for hour in range(20)]
    prometheus.add({"tenant": "acme"}, samples)
    pulled = ask(prometheus, DAY, NEXT)
    assert pulled.coverage == {DAY: (20, 24), NEXT: (0, 24)}
    assert pulled.rows["quantity"].to_pylist() == [0]  # seen, and nothing was used


@pytest.mark.parametrize("text", ["0.1", "1e3", "12345678901234567890.000000000001", "4.9e-10", "1e-300"])
def test_a_value_is_taken_by_its_text_never_by_a_float(prometheus, text):
    prometheus.add({"tenant": "acme"}, [(on(4, "23:00:00"), "0"), (on(5, "12:00:00"), text)])
    pulled = ask(prometheus)
    (row,) = pulled.rows.to_pylist()
    exact = Fraction(text)
    assert Fraction(row["quantity"]) == Fraction(exact * 10**12 // 1, 10**12)
    assert any("were cut there" in note for note in pulled.notes) == (Fraction(row["quantity"]) != exact)


def test_a_quantity_that_no_column_holds_is_refused(prometheus):
    prometheus.add({"tenant": "acme"}, [(on(4, "23:00:00"), "0"), (on(5, "12:00:00"), "1e300")])
    with pytest.raises(InputError, match="the quantity of 'acme' on 2026-10-05 has more than 26 digits"):
        ask(prometheus)


def test_an_answer_that_passes_a_limit_is_asked_for_in_shorter_spans(prometheus):
    samples = [
        (on(5, f"{hour:02d}:{minute:02d}:30"), str(hour * 60 + minute)) for hour in range(24) for minute in (0, 30)
    ]
    prometheus.add({"tenant": "acme"}, [(on(4, "23:00:00"), "0"), *samples])
    whole = ask(prometheus)
    prometheus.most_samples = 3
    assert ask(prometheus) == whole
    prometheus.most_samples = 0
    with pytest.raises(InputError, match="even a short span passes a limit of the server: query processing would"):
        ask(prometheus)


def test_warnings_of_the_server_are_notes_once(prometheus):
    prometheus.warnings = ["a store is away"]
    assert ask(prometheus).notes == ("the server says: a store is away",)


# what is not an answer


@pytest.mark.parametrize(
    ("behaviour", "error", "message"),
    [
        (Fail(400, "parse error: unexpected end"), InputError, "refuses the question: parse error: unexpected end"),
        (Fail(422, "found duplicate series"), InputError, "refuses the question: found duplicate series"),
        (Fail(401), Unreachable, r"does not accept the credentials, or they may not read this \(401\)"),
        (Fail(302, headers={"Location": "http://127.0.0.1:1/"}), Unreachable, r"\(302\) sends elsewhere"),
        (Fail(404), Unreachable, "the server answers 404, without a word of the API"),
        (Fail(503, "query timed out in expression evaluation"), Unreachable, "the server answers 503: query timed out"),
        (Half(), Unreachable, "the answer is no whole JSON; nothing of it was taken"),
        (Say("<html>sign in</html>"), Unreachable, "the answer is no whole JSON"),
        (Say('{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}'), InputError, "answer is a scalar"),
        (Say('{"status":"success"}'), InputError, "the answer holds no result"),
        (Say('{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1]]}]}}'),
         InputError, "a sample is no pair of time and value"),
        (Say('{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,null]]}]}}'),
         InputError, "a sample is no pair of time and value"),
        (Say('{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[]}]}}'),
         InputError, "a series is a native histogram"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told(prometheus, behaviour, error, message):
    prometheus.behave = lambda call: None if call.query["query"].startswith("last") else behaviour
    with pytest.raises(error, match=message):
        ask(prometheus)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ('{"values":[[1790985601,"1"]]}', "a series has no labels"),
        ('{"metric":{}}', "a series has no samples"),
        ('{"metric":{},"values":[[1791201600,"many"]]}', "the quantity 'many' is not a number"),
        ('{"metric":{},"values":[[1791201600,"1e999"]]}', "the quantity '1e999' is not a number"),
    ],
)
def test_a_series_that_is_none_is_told(prometheus, series, message):
    body = f'{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}'
    prometheus.behave = lambda call: None if call.query["query"].startswith("last") else Say(body)
    with pytest.raises(InputError, match=message):
        ask(prometheus)


def test_a_long_question_goes_in_the_body(prometheus):
    tenants = "|".join(f"tenant-{number}" for number in range(500))
    prometheus.add({"tenant": "acme"}, [(on(4, "23:00:00"), "0"), (on(5, "12:00:00"), "3")])
    pulled = ask(prometheus, counter=f'work_total{{tenant=~"{tenants}"}}')
    assert quantities(pulled) == {(5, None, "acme", None): 3}


def test_a_failure_that_passes_is_asked_again(prometheus):
    prometheus.add({"tenant": "acme"}, [(on(4, "23:00:00"), "0"), (on(5, "12:00:00"), "3")])
    failing = [Fail(429, headers={"Retry-After": "0"}), Fail(502)]
    prometheus.behave = lambda _: failing.pop() if failing else None
    assert quantities(ask(prometheus)) == {(5, None, "acme", None): 3}


@pytest.mark.parametrize("behaviour", [Drip(), Hang()])
def test_an_answer_that_drips_or_does_not_come_is_given_up_after_its_time(prometheus, behaviour):
    prometheus.behave = lambda _: behaviour
    with pytest.raises(Unreachable, match="did not answer whole within 1 s; nothing was taken"):
        ask(prometheus, timeout_seconds=1)


def test_a_server_that_is_gone_is_told():
    with PrometheusServer() as server:
        gone = server
    with pytest.raises(Unreachable, match=r"cannot be reached: .*refused"):
        ask(gone)


def test_a_failure_half_way_leaves_nothing(prometheus):
    prometheus.add({"tenant": "acme"}, [(on(4, "23:00:00"), "0"), (on(5, "12:00:00"), "3")])
    prometheus.behave = lambda _: Half() if len(prometheus.calls) > 3 else None
    with pytest.raises(Unreachable, match="no whole JSON"):
        ask(prometheus, DAY, NEXT)
    assert len(prometheus.calls) > 3


# secrets


def test_credentials_come_from_the_environment_and_are_sent(prometheus, monkeypatch):
    monkeypatch.setenv("PROM_PASSWORD", "s3cret")
    monkeypatch.setenv("PROM_TENANT", "team-1")
    ask(prometheus, user="reader", password_env="PROM_PASSWORD", headers_env={"X-Scope-OrgID": "PROM_TENANT"})
    expected = f"Basic {base64.b64encode(b'reader:s3cret').decode()}"
    assert {call.headers["Authorization"] for call in prometheus.calls} == {expected}
    assert {call.headers["X-Scope-Orgid"] for call in prometheus.calls} == {"team-1"}
    monkeypatch.setenv("PROM_TOKEN", "t0ken")
    prometheus.calls.clear()
    ask(prometheus, token_env="PROM_TOKEN")
    assert {call.headers["Authorization"] for call in prometheus.calls} == {"Bearer t0ken"}


def test_a_secret_that_is_missing_is_named_by_its_variable_and_never_shown(prometheus, monkeypatch):
    with pytest.raises(Unreachable, match="usage work: PROM_TOKEN is not set"):
        ask(prometheus, token_env="PROM_TOKEN")
    monkeypatch.setenv("PROM_TOKEN", "töken")
    with pytest.raises(Unreachable) as caught:
        ask(prometheus, token_env="PROM_TOKEN")
    assert "töken" not in "\n".join(caught.value.lines())
    monkeypatch.setenv("PROM_TOKEN", "token\nX-Evil: 1")
    with pytest.raises(Unreachable, match="PROM_TOKEN holds no secret"):
        ask(prometheus, token_env="PROM_TOKEN")
    assert prometheus.calls == []


# expressions


def test_an_expression_counts_by_its_value_at_the_end_of_each_interval(prometheus):
    samples = [(on(5, "01:00:00"), "10"), (on(5, "02:00:00"), "11.5"), (on(6, "00:00:00"), "20")]
    prometheus.add({"tenant": "acme", "db": "a"}, samples)
    prometheus.add({"tenant": "acme", "db": "b"}, [(on(6, "00:00:00"), "1")])
    day = ask(prometheus, query="sum by (tenant, db)(size_bytes)")
    assert quantities(day) == {(5, None, "acme", None): 21}
    assert day.coverage == {DAY: (1, 1)}
    hours = ask(prometheus, query="sum by (tenant, db)(size_bytes)", interval="hour", key_label="db")
    assert quantities(hours) == {
        (5, 0, "acme", "a"): 10, (5, 1, "acme", "a"): Decimal("11.5"),
        (5, 23, "acme", "a"): 20, (5, 23, "acme", "b"): 1,
    }  # fmt: skip
    assert hours.coverage == {DAY: (3, 24)}


def test_an_interval_with_a_value_that_is_no_number_is_not_seen(prometheus):
    prometheus.add({"tenant": "acme"}, [(on(5, "01:00:00"), "10"), (on(5, "02:00:00"), "10")])
    prometheus.add({"tenant": "b"}, [(on(5, "02:00:00"), "NaN")])
    pulled = ask(prometheus, query="size_bytes", interval="hour")
    assert pulled.coverage == {DAY: (1, 24)}
    assert "1 values are NaN or infinite and were left out; 1 intervals count as not seen" in pulled.notes


def test_an_expression_over_many_days_is_asked_for_in_parts(prometheus):
    prometheus.add({"tenant": "acme"}, [("2026-10-05T12:00:00", "1"), ("2026-10-06T00:00:00", "2")])
    prometheus.behave = lambda call: (
        Fail(400, "exceeded maximum resolution of 11,000 points per timeseries.")
        if int(call.query["end"]) - int(call.query["start"]) > 24 * 3600
        else None
    )
    first, last = date(2026, 9, 1), date(2026, 10, 31)
    pulled = ask(prometheus, first, last, query="size_bytes", interval="hour")
    assert quantities(pulled) == {(5, 11, "acme", None): 1, (5, 23, "acme", None): 2}
    assert len(pulled.coverage) == 61


def test_an_expression_that_is_too_much_for_one_moment_is_told(prometheus):
    prometheus.behave = lambda _: Fail(422, "query processing would load too many samples into memory")
    with pytest.raises(InputError, match="even a short span passes a limit of the server"):
        ask(prometheus, DAY, NEXT, query="size_bytes", interval="hour")


def test_a_value_without_the_customers_label_keeps_its_weight(prometheus):
    prometheus.add({"db": "a"}, [(on(6, "00:00:00"), "2")])
    pulled = ask(prometheus, query="size_bytes")
    assert quantities(pulled) == {(5, None, "@unknown", None): 2}
    assert "1 series have no label 'tenant': they count as @unknown" in pulled.notes


@pytest.mark.parametrize("call", ["increase(x_total[1h])", "rate (x[5m])", "sum by (tenant)(irate(x[5m]))"])
def test_a_question_that_extrapolates_is_refused(prometheus, call):
    with pytest.raises(InputError, match="extrapolates") as caught:
        ask(prometheus, query=call)
    assert "counter: SELECTOR" in caught.value.mend


@pytest.mark.parametrize(
    "query",
    [
        "sum by (tenant)(increase(work_total[1h]))",
        ' sum by ( pod , tenant ) ( increase ( work_total{job="a(b)[c]{d}"} [1h] ) ) ',
        "sum(increase(work_total[5m])) by (tenant)",
    ],
)  # fmt: skip
def test_a_sum_of_increases_is_read_as_the_counter_it_is_of(prometheus, query):
    prometheus.add({"tenant": "acme"}, [(on(4, "23:00:00"), "0"), (on(5, "12:00:00"), "3"), (on(5, "13:00:00"), "1")])
    pulled = ask(prometheus, query=query)
    assert quantities(pulled) == {(5, None, "acme", None): 4}
    assert f"(asked as {query.strip()})" in pulled.method
    assert all("increase" not in call.query["query"] for call in prometheus.calls)


def test_a_sum_of_increases_by_other_labels_is_refused(prometheus):
    with pytest.raises(InputError, match="the query is not summed by tenant"):
        ask(prometheus, query="sum by (pod)(increase(work_total[1h]))")


def test_a_name_in_quotes_is_no_function(prometheus):
    ask(prometheus, query='max by (tenant)(x{path="rate(1)"})')


@pytest.mark.parametrize("counter", ["increase(x[1h])", "x[5m]", "sum(x)", "x offset 5m", "", "a + b"])
def test_a_counter_that_is_no_selector_is_refused(prometheus, counter):
    with pytest.raises(InputError, match="is no plain selector"):
        ask(prometheus, counter=counter)


# any counter at all

STEPS = st.lists(
    st.tuples(st.integers(1, 7_200_000), st.one_of(st.none(), st.integers(0, 10**6))), min_size=1, max_size=60
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    series=st.lists(STEPS, min_size=1, max_size=3), most=st.integers(20, 400), interval=st.sampled_from(["day", "hour"])
)
def test_any_counters_give_what_was_counted(prometheus, series, most, interval):
    """Each step: milliseconds on, and how much was counted in thousandths, or None for a reset to 0."""
    prometheus.series.clear()
    prometheus.most_samples = 10**9
    truth = {}
    begin = 1_791_158_400_000  # 2026-10-05
    for number, steps in enumerate(series):
        at, value, samples = begin - 1000, 500, [(begin - 1000, "0.500")]
        for pause, grown in steps:
            at, value = at + pause, 0 if grown is None else value + grown
            samples.append((at, f"{value // 1000}.{value % 1000:03d}"))
            after = (at - 1 - begin) // 3_600_000
            if 0 <= after < 48 and grown:
                place = 5 + after // 24, after % 24 if interval == "hour" else None, f"c{number}", None
                truth[place] = truth.get(place, 0) + Decimal(grown) / 1000
        prometheus.series.append(({"__name__": "work_total", "tenant": f"c{number}"}, samples))
    prometheus.most_samples = most
    assert quantities(ask(prometheus, DAY, NEXT, interval=interval)) == truth
