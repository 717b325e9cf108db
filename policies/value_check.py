"""Whether a tag's value is one that policy.yaml allows, and what was probably meant."""

import re
from datetime import date
from functools import cached_property
from typing import NamedTuple

from policies.nearest import nearest_word
from policies.policy import Values
from policies.registry import Registry
from policies.tags import fold_value

_WORDS = re.compile(r"[^\W_]+")
_MOST_SHOWN = 8
_LONGEST_SHOWN = 80


class WrongValue(NamedTuple):
    """``why`` goes on after the value: ``is no customer``. ``proposal``: what was probably meant, or None."""

    rule: str
    why: str
    proposal: str | None = None

    @property
    def told(self) -> str:
        """Why, with the proposal."""
        if self.proposal is None:
            return self.why
        if self.rule == "wrong-case":
            return f"{self.why} {quoted(self.proposal)}"
        return f"{self.why}; did you mean {quoted(self.proposal)}?"


def quoted(text: str) -> str:
    """Text of a user's file as it may stand in a message: one line, of bounded length, nothing invisible."""
    short = text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
    escaped = (
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in short.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{"".join(escaped)}"'


class ValueCheck:
    """The ``values`` of one key, compiled. ``registry`` is there wherever ``known: customers`` is asked.

    ``shared`` are values that mean "for everyone", and so are as good as a customer.
    """

    def __init__(self, values: Values | None, registry: Registry | None, shared: frozenset[str]) -> None:
        values = values or Values()
        self.registry = registry if values.known is not None else None
        self._shared = {fold_value(value): value for value in shared}
        self._pattern = re.compile(values.pattern) if values.pattern is not None else None
        self._one_of = values.one_of

    def wrong(self, value: str, today: date, *, lower: bool) -> WrongValue | None:
        """What is wrong with a value that is not empty. ``lower``: it stands where there are no capitals."""
        found = self._customer(value, today, lower=lower) if self.registry is not None else None
        return found or self._listed(value, lower=lower) or self._matched(value)

    def meant(self, value: str) -> str | None:
        """The customer that a value names in whatever spelling; None without a registry, too."""
        return self.registry.fold(value) if self.registry is not None else None

    def _customer(self, value: str, today: date, *, lower: bool) -> WrongValue | None:
        assert self.registry is not None  # noqa: S101  # asked only where there is one
        known = self.registry.fold(value)
        if known is not None and (ended := self._ended(known, today)) is not None:
            return WrongValue("unknown-customer", f"is a customer that ended on {ended}")
        meant = known if known is not None else self._shared.get(fold_value(value))
        if meant is None:
            near = self._nearest(value)
            return WrongValue("unknown-customer", "is no customer", near and _written(near, lower=lower))
        right = _written(meant, lower=lower)
        return None if value == right else WrongValue("wrong-case", "is to be written", right)

    def _ended(self, known: str, today: date) -> date | None:
        assert self.registry is not None  # noqa: S101  # asked only where there is one
        ends = [row.end for row in self.registry.rows(known)]
        last = max((end for end in ends if end is not None), default=today)
        return last if None not in ends and last < today else None

    def _nearest(self, value: str) -> str | None:
        """By the customer's name, by the first words of the value, or by a letter that is off."""
        assert self.registry is not None  # noqa: S101  # asked only where there is one
        if (named := self._names.get(fold_value(value))) is not None:
            return named
        words = _WORDS.findall(value)
        for count in range(len(words), 0, -1):
            for joint in ("-", "_", "", " "):
                if (begun := self.registry.fold(joint.join(words[:count]))) is not None:
                    return begun
        return self.registry.nearest(value) or nearest_word(value, self._shared.values())

    @cached_property
    def _names(self) -> dict[str, str]:
        """Id by name. A name that several customers have says nothing."""
        ids: dict[str, set[str]] = {}
        for row in self.registry.customers if self.registry is not None else ():
            ids.setdefault(fold_value(row.name), set()).add(row.id)
        return {name: known.pop() for name, known in ids.items() if len(known) == 1}

    def _listed(self, value: str, *, lower: bool) -> WrongValue | None:
        if self._one_of is None:
            return None
        allowed = [_written(one, lower=lower) for one in self._one_of]
        if value in allowed:
            return None
        shown = ", ".join(allowed[:_MOST_SHOWN]) + (", …" if len(allowed) > _MOST_SHOWN else "")
        which = f"none of {shown}" if len(allowed) > 1 else f"not {shown}"
        return WrongValue("invalid-value", f"is {which}", nearest_word(value.strip(), allowed))

    def _matched(self, value: str) -> WrongValue | None:
        if self._pattern is None or self._pattern.fullmatch(value) is not None:
            return None
        return WrongValue("invalid-value", f"does not match {self._pattern.pattern}")


def _written(text: str, *, lower: bool) -> str:
    return text.lower() if lower else text
