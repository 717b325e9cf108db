"""Drivers: who used how much of what, read as exact decimals from what the configuration names."""

from collections.abc import Sequence

from agent.config.usage import CsvUsage, FileUsage, OpencostUsage, OpenTelemetryUsage, ParquetUsage, UsageConfig
from agent.errors import ConfigError
from agent.usage import csv, opencost, opentelemetry, parquet
from agent.usage.csv import read_driver
from agent.usage.interface import ROWS, Driver, NamedContent, Pulled
from policies.faults import Fault

__all__ = ["ROWS", "SUFFIXES", "Driver", "NamedContent", "Pulled", "not_read_yet", "read_driver", "read_files"]

SUFFIXES = {
    "csv": (".csv",),
    "parquet": (".parquet",),
    "opencost": (".csv", ".json"),
    "opentelemetry": (".json", ".jsonl"),
}
"""Which files of a folder a kind of driver reads."""


def read_files(config: FileUsage, files: Sequence[NamedContent]) -> Driver:
    """The driver that several files, as (name, content), make together. Raises ``InputError``."""
    match config:
        case CsvUsage():
            return csv.read_files(config, files)
        case ParquetUsage():
            return parquet.read_files(config, files)
        case OpencostUsage():
            return opencost.read_files(config, files)
        case OpenTelemetryUsage():
            return opentelemetry.read_files(config, files)


def not_read_yet(config: UsageConfig) -> ConfigError:
    """The refusal of a kind that the configuration knows and no code reads."""
    return ConfigError([Fault("apportion.yaml", 0, f"usage {config.name!r}: kind {config.kind} is not read yet")])
