"""``apportion infer``: whose the untagged resources probably are."""

from argparse import Namespace
from pathlib import Path

from agent.commands.interface import Answer
from agent.commands.project import month, opened
from agent.errors import UsageError
from agent.inference import infer
from agent.inference.telling import document, proposals_csv, told
from agent.progress import Progress
from agent.store import write_text


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The proposals; nothing but the file asked for is written."""
    settings = opened(arguments)
    output = Path(arguments.output) if arguments.output else None
    if output is not None and not output.parent.is_dir():
        raise UsageError(
            f"there is no folder {str(output.parent)!r}", where="--output", mend="make the folder, or name another file"
        )
    inferred = infer(settings, month(settings, arguments), progress)
    text = told(inferred, arguments.top)
    if output is not None:
        write_text(output, proposals_csv(inferred))
        text += f"\n{output}: {len(inferred.proposals):,} proposals; write yes in the column accept of those that hold"
    return Answer(text, document(inferred))
