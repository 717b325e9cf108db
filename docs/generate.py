"""Writes the parts of the docs that repeat the code: options of the commands, keys of the configuration.

``python docs/generate.py`` rewrites what stands between the markers; ``--check`` says which page is out of date and
ends with 1. Options come from the parser, keys from the pydantic models, their meaning from ``docs/settings.yaml``.
"""

import re
import sys
import types
from argparse import Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from agent import cli
from agent.commands.catalogue import COMMANDS
from agent.commands.interface import Command
from agent.config.allocation import AllocationFile
from agent.config.application import ApplicationFile
from agent.config.columns import ColumnsFile
from policies.policy import PolicyFile

DOCS = Path(__file__).parent
FILES: dict[str, type[BaseModel]] = {
    "apportion.yaml": ApplicationFile,
    "policy.yaml": PolicyFile,
    "allocation.yaml": AllocationFile,
    "columns.yaml": ColumnsFile,
}
START, END = "<!-- generated: {name} -->", "<!-- end -->"
_TYPES = (type, types.GenericAlias, types.UnionType, type(Annotated[int, 0]), type(Literal[0]), type(int | str))
_WORDS = {str: "text", int: "whole number", Decimal: "decimal", bool: "true or false", date: "date"}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def verbs() -> dict[str, ArgumentParser]:
    """The parser of each command, by name."""
    # NOTE: argparse has no public way to its commands and options
    found = [action for action in cli.parser()._actions if isinstance(action, _SubParsersAction)]  # noqa: SLF001
    return dict(found[0].choices)


def option_row(action: Action) -> list[str]:
    """How an argument is written, and what it does."""
    shown = action.metavar if isinstance(action.metavar, str) else None
    if action.choices:
        shown = "|".join(map(str, action.choices))
    if not action.option_strings:
        return [f"`{shown or action.dest}`", action.help or ""]
    value = "" if action.nargs == 0 else f" {shown or action.dest.upper()}"
    return [f"`{', '.join(action.option_strings)}{value}`", action.help or ""]


def command_block(command: Command, parser: ArgumentParser) -> str:
    """What a command does, an example, its arguments and its exit codes."""
    # NOTE: argparse has no public way to its commands and options
    rows = [option_row(action) for action in parser._actions if "--help" not in action.option_strings]  # noqa: SLF001
    codes = [[f"`{code}`", meaning] for code, meaning in exit_codes(parser)]
    parts = [command.about, f"```console\n{command.example}\n```", table(["argument", "meaning"], rows)]
    return "\n\n".join([*parts, table(["exit code", "meaning"], codes)])


def exit_codes(parser: ArgumentParser) -> list[tuple[str, str]]:
    """The lines below ``exit codes:`` in a help text."""
    _, _, tail = (parser.epilog or "").partition("exit codes:\n")
    return re.findall(r"^ +(\d) +(.+)$", tail, re.MULTILINE)


def commands_block() -> str:
    """All commands with a link to their pages."""
    rows = [[f"[`{command.name}`](commands/{command.name}.md)", command.help] for command in COMMANDS]
    return table(["command", "does"], rows)


def codes_block() -> str:
    """The exit codes that hold for every command."""
    return table(["code", "meaning"], [[f"`{code}`", text] for code, text in exit_codes(cli.parser())])


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """Every model an annotation names, in order."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def type_text(annotation: Any) -> str:
    """An annotation in words: ``text``, ``list of text``, ```block`, `warn```."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    inside = [type_text(part) for part in parts if isinstance(part, _TYPES) and part is not types.NoneType]
    form = {list: "list of {0}", dict: "map of {0} to {1}", Annotated: "{0}"}.get(origin)
    return form.format(*inside) if form else " or ".join(dict.fromkeys(inside))


def bounds_text(field: FieldInfo) -> str:
    """The limits of a field, such as ``≥ 0``."""
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [(sign, getattr(limit, name, None)) for limit in field.metadata for name, sign in signs.items()]
    found = [f"{sign} {bound}" for sign, bound in limits if bound is not None]
    return f" ({', '.join(found)})" if found else ""


def default_text(field: FieldInfo) -> str:
    """What holds when the key is not written."""
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "**required**"
    if value is None or isinstance(value, BaseModel) or value in ("", [], {}):
        return ""
    return ", ".join(f"`{each}`" for each in value) if isinstance(value, list) else f"`{value}`"


def settings_block(root: type[BaseModel]) -> str:
    """Every key of one file, a section for each kind of object in it."""
    meanings: dict[str, dict[str, str]] = yaml.safe_load((DOCS / "settings.yaml").read_text())
    sections, waiting = [], [root]
    for model in waiting:
        rows = []
        for name, field in model.model_fields.items():
            meaning = meanings.get(model.__name__, {}).get(field.alias or name)
            if meaning is None:
                raise SystemExit(f"docs/settings.yaml says nothing about {model.__name__}.{field.alias or name}")
            kind = type_text(field.annotation) + bounds_text(field)
            rows.append([f"`{field.alias or name}`", kind, default_text(field), meaning])
            waiting += [each for each in models_in(field.annotation) if each not in waiting]
        title = "" if model is root else f"### {model.__name__}\n\n{about(model)}\n\n"
        sections.append(title + table(["key", "type", "default", "meaning"], rows))
    return "\n\n".join(sections)


def about(model: type[BaseModel]) -> str:
    """The model's own description as one paragraph of Markdown."""
    return " ".join((model.__doc__ or "").replace("``", "`").split())


def blocks() -> dict[Path, dict[str, str]]:
    """Page -> name of a generated block -> its text."""
    pages = {
        DOCS / "index.md": {"commands": commands_block()},
        DOCS / "errors.md": {"exit codes": codes_block()},
        DOCS / "configuration.md": {name: settings_block(model) for name, model in FILES.items()},
    }
    parsers = verbs()
    for command in COMMANDS:
        page = DOCS / "commands" / f"{command.name}.md"
        pages[page] = {command.name: command_block(command, parsers[command.name])}
    return pages


def filled(page: str, parts: dict[str, str]) -> str:
    """The page with every generated block made anew."""
    for name, body in parts.items():
        head, start, rest = page.partition(START.format(name=name))
        _, end, tail = rest.partition(END)
        if not (start and end):
            raise SystemExit(f"no place marked for {name!r}")
        page = f"{head}{start}\n{body}\n{end}{tail}"
    return page


def main(*, check: bool) -> int:
    """Writes every page that differs, or with ``check`` only names them."""
    stale = 0
    for path, parts in blocks().items():
        page = path.read_text()
        if (new := filled(page, parts)) != page:
            stale += 1
            print(f"{'out of date' if check else 'written'}: {path.relative_to(DOCS.parent)}")
            if not check:
                path.write_text(new)
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
