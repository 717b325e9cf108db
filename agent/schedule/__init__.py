"""``apportion serve``: the jobs at their times, each fire once, whatever restarts or dies."""

from agent.schedule.fire import Fires
from agent.schedule.job import DAILY_GRACE, MONTHLY_GRACE, Job, daily, monthly
from agent.schedule.loglines import log_to
from agent.schedule.service import serve

__all__ = ["DAILY_GRACE", "MONTHLY_GRACE", "Fires", "Job", "daily", "log_to", "monthly", "serve"]
