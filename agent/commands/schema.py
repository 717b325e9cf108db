"""``apportion schema [NAME]``: JSON Schemas for editors and tests."""

from argparse import Namespace

from agent import terminal
from agent.commands.interface import Answer
from agent.config.schemas import DIALECT, schemas
from agent.errors import UsageError
from agent.explain.document import schema as explanation_schema
from agent.progress import Progress

_EXPLANATION = "explanation.json"
"""What ``explain --format json`` prints."""


def run(arguments: Namespace, progress: Progress) -> Answer:  # noqa: ARG001  # every command has this signature
    """One schema as it is, so that it can be saved to a file; without a name all of them, by name."""
    known = schemas() | {_EXPLANATION: {"$schema": DIALECT, **explanation_schema(), "title": _EXPLANATION}}
    if arguments.name is None:
        return Answer(terminal.document(known), {"schemas": known})
    if arguments.name not in known:
        raise UsageError(f"no schema {arguments.name!r}", expected=f"one of {', '.join(sorted(known))}")
    schema = known[arguments.name]
    return Answer(terminal.document(schema), {"schemas": {arguments.name: schema}})
