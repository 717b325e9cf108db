"""Values of expressions as sets of tags, and back."""

from policies.resource import TagSet
from terraform_lint.source.evaluation.conversion import as_text, kind
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Sensitive, Unknown, Value


def tag_set(value: Value) -> TagSet | None:
    """A map as tags, its values as text. None: null, or no map."""
    if isinstance(value, Sensitive):
        inner = tag_set(value.value)
        return inner and TagSet(inner.known, inner.unknown, inner.rest, sensitive=True)
    if isinstance(value, Unknown):
        return TagSet(rest=value.reason)
    if not isinstance(value, dict | OpenMap):
        return None
    known: dict[str, str | None] = {}
    unknown: dict[str, str] = {}
    for key, each in (value.known if isinstance(value, OpenMap) else value).items():
        text = _text(each)
        if isinstance(text, Unknown):
            unknown[key] = text.reason
        else:
            known[key] = text
    inside = value.known.values() if isinstance(value, OpenMap) else value.values()
    rest = value.rest.reason if isinstance(value, OpenMap) else None
    return TagSet(known, unknown, rest, sensitive=any(isinstance(each, Sensitive) for each in inside))


def without_nulls(tags: TagSet) -> TagSet:
    """The tags that a provider is told of: Terraform leaves out a key whose value is null."""
    if None not in tags.known.values():
        return tags
    known = {key: value for key, value in tags.known.items() if value is not None}
    return TagSet(known, tags.unknown, tags.rest, tags.sensitive)


def as_value(tags: TagSet) -> Value:
    """Tags as the map that an expression sees."""
    known: dict[str, Value] = {**tags.known, **{key: Unknown(reason) for key, reason in tags.unknown.items()}}
    value: Value = known if tags.rest is None else OpenMap(known, Unknown(tags.rest))
    return Sensitive(value) if tags.sensitive else value


def _text(value: Value) -> str | Unknown | None:
    try:
        return as_text(value)
    except EvaluationError:
        return Unknown(f"its value is {kind(value)}, not text")
