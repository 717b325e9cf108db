"""Terraform's operators over values that may be unknown.

Numbers are binary with 512 bits there, decimal here. Whole numbers are the same in both; where a fraction is involved
the operands and the result are rounded to 512 bits and written as the shortest decimal that reads back the same.
"""

from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction

from terraform_lint.source.evaluation.conversion import as_bool, as_number, bounded
from terraform_lint.source.evaluation.knowledge import bare, equal, marked
from terraform_lint.source.evaluation.values import EvaluationError, Sensitive, Unknown, Value

BITS = 512
_EXACT = Context(prec=155)
_WHOLE_BITS = 500


def apply_binary(operator: str, left: Value, right: Value) -> Value:
    """``left operator right``, all but ``&&`` and ``||``. Raises ``EvaluationError`` for operands of a wrong type."""
    sensitive = isinstance(left, Sensitive) or isinstance(right, Sensitive)
    left, right = bare(left), bare(right)
    result = _same(left, right, operator) if operator in ("==", "!=") else _numeric(operator, left, right)
    return marked(result, sensitive)


def _same(left: Value, right: Value, operator: str) -> Value:
    same = equal(left, right)
    if isinstance(same, Unknown):
        return same
    if same and isinstance(left, list | dict):
        # NOTE: tolist(["a"]) == ["a"] and tomap({}) == {} are false there: a list is no tuple, a map no object
        return Unknown("Terraform compares the types of two collections too, and they are not told apart here")
    return same == (operator == "==")


def _numeric(operator: str, left: Value, right: Value) -> Value:
    one, other = required_number(left, operator), required_number(right, operator)
    if isinstance(one, Unknown):
        return one
    if isinstance(other, Unknown):
        return other
    if operator in _COMPARISONS:
        return _COMPARISONS[operator](one, other)
    if other == 0 and operator in "/%":
        raise EvaluationError("division by zero")
    return calculated(_ARITHMETIC[operator], one, other)


def required_number(value: Value, place: str) -> Decimal | Unknown:
    """A number that is not null. Raises ``EvaluationError``; ``place`` names what needs it."""
    number = as_number(value)
    if number is None:
        raise EvaluationError(f"{place} needs a number, not null")
    return number


def required_bool(value: Value, place: str) -> bool | Unknown:
    """A bool that is not null. Raises ``EvaluationError``; ``place`` names what needs it."""
    truth = as_bool(value)
    if truth is None:
        raise EvaluationError(f"{place} needs true or false, not null")
    return truth


def apply_unary(operator: str, operand: Value) -> Value:
    """``-operand`` or ``!operand``."""
    if operator == "!":
        truth = required_bool(operand, "!")
        result: Value = truth if isinstance(truth, Unknown) else not truth
    else:
        number = required_number(operand, "-")
        result = number if isinstance(number, Unknown) else number.copy_negate()
    return marked(result, isinstance(operand, Sensitive))


_COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _remainder(one: Fraction, other: Fraction) -> Fraction:
    return one - _binary(other * int(_binary(one / other)))


_ARITHMETIC: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "%": _remainder,
}


def calculated(operation: Callable[[Fraction, Fraction], Fraction], one: Decimal, other: Decimal) -> Decimal:
    """The result of exact arithmetic, rounded as Terraform's numbers are."""
    return from_binary(operation(_binary(Fraction(bounded(one))), _binary(Fraction(bounded(other)))))


def from_binary(number: Fraction) -> Decimal:
    """The shortest decimal that means the same 512-bit number."""
    number = _binary(number)
    if number.denominator == 1 and number.numerator.bit_length() < _WHOLE_BITS:
        return Decimal(number.numerator)
    few, many = 1, _EXACT.prec + 1
    while few < many:
        middle = (few + many) // 2
        if _binary(Fraction(_rounded(number, middle))) == number:
            many = middle
        else:
            few = middle + 1
    return bounded(_rounded(number, few))


def exact(number: Decimal) -> Decimal:
    """The 512-bit number that a decimal stands for, with all its digits."""
    binary = _binary(Fraction(bounded(number)))
    return Context(prec=12_000).divide(Decimal(binary.numerator), Decimal(binary.denominator))


def _rounded(number: Fraction, digits: int) -> Decimal:
    return Context(prec=digits).divide(Decimal(number.numerator), Decimal(number.denominator))


def _binary(number: Fraction) -> Fraction:
    """To 512 bits, half to even."""
    if number.denominator == 1 and abs(number.numerator).bit_length() <= BITS:
        return number
    size = abs(number.numerator).bit_length() - number.denominator.bit_length()
    shift = BITS - size
    scaled = number * Fraction(2) ** shift
    excess = abs(round(scaled)).bit_length() - BITS
    unit = Fraction(2) ** (shift - max(excess, 0))
    return Fraction(round(number * unit)) / unit
