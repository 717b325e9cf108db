"""What the books say of a method before it is merged: whether the quarter would take it, and what it needs for that."""

from collections.abc import Sequence

from agent.closing import closed_months, governed, open_months
from agent.closing.calendar import before_in_quarter
from agent.config.allocation import AllocationFile
from agent.config.loading import Settings
from agent.errors import ClosedError
from agent.methods.choosing import Method
from agent.methods.records import Lock
from agent.period import Period


def asked(settings: Settings, method: Method, periods: Sequence[Period]) -> Lock:
    """The lock's answer for the last open month of ``periods``, else for the earliest open month of the books."""
    books = closed_months(settings.data)
    waiting = open_months(settings, books)
    compared = [period for period in periods if period in waiting]
    if not waiting:
        return Lock(str(max(periods)), None, "no month is open; closed ones keep the method they were closed with")
    period = max(compared) if compared else waiting[0]
    before = before_in_quarter(books, period, settings.app.close.fiscal_year_start)
    if before is None:
        return Lock(str(period), True, f"no month of the fiscal quarter of {period} is closed: the method is free")
    try:
        record = governed(settings.with_rules(_begun(method.of(period), period)), period)
    except ClosedError as error:
        return Lock(str(period), False, error.message, [*error.obstacles, error.mend])
    if record.get("changes"):
        told = f"it changes the method of {before.period}, which is closed, as a version of its own"
    elif record.get("additions"):
        mapped = ", ".join(f"{amount} {currency}" for currency, amount in record["mapped"].items()) or "nothing yet"
        told = f"it only adds to the method of {before.period}, which is closed: a home for {mapped} that nobody had"
    else:
        told = f"it is the method of {before.period}, which is closed"
    return Lock(str(period), True, told)


def _begun(rules: AllocationFile, period: Period) -> AllocationFile:
    """NOTE: a version that begins later is asked about as if it began here: it is not in force yet at any month"""
    named = rules.methodology
    if named is None or Period.parse(named.from_) <= period:
        return rules
    return rules.model_copy(update={"methodology": named.model_copy(update={"from_": str(period)})})
