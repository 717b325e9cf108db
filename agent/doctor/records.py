"""What the doctor found: one sentence a part, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``missing``: something configured does not work. ``warn``: it works, with a limit worth knowing."""

    part: str
    state: State
    text: str
    mend: str = ""


def ok(part: str, text: str) -> Finding:
    """It works."""
    return Finding(part, "ok", text)


def warn(part: str, text: str, mend: str = "") -> Finding:
    """It works, but."""
    return Finding(part, "warn", text, mend)


def missing(part: str, text: str, mend: str = "") -> Finding:
    """It is configured and does not work."""
    return Finding(part, "missing", text, mend)


def told(part: str, error: Exception) -> Finding:
    """An error of ours as a finding: its message and place, and its own advice."""
    where = getattr(error, "where", "")
    text = f"{error} ({where})" if where else str(error)
    return missing(part, text, getattr(error, "mend", ""))
