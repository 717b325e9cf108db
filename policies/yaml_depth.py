"""How deep YAML is nested, before it is composed: the compiled loader recurses without a bound and ends the process."""

from typing import Any

import yaml

DEEPEST = 200


def first_too_deep(text: str, loader: type[Any]) -> int | None:
    """The 1-based line of the first list or mapping below ``DEEPEST`` others; None: there is none.

    Raises ``yaml.YAMLError`` where the text is no YAML.
    """
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                mark = event.start_mark
                return int(mark.line) + 1 if mark is not None else 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None
