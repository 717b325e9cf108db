"""Drivers that are asked of a server at every ingest; each kind's client is imported where it is used."""

from collections.abc import Callable
from datetime import date
from importlib import import_module

from agent.config.usage import LiveUsage
from agent.usage import not_read_yet
from agent.usage.interface import Pulled

_PULLS: dict[str, str] = {
    "prometheus": "agent.usage.prometheus",
    "cloudwatch": "agent.usage.cloudwatch",
    "datadog": "agent.usage.datadog",
    "performance-insights": "agent.usage.performance_insights",
    "sql": "agent.usage.sql",
}
"""Kind -> the module whose ``pull(config, first, last)`` asks it, such as ``agent.usage.prometheus``."""


def pull(config: LiveUsage, first: date, last: date) -> Pulled:
    """What the server says of the days from ``first`` to ``last``, ends included.

    Raises ``InputError`` for an answer that cannot be used, ``Unreachable`` where there is none or only a part.
    """
    if config.kind not in _PULLS:
        raise not_read_yet(config)
    ask: Callable[[LiveUsage, date, date], Pulled] = import_module(_PULLS[config.kind]).pull
    return ask(config, first, last)
