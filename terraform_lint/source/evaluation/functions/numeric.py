"""Functions over numbers."""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from string import ascii_lowercase, ascii_uppercase, digits

from terraform_lint.source.evaluation.arithmetic import calculated, required_number
from terraform_lint.source.evaluation.conversion import kind, shown
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.knowledge import TooLargeError
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value

NUMERIC = Family()
_MOST_IN_RANGE = 1024
_DIGITS = digits + ascii_lowercase + ascii_uppercase
_LONGEST = 1_000
_MOST_BITS = 53


@NUMERIC("abs", "number")
def abs_(number: Decimal) -> Value:
    """Without its sign."""
    return number.copy_abs()


@NUMERIC("ceil", "number")
def ceil(number: Decimal) -> Value:
    """The next whole number above."""
    return number.to_integral_value(ROUND_CEILING)


@NUMERIC("floor", "number")
def floor(number: Decimal) -> Value:
    """The next whole number below."""
    return number.to_integral_value(ROUND_FLOOR)


@NUMERIC("max", "number", more="number")
def max_(*numbers: Decimal) -> Value:
    """The greatest."""
    return max(numbers)


@NUMERIC("min", "number", more="number")
def min_(*numbers: Decimal) -> Value:
    """The least."""
    return min(numbers)


@NUMERIC("signum", "whole")
def signum(number: Decimal) -> Value:
    """-1, 0 or 1."""
    return Decimal((number > 0) - (number < 0))


@NUMERIC("pow", "number", "number")
def pow_(base: Decimal, exponent: Decimal) -> Value:
    """Of whole numbers; others are rounded there in a way that is not followed here."""
    if exponent < 0 or any(number != number.to_integral_value() for number in (base, exponent)):
        return Unknown("pow() of fractions is not worked out here")
    if abs(base) > 1 and exponent > _MOST_BITS:
        raise TooLargeError("a power is too large to evaluate")
    power = int(base) ** (int(exponent) if exponent <= _MOST_BITS else int(exponent) % 2)
    if abs(power) >> _MOST_BITS:
        return Unknown("pow() beyond 53 bits is not worked out here")
    return Decimal(power)


@NUMERIC("log", "number", "number")
def log(number: Decimal, base: Decimal) -> Value:
    """In double precision; where the result is no whole number, its last digit depends on the machine."""
    try:
        result = math.log(float(number)) / math.log(float(base))
    except (ValueError, ZeroDivisionError):
        return Unknown("log() at the edge of what it takes is not worked out here")
    return (
        Decimal(int(result)) if result.is_integer() and result else Unknown("log() is not worked out to the last digit")
    )


@NUMERIC("parseint", "any", "whole")
def parseint(text: Value, base: Decimal) -> Value:
    """A whole number written in a base from 2 to 62."""
    if not isinstance(text, str):
        raise EvaluationError(f"parseint() takes a string, not {kind(text)}")
    if not 2 <= base <= len(_DIGITS):
        raise EvaluationError("parseint() takes a base from 2 to 62")
    if len(text) > _LONGEST:
        raise TooLargeError("a number of this many digits is too large to evaluate")
    plain = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    number = 0
    for digit in plain.lower() if base <= 36 else plain:
        at = _DIGITS.find(digit)
        if not 0 <= at < base:
            raise EvaluationError(f"parseint() cannot read {shown(text)} to the base {base}")
        number = number * int(base) + at
    if not plain:
        raise EvaluationError("parseint() takes a number, not an empty string")
    return Decimal(-number if text.startswith("-") else number)


@NUMERIC("range", "number", "number", "number", optional=2)
def range_(first: Decimal, end: Decimal | None = None, step: Decimal | None = None) -> Value:
    """At most 1,024 numbers from ``first`` (or 0) to before ``end``."""
    start, end = (Decimal(), first) if end is None else (first, end)
    if step is None:
        step = Decimal(-1 if end < start else 1)
    if step == 0 or (end - start) * step < 0:
        raise EvaluationError("range() takes a step that leads to its end")
    if (end - start) / step > _MOST_IN_RANGE:
        raise EvaluationError(f"range() gives at most {_MOST_IN_RANGE:,} numbers")
    if all(number == number.to_integral_value() for number in (start, end, step)):
        return [Decimal(number) for number in range(int(start), int(end), int(step))]
    numbers: list[Value] = []
    while (start > end) if step < 0 else (start < end):
        numbers.append(start)
        start = calculated(Fraction.__add__, start, step)
    return numbers


@NUMERIC("sum", "list")
def sum_(items: list[Value]) -> Value:
    """Of at least one number."""
    if not items:
        raise EvaluationError("sum() takes a list that is not empty")
    total = Decimal()
    for item in items:
        number = required_number(item, "sum()")
        if isinstance(number, Unknown):
            return number
        total = calculated(Fraction.__add__, total, number)
    return total
