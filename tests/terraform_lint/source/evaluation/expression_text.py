"""Expressions as text, their values, and the names they may use."""

from collections.abc import Iterator
from decimal import Decimal

from terraform_lint.source.evaluation.expressions import Evaluator
from terraform_lint.source.evaluation.functions import Functions, Template
from terraform_lint.source.evaluation.knowledge import Map
from terraform_lint.source.evaluation.scope import Found
from terraform_lint.source.evaluation.steps import attribute_of
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Sensitive, Unknown, Value
from terraform_lint.source.syntax.parse import parse, parse_template
from terraform_lint.source.syntax.tree import Expression

FILES = {"notes.txt": b"hello", "tags.json": b'{"tenant": "acme"}', "greet.tftpl": b"Hi ${name}!", "bytes": b"\xff"}


class Names:
    """A scope of fixed names."""

    def __init__(self, names: dict[str, Found]) -> None:
        self._names = names

    def find(self, name: str) -> Found:
        if name not in self._names:
            raise EvaluationError(f"there is no {name}")
        return self._names[name]


class SomeFiles:
    """``FILES``, and nothing else."""

    def read(self, path: str) -> bytes | str:
        return FILES.get(path, f'file "{path}" is outside the checked folders')

    def matching(self, folder: str, pattern: str) -> list[str] | str:
        return sorted(FILES) if (folder, pattern) == (".", "*") else f'folder "{folder}" is outside the checked folders'


class _TemplateNames:
    def __init__(self, names: Map) -> None:
        self._names = names

    def find(self, name: str) -> Found:
        return attribute_of(self._names, name)


def evaluator() -> Evaluator:
    """A new one, with all functions, that renders templates by itself."""

    def render(text: str, names: Map) -> Value:
        return made.value(parse_template(text), _TemplateNames(names))

    template: Template = render
    made = Evaluator(Functions(SomeFiles(), template))
    return made


def expression(text: str) -> Expression:
    """The tree of an expression."""
    parsed = parse(f"x = {text}\n".encode(), "test.tf")
    assert parsed.problem is None, parsed.problem
    return parsed.body.attributes[0].value


def value_of(text: str, **names: Found) -> Value:
    """What an expression means where these names are known."""
    return evaluator().value(expression(text), Names(names))


def plain(value: Value) -> object:
    """With int and float in place of whole and other numbers, for short tables."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def problems(partial: Value, concrete: Value) -> Iterator[str]:
    """Why a concrete value is none of those that a partly known one stands for; nothing where it is one."""
    if isinstance(partial, Sensitive) or isinstance(concrete, Sensitive):
        yield from problems(_bare(partial), _bare(concrete))
    elif isinstance(partial, Unknown):
        return
    elif isinstance(partial, OpenMap | dict) and isinstance(concrete, OpenMap | dict):
        yield from _map_problems(partial, concrete)
    elif isinstance(partial, list) and isinstance(concrete, list) and len(partial) == len(concrete):
        for mine, yours in zip(partial, concrete, strict=True):
            yield from problems(mine, yours)
    elif _text(partial) != _text(concrete):
        yield f"{partial!r} is not {concrete!r}"


def _map_problems(partial: Map, concrete: Map) -> Iterator[str]:
    mine = partial.known if isinstance(partial, OpenMap) else partial
    yours = concrete.known if isinstance(concrete, OpenMap) else concrete
    if isinstance(partial, dict) and mine.keys() != yours.keys():
        yield f"{sorted(mine)} are not {sorted(yours)}"
    for key, value in mine.items():
        if key in yours:
            yield from problems(value, yours[key])
        else:
            yield f"{key} is not there"


def _bare(value: Value) -> Value:
    return _bare(value.value) if isinstance(value, Sensitive) else value


def _text(value: Value) -> object:
    """A number or bool is as good as its text: the types of the two arms of a condition are made the same."""
    if isinstance(value, bool):
        return str(value).lower()
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value
