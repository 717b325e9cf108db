"""Code that only must type-check: what callers of the packages may rely on. ``make lint`` reads it, nothing runs it."""

from pathlib import Path
from typing import assert_type

from agent.config.allocation import AllocationFile, Pool
from agent.config.application import ApplicationFile, SourceConfig
from agent.errors import ApportionError, ConfigError
from agent.margins.records import CustomerLine, PeriodReport
from agent.money import Amount, split, text_from_units, units_from_text
from agent.period import Period
from policies.faults import Fault, FaultsError
from policies.source import load


def money_is_integers_of_a_currency() -> None:
    """An amount is units and currency; text goes in, text comes out, and a float never does."""
    amount = Amount(units_from_text("12.50"), "USD")
    assert_type(amount + amount, Amount)
    assert_type(-amount, Amount)
    assert_type(split(amount.units, [1, 2]), list[int])
    assert_type(text_from_units(amount.units), str)
    units_from_text(12.5)  # type: ignore[arg-type]  # a float is refused before it can lose a digit


def a_file_loads_as_its_model(path: Path) -> None:
    """``load`` gives the model it was asked for."""
    application = load(path, ApplicationFile)
    assert_type(application, ApplicationFile)
    assert_type(application.sources, list[SourceConfig])
    assert_type(load(path, AllocationFile).pools, list[Pool])


def faults_carry_their_place(error: FaultsError) -> ConfigError:
    """All faults at once, each with file and line."""
    assert_type(error.faults, tuple[Fault, ...])
    return ConfigError(error.faults)


def every_error_has_an_exit_code(error: ApportionError) -> int:
    """What the command line ends with."""
    assert_type(error.lines(), list[str])
    return error.exit_code


def unknown_revenue_is_not_zero(report: PeriodReport) -> int:
    """A margin can be missing, and the types say so."""
    line = report.customers[0]
    assert_type(line, CustomerLine)
    assert_type(line.revenue, int | None)
    return line.cost + line.revenue  # type: ignore[operator]  # None must be looked at first


def months_are_ordered(month: Period) -> bool:
    """Months compare and step."""
    return month.previous < month < month.next
