"""Python's garbage collector, at rest where looking for garbage costs more than there is of it."""

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_rest() -> Iterator[None]:
    """No collection inside; afterwards as before."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def leave_at_exit() -> None:
    """At the end of the process, frees nothing one by one: the process gives everything back at once.

    The interpreter would go through all modules in search of garbage, a sixth of the time of a small check. Where
    DuckDB is loaded it does: its binding counts its objects at the end and complains of what is left.
    """
    atexit.register(_leave)


def _leave() -> None:
    if "duckdb" not in sys.modules:
        gc.freeze()
