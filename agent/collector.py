"""Python's garbage collector, at rest where looking for garbage costs more than there is of it."""

import atexit
import gc
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


# At the end the interpreter would go through all modules once more in search of garbage, to free it just before the
# process gives everything back at once: a sixth of the time of a small check.
atexit.register(gc.freeze)
