"""The clock: what day it is, for everything that asks."""

import os
from datetime import UTC, datetime


def now() -> datetime:
    """The time in UTC, or SOURCE_DATE_EPOCH (seconds) where a build or a test sets it."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(given), UTC) if given.isdecimal() else datetime.now(UTC)
