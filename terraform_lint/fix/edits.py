"""Edits that add or correct a tag and leave every other byte as it was."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from terraform_lint.fix.text import Node, SourceText
from terraform_lint.hcl_text import assignment, key_text, map_attribute, quoted, tag_map


class Edit(NamedTuple):
    """The bytes from ``start`` to ``end`` become ``text``."""

    start: int
    end: int
    text: str


def applied(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The content with all edits; edits at one place keep their order. ``ValueError`` where two overlap."""
    done, pieces = 0, []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < done:
            raise ValueError("two edits of the same text")
        pieces += [content[done : edit.start], edit.text.encode()]
        done = edit.end
    return b"".join([*pieces, content[done:]])


def tags_in(source: SourceText, block: Node, attribute: str, tags: Mapping[str, str]) -> list[Edit]:
    """Adds tags to the map ``attribute`` of a block, which may not be there yet."""
    expression = source.attribute(block, attribute)
    if expression is None:
        return [_lines_in(source, block, [map_attribute(attribute, tags)])]
    return _into(source, expression, tags)


def block_in(source: SourceText, block: Node, lines: Sequence[str]) -> list[Edit]:
    """Adds a block, given as lines indented by themselves, as the last thing of a block."""
    return [_lines_in(source, block, lines)]


def key_renamed(source: SourceText, key: Node, name: str) -> Edit:
    """A key written as it should be, quoted where it was quoted."""
    was_quoted = source.text(key).startswith('"')
    return Edit(key.start_byte, key.end_byte, quoted(name) if was_quoted else key_text(name))


def value_replaced(value: Node, text: str) -> Edit:
    """A value written as it should be."""
    return Edit(value.start_byte, value.end_byte, quoted(text))


def appended(source: SourceText, lines: Sequence[str]) -> Edit:
    """Lines at the end of a file, after an empty one."""
    end = len(source.content)
    ends_in_newline = not source.content or source.content.endswith(b"\n")
    gap = ("" if ends_in_newline else source.eol) + (source.eol if source.content.strip() else "")
    return Edit(end, end, gap + "".join(line + source.eol for line in lines))


def _into(source: SourceText, expression: Node, tags: Mapping[str, str]) -> list[Edit]:
    inner = expression.named_children[0] if expression.named_children else expression
    if inner.type == "collection_value" and inner.named_children[0].type == "object":
        return [_into_object(source, inner.named_children[0], tags)]
    if inner.type == "literal_value" and source.text(inner) == "null":
        return [Edit(expression.start_byte, expression.end_byte, tag_map(tags))]
    if (last := _last_of_merge(source, inner)) is not None:
        return [Edit(last.end_byte, last.end_byte, f", {tag_map(tags)}")]
    start, end = expression.start_byte, expression.end_byte
    return [Edit(start, start, "merge("), Edit(end, end, f", {tag_map(tags)})")]


def _last_of_merge(source: SourceText, call: Node) -> Node | None:
    """The last argument where the expression is ``merge(…)`` and nothing else; None where it is spread (``...``)."""
    if call.type != "function_call" or source.text(call.named_children[0]) != "merge" or "..." in source.text(call):
        return None
    arguments = next((n for n in call.named_children if n.type == "function_arguments"), None)
    return arguments.named_children[-1] if arguments and arguments.named_children[-1].type == "expression" else None


def _into_object(source: SourceText, node: Node, tags: Mapping[str, str]) -> Edit:
    pairs = [assignment(key, value) for key, value in tags.items()]
    elements = [n for n in node.named_children if n.type == "object_elem"]
    end = node.named_children[-1]
    if not elements:
        return Edit(node.start_byte, node.end_byte, tag_map(tags))
    line = source.first_on_its_line(end)
    if line is not None:
        indent = source.indent(elements[-1])
        return Edit(line, line, "".join(f"{indent}{pair}{source.eol}" for pair in pairs))
    comma = source.content[elements[-1].end_byte : end.start_byte].find(b",")
    at = elements[-1].end_byte + (comma + 1 if comma >= 0 else 0)
    return Edit(at, at, (" " if comma >= 0 else ", ") + ", ".join(pairs))


def _lines_in(source: SourceText, block: Node, lines: Sequence[str]) -> Edit:
    indent = source.inner_indent(block)
    text = "".join(f"{indent}{line}{source.eol}" for line in lines)
    end = next(n for n in reversed(block.named_children) if n.type == "block_end")
    line = source.first_on_its_line(end)
    if line is not None:
        return Edit(line, line, text)
    # NOTE: a block on one line may hold one attribute only, so it is opened up
    start = next(n for n in block.named_children if n.type == "block_start")
    inside = source.content[start.end_byte : end.start_byte].decode().strip()
    kept = f"{indent}{inside}{source.eol}" if inside else ""
    return Edit(start.end_byte, end.start_byte, f"{source.eol}{kept}{text}{source.indent(block)}")
