"""What a command is: data the parser is built from, and a module that is imported only when the command runs."""

from argparse import Namespace
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from agent.commands.options import Declaration

if TYPE_CHECKING:
    from agent.progress import Progress


# NOTE: named tuples, because importing dataclasses takes as long as starting Python.
class Answer(NamedTuple):
    """What a command has to say: ``text`` for people, ``document`` for ``--format json``, and the exit code.

    ``document`` holds only what JSON holds; money in it is exact decimal text. The command line adds the version.
    ``rendered``: the command has brought the answer into the format asked for, safe to print as it is.
    """

    text: str
    document: Mapping[str, object] = MappingProxyType({})
    exit_code: int = 0
    rendered: bool = False


class Runner(Protocol):
    """The module of a command."""

    def run(self, arguments: Namespace, progress: "Progress") -> Answer:
        """Does the work and returns what to print; raises ``ApportionError`` or ``FaultsError``."""


class Command(NamedTuple):
    """One verb: ``about`` says what it does, ``example`` shows a call, ``codes`` are its exit codes in words.

    ``formats``: what ``--format`` may say, ``text`` first.
    """

    name: str
    help: str
    about: str
    example: str
    codes: str
    arguments: tuple[Declaration, ...] = ()
    formats: tuple[str, ...] = ("text", "json")

    def runner(self) -> Runner:
        """The module ``agent.commands.<name>``, imported now."""
        return cast("Runner", import_module(f"agent.commands.{self.name}"))

    @property
    def epilog(self) -> str:
        """What stands below the options in ``--help``."""
        codes = self.codes.replace("; ", "\n  ")
        return f"example:\n  {self.example}\n\nexit codes:\n  {codes}"
