"""The values that a root module's variables are given, from all the places where Terraform looks for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from policies.finding import Unread
from terraform_lint.source.bodies import attribute
from terraform_lint.source.evaluation.values import Unknown
from terraform_lint.source.module_files import read_bytes
from terraform_lint.source.options import SourceOptions
from terraform_lint.source.readable import CheckedFiles
from terraform_lint.source.syntax.parse import parse
from terraform_lint.source.syntax.tree import Body, Expression
from terraform_lint.source.type_constraints import Primitive, expression_of, variable_type

_STANDARD = ("terraform.tfvars", "terraform.tfvars.json")
_AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")
_ENVIRONMENT = "TF_VAR_"


@dataclass(frozen=True, slots=True)
class Layer:
    """One place that gives values. ``problem``: why it may give more than it shows; empty when it shows all."""

    values: Mapping[str, Expression | str]
    problem: str = ""


@dataclass(slots=True)
class GivenVariables:
    """The layers from the weakest to the strongest. ``unread``: files among them that could not be read.

    ``notes``: links that lead nowhere. Nothing is known of what they would set.
    """

    layers: list[Layer] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def expression(self, name: str, body: Body) -> Expression | str | Unknown | None:
        """What a variable is set to: an expression, or text that is its value as it stands. None: nothing sets it."""
        for layer in reversed(self.layers):
            if name in layer.values:
                given = layer.values[name]
                return _from_text(name, given, body) if isinstance(given, str) else given
            if layer.problem:
                return Unknown(f"var.{name} may be set in {layer.problem}, which could not be read")
        return None


def given_variables(root: Path, options: SourceOptions, files: CheckedFiles) -> GivenVariables:
    """What is given, weakest first, in Terraform's order. Files that nobody names are read only where ``files`` are.

    TF_VAR_*, ``terraform.tfvars``, ``terraform.tfvars.json``, ``*.auto.tfvars`` by name, ``--var-file``, ``--var``.
    """
    given = GivenVariables()
    environment = options.environment.items()
    given.layers.append(
        Layer({name.removeprefix(_ENVIRONMENT): text for name, text in environment if name.startswith(_ENVIRONMENT)})
    )
    for path in _automatic_files(root):
        _add_file(given, path, files.read(path.name), options)
    for path in options.variable_files:
        _add_file(given, options.base / path, read_bytes(options.base / path), options)
    given.layers.append(Layer(options.variables))
    return given


def _automatic_files(root: Path) -> list[Path]:
    """Links that lead nowhere are among them where Terraform fails at them; it passes over the standard names."""
    try:
        named = sorted(path for path in root.iterdir() if path.name.endswith(_AUTOMATIC))
    except OSError:
        named = []
    standard = [path for path in map(root.joinpath, _STANDARD) if path.is_file()]
    return [*standard, *(path for path in named if path.is_symlink() or path.is_file())]


def _add_file(given: GivenVariables, path: Path, content: bytes | str, options: SourceOptions) -> None:
    shown = options.shown(path)
    if path.is_symlink() and not path.exists():
        given.notes.append(f"{shown} links to a file that is not there, so what it would set is unknown")
        given.layers.append(Layer({}, shown))
        return
    if isinstance(content, str):
        given.unread.append(Unread(shown, None, content, "name a file of variables that can be read"))
        given.layers.append(Layer({}, shown))
        return
    name = path.name if path.name.endswith((".tfvars", ".tfvars.json")) else _named_for_parsing(path.name)
    parsed = parse(content, name)
    if parsed.problem is not None:
        given.unread.append(Unread(shown, parsed.problem.line, parsed.problem.message, "mend the syntax"))
    values = {written.name: written.value for written in parsed.body.attributes}
    given.layers.append(Layer(values, shown if parsed.problem is not None else ""))


def _named_for_parsing(name: str) -> str:
    """A variable file may have any name; only ``.json`` says that it is JSON."""
    return f"{name}.tfvars.json" if name.endswith(".json") else f"{name}.tfvars"


def _from_text(name: str, text: str, body: Body) -> Expression | str | Unknown:
    """Text of ``--var`` or the environment: as it stands for a simple type or none, else an expression."""
    if attribute(body, "type") is None or isinstance(variable_type(body), Primitive):
        return text
    expression = expression_of(text)
    return expression if expression is not None else Unknown(f"the text given for var.{name} is no expression")
