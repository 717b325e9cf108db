"""``format`` and ``formatlist``: verbs after ``%`` as Go writes them, in the subset that Terraform documents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from terraform_lint.source.evaluation.arithmetic import exact, required_bool, required_number
from terraform_lint.source.evaluation.conversion import as_text, shown
from terraform_lint.source.evaluation.functions.json_text import jsonencode
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.functions.strings import letters_of
from terraform_lint.source.evaluation.knowledge import TooLargeError, first_unknown
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value

FORMATS = Family()
_VERB = re.compile(
    r"%(?:%|(?P<flags>[0#+ -]*)(?P<width>[1-9][0-9]*)?(?:\.(?P<precision>[0-9]*))?(?:\[(?P<at>[1-9][0-9]*)\])?"
    r"(?P<letter>[A-Za-z]))",
    re.ASCII,
)
_WIDEST = 10_000


@dataclass(frozen=True, slots=True)
class _Verb:
    """One verb: ``%-10.3f``. ``precision`` is None where none is given."""

    text: str
    flags: str
    width: int
    precision: int | None
    letter: str


@FORMATS("format", "text", more="any?")
def format_(pattern: str, *arguments: Value) -> Value:
    """The pattern, its verbs replaced by the arguments in turn."""
    return _formatted(pattern, arguments)


@FORMATS("formatlist", "text", more="any?", unknown="inside")
def formatlist(pattern: str, *arguments: Value) -> Value:
    """``format`` once for every item of the lists among the arguments, which are all of one length."""
    lengths = {len(argument) for argument in arguments if isinstance(argument, list)}
    if len(lengths) > 1:
        raise EvaluationError("formatlist() takes lists of the same length")
    found: list[Value] = []
    for at in range(lengths.pop() if lengths else 1):
        items = [argument[at] if isinstance(argument, list) else argument for argument in arguments]
        unknown = first_unknown(items)
        found.append(_formatted(pattern, items) if unknown is None else unknown)
    return found


def _formatted(pattern: str, arguments: Sequence[Value]) -> str | Unknown:
    parts: list[str] = []
    after, following, used = 0, 1, 0
    for found in _VERB.finditer(pattern):
        parts.append(_plain(pattern[after : found.start()]))
        after = found.end()
        if found["letter"] is None:
            parts.append("%")
            continue
        at = _bound(found["at"]) if found["at"] else following
        following, used = at + 1, max(used, at)
        if at > len(arguments):
            raise EvaluationError(f"format() finds no argument for {found.group()}")
        written = _written(_verb(found), arguments[at - 1])
        if isinstance(written, Unknown):
            return written
        parts.append(written)
    parts.append(_plain(pattern[after:]))
    if used < len(arguments):
        raise EvaluationError(f"format() takes {used} arguments by its verbs, not {len(arguments)}")
    return "".join(parts)


def _plain(text: str) -> str:
    if "%" in text:
        raise EvaluationError(f"format() cannot read {shown(text[text.index('%') :])}")
    return text


def _bound(digits: str) -> int:
    if len(digits) > len(str(_WIDEST)) or int(digits) > _WIDEST:
        raise TooLargeError("a width in format() is too large to evaluate")
    return int(digits)


def _verb(found: re.Match[str]) -> _Verb:
    precision = None if found["precision"] is None else _bound(found["precision"] or "0")
    return _Verb(found.group(), found["flags"], _bound(found["width"] or "0"), precision, found["letter"])


def _written(verb: _Verb, value: Value) -> str | Unknown:
    if verb.letter == "v":
        return _padded(verb, _as_is(verb, value))
    if value is None:
        raise EvaluationError(f"format() cannot write null by {verb.text}")
    if verb.letter == "t":
        return "true" if required_bool(value, verb.text) is True else "false"
    if verb.letter in "sq":
        return _string(verb, value)
    number = required_number(value, verb.text)
    if isinstance(number, Unknown):
        return number
    if verb.letter in "bdoxX":
        return _filled(verb, *_whole(verb, number))
    if verb.letter in "eEfgG":
        return _filled(verb, *_real(verb, number))
    raise EvaluationError(f"format() knows no verb {verb.text}")


def _as_is(verb: _Verb, value: Value) -> str:
    if "#" not in verb.flags and isinstance(value, str):
        return value
    if "#" not in verb.flags and isinstance(value, Decimal):
        return ("-" if value < 0 else "") + general(value.copy_abs(), None, "e")
    return str(jsonencode(value))


def _string(verb: _Verb, value: Value) -> str | Unknown:
    text = as_text(value)
    if not isinstance(text, str):
        raise EvaluationError(f"format() cannot write this by {verb.text}")
    if verb.precision:
        letters = letters_of(text)
        if isinstance(letters, Unknown):
            return letters
        text = "".join(letters[: verb.precision])
    return _padded(verb, text if verb.letter == "s" else str(jsonencode(text)))


def _padded(verb: _Verb, text: str) -> str | Unknown:
    """To the width, in letters; zeros where the flag says so."""
    if not verb.width:
        return text
    letters = letters_of(text)
    if isinstance(letters, Unknown):
        return letters
    pads = ("0" if "0" in verb.flags else " ") * (verb.width - len(letters))
    return text + pads if "-" in verb.flags else pads + text


_BASES = {"b": "b", "o": "o", "d": "d", "x": "x", "X": "X"}
_PREFIXES = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}


def _whole(verb: _Verb, number: Decimal) -> tuple[str, str]:
    """(Sign and prefix, digits)."""
    if number != number.to_integral_value():
        raise EvaluationError(f"format() writes whole numbers by {verb.text}")
    digits = format(abs(int(number)), _BASES[verb.letter]).rjust(verb.precision or 0, "0")
    if verb.precision == 0 and number == 0:
        digits = ""
    return _sign(verb, number) + (_PREFIXES.get(verb.letter, "") if "#" in verb.flags else ""), digits


def _real(verb: _Verb, number: Decimal) -> tuple[str, str]:
    """(Sign, digits)."""
    size = number.copy_abs()
    if verb.letter in "gG":
        text = general(size, verb.precision, verb.letter.replace("g", "e").replace("G", "E"))
    else:
        precision = 6 if verb.precision is None else verb.precision
        text = fixed(size, precision) if verb.letter == "f" else scientific(size, precision, verb.letter)
    return _sign(verb, number), text


def _sign(verb: _Verb, number: Decimal) -> str:
    if number < 0:
        return "-"
    return "+" if "+" in verb.flags else " " * (" " in verb.flags)


def _filled(verb: _Verb, sign: str, digits: str) -> str:
    text = sign + digits
    if "-" in verb.flags:
        return text.ljust(verb.width)
    if "0" in verb.flags and (verb.precision is None or verb.letter in "eEfgG"):
        return sign + digits.rjust(verb.width - len(sign), "0")
    return text.rjust(verb.width)


def fixed(size: Decimal, precision: int) -> str:
    """With so many digits behind the point."""
    return format(exact(size), f".{precision}f")


def scientific(size: Decimal, precision: int, letter: str) -> str:
    """One digit before the point, so many behind it, and an exponent of at least two."""
    mantissa, _, exponent = format(exact(size), f".{precision}e").partition("e")
    return f"{mantissa}{letter}{exponent[0]}{exponent[1:].rjust(2, '0')}"


def general(size: Decimal, precision: int | None, letter: str) -> str:
    """Without an exponent from 1e-4 on to ``precision`` digits; None: all digits, and an exponent from 1e6 on."""
    if size == 0:
        return "0"
    if precision is None:
        digits = len(size.normalize(Context(prec=10_000)).as_tuple().digits)
        limit = 6
    else:
        digits = limit = precision or 1
        size = Context(prec=digits).plus(exact(size))
        kept = size.normalize(Context(prec=digits)).as_tuple().digits
        limit = len(kept) if limit > len(kept) and len(kept) >= size.adjusted() + 1 else limit
        digits = len(kept)
    if -4 <= size.adjusted() < limit:
        return fixed(size, max(0, digits - 1 - size.adjusted()))
    return scientific(size, digits - 1, letter)
