"""What all formats for people say alike: how grave a finding is, its sentence, its place, its cost, the counts."""

from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Literal

from policies.finding import Finding, Report, Unread, Verdict
from policies.formats.printable import one_line

Severity = Literal["error", "warning", "note"]
COUNTED: frozenset[Verdict] = frozenset({"violation", "unknown", "external"})
"""Verdicts a person should act on; the others are only counted unless asked for."""

_WIDE = Context(prec=200, rounding=ROUND_HALF_UP)


def severity(finding: Finding) -> Severity:
    """``error``: stops the merge; ``warning``: to look at; ``note``: does not count."""
    if finding.blocks:
        return "error"
    return "warning" if finding.verdict in COUNTED else "note"


def headline(finding: Finding) -> str:
    """The finding in one sentence that names the resource and the part of it."""
    message, address, part = one_line(finding.message), one_line(finding.address), one_line(finding.part)
    named = message if address in message else f"{address}: {message}"
    return (named if part in named else f"{named} ({part})") or "a finding without a message"


def without_address(finding: Finding) -> str:
    """The headline less the resource at its start: for tables that name it in a column of its own."""
    address = one_line(finding.address)
    said = headline(finding)
    return said[len(address) :].lstrip(" :") or said if address and said.startswith(address) else said


def place(file: str, line: int | None) -> str:
    """``main.tf:12``; empty where there is no file."""
    return one_line(file) + (f":{line}" if line is not None and file else "")


def reason(finding: Finding) -> str:
    """Why the value is unknown or why the finding does not count, with its end and owner.

    Empty where nothing is known, or where the message says it already.
    """
    parts = [
        one_line(finding.reason) if finding.reason not in finding.message else "",
        f"until {one_line(finding.until)}" if finding.until else "",
        f"owner {one_line(finding.owner)}" if finding.owner else "",
    ]
    return ", ".join(part for part in parts if part)


def cost(findings: Iterable[Finding]) -> str:
    """``about 1,234 USD a month`` of all findings that have a cost, by currency; empty where none has.

    A resource that several findings name costs once. Exact: no float, rounded once at the end.
    """
    each = {(finding.path, finding.address, finding.currency): finding.cost for finding in findings if finding.cost}
    sums: dict[str, Decimal] = {}
    for (_, _, currency), text in each.items():
        amount = _amount(text)
        if amount is not None:
            sums[currency] = _WIDE.add(sums.get(currency, Decimal(0)), amount)
    told = [f"{_whole(total)} {one_line(currency)}".rstrip() for currency, total in sorted(sums.items()) if total > 0]
    return f"{' and '.join(told)} a month" if told else ""


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and -30 <= amount.adjusted() <= 30 else None


def _whole(amount: Decimal) -> str:
    whole = amount.to_integral_value(ROUND_HALF_UP)
    return f"about {whole:,f}" if whole else "less than 1"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 warning``, ``2 warnings``, ``1,204 warnings``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def summary_line(report: Report) -> str:
    """The whole run in one line: every resource and every finding is in exactly one of its numbers."""
    summary = report.summary
    begun = f"{counted(len(report.unread), 'input')} could not be read; " if report.unread else ""
    checked = f"{begun}{counted(summary.checked, 'resource')} checked"
    found = _found(report)
    if found:
        checked += f": {', '.join(found)}"
    elif summary.checked and not report.unread:
        checked += ": nothing to fix"
    others = [
        f"{summary.not_taggable:,} cannot carry tags" if summary.not_taggable else "",
        f"{summary.skipped:,} deleted or only read" if summary.skipped else "",
    ]
    return "; ".join(part for part in (checked, *others) if part)


def _found(report: Report) -> list[str]:
    blocking = Counter(finding.verdict for finding in report.findings if finding.blocks)
    others = Counter(finding.verdict for finding in report.findings if not finding.blocks)
    stops = report.summary.blocking
    of_them = [
        f"{blocking['unknown']:,} of them unknown" if blocking["unknown"] else "",
        f"{counted(blocking['external'], 'module')} not there" if blocking["external"] else "",
    ]
    aside = ", ".join(part for part in of_them if part)
    found = [
        counted(stops, "blocks", "block") + (f" ({aside})" if aside else "") if stops else "",
        counted(others["violation"], "warning") if others["violation"] else "",
        f"{others['unknown']:,} unknown" if others["unknown"] else "",
        f"{counted(others['external'], 'module')} not there to be read" if others["external"] else "",
        f"{report.summary.existing:,} existing" if report.summary.existing else "",
        f"{report.summary.exempt:,} exempt" if report.summary.exempt else "",
        f"{report.summary.ignored:,} ignored" if report.summary.ignored else "",
    ]
    return [part for part in found if part]


def unread_headline(unread: Unread) -> str:
    """What could not be read and why, in one sentence."""
    file, message = one_line(unread.file), one_line(unread.message)
    return (message if file in message else f"{file}: {message}") or "an input could not be read"
