"""Drivers: who used how much of what. One file per kind of source, behind one record."""

from agent.usage.csv import read_driver
from agent.usage.interface import ROWS, Driver

__all__ = ["ROWS", "Driver", "read_driver"]
