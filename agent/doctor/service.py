"""Slack, the state database, and the parts that are installed."""

import os
from collections.abc import Iterator

from agent import installed
from agent.config.loading import Settings
from agent.doctor.records import Finding, missing, ok, told, warn
from agent.errors import ApportionError
from agent.slack import read_token
from agent.state import open_state

NEEDED = ("engine", "reports")
"""Extras without which a run fails; the others are needed by a part that may be off."""


def slack(settings: Settings) -> Iterator[Finding]:
    """Whether a digest could be posted. The token is looked for and never shown."""
    configured = settings.app.slack
    if configured is None:
        yield ok("slack", "not configured: digest and alerts are printed only")
        return
    try:
        read_token(os.environ)
    except ApportionError as error:
        yield told("slack", error)
        return
    alerts = configured.alerts or configured.channel
    yield ok("slack", f"token present; digest to {configured.channel}, alerts to {alerts}")


def alerts(settings: Settings) -> Iterator[Finding]:
    """Whether anything would ever raise an alert."""
    bounds = settings.app.alerts
    if bounds.untagged_amount is None and bounds.untagged_share_pct is None:
        yield warn("alerts", "no bound is set: untagged spend never raises an alert", "set alerts.untagged_share_pct")


def state(settings: Settings) -> Iterator[Finding]:
    """Whether the state database answers."""
    try:
        open_state(settings.app.state, settings.root).close()
        yield ok("state", "the database answers")
    except ApportionError as error:
        yield told("state", error)


def extras() -> Iterator[Finding]:
    """Optional parts that are not installed."""
    absent = installed.absent()
    for extra, modules in absent.items():
        found = missing if extra in NEEDED else warn
        yield found("extras", f"{', '.join(modules)} not installed", f"pip install 'apportion[{extra}]'")
    if not absent:
        yield ok("extras", f"installed: {', '.join(installed.EXTRAS)}")
