"""The reference parser's complaints in plain words."""

from collections.abc import Set as AbstractSet

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

_VALUE = frozenset({"DBLQUOTE", "INT_LITERAL", "LSQB", "LPAR"})
_SYMBOLS = {
    "COLON": "`:`",
    "COMMA": "`,`",
    "DOT": "`.`",
    "EQ": "`=`",
    "FOR_OBJECT_ARROW": "`=>`",
    "IN": "`in`",
    "LBRACE": "`{`",
    "NAME": "a name",
    "RBRACE": "`}`",
    "RPAR": "`)`",
    "RSQB": "`]`",
}
_CLOSING = frozenset({"COMMA", "RBRACE", "RPAR", "RSQB", "COLON", "FOR_OBJECT_ARROW"})


def explain(error: UnexpectedInput) -> str:
    """What came, and what was expected instead."""
    if isinstance(error, UnexpectedToken):
        return _found(str(error.token.type), str(error.token)) + _expected(frozenset(error.expected))
    if isinstance(error, UnexpectedCharacters):
        return f"unexpected `{error.char}`" + _expected(frozenset(error.allowed or ()))
    return "the text ends too early"


def _found(kind: str, text: str) -> str:
    if kind == "$END":
        return "the text ends too early"
    if kind == "NL_OR_COMMENT" or text.lstrip(" \t").startswith(("\n", "\r")):
        return "the line ends too early"
    shown = (text.split() or [text])[0]
    hint = " (a string stands in double quotes)" if shown.startswith("'") else ""
    return f"unexpected `{shown if len(shown) <= 40 else shown[:39] + '…'}`{hint}"


def _expected(kinds: AbstractSet[str]) -> str:
    if kinds >= _VALUE:
        return "; a value was expected"
    if kinds >= {"EQ", "LBRACE"}:
        return "; `=` or `{` was expected"
    if kinds >= {"DBLQUOTE", "LBRACE"}:
        return "; `{` was expected"
    names = [_SYMBOLS[kind] for kind in sorted(kinds & _CLOSING or kinds) if kind in _SYMBOLS]
    if "NL_OR_COMMENT" in kinds and not kinds & _CLOSING:
        return "; a new line was expected"
    if not names or len(names) > 3:
        return ""
    return f"; {' or '.join(names)} was expected"
