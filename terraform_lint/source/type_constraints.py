"""The types of variables, and values converted to them: ``map(object({ name = string, env = optional(string) }))``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from terraform_lint.source.bodies import literal_text
from terraform_lint.source.evaluation.conversion import as_bool, as_number, as_text, kind, to_set, unified
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Sensitive, Unknown, Value
from terraform_lint.source.syntax.parse import parse
from terraform_lint.source.syntax.tree import Body, Call, Expression, Literal, Name, Object, Tuple

_PRIMITIVES: dict[str, Callable[[Value], Value]] = {"string": as_text, "number": as_number, "bool": as_bool}
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Primitive:
    """``string``, ``number`` or ``bool``."""

    name: str


@dataclass(frozen=True, slots=True)
class AnyType:
    """``any``, and what is no type at all: a value stays as it is."""


@dataclass(frozen=True, slots=True)
class Collection:
    """``list``, ``set`` or ``map`` of one type."""

    name: str
    element: "Type"


@dataclass(frozen=True, slots=True)
class Member:
    """An attribute of an object type; ``default`` None: null."""

    type: "Type"
    optional: bool
    default: Expression | None


@dataclass(frozen=True, slots=True)
class ObjectType:
    """``object({…})``."""

    members: tuple[tuple[str, Member], ...]


@dataclass(frozen=True, slots=True)
class TupleType:
    """``tuple([…])``."""

    elements: "tuple[Type, ...]"


Type: TypeAlias = Primitive | AnyType | Collection | ObjectType | TupleType
ANY = AnyType()


def variable_type(body: Body) -> Type:
    """The type that a variable's block asks for."""
    written = next((each.value for each in body.attributes if each.name == "type"), None)
    text = literal_text(body, "type")
    if text is not None:  # JSON, and HCL as it was before Terraform 0.12
        written = expression_of(text)
    return type_of(written) if written is not None else ANY


def expression_of(text: str) -> Expression | None:
    """Text as an expression; None where it is none."""
    parsed = parse(f"value = {text}\n".encode(), "value.tf")
    if parsed.problem is not None or len(parsed.body.attributes) != 1 or parsed.body.blocks:
        return None
    return parsed.body.attributes[0].value


def type_of(expression: Expression, depth: int = 0) -> Type:
    """What a type expression means. What is none, and nesting beyond all sense, is ``any``."""
    if depth > _DEEPEST:
        return ANY
    if isinstance(expression, Name):
        return _named(expression.name)
    if isinstance(expression, Call) and expression.arguments:
        argument = expression.arguments[0]
        if expression.name in ("list", "set", "map"):
            return Collection(expression.name, type_of(argument, depth + 1))
        if expression.name == "object" and isinstance(argument, Object):
            return ObjectType(tuple(_member(key, value, depth + 1) for key, value in argument.items))
        if expression.name == "tuple" and isinstance(argument, Tuple):
            return TupleType(tuple(type_of(item, depth + 1) for item in argument.items))
    return ANY


def _named(name: str) -> Type:
    if name in _PRIMITIVES:
        return Primitive(name)
    return Collection(name, ANY) if name in ("list", "set", "map") else ANY


def _member(key: Expression, value: Expression, depth: int) -> tuple[str, Member]:
    name = str(key.value) if isinstance(key, Literal) else key.name if isinstance(key, Name) else ""
    if isinstance(value, Call) and value.name == "optional" and value.arguments:
        default = value.arguments[1] if len(value.arguments) > 1 else None
        return name, Member(type_of(value.arguments[0], depth), optional=True, default=default)
    return name, Member(type_of(value, depth), optional=False, default=None)


def converted(value: Value, wanted: Type, evaluate: Callable[[Expression], Value]) -> Value:
    """The value in the wanted type. ``evaluate`` gives the defaults of optional attributes.

    Raises ``EvaluationError`` for a value that certainly does not fit.
    """
    if value is None or isinstance(value, Unknown) or isinstance(wanted, AnyType):
        return value
    if isinstance(value, Sensitive):
        return Sensitive(converted(value.value, wanted, evaluate))
    if isinstance(wanted, Primitive):
        return _PRIMITIVES[wanted.name](value)
    if isinstance(wanted, Collection):
        return _collection(value, wanted, evaluate)
    if isinstance(wanted, TupleType):
        return _tuple(value, wanted, evaluate)
    return _object(value, wanted, evaluate)


def _collection(value: Value, wanted: Collection, evaluate: Callable[[Expression], Value]) -> Value:
    if wanted.name == "map":
        if isinstance(value, OpenMap):
            known = {key: converted(each, wanted.element, evaluate) for key, each in value.known.items()}
            return OpenMap(known, value.rest)
        if isinstance(value, dict):
            values = unified([converted(each, wanted.element, evaluate) for each in value.values()])
            return dict(zip(value, values, strict=True))
    elif isinstance(value, list):
        values = unified([converted(each, wanted.element, evaluate) for each in value])
        return to_set(values) if wanted.name == "set" else values
    raise EvaluationError(f"a {wanted.name} is wanted, not {kind(value)}")


def _tuple(value: Value, wanted: TupleType, evaluate: Callable[[Expression], Value]) -> Value:
    if not isinstance(value, list) or len(value) != len(wanted.elements):
        raise EvaluationError(f"a tuple of {len(wanted.elements)} is wanted")
    return [converted(each, element, evaluate) for each, element in zip(value, wanted.elements, strict=True)]


def _object(value: Value, wanted: ObjectType, evaluate: Callable[[Expression], Value]) -> Value:
    if not isinstance(value, dict | OpenMap):
        raise EvaluationError(f"an object is wanted, not {kind(value)}")
    given = value.known if isinstance(value, OpenMap) else value
    rest = value.rest if isinstance(value, OpenMap) else None
    result: dict[str, Value] = {}
    for name, member in wanted.members:
        if name in given:
            each = given[name]
            filled = _default(member, evaluate) if each is None else each
            result[name] = converted(filled, member.type, evaluate)
        elif rest is not None:
            result[name] = rest
        elif member.optional:
            result[name] = converted(_default(member, evaluate), member.type, evaluate)
        else:
            raise EvaluationError(f"the attribute {name} is missing")
    return result


def _default(member: Member, evaluate: Callable[[Expression], Value]) -> Value:
    return evaluate(member.default) if member.default is not None else None
