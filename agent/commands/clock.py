"""The clock of the commands."""

from agent.clock import now

__all__ = ["now"]
