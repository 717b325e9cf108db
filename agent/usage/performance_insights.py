"""Drivers from Performance Insights: database load by user, database, application or host, in active session seconds.

Load is the average of active sessions over an hour; times 3,600 it is the seconds that sessions were active. Each
database instance is a part, named by its resource id.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from agent.config.usage import PerformanceInsightsUsage
from agent.errors import InputError
from agent.usage import intervals
from agent.usage.aws import Service, service
from agent.usage.interface import Pulled
from agent.usage.quantities import UNKNOWN, Quantities, difference, number

_METRIC = "db.load.avg"
_LIMIT = 25
"""The most names that one answer tells apart."""
_SECONDS = Decimal(intervals.HOUR_SECONDS)
_NOISE = Decimal("1e-9")
"""Of the whole: a rest below it comes from the service's own adding of doubles."""
Hours = dict[datetime, Decimal]


def pull(config: PerformanceInsightsUsage, first: date, last: date) -> Pulled:
    """Every instance's load for the days, day by day. Raises ``InputError`` and ``Unreachable``."""
    quantities = Quantities(f"usage {config.name}")
    seen: set[tuple[date, tuple[str, int]]] = set()
    crowded = 0
    customer = _customer(config)
    resources = sorted(set(config.resources))
    with service(config, "pi", "Performance Insights") as insights:
        for resource in resources:
            for day in intervals.days(first, last):
                whole, names = _load(config, insights, resource, day)
                crowded += len(names) >= _LIMIT and any(_rests(whole, names).values())
                for name, hours in [*names.items(), (UNKNOWN, _rests(whole, names))]:
                    for at, sessions in hours.items():
                        moment = intervals.moment(at, config.interval)
                        who = customer(name) if name != UNKNOWN else UNKNOWN
                        quantities.add(moment, who, sessions * _SECONDS, resource)
                seen |= {(day, (resource, at.hour)) for at in whole}
    rows, notes = quantities.rows()
    if crowded:
        notes += (f"on {crowded} days of an instance more than {_LIMIT} names had load; the rest is {UNKNOWN}",)
    return Pulled(
        rows=rows,
        coverage=intervals.coverage(first, last, seen, 24 * len(resources)),
        method=f"{_METRIC} by {config.customer_from} and hour, times 3600: active session seconds; what no name had is "
        f"{UNKNOWN}; doubles by their shortest decimals",
        notes=notes,
    )


def _customer(config: PerformanceInsightsUsage) -> Callable[[str], str]:
    """Whose a name is: itself, or what the pattern takes of it; no name of a database begins as ours do."""
    pattern = None if config.pattern is None else re.compile(config.pattern)

    def customer(name: str) -> str:
        if pattern is not None:
            found = pattern.search(name)
            group = "customer" if "customer" in pattern.groupindex else min(pattern.groups, 1)
            name = "" if found is None else found[group] or ""
        return UNKNOWN if name.startswith("@") else name

    return customer


def _rests(whole: Hours, names: Mapping[str, Hours]) -> Hours:
    """What of each hour's load none of the names had, where there is more of it than noise."""
    rests: Hours = {}
    for at, sessions in whole.items():
        rest = sessions
        for hours in names.values():
            rest = difference(rest, hours.get(at, Decimal(0)))
        if rest > sessions * _NOISE:
            rests[at] = rest
    return rests


def _load(
    config: PerformanceInsightsUsage, insights: Service, resource: str, day: date
) -> tuple[Hours, dict[str, Hours]]:
    """The load of a day's hours: all of it, and by name."""
    begin, end = intervals.bounds(day, day)
    group = config.customer_from
    dimension = group if group == "db.name" else f"{group}.name"
    question = {
        "ServiceType": "RDS",
        "Identifier": resource,
        "MetricQueries": [
            {
                "Metric": _METRIC,
                "GroupBy": {"Group": group.removesuffix(".name"), "Dimensions": [dimension], "Limit": _LIMIT},
            }
        ],
        "StartTime": begin,
        "EndTime": end,
        "PeriodInSeconds": intervals.HOUR_SECONDS,
        "PeriodAlignment": "START_TIME",
    }
    whole: Hours = {}
    names: dict[str, Hours] = {}
    told = False
    for answer in insights.pages("get_resource_metrics", question):
        for metric in answer.get("MetricList", []):
            found = (metric.get("Key") or {}).get("Dimensions")
            told = told or not found
            hours = names.setdefault(_name(found, dimension, insights), {}) if found else whole
            _add(hours, metric, insights, resource, begin)
    if names and not told:
        raise insights.incomplete(f"the whole load of {resource} on {day} is missing")
    return whole, names


def _name(dimensions: Mapping[str, str], dimension: str, insights: Service) -> str:
    name = dimensions.get(dimension)
    if name is None:
        raise InputError(
            f"load is told by {', '.join(sorted(dimensions))}",
            where=insights.where,
            expected=f"by {dimension}, as it was asked",
        )
    return name


def _add(hours: Hours, metric: Mapping[str, Any], insights: Service, resource: str, begin: datetime) -> None:
    where = f"{insights.where}, {resource}"
    for at, sessions in _points(metric, where):
        if not begin <= at < begin + timedelta(days=1) or at.minute or at.second or at.microsecond:
            raise InputError(
                f"a value is of {at.isoformat()}", where=where, expected=f"whole hours of {begin.date()} in UTC"
            )
        if sessions < 0:
            raise InputError(f"the load at {at.isoformat()} is {sessions}", where=where, expected="no negative load")
        if hours.setdefault(at, sessions) != sessions:
            raise insights.incomplete(f"two values for {at.isoformat()}, {hours[at]} and {sessions}")


def _points(metric: Mapping[str, Any], where: str) -> Iterator[tuple[datetime, Decimal]]:
    """An hour without samples has no value."""
    for point in metric.get("DataPoints", []):
        at = point["Timestamp"].astimezone(UTC)
        if (value := point.get("Value")) is not None:
            yield at, number(repr(value), f"{where} at {at.isoformat()}")
