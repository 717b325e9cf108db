"""How long work tells where it is. Steps take a ``Progress``; only the command line chooses which kind."""

import sys
from typing import Protocol, TextIO


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
