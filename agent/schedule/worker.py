"""One thread that does the work, so that the main thread is free for signals and for keeping the claim alive."""

import contextlib
import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

log = logging.getLogger(__name__)


class Worker:
    """Runs tasks one after another: the ledger has one writer anyway.

    NOTE: the thread is a daemon, because a job that does not end in time must not hold up the process's exit.
    """

    def __init__(self) -> None:
        self._tasks: SimpleQueue[tuple[str, Callable[[], object]] | None] = SimpleQueue()
        self._waiting: set[str] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="apportion-jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, name: str, task: Callable[[], object]) -> None:
        """Queues a task, unless one of that name is waiting or running."""
        with self._lock:
            if name in self._waiting:
                return
            self._waiting.add(name)
        self._tasks.put((name, task))

    def stop(self, within: float) -> bool:
        """Drops what is waiting, and gives the running task ``within`` seconds; True when it ended."""
        with contextlib.suppress(Empty):
            while True:
                self._tasks.get_nowait()
        self._tasks.put(None)
        self._thread.join(within)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (queued := self._tasks.get()) is not None:
            name, task = queued
            try:
                task()
            except Exception:  # the thread must outlive its tasks
                log.exception("task=%s broke", name)
            finally:
                with self._lock:
                    self._waiting.discard(name)
