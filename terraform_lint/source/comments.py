"""Inline ignores: which block a comment speaks about."""

from collections.abc import Iterable

from policies.inline import parse_ignore
from policies.resource import InlineIgnore
from terraform_lint.source.declarations import Declared, Module
from terraform_lint.source.syntax.tree import Block, Comment


def ignores_of(module: Module, declared: Declared) -> tuple[InlineIgnore, ...]:
    """What the comments above and inside a resource's blocks ask for; those that say it wrongly are left out."""
    if not module.comments:
        return ()
    found = []
    for place in declared.places:
        for comment in _about(place.block, module.comments.get(place.file, ())):
            ignore = parse_ignore(comment.text, comment.line)
            if isinstance(ignore, InlineIgnore):
                found.append(ignore)
    return tuple(found)


def comment_problems(module: Module) -> list[str]:
    """Sentences about comments that say it wrongly, or stand where there is no resource."""
    problems = []
    for file, comments in module.comments.items():
        blocks = [place.block for one in module.resources.values() for place in one.places if place.file == file]
        about = {comment.line for block in blocks for comment in _about(block, comments)}
        for comment in comments:
            ignore = parse_ignore(comment.text, comment.line)
            if isinstance(ignore, str):
                problems.append(f"{file}:{comment.line}: {ignore}")
            elif comment.line not in about:
                problems.append(f"{file}:{comment.line}: this comment stands at no resource, so nothing is ignored")
    return problems


def _about(block: Block, comments: Iterable[Comment]) -> list[Comment]:
    """Those on the block's lines, and those on lines of their own right above it."""
    own_lines = {comment.line for comment in comments if comment.own_line}
    first = block.line
    while first - 1 in own_lines:
        first -= 1
    return [comment for comment in comments if first <= comment.line <= block.end_line]
