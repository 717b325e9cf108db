"""A source file as a person wrote it: blocks and attributes with the bytes they stand on."""

from collections.abc import Iterator
from functools import cache

import tree_sitter
import tree_sitter_hcl

Node = tree_sitter.Node
_LABELS = ("string_lit", "identifier")


@cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


class SourceText:
    """One HCL file. Nodes come from tree-sitter: bytes, comments and formatting are all still there."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.eol = "\r\n" if b"\r\n" in content else "\n"
        self._root = _parser().parse(content).root_node

    @property
    def sound(self) -> bool:
        """Whether the whole file is HCL."""
        return not self._root.has_error

    def text(self, node: Node) -> str:
        """The node as written."""
        return self.content[node.start_byte : node.end_byte].decode()

    def block_at(self, line: int) -> Node | None:
        """The file's own block that holds the 1-based line."""
        body = self._body(self._root)
        blocks = (child for child in body.named_children if child.type == "block") if body else ()
        return next((b for b in blocks if b.start_point[0] <= line - 1 <= b.end_point[0]), None)

    def blocks(self, parent: Node, type_name: str) -> list[Node]:
        """Blocks of a type directly in a block (or in the file's root)."""
        return [n for n in self._children(parent) if n.type == "block" and self._name(n) == type_name]

    def attribute(self, block: Node, name: str) -> Node | None:
        """The expression of an attribute directly in a block."""
        found = (n for n in self._children(block) if n.type == "attribute" and self._name(n) == name)
        attribute = next(found, None)
        return attribute.named_children[-1] if attribute else None

    def labels(self, block: Node) -> list[str]:
        """The labels of a block, without quotes."""
        return [self.text(n).strip('"') for n in block.named_children[1:] if n.type in _LABELS]

    def literal(self, expression: Node | None) -> str | None:
        """The text of a quoted string without interpolation, or of a bare word (a key); else None."""
        if expression is None:
            return None
        text = self.text(expression)
        if len(text) >= 2 and text[0] == text[-1] == '"' and '"' not in text[1:-1] and "${" not in text:
            return text[1:-1]
        return text if text.replace("-", "_").isidentifier() else None

    def pairs(self, expression: Node) -> Iterator[tuple[Node, Node]]:
        """Key and value of every pair of every map written in an expression: also of those inside ``merge(…)``."""
        if expression.type == "object_elem":
            key, value = [n for n in expression.named_children if n.type == "expression"]
            yield key, value
        for child in expression.named_children:
            yield from self.pairs(child)

    def indent(self, node: Node) -> str:
        """The white space before the line a node starts on."""
        start = self.content.rfind(b"\n", 0, node.start_byte) + 1
        line = self.content[start : node.start_byte]
        return line[: len(line) - len(line.lstrip())].decode()

    def first_on_its_line(self, node: Node) -> int | None:
        """Where the line of a node starts, if nothing but white space is before the node; else None."""
        start = self.content.rfind(b"\n", 0, node.start_byte) + 1
        return None if self.content[start : node.start_byte].strip() else start

    def inner_indent(self, block: Node) -> str:
        """The indentation of what stands in a block; two spaces more than the block where nothing does."""
        inner = next((n for n in self._children(block) if n.start_point[0] > block.start_point[0]), None)
        return self.indent(inner) if inner is not None else self.indent(block) + "  "

    def _children(self, parent: Node) -> list[Node]:
        body = self._body(parent)
        return list(body.named_children) if body else []

    def _body(self, parent: Node) -> Node | None:
        return next((n for n in parent.named_children if n.type == "body"), None)

    def _name(self, node: Node) -> str:
        return self.text(node.named_children[0])
