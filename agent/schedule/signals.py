"""SIGTERM and SIGINT: the first asks the agent to stop, the second ends it at once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType

STOPPING = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Whether someone asked to stop."""

    def __init__(self) -> None:
        # NOTE: SimpleQueue.put may be called in a signal handler; Event.set may deadlock there.
        self._asked: SimpleQueue[int] = SimpleQueue()
        self._count = 0

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        self._count += 1
        if self._count > 1:
            os._exit(128 + number)
        self._asked.put(number)

    def within(self, seconds: float) -> str | None:
        """Waits; the signal's name as soon as it comes, None when it did not."""
        try:
            return signal.Signals(self._asked.get(timeout=seconds)).name
        except Empty:
            return None


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """Listens while the block runs; main thread only."""
    stop = Stop()
    before = {number: signal.signal(number, stop.handle) for number in STOPPING}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
