"""Drivers: who used how much of what, read as exact decimals from what the configuration names."""

from collections.abc import Sequence

from agent.config.application import UsageConfig
from agent.usage import csv, opencost
from agent.usage.csv import read_driver
from agent.usage.interface import ROWS, Driver, NamedContent

__all__ = ["ROWS", "SUFFIXES", "Driver", "NamedContent", "read_driver", "read_files"]

SUFFIXES = {"csv": (".csv",), "opencost": (".csv", ".json")}
"""Which files of a folder a kind of driver reads."""


def read_files(config: UsageConfig, files: Sequence[NamedContent]) -> Driver:
    """The driver that several files, as (name, content), make together. Raises ``InputError``."""
    if config.kind == "opencost":
        return opencost.read_files(config, files)
    return csv.read_files(config, files)
