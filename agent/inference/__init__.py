"""Customers proposed for what has no tag: evidence from the bill, and a confidence measured on what has one."""

from agent.inference.accepting import Written, accept
from agent.inference.proposing import infer
from agent.inference.reading import read_month
from agent.inference.records import Inferred, Month

__all__ = ["Inferred", "Month", "Written", "accept", "infer", "read_month"]
