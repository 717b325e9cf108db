"""Drivers from Datadog: one metric summed by the tag that names the customer, asked of the query API (v1).

Each interval is the sum of its points (``.rollup(sum, SECONDS)``), which is added to the query where it is not there.
An answer that was rolled up to longer intervals, as Datadog does past its limit of points, is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from agent.config.usage import DatadogUsage
from agent.errors import InputError, Unreachable
from agent.usage import intervals
from agent.usage.environment import secret
from agent.usage.interface import Pulled
from agent.usage.quantities import UNKNOWN, Quantities, number
from agent.usage.server import Reply, Server

_PATH = "/api/v1/query"
_MOST_POINTS = 300
"""Of a series in one answer; Datadog's own limit is 1,500, and was 350."""
_LONGEST_WAIT = 300.0
_TOLD = 300
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_NO_TAG = "N/A"
"""What Datadog calls the value of a tag that is not there."""
_QUERY = re.compile(
    r"""(?P<over>sum|count|avg|min|max):[\w.\-/]+\{[^{}]*\}\s*by\s*\{(?P<by>[^{}]+)\}
        (?P<count>\.as_count\(\))?(?:\.rollup\(\s*(?P<roll>\w+)\s*(?:,\s*(?P<seconds>\d+)\s*)?\))?""",
    re.VERBOSE,
)
_EXPECTED = "sum:METRIC{SCOPE} by {TAG}, perhaps with .as_count()"


