"""What stands in a block, whether it was written as HCL or as JSON.

In JSON only a schema tells an attribute from a nested block, and HCL lets some lists of blocks be written as an
attribute: what the parser gives as an attribute alone is a block here where it is asked for as one.
"""

from terraform_lint.source.syntax.tree import (
    Attr,
    Attribute,
    Block,
    Body,
    Expression,
    Index,
    Literal,
    Name,
    Object,
    Tuple,
)


def attribute(body: Body, name: str) -> Attribute | None:
    """The attribute of that name."""
    return next((each for each in body.attributes if each.name == name), None)


def blocks(body: Body, name: str) -> list[Block]:
    """The blocks of that name, or the objects of an attribute of that name; dynamic ones are not among them."""
    found = [block for block in body.blocks if block.type == name]
    written = attribute(body, name) if not found else None
    return found if written is None else written_blocks(name, written.value) or []


def written_blocks(name: str, value: Expression) -> list[Block] | None:
    """An object, or a list of objects, as blocks; None where the value is not written out as that."""
    objects = [item for item in items(value) if isinstance(item, Object)]
    if len(objects) != len(items(value)):
        return None
    return [Block(name, (), _body(each), each.line, each.line, each.span) for each in objects]


def dynamic_blocks(body: Body, name: str) -> list[Block]:
    """The ``dynamic "name"`` blocks."""
    return [block for block in body.blocks if block.type == "dynamic" and block.labels == (name,)]


def _body(written: Object) -> Body:
    return Body(
        tuple(
            Attribute(key.value, value, key.line, (0, 0))
            for key, value in written.items
            if isinstance(key, Literal) and isinstance(key.value, str)
        ),
        (),
    )


def literal_text(body: Body, name: str) -> str | None:
    """The attribute's value where it is a plain string."""
    written = attribute(body, name)
    if written is not None and isinstance(written.value, Literal) and isinstance(written.value.value, str):
        return written.value.value
    return None


def reference(expression: Expression) -> str:
    """``aws.west`` as text, whether it stands there bare or as a string; index steps are left out. Empty: no reference.

    For the places where Terraform takes a reference as a name and not as its value.
    """
    if isinstance(expression, Literal):
        return expression.value if isinstance(expression.value, str) else ""
    if isinstance(expression, Name):
        return expression.name
    if isinstance(expression, Index):
        return reference(expression.of)
    if isinstance(expression, Attr):
        return f"{reference(expression.of)}.{expression.name}"
    return ""


def items(expression: Expression) -> tuple[Expression, ...]:
    """The expressions of a written list; of anything else, itself."""
    return expression.items if isinstance(expression, Tuple) else (expression,)
