"""Blocks ``moved``: under which addresses a resource was known before."""

from collections.abc import Iterator, Mapping, Sequence

from terraform_lint.source.addresses import Key, inside, with_key
from terraform_lint.source.bodies import attribute
from terraform_lint.source.syntax.tree import Attr, Block, Expression, Index, Literal, Name, Number

Moves = Mapping[str, Sequence[str]]
"""Where something is -> where it was, as addresses from the root; in the order written."""
_MOST = 50
"""Addresses of one resource that are followed."""


def with_moves(known: Moves, blocks: Sequence[Block], module: str) -> Moves:
    """``known`` and what the blocks of a module say; ``module`` is the address of the module instance."""
    if not blocks:
        return known
    moves = {target: list(sources) for target, sources in known.items()}
    for block in blocks:
        source, target = _address(block, "from"), _address(block, "to")
        if source and target:
            moves.setdefault(inside(module, target), []).append(inside(module, source))
    return moves


def previous_addresses(address: str, moves: Moves) -> tuple[str, ...]:
    """All addresses that led to this one, the latest first. What is in something that moved, moved along."""
    if not moves:
        return ()
    found = [address]
    for known in found:
        for earlier in _before(known, moves):
            if earlier not in found and len(found) <= _MOST:
                found.append(earlier)
    return tuple(found[1:])


def _before(address: str, moves: Moves) -> Iterator[str]:
    ends = [at for at, character in enumerate(address) if character in ".["]
    for end in (len(address), *reversed(ends)):
        for source in moves.get(address[:end], ()):
            yield source + address[end:]


def _address(block: Block, name: str) -> str:
    written = attribute(block.body, name)
    return _text(written.value) if written is not None else ""


def _text(expression: Expression) -> str:
    """An address as Terraform prints it; empty for what is none."""
    if isinstance(expression, Literal):  # the JSON syntax
        return expression.value if isinstance(expression.value, str) else ""
    if isinstance(expression, Name):
        return expression.name
    if not isinstance(expression, Attr | Index) or not (of := _text(expression.of)):
        return ""
    if isinstance(expression, Attr):
        return f"{of}.{expression.name}"
    key = _key(expression.key)
    return with_key(of, key) if key is not None else ""


def _key(written: Expression) -> Key:
    if isinstance(written, Literal):
        return written.value if isinstance(written.value, str) else None
    return int(written.text) if isinstance(written, Number) and written.text.isdecimal() else None
