"""As much of PromQL as tells a plain selector, and a question that extrapolates, from others."""

import re
from dataclasses import dataclass

from agent.errors import InputError

_STRING = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)"""
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_MATCHERS = rf"\{{(?:[^{{}}\"'`]|{_STRING})*\}}"
_SELECTOR = rf"(?:{_NAME}\s*(?:{_MATCHERS})?|{_MATCHERS})"
_LABELS = r"\(\s*([a-zA-Z_]\w*(?:\s*,\s*[a-zA-Z_]\w*)*)\s*,?\s*\)"
_INCREASE = rf"increase\s*\(\s*({_SELECTOR})\s*\[\s*\w+\s*\]\s*\)"
_BEFORE = re.compile(rf"\s*sum\s+by\s*{_LABELS}\s*\(\s*{_INCREASE}\s*\)\s*", re.DOTALL)
_AFTER = re.compile(rf"\s*sum\s*\(\s*{_INCREASE}\s*\)\s*by\s*{_LABELS}\s*", re.DOTALL)
_EXTRAPOLATES = re.compile(r"\b(increase|rate|irate)\s*\(")


@dataclass(frozen=True, slots=True)
class Increase:
    """``sum by (labels)(increase(selector[...]))``, taken apart."""

    labels: frozenset[str]
    selector: str


def selector(text: str, of: str) -> str:
    """A counter's selector, trimmed. Raises ``InputError`` for any other expression."""
    trimmed = text.strip()
    if not re.fullmatch(_SELECTOR, trimmed, re.DOTALL):
        raise InputError(
            f"{of}: counter {text!r} is no plain selector",
            expected='a metric\'s name and labels, such as requests_total{job="api"}, without range and functions',
        )
    return trimmed


def names_a_metric(text: str) -> bool:
    """Whether a selector says which metric: all its series then have one name."""
    return not text.startswith("{")


def increase(text: str) -> Increase | None:
    """The question as a sum of increases; None where it is something else."""
    if (found := _BEFORE.fullmatch(text)) is not None:
        return _taken_apart(found[1], found[2])
    if (found := _AFTER.fullmatch(text)) is not None:
        return _taken_apart(found[2], found[1])
    return None


def _taken_apart(labels: str, chosen: str) -> Increase:
    return Increase(frozenset(label.strip() for label in labels.split(",")), chosen.strip())


def refuse_extrapolation(text: str, of: str) -> None:
    """Raises ``InputError`` for a question with ``increase``, ``rate`` or ``irate``, which guess beyond the samples."""
    if (found := _EXTRAPOLATES.search(re.sub(_STRING, '""', text))) is not None:
        raise InputError(
            f"{of}: {found[1]}() in the query extrapolates: its figures are not what was counted",
            expected="counter: a selector, whose raw samples are added up; or a recorded series",
            mend="write `counter: SELECTOR` in place of the query; `sum by (LABEL)(increase(SELECTOR[1h]))` is read so",
        )
