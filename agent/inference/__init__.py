"""Customers proposed for what has no tag: evidence from the bill, and a confidence measured on what has one."""

from agent.inference.proposing import infer
from agent.inference.records import Inferred

__all__ = ["Inferred", "infer"]
