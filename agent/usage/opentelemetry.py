"""Drivers from OpenTelemetry: a metric added up exactly, or spans counted or timed, from files of OTLP JSON.

What was measured from one moment to another belongs to the interval in which it ends; an interval holds its end, so a
point at midnight tells of the day before. A span belongs to the interval in which it starts. Source of the rules on
streams, temporality and resets: the metrics data model of the OpenTelemetry specification.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.config.usage import OpenTelemetryUsage
from agent.errors import InputError
from agent.usage import otlp
from agent.usage.interface import Driver, NamedContent
from agent.usage.intervals import DAY_SECONDS, HOUR_SECONDS
from agent.usage.otlp import Attributes, Json, Origin
from agent.usage.quantities import UNKNOWN, Moment, Quantities, added, difference
from policies.nearest import did_you_mean

_TEMPORALITIES = {
    "1": False,
    "AGGREGATION_TEMPORALITY_DELTA": False,
    "2": True,
    "AGGREGATION_TEMPORALITY_CUMULATIVE": True,
}
"""Whether it is cumulative; numbers by the encoding, names by writers that follow Protobuf's own."""
_SUM = "sum"
_HISTOGRAMS = ("histogram", "exponentialHistogram")
_NO_RECORDED_VALUE = 1
_NAMES_SHOWN = 5
Stream = tuple[Origin, Attributes]


@dataclass(frozen=True, slots=True)
class Point:
    """``value`` was measured after ``start`` (0: nobody knows since when) and until ``time``, in nanoseconds."""

    time: int
    start: int
    value: Decimal
    place: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a stream or span is; both empty where no attribute says so."""

    customer: str
    key: str


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Ordered so that of two with one id the greater is the one that ended last."""

    end: int
    start: int
    customer: str
    key: str
    sampled: bool


def read_files(config: OpenTelemetryUsage, files: Sequence[NamedContent]) -> Driver:
    """The driver that files of OTLP JSON, as (name, content), make together. Raises ``InputError``.

    The order of files and lines does not matter.
    """
    documents = (document for name, content in files for document in otlp.documents(name, content))
    found = _Spans(config) if config.span is not None else _Metric(config)
    for place, request in documents:
        found.take(request, place)
    found.add_up()
    rows, cut = found.sums.rows()
    return Driver(config.name, config.interval, rows, method=found.method, notes=(*found.notes(), *cut))


def _owner(config: OpenTelemetryUsage, *among: Attributes) -> Owner:
    customer = otlp.named(config.customer_attribute, *among)
    key = otlp.named(config.key_attribute, *among) if config.key_attribute is not None else ""
    # NOTE: names that begin with @ are ours, such as @unknown
    return Owner("" if customer.startswith("@") else customer, key)


