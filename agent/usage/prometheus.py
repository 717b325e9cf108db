"""Drivers from Prometheus, or a server that speaks its HTTP API: counters by their raw samples, anything else by value.

Source of the rules: Prometheus' documentation of its HTTP API (instant and range queries, formats, errors).
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, DecimalException
from http import HTTPStatus
from typing import Any

from agent.config.usage import LiveUsage, PrometheusUsage
from agent.errors import InputError, Unreachable
from agent.usage import promql
from agent.usage.counters import DAY_HOURS, HOUR_MS, Counters, Sample, is_finite, moment_of
from agent.usage.environment import secret
from agent.usage.interface import Pulled
from agent.usage.quantities import Quantities, number
from agent.usage.server import Reply, Server

LOOKBACK_SECONDS = 7 * 86_400
"""How far before the first day a series' last value is looked for."""
_LEAST_LOOKBACK = 3_600
_FIRST_SPAN = 6 * 3_600
_LONGEST_SPAN = 86_400
_SHORTEST_SPAN = 60
_SMALL_ANSWER = 2 << 20
_LARGE_ANSWER = 16 << 20
_POINTS = 5_000
"""Of a series in one answer: Prometheus gives 11,000 at most."""
_TOO_MUCH = re.compile(r"(?i)too many samples|maximum resolution|exceeded.*(limit|maximum)|more than -search\.")
_SHOWN_ERROR = 300
Series = tuple[Mapping[str, str], Sequence[Sample]]


class _TooMuchError(Exception):
    """The answer would pass a limit of the server; a shorter span may not."""


def pull(config: LiveUsage, first: date, last: date) -> Pulled:
    """What the server says of the days from ``first`` to ``last``.

    Raises ``InputError`` for a question or an answer that cannot be used, ``Unreachable`` where there is none.
    """
    assert isinstance(config, PrometheusUsage)  # noqa: S101  # the kind has decided it
    question = _Question(config)
    if config.counter is not None:
        return _counted(config, question, promql.selector(config.counter, question.of), first, last)
    asked = str(config.query)
    increase = promql.increase(asked)
    if increase is None:
        promql.refuse_extrapolation(asked, question.of)
        return _evaluated(config, question, asked, first, last)
    needed = {config.customer_label, *([config.key_label] if config.key_label else [])}
    if missing := sorted(needed - increase.labels):
        raise InputError(
            f"{question.of}: the query is not summed by {', '.join(missing)}",
            expected="customer_label, and key_label where there is one, among the labels of `sum by`",
        )
    return _counted(config, question, increase.selector, first, last)


class _Question:
    """Asks one server; keeps what it warns of."""

    def __init__(self, config: PrometheusUsage) -> None:
        self.of = f"usage {config.name}"
        self.where = config.url
        self._timeout = f"{config.timeout_seconds}s"
        self._server = Server(self.of, config.url, _headers(config, self.of), config.timeout_seconds)
        self._warnings: dict[str, None] = {}

    def instant(self, query: str, at: int) -> tuple[list[Mapping[str, Any]], str, int]:
        """The series of a query at a moment (seconds since 1970), their type, and the answer's length."""
        return self._ask("/api/v1/query", {"query": query, "time": str(at)})

    def span(self, query: str, first: int, last: int, step: int) -> tuple[list[Mapping[str, Any]], str, int]:
        """The series of a query from ``first`` to ``last``, ends included, every ``step`` seconds."""
        asked = {"query": query, "start": str(first), "end": str(last), "step": str(step)}
        return self._ask("/api/v1/query_range", asked)

    def warnings(self) -> Iterator[str]:
        """What the server added to its answers."""
        yield from (f"the server says: {warning}" for warning in self._warnings)

    def _ask(self, path: str, asked: Mapping[str, str]) -> tuple[list[Mapping[str, Any]], str, int]:
        # NOTE: Thanos answers with a part where a store is away, unless it is told not to; others know no such word
        reply = self._server.ask(path, {**asked, "timeout": self._timeout, "partial_response": "false"})
        content = reply.content if isinstance(reply.content, dict) else {}
        if reply.status != HTTPStatus.OK or content.get("status") != "success":
            raise self._refused(reply, content)
        for key in ("warnings", "infos"):
            self._warnings |= dict.fromkeys(str(said) for said in content.get(key) or ())
        data = content.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("result"), list):
            raise InputError(
                f"{self.of}: the answer holds no result", where=self.where, expected="Prometheus' HTTP API"
            )
        return data["result"], str(data.get("resultType")), reply.size

    def _refused(self, reply: Reply, content: Mapping[str, Any]) -> Exception:
        said = str(content.get("error") or "")[:_SHOWN_ERROR]
        if said and _TOO_MUCH.search(said):
            return _TooMuchError(said)
        if said and reply.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
            return InputError(
                f"{self.of}: the server refuses the question: {said}",
                where=self.where,
                mend="correct counter or query of this driver in apportion.yaml",
            )
        told = f": {said}" if said else ", without a word of the API"
        return Unreachable(
            f"{self.of}: the server answers {reply.status}{told}",
            where=self.where,
            mend="is the address that of Prometheus' HTTP API? else run apportion ingest again",
        )


