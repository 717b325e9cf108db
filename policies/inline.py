"""``apportion:ignore[rule] reason until=2027-01-31`` in a comment: a finding that a person has looked at."""

import re

from policies.nearest import did_you_mean
from policies.resource import InlineIgnore
from policies.rule_names import RULES
from policies.table import iso_date
from policies.tags import fold_key

MARK = "apportion:ignore"
ANY = "*"
_IGNORABLE = tuple(rule for rule in RULES if rule not in ("external-module", "bad-ignore"))
"""Those that are found at a resource, where a comment may stand."""
_COMMENT = re.compile(rf"{MARK}(?P<list>\s*\[(?P<rules>[^\]]*)\])?(?P<rest>[^\r\n]*)")
_UNTIL = re.compile(r"(?:^|(?<=[\s(,;]))until\s*[=:]\s*(?P<day>[^\s,;)]*)")
_FORM = f"write it as {MARK}[missing-tag] why it is fine until=YYYY-MM-DD"


def parse_ignore(text: str, line: int) -> InlineIgnore | str:
    """A comment that holds ``apportion:ignore``, or, as text, what is wrong with it.

    Rules are separated by commas, ``*`` is all of them, ``missing-tag:tenant`` is a rule for one key. A reason is
    asked for; ``until`` is not. ``line`` is where the comment stands.
    """
    try:
        return _read(text, line)
    except ValueError as error:
        return str(error)


def _read(text: str, line: int) -> InlineIgnore:
    found = _COMMENT.search(text)
    rules = [rule.strip() for rule in (found["rules"] or "").split(",") if rule.strip()] if found is not None else []
    if found is None or not rules:
        raise ValueError(f"{MARK} names no rule; {_FORM}")
    for rule in rules:
        _check_rule(rule)
    rest = found["rest"].removesuffix("*/").strip()
    days = [match["day"] for match in _UNTIL.finditer(rest)]
    if len(days) > 1:
        raise ValueError(f"{MARK} has until= twice")
    if days and iso_date(days[0]) is None:
        raise ValueError(f"{MARK}: until={days[0]} is not a date; write it as YYYY-MM-DD")
    reason = " ".join(_UNTIL.sub("", rest).split()).strip(" :,;-–()")
    if not reason:
        raise ValueError(f"{MARK} gives no reason; {_FORM}")
    return InlineIgnore(frozenset(map(_folded, rules)), reason, days[0] if days else None, line)


def covers(ignore: InlineIgnore, rule: str, key: str) -> bool:
    """Whether an ignore is about a finding. ``key`` is the policy's, empty for a finding about none."""
    named = ignore.rules
    if rule in named or ANY in named:
        return True
    folded = fold_key(key)
    return f"{rule}:{folded}" in named or f"{ANY}:{folded}" in named


def _check_rule(rule: str) -> None:
    name, colon, key = (part.strip() for part in rule.partition(":"))
    if name != ANY and name not in _IGNORABLE:
        hint = did_you_mean(name, _IGNORABLE) or f"; known: {', '.join(_IGNORABLE)}"
        raise ValueError(f"{MARK}: there is no rule {name!r} to ignore{hint}")
    if colon and not key:
        raise ValueError(f"{MARK}: a key is missing after {name}:")


def _folded(rule: str) -> str:
    name, colon, key = rule.partition(":")
    return name.strip() + (f":{fold_key(key)}" if colon else "")
