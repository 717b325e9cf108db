"""Addresses in apportion.yaml that hold more than an address: what is written there is printed, logged and recorded."""

import re
from collections.abc import Iterator

from policies.complaints import place
from policies.faults import Fault
from policies.strict import Steps
from policies.yaml_tree import Value, YamlTree

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_USER = re.compile(r"[^/?#]*@|[^/?#@:]*:(?!\d+(?:/|$))[^@]*@")
"""NOTE: a secret key may hold a slash, so a colon before one that is followed by no port counts as well."""
_ENDPOINT = "endpoint"
_OWN_SECRET = ("state",)
"""A database's URL holds its password by its form; no message repeats it."""
_EXPECTED = (
    "an address alone; credentials belong into the environment or the cloud's own chain (docs/locations.md), "
    "never into apportion.yaml"
)


def address_faults(tree: YamlTree) -> list[Fault]:
    """Every address with a user, a password, a query or a fragment: the key is named, what it holds is not."""
    return [
        Fault(tree.name, tree.line(*steps), f"{place(steps)}: {found}; expected {_EXPECTED}")
        for steps, text in _texts(tree.value, ())
        if steps != _OWN_SECRET and (found := _beside(text, endpoint=bool(steps) and steps[-1] == _ENDPOINT))
    ]


def _texts(value: Value, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*steps, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _texts(inner, (*steps, at))


def _beside(text: str, *, endpoint: bool) -> str:
    """What an address holds beside it; '' for an address alone, and for a value that is none.

    One value may name two addresses with a space between them. An endpoint is one without a scheme, too.
    """
    if not endpoint and _SCHEME.match(text.strip()) is None:
        return ""
    for address in _SCHEME.split(text):
        if _USER.match(address.strip()):
            return "the address names a user or a password before its host"
        for sign, name in (("?", "a query string"), ("#", "a fragment")):
            if sign in address:
                return f"the address has {name}"
    return ""
