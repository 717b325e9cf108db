"""Ledger and usage to allocation: SQL bodies, the passes in order, the proof as the last pass."""

from agent.allocation.allocating import allocate
from agent.allocation.asof import default_period
from agent.allocation.beside import Beside
from agent.allocation.proof import Proof

__all__ = ["Beside", "Proof", "allocate", "default_period"]
