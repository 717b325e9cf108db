"""Engines that run the SQL bodies: DuckDB. One file per engine behind ``interface.py``."""

from pathlib import Path

from agent.config.application import DuckdbEngine as DuckdbSettings
from agent.engine.interface import Engine

__all__ = ["Engine", "open_engine"]


def open_engine(settings: DuckdbSettings, spill: Path | None = None) -> Engine:
    """The engine that the configuration names, with an empty workspace."""
    from agent.engine.duckdb import DuckdbEngine

    return DuckdbEngine(threads=settings.threads, memory=settings.memory, spill=spill)
