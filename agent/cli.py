"""The command line: parses, runs one command, prints its answer or its error, and gives the exit code.

NOTE: nothing heavy is imported here or while the parser is built, not even pydantic: ``apportion --help`` must
start at once. A command's module is imported when it runs. This is the only place that prints errors.
"""

import errno
import os
import sys
from argparse import Action, ArgumentError, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NoReturn

from agent import collector, installed, terminal
from agent.commands.catalogue import COMMANDS
from agent.commands.interface import Answer, Command
from agent.commands.options import general

_ABOUT = "Every dollar of the cloud bill ends at a customer, a named reason, or a person who must fix a tag."
_CODES = """exit codes:
  0  fine
  1  findings at block level, or a proof that does not hold
  2  wrong usage, bad configuration or bad input
  3  nothing to do: no data for the month
  4  our own failure, or a run of which a named part is missing

start with: apportion demo      help on one command: apportion COMMAND --help"""
_DEFAULTS = {"config": "apportion.yaml", "format": "text", "quiet": False, "debug": False}
_OWN_FAILURE = 4
_FULL = ("the disk is full", "make room and run again; what was published before still stands")
_DENIED = ("the disk refuses this", "give the user that runs apportion the right to read and write here")
_NO_FOLDER = ("a file stands in place of a folder", "move the file, or correct the path in apportion.yaml")
_DISK = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: _DENIED,
    errno.EEXIST: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
}
_INTERRUPTED = 130


class _Parser(ArgumentParser):
    """Tells a mistake in one line with a way out."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"apportion: {terminal.clean(message)}\n  mend:     {self.prog} --help\n")

    def _check_value(self, action: Action, value: object) -> None:
        # NOTE: argparse has no public hook before 3.14 to suggest the nearest choice
        if action.choices is None or value in action.choices:
            return
        from difflib import get_close_matches

        choices = [str(choice) for choice in action.choices]
        near = get_close_matches(str(value), choices, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(choices)}"
        name = "command" if action.dest == "command" else "/".join(action.option_strings)
        raise ArgumentError(None, f"no {name} {value!r}; {hint}")


class _Version(Action):
    """``--version``: the distribution's metadata is read only when asked for."""

    def __call__(self, parser: ArgumentParser, *_: object) -> NoReturn:
        print(f"apportion {installed.version()}")
        parser.exit()


def parser() -> ArgumentParser:
    """The whole command line. Building it imports no command's work."""
    root = _Parser(
        prog="apportion",
        description=_ABOUT,
        epilog=_CODES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    root.set_defaults(**_DEFAULTS)
    root.add_argument("--version", action=_Version, nargs=0, help="print the version")
    general(root)
    verbs = root.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    for command in COMMANDS:
        verb = verbs.add_parser(
            command.name,
            help=command.help,
            description=terminal.folded(command.about),
            epilog=command.epilog,
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        general(verb, command.formats)
        for declare in command.arguments:
            declare(verb)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; every error ends here as one message."""
    if hidden := installed.foreign():
        return _fail([hidden, "  mend:     install apportion by itself: pipx install apportion"], _OWN_FAILURE)
    try:
        arguments = parser().parse_args(argv)
    except SystemExit as stop:  # argparse has printed help, the version or its one line
        return stop.code if isinstance(stop.code, int) else 0
    return _guarded(arguments)


def _guarded(arguments: Namespace) -> int:
    try:
        return _answer(_find(arguments.command), arguments)
    except KeyboardInterrupt:
        return _fail(["interrupted; nothing half-written was left behind"], _INTERRUPTED)
    except Exception as error:  # noqa: BLE001  # whatever it is, a user gets a sentence and not a traceback
        lines, code = _told(error)
        return _fail(lines, code, debug=arguments.debug)


def _told(error: Exception) -> tuple[list[str], int]:
    """The lines to print for an error, and the exit code."""
    from agent.errors import ApportionError, ConfigError, MissingExtra
    from policies.faults import FaultsError

    known: ApportionError | None = error if isinstance(error, ApportionError) else None
    if isinstance(error, FaultsError):
        known = ConfigError(error.faults)
    if isinstance(error, ModuleNotFoundError) and (extra := installed.extra_of(error.name or "")):
        known = MissingExtra(extra, error.name or "")
    if isinstance(error, OSError) and error.errno in _DISK:
        found, mend = _DISK[error.errno]
        known = ApportionError(f"{found}: {os.strerror(error.errno)}", where=str(error.filename or ""), mend=mend)
    if known is not None:
        return known.lines(), known.exit_code
    told = (str(error).splitlines() or [""])[0]
    hint = "  mend:     run again with --debug for the traceback, and report it"
    return [f"apportion failed: {type(error).__name__}: {told}", hint], _OWN_FAILURE


def _find(name: str) -> Command:
    return next(command for command in COMMANDS if command.name == name)


def _answer(command: Command, arguments: Namespace) -> int:
    from agent.progress import showing

    # NOTE: pydantic would read the metadata of every installed package in search of plugins
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with collector.at_rest():  # modules stay
        runner = command.runner()
    with showing(quiet=arguments.quiet) as progress:
        answer = runner.run(arguments, progress)
    _print(answer, arguments.format)
    return answer.exit_code


def _print(answer: Answer, form: str) -> None:
    text = answer.text if answer.rendered else _formatted(answer, form)
    if isinstance(sys.stdout, TextIOWrapper):
        # NOTE: a file name may hold bytes that are no text, and a terminal may know ASCII only
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # NOTE: the reader (head, less) has left; Python would complain once more when it flushes stdout at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _formatted(answer: Answer, form: str) -> str:
    return terminal.document({"version": 1, **answer.document}) if form == "json" else terminal.clean(answer.text)


def _fail(lines: Sequence[str], code: int, *, debug: bool = False) -> int:
    if debug:
        import traceback

        traceback.print_exc()
    first, *rest = lines
    shown = first if first.startswith("apportion") else f"apportion: {first}"
    print(terminal.clean("\n".join([shown, *rest])), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
