"""``apportion init [DIR]``: a starter project that every other command accepts."""

from argparse import Namespace
from pathlib import Path

from agent.commands.interface import Answer
from agent.errors import UsageError
from agent.progress import Progress
from agent.starter import write_starter

_NEXT = """
next:
  1. {enter}apportion run
  2. remove {data}, and put your own FOCUS export in place of {exports}/example-focus.csv
  3. list your customers in {customers}, and run again"""


def run(arguments: Namespace, progress: Progress) -> Answer:  # noqa: ARG001  # every command has this signature
    """Writes all files or none."""
    folder = Path(arguments.folder)
    if folder.is_file():
        raise UsageError(f"{folder} is a file", expected="a folder, existing or new")
    written = [str(path) for path in write_starter(folder)]
    enter = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    steps = _NEXT.format(
        enter=enter, data=folder / "data", exports=folder / "exports", customers=folder / "customers.csv"
    )
    return Answer("\n".join([*(f"wrote {path}" for path in written), steps]), {"written": written})
