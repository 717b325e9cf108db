"""Engines that run the SQL bodies: DuckDB. One file per engine behind ``interface.py``."""

import os
from pathlib import Path

from agent.config.application import DuckdbEngine as DuckdbSettings
from agent.engine.interface import Engine

__all__ = ["Engine", "open_engine"]

ROWS_A_THREAD = 500_000
"""Below this many rows a thread, handing work over costs more time than it saves (measured at 200,000 rows)."""


def open_engine(settings: DuckdbSettings, *, rows: int, spill: Path | None = None) -> Engine:
    """The engine that the configuration names, with an empty workspace for about ``rows`` rows.

    Without ``threads`` in the configuration there are as many as the rows are worth, and at most one a core.
    """
    from agent.engine.duckdb import DuckdbEngine

    threads = settings.threads or min(os.cpu_count() or 1, 1 + rows // ROWS_A_THREAD)
    return DuckdbEngine(threads=threads, memory=settings.memory, spill=spill)
