"""How long work tells where it is. Steps take a ``Progress``; only the command line chooses which kind."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class Progress(Protocol):
    """``step`` names what begins; ``advance`` says how far the current step is (``total`` None: unknown)."""

    def step(self, text: str) -> None:
        """A new step begins."""

    def advance(self, done: int, total: int | None, text: str) -> None:
        """``done`` of ``total`` in the current step, with a word on what."""


class Quiet:
    """Says nothing: tests, and ``--quiet``."""

    def step(self, text: str) -> None:
        """Nothing."""

    def advance(self, done: int, total: int | None, text: str) -> None:
        """Nothing."""


class Lines:
    """Plain log lines, one a step: a pipe, a container, CI."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr

    def step(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def advance(self, done: int, total: int | None, text: str) -> None:
        """Nothing: log lines are for steps."""


class Logged:
    """Log lines with their time, for the agent in service."""

    def __init__(self) -> None:
        import logging

        self._log = logging.getLogger("agent.progress")

    def step(self, text: str) -> None:
        self._log.info("%s", text)

    def advance(self, done: int, total: int | None, text: str) -> None:
        """Nothing: the log is for steps."""


class Terminal:
    """A line a step with its time, the current one moving."""

    def __init__(self, bars: "Bars") -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def step(self, text: str) -> None:
        self.finish()
        self._task = self._bars.add_task(text, total=None, detail="")

    def advance(self, done: int, total: int | None, text: str) -> None:
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=total, detail=text)

    def finish(self) -> None:
        """The current step is done."""
        if self._task is not None:
            self._bars.update(self._task, completed=1, total=1, detail="")
            self._bars.stop_task(self._task)


@contextmanager
def showing(*, quiet: bool, out: TextIO | None = None) -> Iterator[Progress]:
    """The progress that fits ``out`` (default: standard error): moving on a terminal, lines elsewhere, or none."""
    stream = out or sys.stderr
    if quiet:
        yield Quiet()
    elif not (stream.isatty() and find_spec("rich")):
        yield Lines(stream)
    else:
        with _bars(stream) as bars:
            terminal = Terminal(bars)
            yield terminal
            terminal.finish()


def _bars(stream: TextIO) -> "Bars":
    # NOTE: rich takes 50 ms to import; only a terminal pays for it
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    return Bars(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        console=Console(file=stream),
    )
