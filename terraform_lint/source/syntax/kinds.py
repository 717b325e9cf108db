"""Tree-sitter's concrete tree of HCL: the kinds of its nodes by number, and what is asked of a whole tree."""

from tree_sitter import Language, Parser, Tree
from tree_sitter_hcl import language

from terraform_lint.source.syntax.tree import Span

LANGUAGE = Language(language())


def _kind(name: str, *, named: bool = True) -> int:
    found = LANGUAGE.id_for_node_kind(name, named)
    if found is None:
        raise RuntimeError(f"tree-sitter-hcl knows no {name}")
    return found


ATTR_SPLAT = _kind("attr_splat")
ATTRIBUTE = _kind("attribute")
BLOCK = _kind("block")
BODY = _kind("body")
BLOCK_END = _kind("block_end")
BLOCK_START = _kind("block_start")
COMMA = _kind(",", named=False)
CALL = _kind("function_call")
COLLECTION = _kind("collection_value")
FOR = _kind("for_expr")
COMMENT = _kind("comment")
CONDITIONAL = _kind("conditional")
ELLIPSIS = _kind("ellipsis")
EXPRESSION = _kind("expression")
FOR_COND = _kind("for_cond")
FOR_END = _kind("template_for_end")
FOR_START = _kind("template_for_start")
FUNCTION_ARGUMENTS = _kind("function_arguments")
GET_ATTR = _kind("get_attr")
HEREDOC = _kind("heredoc_template")
IDENTIFIER = _kind("identifier")
IDENTIFIER_OF_HEREDOC = _kind("heredoc_identifier")
IF_ELSE = _kind("template_else_intro")
IF_END = _kind("template_if_end")
IF_START = _kind("template_if_intro")
INDEX = _kind("index")
INTERPOLATION = _kind("template_interpolation")
LITERAL = _kind("literal_value")
NEW_INDEX = _kind("new_index")
OBJECT = _kind("object")
OBJECT_ELEM = _kind("object_elem")
OPERATION = _kind("operation")
PARENTHESIS = _kind("(", named=False)
QUOTED = _kind("quoted_template")
SPLAT = _kind("splat")
STRING = _kind("string_lit")
STRIP = _kind("strip_marker")
TEMPLATE = _kind("template_expr")
VARIABLE = _kind("variable_expr")

MARKER_KINDS = {IF_ELSE: "else", IF_END: "endif", FOR_END: "endfor"}
OPERATORS = {
    _kind(text, named=False): text for text in ("*", "/", "%", "+", "-", ">", ">=", "<", "<=", "==", "!=", "&&", "||")
}
UNARY = {_kind(text, named=False): text for text in ("-", "!")}
SEQUENCES = frozenset((INTERPOLATION, IF_START, IF_ELSE, IF_END, FOR_START, FOR_END))
DIRECTIVES = frozenset((_kind("template_directive"), _kind("template_if"), _kind("template_for")))
TEMPLATE_TEXT = frozenset(
    (
        _kind("template_literal"),
        _kind("quoted_template_start"),
        _kind("quoted_template_end"),
        _kind("heredoc_start"),
        IDENTIFIER_OF_HEREDOC,
    )
)


def tree(source: bytes) -> Tree:
    """The concrete tree of ``source``, with errors in it where it is not HCL."""
    return Parser(LANGUAGE).parse(source)


def first_error(source: bytes) -> int:
    """The 1-based line of the first place that tree-sitter cannot make sense of; 1 where there is none."""
    cursor = tree(source).walk()
    while True:
        node = cursor.node
        assert node is not None  # noqa: S101  a cursor always stands on a node
        if node.is_error or node.is_missing:
            return node.start_point.row + 1
        if node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return 1


def comment_spans(source: bytes) -> list[Span]:
    """Where the comments stand."""
    spans: list[Span] = []
    cursor = tree(source).walk()
    while True:
        node = cursor.node
        assert node is not None  # noqa: S101  a cursor always stands on a node
        if node.kind_id == COMMENT:
            spans.append((node.start_byte, node.end_byte))
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return spans
