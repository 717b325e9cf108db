"""One task a process, so that its CPU time and memory are its own: ``python -m benchmarks.tasks TASK CONFIG``."""

import shutil
import sys
from pathlib import Path

import duckdb

from benchmarks.shapes import SHAPES, Shape


def ingest(config: Path) -> None:
    """Export to ledger, from nothing."""
    from agent import ingestion
    from agent.config.loading import load_application
    from agent.progress import Quiet

    shutil.rmtree(config.parent / "data", ignore_errors=True)
    ingestion.ingest(load_application(config), None, Quiet())


def allocate(config: Path) -> None:
    """Ledger to published, proven results."""
    from agent import pipeline
    from agent.config.loading import load_application
    from agent.period import Period
    from agent.progress import Quiet
    from benchmarks.bills import PERIOD

    pipeline.allocate(load_application(config), Period.parse(PERIOD), Quiet())


def read(config: Path) -> None:
    """The yardstick of ingest: ``max()`` of every text the ledger keeps and ``sum()`` of its costs, same files.

    CSV is read as all-VARCHAR, and costs as text.
    """
    shape = next(shape for shape in SHAPES if config.parent.name.startswith(f"{shape.name}-") and _is(config, shape))
    asked = [f"max({text})" for text in (*shape.texts, *shape.nested)] + [f"sum({cost})" for cost in shape.sums]
    _query(f"select {', '.join(asked)} from {_files(config, shape.suffix)}")


def group_by_tag(config: Path) -> None:
    """The bare question: cost by tenant tag, over the raw files, in doubles."""
    tenant = "resource_tags['user_tenant']"
    _query(f"select {tenant}, sum(line_item_unblended_cost) from {_files(config, 'parquet')} group by 1")


def _is(config: Path, shape: Shape) -> bool:
    return config.parent.name.removeprefix(f"{shape.name}-").isdecimal()


def _files(config: Path, suffix: str) -> str:
    names = ", ".join(f"'{path}'" for path in sorted((config.parent / "exports").rglob(f"*.{suffix}")))
    if suffix == "parquet":
        return f"read_parquet([{names}])"
    return f"read_csv([{names}], all_varchar = true, header = true, delim = ',', quote = '\"')"


def _query(text: str) -> None:
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    connection.execute(text).fetchall()


TASKS = {task.__name__: task for task in (ingest, allocate, read, group_by_tag)}

if __name__ == "__main__":
    TASKS[sys.argv[1]](Path(sys.argv[2]))
