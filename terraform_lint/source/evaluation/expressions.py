"""Evaluates expressions. What cannot be known from source stays unknown, with its reason, and no wider than it must.

One evaluation takes at most 300,000 steps, all of an evaluator together ten million; what is beyond, or nested
too deeply, is unknown. ``try`` and ``can`` turn on whether an argument fails, so they are evaluated here.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from terraform_lint.source.evaluation.arithmetic import apply_binary, apply_unary, required_bool
from terraform_lint.source.evaluation.comprehensions import Nested, object_from, text_from, tuple_from
from terraform_lint.source.evaluation.conversion import as_bool, as_text, composed, kind, parse_number, shown, unified
from terraform_lint.source.evaluation.knowledge import (
    MOST_LETTERS,
    Nature,
    OutOfStepsError,
    TooLargeError,
    bare,
    joined,
    marked,
    nature,
    overridable,
    with_rest,
)
from terraform_lint.source.evaluation.scope import Found, Scope
from terraform_lint.source.evaluation.steps import attribute_of, index_of, splat_items, whole
from terraform_lint.source.evaluation.values import UNSHOWN, EvaluationError, OpenMap, Sensitive, Unknown, Value
from terraform_lint.source.syntax import tree

if TYPE_CHECKING:
    from terraform_lint.source.evaluation.functions import Functions

__all__ = ["Evaluator", "Nested"]

_MOST_STEPS = 300_000
_PARTS_A_STEP = 8
_MOST_STEPS_OF_ALL = 10_000_000
_TOO_DEEP = Unknown("the expression is nested too deeply to evaluate")
_Result = TypeVar("_Result")


class _Passed:
    """No special meaning: the function is called like any other."""


_PASSED = _Passed()


class Evaluator:
    """Evaluates expressions with a set of functions; one serves all modules that read the same files."""

    def __init__(self, functions: "Functions") -> None:
        self._functions = functions
        self._left = 0
        self._secret = False
        self._left_of_all = _MOST_STEPS_OF_ALL
        self._evaluations: dict[type, Callable[..., Found]] = {
            tree.Literal: self._literal,
            tree.Number: self._number,
            tree.Template: self._template,
            tree.TemplateIf: self._template_if,
            tree.TemplateFor: self._template_for,
            tree.Name: self._name,
            tree.Attr: self._attribute,
            tree.Index: self._index,
            tree.Splat: self._splat,
            tree.Call: self._call,
            tree.Conditional: self._conditional,
            tree.Binary: self._binary,
            tree.Unary: self._unary,
            tree.Tuple: self._tuple,
            tree.Object: self._object,
            tree.ForTuple: self._for_tuple,
            tree.ForObject: self._for_object,
        }
        self._special: dict[str, Callable[[tree.Call, Scope], Value | _Passed]] = {
            "try": self._try,
            "can": self._can,
            "contains": self._contains,
        }

    def value(self, expression: tree.Expression, scope: Scope) -> Value:
        """The expression's value. Raises ``EvaluationError`` where it is wrong whatever is unknown."""
        return self._bounded(self._value, expression, scope)

    def found(self, expression: tree.Expression, scope: Scope) -> Found:
        """As ``value``, but a traversal may end at a namespace, which is not asked for its whole value."""
        return self._bounded(self._found, expression, scope)

    def _bounded(
        self, evaluate: Callable[[tree.Expression, Scope], _Result], expression: tree.Expression, scope: Scope
    ) -> _Result | Unknown:
        outer, self._left = self._left, _MOST_STEPS
        outer_secret, self._secret = self._secret, False
        try:
            return evaluate(expression, scope)
        except EvaluationError:
            if self._secret:
                raise EvaluationError(UNSHOWN) from None
            raise
        except TooLargeError as error:
            return Unknown(str(error))
        except RecursionError:
            return _TOO_DEEP
        finally:
            self._left = outer
            self._secret = self._secret or outer_secret

    def _value(self, expression: tree.Expression, scope: Scope) -> Value:
        return whole(self._found(expression, scope))

    def _found(self, expression: tree.Expression, scope: Scope) -> Found:
        self._spend(1)
        found = self._evaluations[type(expression)](expression, scope)
        if type(found) is Sensitive:
            self._secret = True
        return found

    def _spend(self, steps: int) -> None:
        self._left -= steps
        self._left_of_all -= steps
        if self._left < 0 or self._left_of_all < 0:
            raise OutOfStepsError("the expression takes too many steps to evaluate")

    def _nature(self, value: Value) -> Nature:
        found = nature(value)
        self._spend(found.parts // _PARTS_A_STEP)
        return found

    def _literal(self, node: tree.Literal, _scope: Scope) -> Value:
        return composed(node.value) if isinstance(node.value, str) else node.value

    def _number(self, node: tree.Number, _scope: Scope) -> Value:
        number = parse_number(node.text)
        if number is None:
            raise EvaluationError(f"{shown(node.text)} is not a number")
        return number

    def _template(self, node: tree.Template, scope: Scope) -> Value:
        if len(node.parts) == 1:
            return self._value(node.parts[0], scope)
        return self._text(node.parts, scope)

    def _text(self, parts: Sequence[tree.Expression], scope: Scope) -> Value:
        texts: list[str] = []
        unknown: Unknown | None = None
        sensitive = False
        for part in parts:
            value = self._value(part, scope)
            sensitive = sensitive or isinstance(value, Sensitive)
            text = _interpolated(value)
            if isinstance(text, str):
                texts.append(text)
            else:
                unknown = unknown or text
        if sum(map(len, texts)) > MOST_LETTERS:
            raise TooLargeError("a template grows too large to evaluate")
        return marked(composed("".join(texts)) if unknown is None else unknown, sensitive)

    def _body(self, node: tree.Expression, scope: Scope) -> Value:
        return self._text(node.parts if isinstance(node, tree.Template) else (node,), scope)

    def _template_if(self, node: tree.TemplateIf, scope: Scope) -> Value:
        return self._chosen(node, self._body, scope)

    def _template_for(self, node: tree.TemplateFor, scope: Scope) -> Value:
        return text_from(node, self._body, self._value, scope)

    def _name(self, node: tree.Name, scope: Scope) -> Found:
        return scope.find(node.name)

    def _attribute(self, node: tree.Attr, scope: Scope) -> Found:
        return attribute_of(self._found(node.of, scope), node.name)

    def _index(self, node: tree.Index, scope: Scope) -> Found:
        return index_of(self._found(node.of, scope), self._value(node.key, scope))

    def _splat(self, node: tree.Splat, scope: Scope) -> Value:
        of = self._value(node.of, scope)
        items = splat_items(bare(of))
        if isinstance(items, list):
            result: Value = [self._value(node.each, Nested(scope, {"": item})) for item in items]
        else:
            result = items
        return marked(result, isinstance(of, Sensitive))

    def _conditional(self, node: tree.Conditional, scope: Scope) -> Value:
        return self._chosen(node, self._value, scope)

    def _chosen(
        self,
        node: tree.Conditional | tree.TemplateIf,
        evaluate: Callable[[tree.Expression, Scope], Value],
        scope: Scope,
    ) -> Value:
        condition = self._value(node.condition, scope)
        truth = required_bool(condition, "a condition")
        if isinstance(truth, Unknown):
            result = self._either(evaluate, node.then, node.otherwise, scope, truth)
        else:
            arm, other = (node.then, node.otherwise) if truth else (node.otherwise, node.then)
            result = self._beside(evaluate(arm, scope), other, scope)
        return marked(result, isinstance(condition, Sensitive))

    def _beside(self, value: Value, other: tree.Expression, scope: Scope) -> Value:
        """The value in the type it has in common with the arm that was not chosen."""
        self._nature(value)
        if not _may_convert(bare(value)):
            return value
        try:
            return marked(unified([bare(value), self._value(other, scope)])[0], isinstance(value, Sensitive))
        except EvaluationError:
            return value

    def _either(
        self,
        evaluate: Callable[[tree.Expression, Scope], Value],
        then: tree.Expression,
        otherwise: tree.Expression,
        scope: Scope,
        why: Unknown,
    ) -> Value:
        arms: list[Value] = []
        failed: EvaluationError | None = None
        for arm in (then, otherwise):
            try:
                arms.append(evaluate(arm, scope))
            except EvaluationError as error:
                failed = error
        if failed is not None:
            if not arms:
                raise failed
            return why
        one, other = unified(arms)
        self._nature(arms)
        return joined(one, other, why)

    def _binary(self, node: tree.Binary, scope: Scope) -> Value:
        if node.operator in ("&&", "||"):
            return self._logical(node, scope)
        left, right = self._value(node.left, scope), self._value(node.right, scope)
        if isinstance(left, list | dict):
            self._nature(left)
        return apply_binary(node.operator, left, right)

    def _logical(self, node: tree.Binary, scope: Scope) -> Value:
        settles = node.operator == "||"
        left = self._value(node.left, scope)
        one = _truth(left)
        if one is settles:
            return marked(settles, isinstance(left, Sensitive))
        try:
            right = self._value(node.right, scope)
            other = _truth(right)
        except EvaluationError:
            if isinstance(one, Unknown):
                return one  # the left side may yet settle it, and the right side is not asked then
            raise
        sensitive = isinstance(left, Sensitive) or isinstance(right, Sensitive)
        return marked(one if isinstance(one, Unknown) and other is not settles else other, sensitive)

    def _unary(self, node: tree.Unary, scope: Scope) -> Value:
        return apply_unary(node.operator, self._value(node.operand, scope))

    def _tuple(self, node: tree.Tuple, scope: Scope) -> Value:
        return [self._value(item, scope) for item in node.items]

    def _object(self, node: tree.Object, scope: Scope) -> Value:
        found: dict[str, Value] = {}
        rest: Unknown | None = None
        sensitive = False
        for key_expression, value_expression in node.items:
            key = self._value(key_expression, scope)
            value = self._value(value_expression, scope)
            sensitive = sensitive or isinstance(key, Sensitive)
            text = as_text(key)
            if text is None:
                raise EvaluationError("a key of an object is null")
            if isinstance(text, str):
                found[text] = value
            else:
                rest = rest or text
                found = {known: overridable(earlier, text) for known, earlier in found.items()}
        return marked(with_rest(found, rest), sensitive)

    def _for_tuple(self, node: tree.ForTuple, scope: Scope) -> Value:
        return tuple_from(node, self._value, scope)

    def _for_object(self, node: tree.ForObject, scope: Scope) -> Value:
        return object_from(node, self._value, scope)

    def _call(self, node: tree.Call, scope: Scope) -> Value:
        name = node.name.removeprefix("core::")
        special = self._special.get(name)
        if special is not None and not node.expand:
            result = special(node, scope)
            if not isinstance(result, _Passed):
                return result
        arguments = [self._value(argument, scope) for argument in node.arguments]
        if node.expand:
            spread = arguments.pop()
            items = _spread(spread)
            if isinstance(items, Unknown) and name not in _ANY_NUMBER:
                return marked(items, isinstance(spread, Sensitive))
            arguments += [marked(item, isinstance(spread, Sensitive)) for item in _listed(items)]
        return self._functions.call(name, arguments, self._spend)

    def _try(self, node: tree.Call, scope: Scope) -> Value:
        """The first argument that does not fail. One with unknown parts may yet fail: then the others count too."""
        failed = EvaluationError("try() takes at least 1 argument, not 0")
        candidates: list[Value] = []
        for argument in node.arguments:
            try:
                value = self._value(argument, scope)
            except EvaluationError as error:
                failed = error
                continue
            candidates.append(value)
            if self._nature(value).unknown is None:
                break
        if not candidates:
            raise failed
        result = candidates.pop()
        for candidate in reversed(candidates):
            why = self._nature(candidate).unknown
            result = joined(candidate, result, why) if why is not None else candidate
        return result

    def _can(self, node: tree.Call, scope: Scope) -> Value:
        if len(node.arguments) != 1:
            raise EvaluationError(f"can() takes 1 argument, not {len(node.arguments)}")
        try:
            value = self._value(node.arguments[0], scope)
        except EvaluationError:
            return False
        unknown = self._nature(value).unknown
        return True if unknown is None else unknown

    def _contains(self, node: tree.Call, scope: Scope) -> Value | _Passed:
        """``contains(keys(m), k)`` is certain for a key that is certainly there, though not all keys are known."""
        match node.arguments:
            case (tree.Call(name="keys", arguments=(of,), expand=False), searched):
                collection, key = bare(self._value(of, scope)), bare(self._value(searched, scope))
                if isinstance(collection, OpenMap) and isinstance(key, str) and key in collection.known:
                    return True
        return _PASSED


_ANY_NUMBER = frozenset({"merge", "coalesce"})
"""Functions for which an unknown number of arguments is as good as one unknown argument."""


def _truth(value: Value) -> bool | Unknown:
    truth = as_bool(value)
    return Unknown("versions of Terraform differ on null beside && and ||") if truth is None else truth


def _interpolated(value: Value) -> str | Unknown:
    inner = bare(value)
    if isinstance(inner, list | dict | OpenMap):
        raise EvaluationError(f"{kind(inner)} cannot stand in a text")
    text = as_text(inner)
    if text is None:
        raise EvaluationError("null cannot stand in a text")
    return text


def _spread(value: Value) -> list[Value] | Unknown:
    inner = bare(value)
    if isinstance(inner, list | Unknown):
        return inner
    raise EvaluationError(f"{kind(inner)} cannot be spread over arguments")


def _listed(items: list[Value] | Unknown) -> list[Value]:
    return [items] if isinstance(items, Unknown) else items


def _may_convert(value: Value) -> bool:
    """Whether a number or bool stands in it, which a string beside it would turn into a string."""
    if isinstance(value, list):
        return any(map(_may_convert, value))
    return any(map(_may_convert, value.values())) if isinstance(value, dict) else isinstance(value, bool | Decimal)
