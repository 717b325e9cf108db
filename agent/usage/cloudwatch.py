"""Drivers from CloudWatch: one metric, by the dimension that names the customer.

ListMetrics says which customers there are, GetMetricData what each used, by periods that begin at UTC boundaries.
CloudWatch sends doubles; each is the shortest decimal that names it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from agent.config.usage import CloudWatchUsage
from agent.errors import InputError
from agent.usage import intervals
from agent.usage.aws import Service, service
from agent.usage.interface import Pulled
from agent.usage.quantities import Quantities, number

_QUERIES = 500
"""The most that one call of GetMetricData takes."""
_LISTED_DAYS = 14
"""ListMetrics leaves out what reported nothing for so long."""
_LEVELS = ("Average", "Maximum")
"""Statistics of a level, which a day has the sum of: its hours are asked for."""
Dimensions = Mapping[str, str]


def pull(config: CloudWatchUsage, first: date, last: date) -> Pulled:
    """Every customer's metric for the days. Raises ``InputError`` and ``Unreachable``."""
    hourly = config.interval == "hour" or config.statistic in _LEVELS
    period = intervals.HOUR_SECONDS if hourly else intervals.DAY_SECONDS
    quantities = Quantities(f"usage {config.name}")
    seen: set[tuple[date, int]] = set()
    with service(config, "cloudwatch", "CloudWatch") as cloudwatch:
        metrics, notes = _metrics(config, cloudwatch)
        for dimensions, at, value in _points(config, cloudwatch, metrics, period, (first, last)):
            moment = intervals.moment(at, config.interval)
            key = dimensions.get(config.key_dimension) if config.key_dimension else None
            where = (
                f"{cloudwatch.where}, {config.metric} of {dimensions[config.customer_dimension]} at {at.isoformat()}"
            )
            quantities.add(moment, dimensions[config.customer_dimension], number(repr(value), where), key)
            seen.add((at.date(), at.hour))
    rows, told = quantities.rows()
    if (last - first).days >= _LISTED_DAYS:
        notes += ("CloudWatch lists no metric that reported nothing for two weeks: customers gone before are not seen",)
    return Pulled(
        rows=rows,
        coverage=intervals.coverage(first, last, seen, 24 if hourly else 1),
        method=f"CloudWatch {config.namespace}/{config.metric}, {config.statistic} by {'hours' if hourly else 'days'}"
        f"{', hours added up' if hourly and config.interval == 'day' else ''}; doubles by their shortest decimals",
        notes=(*notes, *told),
    )


def _metrics(config: CloudWatchUsage, cloudwatch: Service) -> tuple[list[Dimensions], tuple[str, ...]]:
    """The dimensions of every metric to ask for, in order, and what to say of those that are not asked for.

    A metric is often reported more than once, by few dimensions and by many: only one such set is added up.
    """
    named = [config.customer_dimension, *([config.key_dimension] if config.key_dimension else [])]
    filters = [{"Name": name} for name in named]
    filters += [{"Name": name, "Value": value} for name, value in sorted(config.dimensions.items())]
    wanted = {*named, *config.dimensions}
    by_further: dict[tuple[str, ...], dict[tuple[tuple[str, str], ...], Dimensions]] = {}
    for metric in _listed(config, cloudwatch, filters):
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])}
        if wanted <= set(dimensions):
            # NOTE: a list that changes while it is read by pages may name a metric twice
            same = by_further.setdefault(tuple(sorted(set(dimensions) - wanted)), {})
            same[tuple(sorted(dimensions.items()))] = dimensions
    if not by_further:
        return [], (f"CloudWatch lists no {config.namespace}/{config.metric} with {', '.join(sorted(wanted))}",)
    chosen = () if () in by_further else min(by_further)
    others = sorted(set(by_further) - {chosen})
    if chosen and others:
        raise InputError(
            f"the metric comes by several sets of further dimensions: {'; '.join(map(_joined, sorted(by_further)))}",
            where=cloudwatch.where,
            expected="one set, since usage would be counted once for each",
            mend="name a dimension and its value in `dimensions`",
        )
    notes = [f"metrics by {_joined(chosen)} are added up"] if chosen else []
    if others:
        count = sum(len(by_further[further]) for further in others)
        notes.append(f"{count} metrics with further dimensions tell the same usage again and are not added")
    return [dimensions for _, dimensions in sorted(by_further[chosen].items())], tuple(notes)


