"""What pydantic says about a value, as a sentence for the person who wrote it."""

from collections.abc import Mapping, Sequence
from typing import Any

from policies.nearest import did_you_mean
from policies.strict import Steps

_EXPECTED = {
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "decimal_parsing": "a number",
    "decimal_type": "a number",
    "finite_number": "a number",
    "literal_error": "{expected}",
    "union_tag_invalid": "{expected_tags}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "decimal_max_places": "at most {decimal_places} decimal places",
    "string_pattern_mismatch": "text that matches {pattern}",
}


def place(steps: Steps) -> str:
    """Steps as a reader writes them: ``pools[2].match.service``; the first of a list is 0."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def unknown_key(steps: Steps, allowed: Sequence[str]) -> str:
    """A key that no model has."""
    within = f" in {place(steps[:-1])}" if len(steps) > 1 else ""
    return f"unknown key {str(steps[-1])!r}{within}{did_you_mean(str(steps[-1]), allowed) or _allowed(allowed)}"


def _allowed(allowed: Sequence[str]) -> str:
    return f"; allowed: {', '.join(sorted(set(allowed)))}"


def wrong_value(steps: Steps, errors: Sequence[Mapping[str, Any]]) -> str:
    """One sentence for one value; several errors are the ways of a union, none of which fits."""
    first = errors[0]
    kind, context = first["type"], first.get("ctx", {})
    if kind == "missing":
        return f"{place((*steps, first['loc'][-1]))} is missing"
    if kind == "union_tag_not_found":
        key = str(context["discriminator"]).strip("'")
        return f"{place((*steps, key))} is missing"
    expected = [_expected(error) for error in errors]
    if any(not text for text in expected):
        return f"{place(steps)}: {context.get('error', first['msg'])}".removeprefix(": ")
    at = place((*steps, "kind")) if kind == "union_tag_invalid" else place(steps)
    given = context["tag"] if kind == "union_tag_invalid" else first["input"]
    found = _found(given)
    return f"{at or 'the file'}: expected {' or '.join(dict.fromkeys(expected))}, found {found}{_hint(given, expected)}"


def _expected(error: Mapping[str, Any]) -> str:
    return _EXPECTED.get(error["type"], "").format(**error.get("ctx", {}))


def _found(given: object) -> str:
    match given:
        case None:
            return "nothing"
        case bool():
            return f"the word {str(given).lower()}; put it in quotes if it is meant as text"
        case str():
            return repr(given)
        case list():
            return "a list"
    return "a mapping"


def _hint(given: object, expected: Sequence[str]) -> str:
    words = [text.strip("'") for part in expected if "'" in part for text in part.replace(" or ", ", ").split(", ")]
    return did_you_mean(given, words) if isinstance(given, str) else ""
