"""The doctor: what is configured, reachable, permitted and fresh, each as one finding. Reads only."""

from collections.abc import Iterator
from datetime import date

from agent.config.loading import Settings
from agent.doctor.books import books
from agent.doctor.deliveries import sources
from agent.doctor.drivers import registry, usage
from agent.doctor.income import revenue
from agent.doctor.networks import networks
from agent.doctor.records import Finding, State, missing, ok
from agent.doctor.rights import least, least_to_ask
from agent.doctor.rules import rules, versions
from agent.doctor.service import alerts, extras, slack, state

__all__ = ["Finding", "State", "examine", "least", "least_to_ask"]


def examine(settings: Settings, today: date) -> Iterator[Finding]:
    """Every check, in the order the money flows. ``today`` is the day that freshness is measured against."""
    yield ok("configuration", ", ".join(settings.file_names))
    yield from versions(settings)
    yield from sources(settings, today)
    if settings.app.customers is None:
        yield missing("customers", "no registry is configured", "set customers: customers.csv in apportion.yaml")
    else:
        known = settings.registry()
        yield from registry(known, today)
        yield from rules(settings, known)
    yield from usage(settings, today)
    yield from networks(settings, today)
    yield from revenue(settings)
    yield from books(settings)
    yield from alerts(settings)
    yield from slack(settings)
    yield from state(settings)
    yield from extras()