def _headers(config: PrometheusUsage, of: str) -> dict[str, str]:
    headers = {name: secret(variable, of) for name, variable in sorted(config.headers_env.items())}
    if config.password_env is not None:
        pair = f"{config.user}:{secret(config.password_env, of)}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    if config.token_env is not None:
        headers["Authorization"] = f"Bearer {secret(config.token_env, of)}"
    return headers


def _counted(config: PrometheusUsage, question: _Question, selector: str, first: date, last: date) -> Pulled:
    hourly = config.interval == "hour"
    counters = Counters(config.customer_label, config.key_label, hourly=hourly, where=question.where)
    reader = _Reader(question, named=promql.names_a_metric(selector))
    begin, end = _midnight(first), _midnight(last + timedelta(days=1))
    values, looked_back = _last_values(question, reader, selector, begin)
    for labels, text in values:
        counters.base(labels, text)
    at, span, most = begin, _FIRST_SPAN, _LONGEST_SPAN
    while at < end:
        span = min(span, end - at)
        try:
            found, kind, size = question.instant(f"{selector}[{span}s]", at + span)
        except _TooMuchError as error:
            span = most = _shorter(question, span, error)
            continue
        counters.take(reader.ranges(found, kind, after=at * 1000, until=(at + span) * 1000))
        at += span
        span = _next_span(span, size, most)
    rows, cut = counters.sums.rows()
    method = (
        f"raw samples of the counter {selector} added up by {config.customer_label}, not extrapolated: an increase is "
        f"counted where its later sample lies, a drop is a reset and counts from 0, and a series that was absent for "
        f"{looked_back // 3_600} hours begins at 0"
    )
    if config.query is not None:
        method += f" (asked as {config.query.strip()})"
    notes = (*counters.notes(), *cut, *question.warnings())
    return Pulled(rows, counters.coverage(first, last), method, notes)


