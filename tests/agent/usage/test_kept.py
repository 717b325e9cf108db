"""Live drivers through ingest: which days are asked, what is kept, and what a server that is away leaves standing."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from agent import cli, inputs, pipeline
from agent.billing.ledger.unread import unread
from agent.config.loading import load_application
from agent.doctor import examine
from agent.errors import InputError
from agent.period import Period
from agent.progress import Quiet
from agent.usage import ROWS, Pulled
from agent.usage.kept import ABOUT_FILE, ROWS_FILE, laid_over, read_back
from tests.project import APPLICATION, write_project
from tests.prometheus_server import Fail, Half, PrometheusServer, at

USAGE = """\
usage:
  - {{name: requests, kind: prometheus, url: "{url}", counter: requests_total, customer_label: tenant{more}}}
"""


@pytest.fixture
def prometheus():
    """Acme makes 3 and globex 1 request every hour from 2026-10-01 on."""
    with PrometheusServer() as server:
        yield server


def fill(server, until, first="2026-09-30T23:30:00"):
    """Samples at every half hour up to ``until``."""
    server.series.clear()
    for tenant, step in (("acme", 3), ("Globex ", 1)):
        moments = range(at(first), at(until) + 1, 3_600_000)
        samples = [(moment, str(1000 + number * step)) for number, moment in enumerate(moments)]
        server.series.append(({"tenant": tenant}, samples))


@pytest.fixture
def clock(monkeypatch):
    def set_to(text):
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(moment.timestamp())))

    return set_to


@pytest.fixture
def project(tmp_path, prometheus):
    config = write_project(tmp_path)
    configure(config, prometheus)
    return config


def configure(config, server, more=""):
    head, rest = APPLICATION.split("usage:\n")
    tail = rest.split("\n", 1)[1]
    config.write_text(head + USAGE.format(url=server.address, more=more) + tail)


def take(config, progress=None):
    settings = load_application(config)
    return pipeline.take_in(settings, None, progress or Quiet()), settings


def call(config, *argv):
    return cli.main([*argv, "--config", str(config), "--quiet"])


def driver(settings):
    return inputs.current(settings.data).driver(settings.app.usage[0])


def asked_days(server):
    """First and last day of the raw samples that were asked for."""
    ranges = [call.query for call in server.calls if not call.query["query"].startswith("last")]
    ends = [int(query["time"]) for query in ranges]
    begins = [end - int(query["query"].rsplit("[", 1)[1][:-2]) for query, end in zip(ranges, ends, strict=True)]
    return datetime.fromtimestamp(min(begins), UTC).date(), datetime.fromtimestamp(max(ends) - 1, UTC).date()


def day_sums(found):
    sums = {}
    for row in found.rows.to_pylist():
        sums[row["date"]] = sums.get(row["date"], Decimal(0)) + row["quantity"]
    return sums


def bytes_of(settings):
    return {file: file.read_bytes() for file in (settings.data / "inputs").rglob("*") if file.is_file()}


def test_the_first_time_every_day_of_the_open_months_is_asked_up_to_yesterday(project, prometheus, clock):
    fill(prometheus, "2026-10-20T09:30:00")
    clock("2026-10-20T10:00:00")
    _, settings = take(project)
    assert asked_days(prometheus) == (date(2026, 10, 1), date(2026, 10, 19))
    found = driver(settings)
    assert day_sums(found) == {date(2026, 10, day): 96 for day in range(1, 20)}
    assert set(found.coverage.values()) == {(24, 24)}
    assert found.method.startswith("raw samples of the counter requests_total added up by tenant")


def test_later_only_the_last_days_are_asked_again_and_earlier_ones_carried_over(project, prometheus, clock):
    fill(prometheus, "2026-10-20T09:30:00")
    clock("2026-10-20T10:00:00")
    take(project)
    prometheus.calls.clear()
    fill(prometheus, "2026-10-22T09:30:00")
    clock("2026-10-22T10:00:00")
    _, settings = take(project)
    assert asked_days(prometheus) == (date(2026, 10, 12), date(2026, 10, 21))
    assert day_sums(driver(settings)) == {date(2026, 10, day): 96 for day in range(1, 22)}


def test_the_same_answer_twice_changes_nothing(project, prometheus, clock):
    fill(prometheus, "2026-10-20T09:30:00")
    clock("2026-10-20T10:00:00")
    _, settings = take(project)
    before = bytes_of(settings)
    take(project)
    assert bytes_of(settings) == before
    listing = settings.data / "inputs/usage" / inputs.current(settings.data).usage["requests"].sha256
    about, rows = (settings.data / "inputs/usage" / line[:64] for line in listing.read_text().splitlines())
    assert rows.read_text().startswith("date,customer,quantity,key\n2026-10-01,Globex,24,\n2026-10-01,acme,72,\n")
    assert json.loads(about.read_text())["question"] == {
        "counter": "requests_total", "customer_label": "tenant", "interval": "day", "kind": "prometheus",
    }  # fmt: skip


def test_a_day_that_is_answered_differently_is_replaced_and_told(project, prometheus, clock):
    fill(prometheus, "2026-10-20T09:30:00")
    clock("2026-10-20T10:00:00")
    take(project)
    prometheus.series.append(({"tenant": "acme", "pod": "late"}, [(at("2026-09-30T12:00:00"), "0"),
                                                                 (at("2026-10-14T12:00:00"), "50")]))  # fmt: skip
    _, settings = take(project)
    found = driver(settings)
    assert day_sums(found)[date(2026, 10, 14)] == 146
    told = "late samples: 1 day changed when asked again, up to 5 days later: 2026-10-14"
    assert found.notes[-1] == told
    take(project)
    assert driver(settings).notes[-1] == told


def test_a_day_that_the_server_has_lost_since_is_kept(project, prometheus, clock):
    fill(prometheus, "2026-10-20T09:30:00")
    clock("2026-10-20T10:00:00")
    take(project)
    for _, samples in prometheus.series:
        samples[:] = [sample for sample in samples if sample[0] > at("2026-10-14T06:00:00")]
    _, settings = take(project)
    found = driver(settings)
    assert day_sums(found) == {date(2026, 10, day): 96 for day in range(1, 20)}
    assert found.notes[-1] == (
        "2026-10-12, 2026-10-13, 2026-10-14 are kept as answered before: less is seen now (0 of 24 intervals of "
        "2026-10-12, before 24 of 24)"
    )


@pytest.mark.parametrize("behaviour", [Fail(503), Half()])
def test_a_server_that_stops_half_way_leaves_what_was_kept_and_holds_nobody_back(project, prometheus, clock, behaviour):
    fill(prometheus, "2026-10-20T09:30:00")
    clock("2026-10-20T10:00:00")
    _, settings = take(project)
    before = bytes_of(settings)
    clock("2026-10-25T10:00:00")
    prometheus.calls.clear()
    prometheus.behave = lambda _: behaviour if len(prometheus.calls) > 2 else None
    done, _ = take(project)
    assert len(prometheus.calls) > 2
    assert (done.exit_code, [one.source for one in done.failed]) == (4, ["usage requests"])
    assert [one.source for one in done.delivered] == ["cloud"]
    assert bytes_of(settings) == before
    assert list(unread(settings.data)) == ["usage requests"]
    prometheus.behave = lambda _: None
    fill(prometheus, "2026-10-25T09:30:00")
    done, _ = take(project)
    assert (done.exit_code, unread(settings.data)) == (0, {})
    assert day_sums(driver(settings)) == {date(2026, 10, day): 96 for day in range(1, 25)}


def test_reports_say_from_when_the_figures_of_a_server_that_is_away_are(project, prometheus, clock, capsys):
    fill(prometheus, "2026-11-02T09:30:00")
    clock("2026-11-02T10:00:00")
    assert call(project, "ingest") == 0
    clock("2026-11-03T10:00:00")
    prometheus.behave = lambda _: Fail(500, "out of order")
    assert call(project, "run") == 4
    told = capsys.readouterr()
    assert "not taken in: usage requests: usage requests: the server answers 500: out of order" in told.out
    settings = load_application(project)
    texts = [note.text for note in pipeline.figures(settings, Period(2026, 10)).notes]
    said = (
        "driver requests could not be read on 2026-11-03 (usage requests: the server answers 500: out of order); "
        "figures from its last answer, of 2026-11-01"
    )
    assert said in texts


def test_a_server_that_never_answered_leaves_its_pools_to_their_fallback(project, prometheus, clock, capsys):
    clock("2026-11-02T10:00:00")
    prometheus.behave = lambda _: Fail(500)
    assert call(project, "run") == 4
    settings = load_application(project)
    texts = [note.text for note in pipeline.figures(settings, Period(2026, 10)).notes]
    assert any("nothing of it is known: its pools fall back" in text for text in texts)
    assert "Traceback" not in capsys.readouterr().err


def test_a_question_that_the_server_refuses_holds_no_source_back_and_is_our_users_to_mend(project, prometheus, clock):
    clock("2026-10-20T10:00:00")
    prometheus.behave = lambda _: Fail(400, "parse error")
    done, _ = take(project)
    assert (done.exit_code, [one.source for one in done.failed]) == (2, ["usage requests"])
    assert [one.source for one in done.delivered] == ["cloud"]


def test_another_question_is_asked_from_the_start(project, prometheus, clock):
    fill(prometheus, "2026-10-20T09:30:00")
    clock("2026-10-20T10:00:00")
    take(project)
    configure(project, prometheus, ", interval: hour")
    prometheus.calls.clear()
    _, settings = take(project)
    assert asked_days(prometheus) == (date(2026, 10, 1), date(2026, 10, 19))
    assert len(set(driver(settings).rows["hour"].to_pylist())) == 24


def test_what_was_kept_is_no_answer_to_another_question(project, prometheus, clock):
    fill(prometheus, "2026-10-20T09:30:00")
    clock("2026-10-20T10:00:00")
    take(project)
    configure(project, prometheus, ", key_label: region")
    with pytest.raises(InputError, match="'requests' was asked something else before") as caught:
        driver(load_application(project))
    assert caught.value.mend == "run apportion ingest"


def test_another_address_or_patience_is_the_same_question(project, prometheus, clock):
    fill(prometheus, "2026-10-20T09:30:00")
    clock("2026-10-20T10:00:00")
    take(project)
    configure(project, prometheus, ", timeout_seconds: 7, again_days: 1, late_after_days: 9")
    prometheus.calls.clear()
    take(project)
    assert asked_days(prometheus) == (date(2026, 10, 18), date(2026, 10, 19))


def test_an_answer_kept_in_another_form_is_refused(project, prometheus):
    config = load_application(project).app.usage[0]
    files = [(ABOUT_FILE, b'{"version": 1}'), (ROWS_FILE, b"date,customer,quantity,key\n")]
    with pytest.raises(InputError, match="what was kept of its answers cannot be read"):
        read_back(config, files)


def test_an_answer_about_other_days_is_refused(project):
    config, day = load_application(project).app.usage[0], date(2026, 10, 5)
    for coverage in ({}, {day: (1, 1), date(2026, 10, 6): (1, 1)}):
        with pytest.raises(InputError, match="the answer is about other days than were asked for"):
            laid_over(config, None, Pulled(ROWS.empty_table(), coverage, "", ()), (day, day))


def test_since_begins_and_going_back_with_it_asks_the_earlier_days(project, prometheus, clock):
    fill(prometheus, "2026-10-20T09:30:00")
    clock("2026-10-20T10:00:00")
    for since in ("2026-10-15", "2026-10-10"):
        configure(project, prometheus, f", since: {since}")
        prometheus.calls.clear()
        _, settings = take(project)
        assert asked_days(prometheus) == (date.fromisoformat(since), date(2026, 10, 19))
    assert min(day_sums(driver(settings))) == date(2026, 10, 10)


def test_days_of_a_closed_month_are_not_asked_again(project, prometheus, clock):
    fill(prometheus, "2026-11-03T09:30:00")
    clock("2026-11-02T10:00:00")
    _, settings = take(project)
    folder = settings.data / "closed" / "2026-10" / "v1"
    folder.mkdir(parents=True)
    (folder / "close.json").write_text("{}")
    prometheus.calls.clear()
    clock("2026-11-03T10:00:00")
    take(project)
    assert asked_days(prometheus) == (date(2026, 11, 1), date(2026, 11, 2))
    assert len(day_sums(driver(settings))) == 33


def test_customers_are_folded_and_the_report_says_how_they_were_measured(project, prometheus, clock, capsys):
    fill(prometheus, "2026-11-02T09:30:00")
    clock("2026-11-02T10:00:00")
    assert call(project, "run") == 0
    figures = pipeline.figures(load_application(project), Period(2026, 10))
    (line,) = figures.drivers
    assert (line.name, line.kind, line.interval, line.days) == ("requests", "prometheus", "day", 5)
    assert line.method.startswith("raw samples of the counter requests_total added up by tenant")
    shared = {line.customer: line.shared for line in figures.customers}
    assert shared["acme"] == 3 * shared["globex"] > 0
    report = next((project.parent / "data/results/2026-10").rglob("*.html")).read_text()
    assert "How it was measured" in report
    assert "raw samples of the counter requests_total" in report
    capsys.readouterr()


# the doctor


def findings(config, day):
    settings = load_application(config)
    return [found for found in examine(settings, date.fromisoformat(day)) if found.part == "usage requests"]


def test_the_doctor_asks_one_day_and_tells_who_is_unknown(project, prometheus):
    fill(prometheus, "2026-10-20T09:30:00")
    prometheus.series.append(({"tenant": "stranger"}, [(at("2026-10-19T11:00:00"), "4")]))
    first, *rest = findings(project, "2026-10-20")
    assert (first.state, first.text) == ("ok", "answers for 2026-10-19: 3 customers, 24 of 24 intervals seen")
    assert asked_days(prometheus) == (date(2026, 10, 19), date(2026, 10, 19))
    texts = {found.text: found.state for found in rest}
    assert texts["1 customer is not in the registry, with 4 % of the quantity: stranger"] == "warn"


def test_the_doctor_names_the_variable_of_a_missing_secret(project, prometheus):
    configure(project, prometheus, ", token_env: PROM_TOKEN")
    (found,) = findings(project, "2026-10-20")
    assert (found.state, found.text) == ("missing", "usage requests: PROM_TOKEN is not set")
    assert found.mend == "put it into the environment variable PROM_TOKEN"


def test_the_doctor_tells_a_day_that_is_thinly_covered_or_empty(project, prometheus):
    fill(prometheus, "2026-10-19T10:30:00")
    texts = [found.text for found in findings(project, "2026-10-20")]
    assert "2026-10-19: only 11 of 24 intervals have samples" in texts
    prometheus.series.clear()
    (found,) = findings(project, "2026-10-20")
    assert (found.state, found.text) == ("warn", "answers, and has nothing for 2026-10-19")
