"""Every error apportion raises on purpose, and the exit code it ends in.

    ApportionError                  4  our own failure
    ├── UsageError                  2  the command line asks for something that does not exist
    ├── ConfigError                 2  apportion.yaml, policy.yaml, allocation.yaml or customers.csv is wrong
    ├── SourceError                 2  a billing export cannot be read exactly
    │   └── Unreachable             4  where it lies cannot be reached or may not be read: the network, a right
    │       └── NoSuchPlace         2  there is no such folder, bucket or table: the configuration is wrong
    ├── InputError                  2  a usage or revenue file cannot be read exactly
    ├── ClosedError                 2  a month cannot be closed, or is closed and would change
    ├── MissingExtra                2  a part of apportion that was not installed
    ├── NothingToDo                 3  no data for the period, nothing to scan
    ├── ProofError                  1  the sums do not tie
    ├── PartialRun                  4  some of the work was done; what is missing is named
    └── EngineError                 4  a statement failed inside the engine

Only ``agent.cli`` prints these and exits. A message says what was found and where; ``expected`` and
``mend`` say what would have been right and what to do next.
"""

from collections.abc import Sequence

from policies.faults import Fault


class ApportionError(Exception):
    """Root of the tree: ``message`` is one sentence a user can act on."""

    exit_code = 4

    def __init__(self, message: str, *, where: str = "", expected: str = "", mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.expected = expected
        self.mend = mend

    def lines(self) -> list[str]:
        """The message as it is printed, one item a line: what, where, expected, how to mend."""
        parts = [self.message]
        parts += [f"  where:    {self.where}"] if self.where else []
        parts += [f"  expected: {self.expected}"] if self.expected else []
        parts += [f"  mend:     {self.mend}"] if self.mend else []
        return parts


class UsageError(ApportionError):
    """The command line names a file, command or option value that does not exist."""

    exit_code = 2


class ConfigError(ApportionError):
    """The configuration is wrong. Carries every fault found, each with its file and line."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        count = len(faults)
        super().__init__(f"{count} mistake{'s' if count != 1 else ''} in the configuration")
        self.faults = tuple(faults)

    def lines(self) -> list[str]:
        return [f"{self.message}:", *(f"  {fault}" for fault in self.faults)]


class SourceError(ApportionError):
    """A billing export is incomplete, damaged or ambiguous; nothing of it was taken in."""

    exit_code = 2


class Unreachable(SourceError):
    """The place of an export does not answer or may not be read; nothing is known of the export."""

    exit_code = 4


class NoSuchPlace(Unreachable):
    """The place that is configured does not exist; nothing is known of the export, and trying again does not help."""

    exit_code = 2


class InputError(ApportionError):
    """A usage, revenue or registry file is damaged or ambiguous; nothing of it was taken in."""

    exit_code = 2

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> "InputError":
        """The first of a file's faults, with the number of the others (at least one is given)."""
        first, more = faults[0], len(faults) - 1
        message = f"{first.message} (and {more} more in this file)" if more else first.message
        return cls(message, where=f"{first.file}:{first.line}" if first.line else first.file)


class ClosedError(ApportionError):
    """A month cannot be closed yet, or it is closed and what was asked would change it. Lists everything in the way."""

    exit_code = 2

    def __init__(self, message: str, obstacles: Sequence[str] = (), *, where: str = "", mend: str = "") -> None:
        super().__init__(message, where=where, mend=mend)
        self.obstacles = tuple(obstacles)

    def lines(self) -> list[str]:
        first, *rest = super().lines()
        return [first, *(f"  - {obstacle}" for obstacle in self.obstacles), *rest]


class MissingExtra(ApportionError):
    """A dependency of the part being used is not installed."""

    exit_code = 2

    def __init__(self, extra: str, module: str) -> None:
        super().__init__(
            f"this command needs {module}, which is not installed",
            mend=f"pip install 'apportion[{extra}]'",
        )


class NothingToDo(ApportionError):
    """There is no data for what was asked. Never a success."""

    exit_code = 3


class ProofError(ApportionError):
    """A sum that must tie does not. ``where`` names the first cell that differs."""

    exit_code = 1


class PartialRun(ApportionError):
    """Part of the work was done. The message names what is missing."""


class EngineError(ApportionError):
    """The engine refused a statement; ``where`` is the statement's name."""
