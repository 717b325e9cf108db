"""Conversions between types, and the mark of a sensitive value. ``try`` and ``can`` are the evaluator's."""

from terraform_lint.source.evaluation.conversion import CONVERSIONS, kind
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.knowledge import bare, nature
from terraform_lint.source.evaluation.values import Sensitive, Unknown, Value

TYPES = Family()


for _name, _convert in CONVERSIONS.items():
    TYPES(f"to{_name}", "any?", unknown="inside", marks="inside" if _name in ("list", "map") else "spreads")(_convert)


@TYPES("sensitive", "any?", unknown="seen", marks="inside")
def sensitive(value: Value) -> Value:
    """The value, never to be printed."""
    return Sensitive(value)


@TYPES("nonsensitive", "any?", unknown="seen", marks="seen")
def nonsensitive(value: Value) -> Value:
    """The value, free to be printed; parts inside keep their marks."""
    return bare(value)


@TYPES("issensitive", "any?", unknown="seen", marks="seen")
def issensitive(value: Value) -> Value:
    """Whether the value itself is sensitive; unknown values may turn out to be."""
    if isinstance(value, Sensitive):
        return True
    return value if isinstance(value, Unknown) else False


@TYPES("ephemeralasnull", "any?", unknown="seen", marks="inside")
def ephemeralasnull(value: Value) -> Value:
    """Ephemeral values are never known from source, so what is known stays."""
    return value


@TYPES("type", "any?", unknown="seen")
def type_(value: Value) -> Value:
    """Of the console only; what it prints has no place in a configuration."""
    return nature(value).unknown or Unknown(f"type() of {kind(value)} is a word of the console only")


@TYPES("defaults", "any?", "any?", unknown="seen")
def defaults(value: Value, _fallback: Value) -> Value:
    """An experiment that Terraform 1.3 ended."""
    return nature(value).unknown or Unknown("defaults() was an experiment that Terraform 1.3 ended")