def _refuse_absent(config: OpenTelemetryUsage, what: str, wanted: str, names: set[str]) -> None:
    """A name that occurs nowhere is mistyped, or the files are others than was meant."""
    if wanted in names:
        return
    shown = ", ".join(sorted(names)[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    raise InputError(
        f"no {what} is named {wanted!r}{did_you_mean(wanted, names)}",
        where=config.location,
        expected=f"one of the {what}s in the files: {shown}{more}" if names else f"files with {what}s; these hold none",
        mend=f"set `{what}` of usage {config.name!r}",
    )


class _Metric:
    """All streams of one metric."""

    def __init__(self, config: OpenTelemetryUsage) -> None:
        self._config = config
        self._wanted = config.metric or ""
        self.method = (
            f"OTLP {config.quantity} of {self._wanted}: deltas, and the growth of cumulative values, restarts included"
        )
        self._names: set[str] = set()
        self._kind: dict[str, str] = {}
        self._owners: dict[Stream, Owner] = {}
        self._points: dict[tuple[Stream, bool], list[Point]] = {}
        self._counts: Counter[str] = Counter()
        self._based = Decimal(0)
        self._longest = (HOUR_SECONDS if config.interval == "hour" else DAY_SECONDS) * otlp.NANOS
        self.sums = Quantities(config.location)

    def take(self, request: Json, place: str) -> None:
        """The metric's points of one request."""
        for origin, metric in otlp.metrics(request, place):
            name = str(metric.get("name") or "")
            self._names.add(name)
            if name == self._wanted:
                self._take_metric(origin, metric, place)

    def _take_metric(self, origin: Origin, metric: Json, place: str) -> None:
        kind = next((kind for kind in (_SUM, *_HISTOGRAMS) if kind in metric), None)
        if kind is None:
            held = next((kind for kind in ("gauge", "summary") if kind in metric), "of no known type")
            raise InputError(
                f"the metric {self._wanted!r} is {'a ' if held in metric else ''}{held}, which cannot be added up",
                where=place,
                expected="a counter or a histogram",
                mend="report what was used as a counter: a level says nothing of how long it lasted",
            )
        data = otlp.part(metric, kind, place)
        self._refuse_mixture("type", "histogram" if kind in _HISTOGRAMS else "counter", place)
        self._refuse_mixture("unit", str(metric.get("unit") or ""), place)
        if kind == _SUM:
            self._refuse_level(data, place)
        cumulative = _TEMPORALITIES.get(str(data.get("aggregationTemporality")))
        if cumulative is None:
            raise InputError(
                f"the metric {self._wanted!r} has no aggregationTemporality",
                where=place,
                expected="1 (delta) or 2 (cumulative)",
            )
        for raw in otlp.items(data, "dataPoints", place):
            self._take_point((origin, otlp.attributes(raw, place)), kind, raw, place, cumulative=cumulative)

    def _refuse_mixture(self, what: str, found: str, place: str) -> None:
        first = self._kind.setdefault(what, found) if found else ""
        if found and first != found:
            raise InputError(
                f"the metric {self._wanted!r} comes with the {what}s {first!r} and {found!r}",
                where=place,
                expected=f"one {what}, so that it can be added up",
                mend="put one of them into a folder of its own, as another driver",
            )

    def _refuse_level(self, data: Json, place: str) -> None:
        if data.get("isMonotonic") is not True:
            raise InputError(
                f"the metric {self._wanted!r} is a sum that may fall: a level, not what was used",
                where=place,
                expected="a counter (isMonotonic: true) or a histogram",
                mend="report what was used as a counter: a level says nothing of how long it lasted",
            )
        if self._config.quantity != _SUM:
            raise InputError(
                f"the metric {self._wanted!r} is a counter: the number of its points tells how often it was exported",
                where=place,
                mend=f"set `quantity: sum` of usage {self._config.name!r}",
            )

    def _take_point(self, stream: Stream, kind: str, raw: Json, place: str, *, cumulative: bool) -> None:
        if otlp.nanos(raw, "flags", place) & _NO_RECORDED_VALUE:
            self._counts["unrecorded"] += 1
            return
        time, start = otlp.nanos(raw, "timeUnixNano", place), otlp.nanos(raw, "startTimeUnixNano", place)
        if not time or start > time:
            raise InputError(
                f"a point of {self._wanted!r} is of the time from {start} to {time}",
                where=place,
                expected="startTimeUnixNano before timeUnixNano, or none",
            )
        value = self._value(kind, raw, place)
        if value is None:
            self._counts["infinite"] += 1
            return
        origin, own = stream
        if stream not in self._owners:
            self._owners[stream] = _owner(self._config, own, origin.scope, origin.resource)
        self._points.setdefault((stream, cumulative), []).append(Point(time, start, value, place))

    def _value(self, kind: str, raw: Json, place: str) -> Decimal | None:
        fields = ("asInt", "asDouble") if kind == _SUM else (self._config.quantity,)
        field = next((field for field in fields if raw.get(field) is not None), None)
        if field is None and fields == ("count",):
            return Decimal(0)
        if field is None:
            raise InputError(
                f"a point of {self._wanted!r} has no {' or '.join(fields)}",
                where=place,
                expected="a number",
                mend="" if kind == _SUM else "count what the histogram measured: `quantity: count`",
            )
        value = otlp.value(raw, field, place)
        if value is not None and value < 0:
            raise InputError(
                f"a point of {self._wanted!r} is {value}: what was used is not below zero",
                where=place,
                mend="" if kind == _SUM else "count what the histogram measured: `quantity: count`",
            )
        return value

    def add_up(self) -> None:
        """Adds every stream up, once all requests were taken."""
        _refuse_absent(self._config, "metric", self._wanted, self._names)
        begin = min((point.time for points in self._points.values() for point in points), default=0)
        day = DAY_SECONDS * otlp.NANOS
        self._begin = (begin - 1) // day * day
        once = {stream: self._once(points) for stream, points in self._points.items()}
        for (stream, cumulative), points in once.items():
            if cumulative:
                self._refuse_both(points, once.get((stream, False), []))
                self._add_cumulative(self._owners[stream], points)
            else:
                self._add_deltas(self._owners[stream], points)

    def _once(self, points: Iterable[Point]) -> list[Point]:
        """The points of a stream in order of time, each once."""
        once: list[Point] = []
        for point in sorted(points, key=lambda point: (point.time, point.start)):
            if not once or (point.time, point.start) != (once[-1].time, once[-1].start):
                once.append(point)
            elif point.value == once[-1].value:
                self._counts["twice"] += 1
            else:
                one, other = sorted([once[-1], point], key=lambda point: (point.value, point.place))
                raise InputError(
                    f"a stream of {self._wanted!r} has two values at {otlp.shown(point.time)}: "
                    f"{one.value} and {other.value} (at {one.place})",
                    where=other.place,
                    mend="do two processes report as one? set service.instance.id",
                )
        return once

    def _refuse_both(self, cumulative: Sequence[Point], deltas: Sequence[Point]) -> None:
        spans = [
            (min(point.start or point.time for point in points), points[-1].time)
            for points in (cumulative, deltas)
            if points
        ]
        if len(spans) > 1 and spans[0][0] < spans[1][1] and spans[1][0] < spans[0][1]:
            raise InputError(
                f"a stream of {self._wanted!r} comes as deltas and as cumulative values of the same time",
                where=deltas[0].place,
                expected="one of them: together they would count twice",
                mend="export one temporality, or put the files apart",
            )

    def _add_deltas(self, owner: Owner, points: Sequence[Point]) -> None:
        end = 0
        for point in points:
            self._counts["overlapping"] += 0 < point.start < end
            end = point.time
            self._add(owner, point, point.value, point.start or point.time)

    def _add_cumulative(self, owner: Owner, points: Sequence[Point]) -> None:
        before: Point | None = None
        for point in points:
            begun = point.start or (before.start if before is not None else 0)
            now = Point(point.time, begun, point.value, point.place)
            if before is None:
                self._add_first(owner, now)
            elif begun < before.start:
                raise InputError(
                    f"a stream of {self._wanted!r} starts at {otlp.shown(begun)}, after it had started at "
                    f"{otlp.shown(before.start)}",
                    where=point.place,
                    expected="one process a stream",
                    mend="two processes report as one: set service.instance.id, so that they are told apart",
                )
            else:
                self._add_growth(owner, before, now)
            before = now

    def _add_first(self, owner: Owner, point: Point) -> None:
        if point.start not in (0, point.time) and point.start >= self._begin:
            self._add(owner, point, point.value, point.start)
        elif point.value:
            self._counts["base"] += 1
            self._based = added(self._based, point.value)

    def _add_growth(self, owner: Owner, before: Point, now: Point) -> None:
        # NOTE: a start that was not told before, and lies before the point before, is no restart
        same = now.start == before.start or (before.start == 0 and now.start < before.time)
        if same and now.value >= before.value:
            self._add(owner, now, difference(now.value, before.value), before.time)
            return
        self._counts["resets"] += 1
        if not same and now.start == now.time:
            # NOTE: by the data model a stream that starts at its first point's own time was begun nobody knows when
            self._counts["base"] += bool(now.value)
            self._based = added(self._based, now.value)
            return
        self._add(owner, now, now.value, before.time if same else now.start)

    def _add(self, owner: Owner, point: Point, quantity: Decimal, since: int) -> None:
        self._counts["long"] += quantity > 0 and point.time - since > self._longest
        self.sums.add(_moment(point.time - 1, self._config), owner.customer, quantity, owner.key)

    def notes(self) -> Iterator[str]:
        """What an owner should know of the points."""
        told = {
            "resets": "resets: a counter that starts anew counts from 0",
            "unrecorded": "points hold no recorded value and were left out",
            "infinite": "points are NaN or infinite and were left out",
            "twice": "points came twice and count once",
            "overlapping": "deltas overlap the one before in their stream, and count: do two processes report as one?",
            "long": f"quantities were measured over more than one {self._config.interval}; each counts where it ends",
            "base": (
                f"first values of streams, {self._based:f} in all, count nothing: they were begun before the files' "
                "first day, or nobody knows when"
            ),
        }
        yield from (f"{self._counts[what]} {text}" for what, text in told.items() if self._counts[what])
        if unnamed := sum(not owner.customer for owner in self._owners.values()):
            yield f"{unnamed} streams have no attribute {self._config.customer_attribute!r}: they count as {UNKNOWN}"


class _Spans:
    """All spans of one name."""

    def __init__(self, config: OpenTelemetryUsage) -> None:
        self._config = config
        self._wanted = config.span or ""
        self.method = f"OTLP {config.quantity} of the spans {self._wanted}, each once; nothing is scaled up"
        self._names: set[str] = set()
        self._found: dict[tuple[str, str], Span] = {}
        self._different: set[tuple[str, str]] = set()
        self._counts: Counter[str] = Counter()
        self.sums = Quantities(config.location)

    def take(self, request: Json, place: str) -> None:
        """The spans of this name in one request."""
        for origin, raw in otlp.spans(request, place):
            name = str(raw.get("name") or "")
            self._names.add(name)
            if name == self._wanted:
                self._take_span(origin, raw, place)

    def _take_span(self, origin: Origin, raw: Json, place: str) -> None:
        trace, own = (str(raw.get(field) or "").lower() for field in ("traceId", "spanId"))
        start, end = otlp.nanos(raw, "startTimeUnixNano", place), otlp.nanos(raw, "endTimeUnixNano", place)
        if not (trace and own and start):
            raise InputError(
                f"a span {self._wanted!r} lacks its traceId, its spanId or its startTimeUnixNano", where=place
            )
        owner = _owner(self._config, otlp.attributes(raw, place), origin.scope, origin.resource)
        span = Span(end, start, owner.customer, owner.key, _is_sampled(str(raw.get("traceState") or "")))
        known = self._found.setdefault((trace, own), span)
        if known is not span:
            self._counts["twice"] += 1
            if known != span:
                self._different.add((trace, own))
            self._found[trace, own] = max(known, span)

    def add_up(self) -> None:
        """Adds the spans up, once all requests were taken."""
        _refuse_absent(self._config, "span", self._wanted, self._names)
        self._counts["different"] = len(self._different)
        for span in self._found.values():
            self._counts["sampled"] += span.sampled
            self._counts["unnamed"] += not span.customer
            if (quantity := self._quantity(span)) is not None:
                self.sums.add(_moment(span.start, self._config), span.customer, quantity, span.key)

    def _quantity(self, span: Span) -> Decimal | None:
        if self._config.quantity == "count":
            return Decimal(1)
        if span.end < span.start:
            self._counts["backwards" if span.end else "unended"] += 1
            return None
        return Decimal(span.end - span.start).scaleb(-9)

    def notes(self) -> Iterator[str]:
        """What an owner should know of the spans."""
        told = {
            "twice": "spans came twice and count once",
            "different": "spans came with different times or attributes; of each the one that ends last counts",
            "unended": "spans have no end and were left out",
            "backwards": "spans end before they start and were left out",
            "sampled": (
                "spans were sampled by probability (tracestate `ot`): what was kept is counted, nothing is scaled up"
            ),
            "unnamed": f"spans have no attribute {self._config.customer_attribute!r}: they count as {UNKNOWN}",
        }
        yield from (f"{self._counts[what]} {text}" for what, text in told.items() if self._counts[what])


def _is_sampled(state: str) -> bool:
    """Whether the tracestate tells that others were dropped: ``ot=th:...`` or the older ``ot=p:...``, but for 0."""
    members = (member.strip().partition("=") for member in state.split(","))
    fields = (field.partition(":") for vendor, _, held in members if vendor == "ot" for field in held.split(";"))
    return any(key in ("th", "p") and text.strip("0") for key, _, text in fields)


def _moment(at: int, config: OpenTelemetryUsage) -> Moment:
    when = otlp.moment(at)
    return when.date(), when.hour if config.interval == "hour" else None
