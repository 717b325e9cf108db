"""What HCL asks of a body beyond its grammar, whichever parser read it."""

from collections.abc import Sequence

from terraform_lint.source.syntax.faults import UnsureError, WrongTextError
from terraform_lint.source.syntax.tree import Attribute, Block, Body

EMPTY = Body((), ())


def build(items: Sequence[Attribute | Block], end_lines: Sequence[int], *, certain: bool) -> Body:
    """A body of ``items`` in source order, of which the nth ends on the nth of ``end_lines``.

    Raises :class:`WrongTextError` where a name is given twice, or an item follows another on one line. With
    ``certain`` false the latter is an :class:`UnsureError`: a parser that does not heed line ends may have made two
    items of one.
    """
    attributes: list[Attribute] = []
    blocks: list[Block] = []
    names: set[str] = set()
    previous_end = 0
    for item, end_line in zip(items, end_lines, strict=True):
        if item.line == previous_end:
            if not certain:
                raise UnsureError
            name = item.name if isinstance(item, Attribute) else item.type
            raise WrongTextError(item.line, f"`{name}` must start on a new line")
        previous_end = end_line
        if isinstance(item, Block):
            blocks.append(item)
            continue
        if item.name in names:
            raise WrongTextError(item.line, f"`{item.name}` is already set in this block: each may be set once only")
        names.add(item.name)
        attributes.append(item)
    return Body(tuple(attributes), tuple(blocks))