def pull(config: DatadogUsage, first: date, last: date) -> Pulled:
    """The metric of every customer for the days. Raises ``InputError`` and ``Unreachable``."""
    of = f"usage {config.name}"
    period = intervals.HOUR_SECONDS if config.interval == "hour" else intervals.DAY_SECONDS
    query = _query(config, of, period)
    answers = _Answers(config, of, period, Quantities(of))
    server = _server(config, of)
    for begin, end in _spans(first, last, period):
        # NOTE: an interval that begins at the end is the next question's
        asked = {"from": str(int(begin.timestamp())), "to": str(int(end.timestamp()) - 1), "query": query}
        answers.take(_content(server.ask(_PATH, asked), of), begin, end)
    rows, notes = answers.quantities.rows()
    return Pulled(
        rows=rows,
        coverage=intervals.coverage(first, last, answers.seen, intervals.DAY_SECONDS // period),
        method=f"Datadog {query}, points by their text",
        notes=(*answers.notes(), *notes),
    )


def _query(config: DatadogUsage, of: str, period: int) -> str:
    """The query with its rollup. Only sums by the customer's tag are weights that add up."""
    query = config.query.strip()
    found = _QUERY.fullmatch(query)
    if found is None:
        raise InputError(f"{of}: the query is not one metric by tags", where=query[:_TOLD], expected=_EXPECTED)
    if found["over"] not in ("sum", "count"):
        raise InputError(f"{of}: the query takes the {found['over']} over hosts", where=query, expected=_EXPECTED)
    tags = {tag.strip() for tag in found["by"].split(",")}
    missing = [tag for tag in (config.customer_tag, config.key_tag) if tag is not None and tag not in tags]
    if missing:
        raise InputError(
            f"{of}: the query is not grouped by {' and '.join(missing)}",
            where=query,
            expected="customer_tag, and key_tag where there is one, in `by {...}`",
        )
    if found["roll"] is None:
        return f"{query}.rollup(sum, {period})"
    if found["roll"] != "sum" or found["seconds"] != str(period):
        raise InputError(
            f"{of}: the query is rolled up by {found['roll']} of {found['seconds'] or 'any number of'} seconds",
            where=query,
            expected=f".rollup(sum, {period}) for `interval: {config.interval}`, or none, and it is added",
        )
    return query


def _server(config: DatadogUsage, of: str) -> Server:
    base = config.base_url or f"https://api.{config.site}"
    parts = urlsplit(base)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Unreachable(f"{of}: the keys are sent by https only", where=base, expected=f"https://{parts.netloc}")
    keys = {"DD-API-KEY": secret(config.api_key_env, of), "DD-APPLICATION-KEY": secret(config.app_key_env, of)}
    return Server(of, base, keys, config.timeout_seconds, longest_wait=_LONGEST_WAIT)


def _spans(first: date, last: date, period: int) -> Iterator[tuple[datetime, datetime]]:
    """Whole days, as many at a time as Datadog gives without rolling them up further."""
    most = timedelta(days=_MOST_POINTS * period // intervals.DAY_SECONDS)
    begin, end = intervals.bounds(first, last)
    while begin < end:
        yield begin, min(begin + most, end)
        begin += most


def _content(reply: Reply, of: str) -> Mapping[str, Any]:
    content = reply.content if isinstance(reply.content, dict) else {}
    said = str(content.get("error") or "; ".join(map(str, content.get("errors") or ())))[:_TOLD]
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Unreachable(
            f"{of}: Datadog's limit of requests is used up (429)",
            where=_PATH,
            mend="run apportion ingest again in an hour, or ask Datadog to raise the limit",
        )
    if reply.status == HTTPStatus.BAD_REQUEST or (reply.status == HTTPStatus.OK and content.get("status") == "error"):
        raise InputError(f"{of}: Datadog refuses the query: {said}", where=_PATH, mend="correct `query`")
    if reply.status != HTTPStatus.OK or content.get("status") != "ok" or not isinstance(content.get("series"), list):
        raise Unreachable(
            f"{of}: Datadog answers {reply.status}{f': {said}' if said else ', without a word of its API'}",
            where=_PATH,
            mend="is the site right? else run apportion ingest again",
        )
    return content


@dataclass(slots=True)
class _Answers:
    """The points of all answers, checked and added up."""

    config: DatadogUsage
    of: str
    period: int
    quantities: Quantities
    seen: set[tuple[date, int]] = field(default_factory=set)
    untagged: set[str] = field(default_factory=set)
    said: dict[str, None] = field(default_factory=dict)

    def take(self, content: Mapping[str, Any], begin: datetime, end: datetime) -> None:
        """Every series of an answer about the time from ``begin`` to ``end``."""
        if message := str(content.get("message") or "").strip():
            self.said[message[:_TOLD]] = None
        told: set[tuple[str, datetime]] = set()
        for series in content["series"]:
            try:
                self._series(series, begin, end, told)
            except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
                raise InputError(
                    f"{self.of}: a series cannot be read: {error!r}", where=_PATH, expected="Datadog's query API, v1"
                ) from error

    def _series(
        self, series: Mapping[str, Any], begin: datetime, end: datetime, told: set[tuple[str, datetime]]
    ) -> None:
        tags = series.get("tag_set") or str(series["scope"]).split(",")
        scope = ",".join(sorted(tags))
        named = dict(tag.split(":", 1) for tag in tags if ":" in tag)
        if Decimal(series["interval"]) != self.period:
            raise InputError(
                f"{self.of}: Datadog answered by intervals of {series['interval']} seconds",
                where=scope,
                expected=f"{self.period} seconds, as asked",
            )
        customer, key = self._tag(named, self.config.customer_tag), self._tag(named, self.config.key_tag)
        if not customer:
            self.untagged.add(scope)
        for milliseconds, value in series["pointlist"]:
            if value is None:
                continue
            at = datetime.fromtimestamp(int(Decimal(milliseconds)) / 1000, UTC)
            where = f"{self.of}, {scope} at {at.isoformat()}"
            if not begin <= at < end or (at - begin).total_seconds() % self.period or (scope, at) in told:
                raise InputError(
                    f"{self.of}: Datadog answered a point of {at.isoformat()}{' twice' if (scope, at) in told else ''}",
                    where=scope,
                    expected=f"one for each {self.period} seconds from {begin.isoformat()} to {end.isoformat()}",
                )
            told.add((scope, at))
            self.seen.add((at.date(), at.hour))
            moment = intervals.moment(at, self.config.interval)
            self.quantities.add(moment, customer, number(str(value), where), key)

    def _tag(self, named: Mapping[str, str], tag: str | None) -> str:
        value = named.get(tag, "") if tag is not None else ""
        return "" if value == _NO_TAG else value

    def notes(self) -> list[str]:
        """What an owner should know of the answers."""
        notes = [f"Datadog says: {message}" for message in self.said]
        if self.untagged:
            notes.append(f"{len(self.untagged)} series have no {self.config.customer_tag}; their weight is {UNKNOWN}")
        return notes
