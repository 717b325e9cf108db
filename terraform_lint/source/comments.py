"""Inline ignores: which block a comment speaks about."""

from collections.abc import Iterable, Iterator

from policies.inline import parse_ignore
from policies.resource import BadIgnore, InlineIgnore
from terraform_lint.source.addresses import inside
from terraform_lint.source.declarations import Declared, Module
from terraform_lint.source.syntax.tree import Block, Comment


def ignores_of(module: Module, declared: Declared) -> tuple[InlineIgnore, ...]:
    """What the comments at the blocks of a resource or module call ask for; those that say it wrongly are left out."""
    if not module.comments:
        return ()
    found = []
    for place in declared.places:
        for comment in _about(place.block, module.comments.get(place.file, ())):
            ignore = parse_ignore(comment.text, comment.line)
            if isinstance(ignore, InlineIgnore):
                found.append(ignore)
    return tuple(found)


def bad_ignores(module: Module, address: str, path: str) -> Iterator[BadIgnore]:
    """The comments that say it wrongly, or stand at neither a resource nor a module call.

    ``address`` is that of the module, ``path`` the folder of its root.
    """
    spoken_of = module.resources | {f"module.{name}": call for name, call in module.calls.items()}
    for file, comments in module.comments.items():
        owners = {
            comment.line: inside(address, name)
            for name, declared in spoken_of.items()
            for place in declared.places
            if place.file == file
            for comment in _about(place.block, comments)
        }
        for comment in comments:
            owner = owners.get(comment.line, "")
            ignore = parse_ignore(comment.text, comment.line)
            if isinstance(ignore, str):
                yield BadIgnore(owner, ignore, file, comment.line, path)
            elif not owner:
                message = "this comment stands at no resource or module call, so nothing is ignored"
                yield BadIgnore("", message, file, comment.line, path)


def _about(block: Block, comments: Iterable[Comment]) -> list[Comment]:
    """Those on the block's lines, and those on lines of their own right above it."""
    own_lines = {comment.line for comment in comments if comment.own_line}
    first = block.line
    while first - 1 in own_lines:
        first -= 1
    return [comment for comment in comments if first <= comment.line <= block.end_line]