def _last_values(
    question: _Question, reader: "_Reader", selector: str, begin: int
) -> tuple[list[tuple[Mapping[str, str], str]], int]:
    """Each series' last value before the first interval, so that nothing falls between two days; and the lookback."""
    seconds = LOOKBACK_SECONDS
    while True:
        try:
            found, kind, _ = question.instant(f"last_over_time({selector}[{seconds}s])", begin)
            return list(reader.values(found, kind)), seconds
        except _TooMuchError as error:
            if seconds <= _LEAST_LOOKBACK:
                raise _limit(question, error) from error
            seconds = max(seconds // 4, _LEAST_LOOKBACK)


def _shorter(question: _Question, span: int, error: _TooMuchError) -> int:
    if span <= _SHORTEST_SPAN:
        raise _limit(question, error) from error
    return max(span // 2, _SHORTEST_SPAN)


def _next_span(span: int, size: int, most: int) -> int:
    """Seconds to ask for next: answers stay small enough to be held, and few enough to be asked."""
    if size > _LARGE_ANSWER:
        return max(span // 2, _SHORTEST_SPAN)
    return min(span * 2, most) if size < _SMALL_ANSWER else span


def _limit(question: _Question, error: _TooMuchError) -> InputError:
    return InputError(
        f"{question.of}: even a short span passes a limit of the server: {error}",
        where=question.where,
        mend="narrow the selector, or record a series with fewer labels and ask for that",
    )


def _evaluated(config: PrometheusUsage, question: _Question, query: str, first: date, last: date) -> Pulled:
    hourly = config.interval == "hour"
    step = HOUR_MS // 1000 * (1 if hourly else DAY_HOURS)
    values = _Values(config, question)
    at, end = _midnight(first) + step, _midnight(last + timedelta(days=1))
    points = _POINTS
    while at <= end:
        until = min(end, at + (points - 1) * step)
        try:
            found, kind, _ = question.span(query, at, until, step)
        except _TooMuchError as error:
            if points == 1:
                raise _limit(question, error) from error
            points = max((until - at) // step // 2, 1)
            continue
        values.take(found, kind, hourly=hourly)
        at = until + step
    rows, cut = values.sums.rows()
    per_day = DAY_HOURS if hourly else 1
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    seen = values.seen()
    coverage = {day: (sum(moment[0] == day for moment in seen), per_day) for day in days}
    method = f"the value of {query.strip()} at the end of each {config.interval}, summed by {config.customer_label}"
    return Pulled(rows, coverage, method, (*values.notes(), *cut, *question.warnings()))


class _Values:
    """The points of evaluated expressions, summed by customer and key."""

    def __init__(self, config: PrometheusUsage, question: _Question) -> None:
        self._config = config
        self._question = question
        self._reader = _Reader(question, named=False)
        self.sums = Quantities(question.where)
        self._seen: set[tuple[date, int | None]] = set()
        self._broken: set[tuple[date, int | None]] = set()
        self._not_finite = 0
        self._unnamed: set[tuple[tuple[str, str], ...]] = set()

    def take(self, found: list[Mapping[str, Any]], kind: str, *, hourly: bool) -> None:
        for labels, samples in self._reader.ranges(found, kind, after=-1, until=None):
            customer = labels.get(self._config.customer_label, "")
            key = labels.get(self._config.key_label, "") if self._config.key_label else ""
            if not customer.strip():
                self._unnamed.add(tuple(sorted(labels.items())))
            for at, text in samples:
                moment = moment_of(at, hourly=hourly)
                self._seen.add(moment)
                if is_finite(text):
                    self.sums.add(moment, customer, number(text, self._question.where), key)
                else:
                    self._not_finite += 1
                    self._broken.add(moment)

    def seen(self) -> set[tuple[date, int | None]]:
        """Intervals with a value and without one that was left out: a sum that lacks a part is not whole."""
        return self._seen - self._broken

    def notes(self) -> Iterator[str]:
        if self._not_finite:
            yield (
                f"{self._not_finite} values are NaN or infinite and were left out; "
                f"{len(self._broken)} intervals count as not seen"
            )
        if self._unnamed:
            count, label = len(self._unnamed), self._config.customer_label
            yield f"{count} series have no label {label!r}: they count as @unknown"


class _Reader:
    """Series of an answer, checked. ``named``: all have one metric name, which says nothing."""

    def __init__(self, question: _Question, *, named: bool) -> None:
        self._of, self._where = question.of, question.where
        self._named = named

    def values(self, found: list[Mapping[str, Any]], kind: str) -> Iterator[tuple[Mapping[str, str], str]]:
        """Of an instant vector."""
        self._expect(kind, "vector")
        for series in found:
            _, text = self._samples(series, [series.get("value")])[0]
            yield self._labels(series), text

    def ranges(self, found: list[Mapping[str, Any]], kind: str, *, after: int, until: int | None) -> Iterator[Series]:
        """Of a matrix: samples after ``after`` up to ``until``, in milliseconds.

        NOTE: before version 3 a range holds both its ends, since then its end alone
        """
        self._expect(kind, "matrix")
        for series in found:
            samples = self._samples(series, series.get("values"))
            yield self._labels(series), [s for s in samples if after < s[0] and (until is None or s[0] <= until)]

    def _expect(self, kind: str, wanted: str) -> None:
        if kind != wanted:
            raise InputError(
                f"{self._of}: the answer is a {kind}", where=self._where, expected=f"a {wanted}: series with labels"
            )

    def _labels(self, series: Mapping[str, Any]) -> Mapping[str, str]:
        labels = series.get("metric")
        if not isinstance(labels, dict):
            raise self._wrong("a series has no labels")
        return {name: str(text) for name, text in labels.items() if not (self._named and name == "__name__")}

    def _samples(self, series: Mapping[str, Any], pairs: object) -> list[Sample]:
        if "histogram" in series or "histograms" in series:
            raise InputError(
                f"{self._of}: a series is a native histogram", where=self._where, expected="counters or gauges"
            )
        if not isinstance(pairs, list):
            raise self._wrong("a series has no samples")
        try:
            return [(_milliseconds(at), _text(value)) for at, value in pairs]
        except (AttributeError, TypeError, ValueError, DecimalException) as error:
            raise self._wrong("a sample is no pair of time and value") from error

    def _wrong(self, message: str) -> InputError:
        return InputError(f"{self._of}: {message}", where=self._where, expected="Prometheus' HTTP API")


def _milliseconds(text: str) -> int:
    return int(text) * 1000 if text.isdigit() else int(Decimal(text) * 1000)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _midnight(day: date) -> int:
    """Seconds since 1970."""
    return int((datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