def _joined(names: Sequence[str]) -> str:
    return " and ".join(names)


def _listed(
    config: CloudWatchUsage, cloudwatch: Service, filters: Sequence[Mapping[str, str]]
) -> Iterator[Mapping[str, Any]]:
    question = {"Namespace": config.namespace, "MetricName": config.metric, "Dimensions": filters}
    for answer in cloudwatch.pages("list_metrics", question):
        yield from answer.get("Metrics", [])


def _points(
    config: CloudWatchUsage, cloudwatch: Service, metrics: Sequence[Dimensions], period: int, days: tuple[date, date]
) -> Iterator[tuple[Dimensions, datetime, float]]:
    for start in range(0, len(metrics), _QUERIES):
        some = metrics[start : start + _QUERIES]
        read = _Answered(cloudwatch, period, days, dict.fromkeys((f"m{at}" for at in range(len(some))), ""))
        begin, end = intervals.bounds(*days)
        question = {
            "MetricDataQueries": [_query(config, f"m{at}", dimensions, period) for at, dimensions in enumerate(some)],
            "StartTime": begin,
            "EndTime": end,
            "ScanBy": "TimestampAscending",
        }
        for answer in cloudwatch.pages("get_metric_data", question):
            read.take(answer)
        read.refuse_parts()
        for (name, at), value in read.values.items():
            yield some[int(name[1:])], at, value


def _query(config: CloudWatchUsage, name: str, dimensions: Dimensions, period: int) -> dict[str, Any]:
    listed = [{"Name": key, "Value": value} for key, value in sorted(dimensions.items())]
    metric = {"Namespace": config.namespace, "MetricName": config.metric, "Dimensions": listed}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": config.statistic}}


@dataclass(slots=True)
class _Answered:
    """The points of one question over all its pages, and how each of its metrics ended."""

    cloudwatch: Service
    period: int
    days: tuple[date, date]
    status: dict[str, str]
    values: dict[tuple[str, datetime], float] = field(default_factory=dict)

    def take(self, answer: Mapping[str, Any]) -> None:
        if messages := answer.get("Messages"):
            raise self.cloudwatch.incomplete("; ".join(f"{one.get('Code')}: {one.get('Value')}" for one in messages))
        for result in answer.get("MetricDataResults", []):
            if result.get("Id") not in self.status:
                raise self.cloudwatch.incomplete(f"it names {result.get('Id')!r}, which was not asked")
            self.status[result["Id"]] = result.get("StatusCode", "")
            times, values = result.get("Timestamps", []), result.get("Values", [])
            if len(times) != len(values):
                raise self.cloudwatch.incomplete(f"{len(times)} times for {len(values)} values")
            for at, value in zip(times, values, strict=True):
                self._add(result["Id"], at.astimezone(UTC), value)

    def _add(self, name: str, at: datetime, value: float) -> None:
        begin, end = intervals.bounds(*self.days)
        if not begin <= at < end or (at - begin).total_seconds() % self.period:
            raise InputError(
                f"a value is of {at.isoformat()}",
                where=self.cloudwatch.where,
                expected=f"periods of {self.period} seconds from {begin.isoformat()} to {end.isoformat()}",
            )
        if (name, at) in self.values and self.values[name, at] != value:
            raise self.cloudwatch.incomplete(f"two values for {at.isoformat()}, {self.values[name, at]} and {value}")
        self.values[name, at] = value

    def refuse_parts(self) -> None:
        """Raises ``Unreachable`` unless the last word on every metric was that it is complete."""
        ends = sorted({status or "nothing" for status in self.status.values() if status != "Complete"})
        if ends:
            count = sum(status != "Complete" for status in self.status.values())
            raise self.cloudwatch.incomplete(f"{' and '.join(ends)} for {count} of {len(self.status)} metrics")
