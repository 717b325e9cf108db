"""From a row of steps (``.a``, ``[k]``, ``.0``, ``.*``, ``[*]``) to a tree, by HCL's rules for splats."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from terraform_lint.source.syntax.tree import Attr, Expression, Index, Literal, Name, Number, Splat

FULL_SPLAT = True
ATTRIBUTE_SPLAT = False


class LegacyIndex(NamedTuple):
    """``.0``, which an attribute splat takes with it, as it does not take ``[0]``."""

    key: Number


Step: TypeAlias = str | Expression | LegacyIndex | bool
"""``.name`` is its name, an index its key; a splat is whether it is a full one."""


def traverse(base: Expression, steps: Sequence[Step], line: int) -> Expression:
    """``base`` with all steps applied. Every node of it stands on ``line``, where the traversal starts.

    A full splat takes all steps after it, the next splat included. An attribute splat takes names and legacy
    indexes only: ``a.*.b[0]`` is the first of all ``b``.
    """
    found = base
    position = 0
    while position < len(steps):
        step = steps[position]
        position += 1
        if not isinstance(step, bool):
            found = _step(found, step, line)
        elif step is FULL_SPLAT:
            return Splat(line, found, traverse(Name(line, ""), steps[position:], line), full=True)
        else:
            end = position
            while end < len(steps) and isinstance(steps[end], str | LegacyIndex):
                end += 1
            found = Splat(line, found, traverse(Name(line, ""), steps[position:end], line), full=False)
            position = end
    return found


def _step(of: Expression, step: str | LegacyIndex | Expression, line: int) -> Expression:
    if isinstance(step, str):
        return Attr(line, of, step)
    return Index(line, of, step.key if isinstance(step, LegacyIndex) else step)


def object_key(key: Expression, *, in_parentheses: bool) -> Expression:
    """What stands left of ``=`` in an object, as a value: a bare word, number or keyword is its own text.

    ``aws.main = aws.west`` keeps its steps: as a key they are no reference, and only ``providers`` takes them.
    """
    if in_parentheses:
        return key
    if isinstance(key, Name):
        return Literal(key.line, key.name)
    if isinstance(key, Number):
        return Literal(key.line, number_text(key.text))
    if isinstance(key, Literal) and not isinstance(key.value, str):
        return Literal(key.line, {True: "true", False: "false", None: "null"}[key.value])
    return key


def number_text(text: str) -> str:
    """A number as Terraform prints it: ``1.50`` is ``1.5``, ``1e3`` is ``1000``."""
    if text.isdecimal() and not text.startswith("0"):
        return text
    exact = Decimal(text)
    if abs(exact.adjusted()) > 400:
        return text
    plain = format(exact, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain.lstrip("0") or "0" if plain.isdecimal() else plain
