"""Files a person writes in YAML, validated by a model: every mistake at once, each with its line."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from policies.complaints import place, unknown_key, wrong_value
from policies.faults import Fault, FaultsError
from policies.strict import Mistakes, Steps, Strict
from policies.yaml_tree import YamlTree, read_yaml

Model = TypeVar("Model", bound=Strict)
Error = Mapping[str, Any]


class Document(Generic[Model]):
    """A model and the lines its values stand on, for checks that need more than one file."""

    def __init__(self, value: Model, tree: YamlTree) -> None:
        self.value = value
        self._tree = tree

    @classmethod
    def default(cls, value: Model, name: str) -> "Document[Model]":
        """A model nobody wrote down: its faults point at the file ``name`` as a whole."""
        return cls(value, YamlTree(name, None))

    @property
    def name(self) -> str:
        """The file, as messages name it."""
        return self._tree.name

    def line(self, *steps: str | int) -> int:
        """The 1-based line of the value that ``steps`` lead to, or of the deepest of them; 0 if nobody wrote it."""
        return self._tree.line(*steps)

    def fault(self, message: str, *steps: str | int) -> Fault:
        """A mistake at the value that ``steps`` lead to, or at the deepest of them that is written."""
        return Fault(self._tree.name, self._tree.line(*steps), message)


def load(path: Path, model: type[Model]) -> Model:
    """The file as a model. Raises ``FaultsError`` with every mistake, ordered by line."""
    return validate(read_yaml(path), model).value


def validate(tree: YamlTree, model: type[Model]) -> Document[Model]:
    """A tree as a model, with the lines kept. Raises as :func:`load` does."""
    try:
        document = Document(model.model_validate(tree.value), tree)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        raise FaultsError(_ordered([*tree.faults, *_faults(tree, model, errors)])) from None
    if tree.faults:
        raise FaultsError(_ordered(tree.faults))
    return document


def _ordered(faults: Iterable[Fault]) -> list[Fault]:
    return sorted(dict.fromkeys(faults), key=lambda fault: fault.line)


def _faults(tree: YamlTree, model: type[Strict], errors: Iterable[Error]) -> list[Fault]:
    by_place: dict[Steps, list[Error]] = {}
    for error in errors:
        by_place.setdefault(_place(tree, error), []).append(error)
    return [
        fault
        for steps, found in by_place.items()
        if not _told_deeper(steps, found, by_place)
        for fault in _at(tree, model, steps, found)
    ]


def _place(tree: YamlTree, error: Error) -> Steps:
    return tree.walk(error["loc"])[0]


def _told_deeper(steps: Steps, found: list[Error], by_place: Mapping[Steps, object]) -> bool:
    """Whether a way of a union was nearly right: then only what is wrong inside it is told."""
    of_union = any(len(error["loc"]) > len(steps) and error["type"] != "missing" for error in found)
    return of_union and any(len(other) > len(steps) and other[: len(steps)] == steps for other in by_place)


def _at(tree: YamlTree, model: type[Strict], steps: Steps, errors: list[Error]) -> list[Fault]:
    apart = [error for error in errors if error["type"] in ("missing", "extra_forbidden", "value_error")]
    together = [error for error in errors if error not in apart]
    faults = [fault for error in apart for fault in _one(tree, model, steps, error)]
    # NOTE: both at one place are ways of a union; the one that fits but for a missing key was meant
    if together and not apart:
        faults.append(Fault(tree.name, tree.line(*steps), wrong_value(steps, together)))
    return faults


def _one(tree: YamlTree, model: type[Strict], steps: Steps, error: Error) -> list[Fault]:
    raised = error.get("ctx", {}).get("error")
    if isinstance(raised, Mistakes):
        found = [((*steps, *more), message) for more, message in raised.found]
        return [Fault(tree.name, tree.line(*at), f"{place(tree.walk(at)[0])}: {message}") for at, message in found]
    if error["type"] == "extra_forbidden":
        message = unknown_key(steps, _keys(model, error["loc"][:-1]))
    else:
        message = wrong_value(steps, [error])
    return [Fault(tree.name, tree.line(*steps), message)]


def _keys(annotation: Any, loc: Iterable[str | int]) -> list[str]:
    """The keys that are allowed where an error's ``loc`` leads, following the annotations of the models."""
    reached = [annotation]
    for step in loc:
        reached = [inner for each in reached for inner in _inner(each, step)] or reached
    models = [model for each in reached for model in _models(each)]
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _inner(annotation: Any, step: str | int) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
        return [fields[str(step)]] if step in fields else []
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (list, dict):
        return [arguments[-1]]
    return [found for each in arguments for found in _inner(each, step)]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if get_origin(annotation) is None and isinstance(annotation, type):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model for each in get_args(annotation) for model in _models(each)]
