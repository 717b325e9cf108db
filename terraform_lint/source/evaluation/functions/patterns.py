"""``regex``, ``regexall`` and ``replace``."""

import re
from collections.abc import Callable

from terraform_lint.source.evaluation.functions.regex_match import Match, Program, Spend, compiled, matches, search
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.functions.strings import replace_plainly
from terraform_lint.source.evaluation.knowledge import MOST_LETTERS, TooLargeError
from terraform_lint.source.evaluation.values import EvaluationError, Value

PATTERNS = Family()
_REFERENCE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})", re.ASCII)


@PATTERNS("regex", "text", "text", metered=True)
def regex(spend: Spend, pattern: str, text: str) -> Value:
    """The first match: its text, or that of its groups in a list, or in a map by their names."""
    program = _checked(pattern)
    found = search(program, text, 0, spend)
    if found is None:
        raise EvaluationError("regex() finds no match")
    return _result(program, text, found)


@PATTERNS("regexall", "text", "text", metered=True)
def regexall(spend: Spend, pattern: str, text: str) -> Value:
    """All matches, each as ``regex`` gives it."""
    program = _checked(pattern)
    return [_result(program, text, found) for found in matches(program, text, spend)]


def _checked(pattern: str) -> Program:
    program = compiled(pattern)
    if len({name is None for name in program.names}) > 1:
        raise EvaluationError("a pattern has groups with and without names")
    return program


def _result(program: Program, text: str, found: Match) -> Value:
    groups = [_group(text, found, number) for number in range(1, len(program.names) + 1)]
    if not groups:
        return _group(text, found, 0)
    if program.names[0] is None:
        return list[Value](groups)
    return {name: group for name, group in zip(program.names, groups, strict=True) if name is not None}


def _group(text: str, found: Match, number: int) -> str | None:
    start, end = found[2 * number : 2 * number + 2]
    return None if start < 0 or end < 0 else text[start:end]


@PATTERNS("replace", "text", "text", "text", metered=True)
def replace(spend: Spend, text: str, old: str, new: str) -> Value:
    """Every occurrence; ``old`` between slashes is a pattern, and ``$1`` in ``new`` one of its groups."""
    if len(old) < 2 or not (old.startswith("/") and old.endswith("/")):
        return replace_plainly(text, old, new)
    program = compiled(old[1:-1])
    parts: list[str] = []
    after = letters = 0
    for found in matches(program, text, spend):
        parts += [text[after : found[0]], _REFERENCE.sub(_expansion(program, text, found), new)]
        letters += len(parts[-1])
        after = found[1]
        if letters > MOST_LETTERS:
            raise TooLargeError("a text is too large to evaluate")
    return "".join([*parts, text[after:]])


def _expansion(program: Program, text: str, found: Match) -> Callable[[re.Match[str]], str]:
    def expanded(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        if name.isdigit():
            number = int(name) if len(name) < 4 else -1
        else:
            number = program.names.index(name) + 1 if name in program.names else -1
        return (_group(text, found, number) or "") if 0 <= number <= len(program.names) else ""

    return expanded
