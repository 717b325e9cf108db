"""Column names as people's exports spell them: any case, spaced, or translated with the original in parentheses."""

import re
from collections.abc import Iterable, Mapping, Sequence

from agent.errors import SourceError

_LOCALISED = re.compile(r".*\(([A-Za-z][A-Za-z0-9_]*)\)\s*")
_FILLERS = re.compile(r"[\s_-]")


def folded(name: str) -> str:
    """What spellings of one column have in common: ``Abonnement-GUID (SubscriptionGuid)`` is ``subscriptionguid``."""
    return _FILLERS.sub("", original(name)).casefold()


def original(name: str) -> str:
    """The name without its translation: ``Abonnement-GUID (SubscriptionGuid)`` is ``SubscriptionGuid``."""
    localised = _LOCALISED.fullmatch(name)
    return localised[1] if localised else name.strip()


def twice(name: str, where: str) -> SourceError:
    """The error of a column that stands in the header twice, so that nobody can say which one counts."""
    return SourceError(f"the header names {name!r} twice", where=where, expected="each column once")


def missing_columns(what: str, missing: Sequence[str], where: str, expected: str, mend: str) -> SourceError:
    """The error of a file of ``what`` (``FOCUS``) that lacks needed columns: all of them are named."""
    are = "s are" if len(missing) > 1 else " is"
    return SourceError(
        f"{len(missing)} {what} column{are} missing: {', '.join(missing)}", where=where, expected=expected, mend=mend
    )


def places(names: Sequence[str], known: Mapping[str, Iterable[str]], shown: str) -> dict[str, int]:
    """Position of each known column that is there; ``known``: its accepted names, the first that is there counts.

    Raises ``SourceError`` when a name that counts stands in the header twice.
    """
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        positions.setdefault(folded(name), []).append(position)
    found: dict[str, int] = {}
    for column, accepted in known.items():
        spelling = next((name for name in accepted if folded(name) in positions), None)
        if spelling is None:
            continue
        at = positions[folded(spelling)]
        if len(at) > 1:
            raise twice(names[at[1]], f"{shown}:1")
        found[column] = at[0]
    return found
