"""The configured bounds on untagged spend, and which of them a month has passed."""

from agent.config.loading import Settings
from agent.margins.records import PeriodReport
from reports.alert import Crossing, crossings


def crossed(settings: Settings, figures: PeriodReport) -> tuple[Crossing, ...]:
    """The bounds that the untagged spend has passed."""
    bounds = settings.app.alerts
    return crossings(figures, amount=bounds.untagged_amount, share_pct=bounds.untagged_share_pct)
