"""A block's body as the special cases of resource types look at it: evaluated as asked for, dynamic blocks expanded."""

from collections.abc import Callable, Sequence

from policies.resource import TagSet
from terraform_lint.source.bodies import attribute, dynamic_blocks, reference, written_blocks
from terraform_lint.source.bodies import blocks as static_blocks
from terraform_lint.source.evaluation.conversion import as_text
from terraform_lint.source.evaluation.expressions import Nested
from terraform_lint.source.evaluation.knowledge import bare, marked
from terraform_lint.source.evaluation.scope import Scope
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Sensitive, Unknown, Value
from terraform_lint.source.expansion import Evaluate, entries
from terraform_lint.source.syntax.tree import Block, Body
from terraform_lint.source.tag_values import tag_set
from terraform_lint.special import Attributes, Blocks, Hidden, Unclear


class ValueAttributes:
    """A map value in the place of a block."""

    def __init__(self, values: dict[str, Value] | OpenMap, line: int | None) -> None:
        self._values = values
        self._line = line

    def text(self, name: str) -> str | Unclear | None:
        return _text(self._value(name))

    def texts(self, name: str) -> Sequence[str | Unclear] | Unclear | None:
        return _texts(self._value(name))

    def tags(self, name: str) -> TagSet | None:
        return tag_set(self._value(name))

    def blocks(self, name: str) -> Blocks:
        return _blocks_of(self._value(name), self._line)

    def line(self, _name: str) -> int | None:
        return self._line

    def _value(self, name: str) -> Value:
        if isinstance(self._values, OpenMap):
            return self._values.known.get(name, self._values.rest)
        return self._values.get(name)


class BodyAttributes:
    """A body in a scope. ``line_of`` says where a name is written, where that is not simply in this body."""

    def __init__(
        self,
        body: Body,
        line: int | None,
        scope: Scope,
        evaluate: Evaluate,
        line_of: Callable[[str], int | None] | None = None,
    ) -> None:
        self.body = body
        self._line = line
        self._scope = scope
        self._evaluate = evaluate
        self._line_of = line_of or self._written_line
        self._values: dict[str, Value] = {}

    def is_set(self, name: str) -> bool:
        """Whether the attribute is written, be it as null."""
        return attribute(self.body, name) is not None

    def value(self, name: str) -> Value:
        """The attribute's value; null where it is not written."""
        if name not in self._values:
            written = attribute(self.body, name)
            self._values[name] = None if written is None else self._evaluate(written.value, self._scope)
        return self._values[name]

    def text(self, name: str) -> str | Unclear | None:
        return _text(self.value(name))

    def texts(self, name: str) -> Sequence[str | Unclear] | Unclear | None:
        return _texts(self.value(name))

    def tags(self, name: str) -> TagSet | None:
        return tag_set(self.value(name))

    def line(self, name: str) -> int | None:
        return self._line_of(name) or self._line

    def blocks(self, name: str) -> Blocks:
        found: list[Attributes] = []
        rest: str | None = None
        written = attribute(self.body, name)
        if not static_blocks(self.body, name) and written is not None and written_blocks(name, written.value) is None:
            of_value = _blocks_of(self.value(name), self.line(name))
            found, rest = list(of_value.found), of_value.rest
        else:
            found += [self._inner(block, self._scope) for block in static_blocks(self.body, name)]
        for block in dynamic_blocks(self.body, name):
            generated = self._generated(block, name)
            found += generated.found
            rest = rest or generated.rest
        return Blocks(found, rest)

    def _generated(self, block: Block, name: str) -> Blocks:
        """What a dynamic block stands for."""
        for_each, content = attribute(block.body, "for_each"), static_blocks(block.body, "content")
        if for_each is None or not content:
            return Blocks(rest=f'dynamic "{name}" has no for_each or no content')
        iterator = attribute(block.body, "iterator")
        called = reference(iterator.value) if iterator is not None else name
        collection = _spread(self._evaluate(for_each.value, self._scope))
        found = [
            self._inner(content[0], Nested(self._scope, {called: {"key": key, "value": value}}))
            for key, value in entries(collection)
        ]
        unclear = collection.rest if isinstance(collection, OpenMap) else collection
        return Blocks(found, unclear.reason if isinstance(unclear, Unknown) else None)

    def _inner(self, block: Block, scope: Scope) -> "BodyAttributes":
        return BodyAttributes(block.body, block.line, scope, self._evaluate)

    def _written_line(self, name: str) -> int | None:
        written = attribute(self.body, name)
        if written is not None:
            return written.line
        found = [*static_blocks(self.body, name), *dynamic_blocks(self.body, name)]
        return min((block.line for block in found), default=None)


def _text(value: Value) -> str | Unclear | None:
    try:
        text = as_text(value)
    except EvaluationError:
        return None
    if isinstance(text, Unknown):
        return Unclear(text.reason)
    return Hidden(text) if isinstance(value, Sensitive) and text is not None else text


def _texts(value: Value) -> Sequence[str | Unclear] | Unclear | None:
    value = _spread(value)
    if isinstance(value, Unknown):
        return Unclear(value.reason)
    if not isinstance(value, list):
        return None
    return [text for text in map(_text, value) if text is not None]


def _spread(value: Value) -> Value:
    """A value without its mark of sensitivity, which what is in it has instead."""
    inner = bare(value)
    if not isinstance(value, Sensitive):
        return inner
    if isinstance(inner, list):
        return [marked(each, sensitive=True) for each in inner]
    if isinstance(inner, dict):
        return {key: marked(each, sensitive=True) for key, each in inner.items()}
    if isinstance(inner, OpenMap):
        return OpenMap({key: marked(each, sensitive=True) for key, each in inner.known.items()}, inner.rest)
    return inner


def _blocks_of(value: Value, line: int | None) -> Blocks:
    """An object, or the objects of a list, in the place of blocks."""
    value = _spread(value)
    if isinstance(value, Unknown):
        return Blocks(rest=value.reason)
    if isinstance(value, dict | OpenMap):
        return Blocks([ValueAttributes(value, line)])
    inner = [_spread(each) for each in value] if isinstance(value, list) else []
    rest = next((each.reason for each in inner if isinstance(each, Unknown)), None)
    return Blocks([ValueAttributes(each, line) for each in inner if isinstance(each, dict | OpenMap)], rest)
