"""The agent's memory between runs: which fires were claimed, which messages were posted, what was published."""

from agent.state.database import State, open_state
from agent.state.outbox import Entry, Outbox
from agent.state.periods import Periods, Published
from agent.state.runs import LEASE, MAX_ATTEMPTS, Run, Runs

__all__ = ["LEASE", "MAX_ATTEMPTS", "Entry", "Outbox", "Periods", "Published", "Run", "Runs", "State", "open_state"]
