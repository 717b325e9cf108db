"""Options that several commands share. Only argparse is needed to declare them."""

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from agent.period import Period

Declaration = Callable[[ArgumentParser], None]


def month(text: str) -> "Period":
    """``YYYY-MM`` as a period; argparse turns the error into one line and exit code 2."""
    from agent.period import Period

    try:
        return Period.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def general(parser: ArgumentParser, formats: tuple[str, ...] = ("text", "json")) -> None:
    """Options every command takes, before or after its name: SUPPRESS keeps the later default from winning."""
    parser.add_argument("--config", metavar="FILE", default=SUPPRESS, help="default: ./apportion.yaml")
    what = "print" if formats[0] == "text" else "write"
    parser.add_argument("--format", choices=formats, default=SUPPRESS, help=f"what to {what} (default: {formats[0]})")
    parser.add_argument("--quiet", action="store_true", default=SUPPRESS, help="no progress")
    parser.add_argument("--debug", action="store_true", default=SUPPRESS, help="show the traceback of an error")


def period(default: str) -> Declaration:
    """``--period``, with the words that say what holds without it."""

    def declare(parser: ArgumentParser) -> None:
        parser.add_argument("--period", metavar="YYYY-MM", type=month, help=f"one month (default: {default})")

    return declare


def closing(parser: ArgumentParser) -> None:
    """Which month ``close`` is about, who closes it, and what is accepted with which reason."""
    add = parser.add_argument
    add("period", metavar="PERIOD", type=month, nargs="?", help="a month, YYYY-MM (default: the earliest open one)")
    add("--by", metavar="NAME", default="", help="who closes it (default: the user of this machine)")
    add(
        "--accept-estimates",
        metavar="REASON",
        default="",
        help="close though a source is not final, not complete or no longer delivered",
    )
    add("--accept-gap", metavar="REASON", default="", help="close though an invoice is not tied")
    add(
        "--accept-attribution",
        metavar="REASON",
        default="",
        help="of a closed month: let later tags count; what they move posts to the earliest open month",
    )


def folder(default: str) -> Declaration:
    """An optional DIR argument."""

    def declare(parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", nargs="?", default=default, help=f"default: {default}")

    return declare


def send(parser: ArgumentParser) -> None:
    """``--send``: without it nothing leaves the machine."""
    parser.add_argument("--send", action="store_true", help="post to Slack; the token comes from SLACK_BOT_TOKEN")


def schema_name(parser: ArgumentParser) -> None:
    """Which schema; all of them without a name."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="for example apportion.yaml (default: all)")


def demo_lines(parser: ArgumentParser) -> None:
    """``--lines``: how large the demo's bill is."""
    parser.add_argument(
        "--lines", metavar="N", type=positive, default=200_000, help="about how many billing lines (default: 200000)"
    )


def recomputed(parser: ArgumentParser) -> None:
    """How much of the allocation is recomputed."""
    add = parser.add_argument
    add("--days", metavar="N", type=positive, default=50, help="of a large month recompute N pool-days (default: 50)")
    add("--all", dest="everything", action="store_true", help="recompute every share, however large the month is")


def positive(text: str) -> int:
    """A whole number above zero."""
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def version(text: str) -> int | str:
    """A ledger version: ``2``, ``v2``, ``current`` or ``closed``."""
    number = text.removeprefix("v")
    if number.isdecimal() and int(number):
        return int(number)
    if text in ("current", "closed"):
        return text
    raise ArgumentTypeError(f"{text!r} is no version; write its number, such as 2, or current, or closed")


def diff(parser: ArgumentParser) -> None:
    """Which month, and which two versions of it; or which two methods, over which months."""
    add = parser.add_argument
    add("month", metavar="PERIOD", type=month, nargs="?", help="the month, YYYY-MM (of methods: the last one)")
    add("--source", metavar="NAME", help="one source (default: every source of the month)")
    add("--from", dest="before", metavar="V", type=version, help="a number or closed (default: the one before --to)")
    add("--to", dest="after", metavar="V", type=version, help="a number, closed or current (default: current)")
    dimensions = ("provider", "account", "service", "category", "invoice", "customer")
    add("--by", choices=dimensions, action="append", default=[], help="show only this, whole; may be repeated")
    method = "the id of a version, the path of an allocation.yaml, or current"
    add("--methodology", metavar="METHOD", nargs=2, help=f"compare two methods; each is {method}")
    add("--months", metavar="N", type=positive, help="with --methodology: the last N months up to PERIOD")
    add("--from-period", metavar="YYYY-MM", type=month, help="with --methodology: the months from this one")
    add("--to-period", metavar="YYYY-MM", type=month, help="with --methodology: the last month (default: the newest)")


def explained(parser: ArgumentParser) -> None:
    """Whose cost ``explain`` walks back, and how far down."""
    add = parser.add_argument
    add(
        "customer",
        metavar="CUSTOMER",
        help="an id of customers.csv, or @unallocated, @opex, @balance_sheet, @after_asof",
    )
    add("--metric", choices=("effective", "billed"), default="effective", help="which cost (default: effective)")
    add("--top", metavar="N", type=whole, default=5, help="parts shown of each list; 0 shows all (default: 5)")
    add("--exact", action="store_true", help="show every digit of an amount instead of cents")
    add("--pool", metavar="NAME", default="", help="show this pool by day, and what its bill is made of")
    add("--day", metavar="DATE", type=day, help="show this day, with the integers of the split; with --pool")
    add("--service", metavar="NAME", default="", help="show only this service of what is the customer's own")
    add("--resource", metavar="ID", default="", help="show only this resource of what is the customer's own")
    add("--rows", action="store_true", help="go down to the rows of the ledger")
    add("--lines", action="store_true", help="go down to the lines of the delivered files; with --resource or --day")


def inferred(parser: ArgumentParser) -> None:
    """How many proposals are shown, and where all of them go."""
    add = parser.add_argument
    add("--top", metavar="N", type=whole, default=20, help="proposals shown; 0 shows all (default: 20)")
    add("--output", metavar="FILE", help="write all proposals as CSV, with a column accept for a person to fill in")
    add("--accept", metavar="FILE", help="turn the rows that say yes into rules to paste and a tag plan, beside FILE")


def day(text: str) -> "date":
    """A calendar day, ``2026-10-31``."""
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day; write it as YYYY-MM-DD") from None


def whole(text: str) -> int:
    """A whole number, 0 included."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def lint(parser: ArgumentParser) -> None:
    """What ``lint`` judges, by which policy, and where its findings go."""
    add = parser.add_argument
    add("paths", metavar="PATH", nargs="+", help="a folder of source, a plan as JSON, or - (a plan on stdin)")
    add("--policy", metavar="FILE", help="policy.yaml, or pack:NAME of a shipped one (default: of apportion.yaml)")
    add("--customers", metavar="FILE", help="customers.csv (default: of apportion.yaml)")
    add("--output", metavar="FORMAT=FILE", action="append", default=[], help="write this format too; may be repeated")
    add("--source", metavar="DIR", help="where a plan's resources are written: lines and inline comments come from it")
    add("--environment", metavar="NAME", help="what scopes and exemptions by environment go by (default: the env tag)")
    add("--workspace", metavar="NAME", help="terraform.workspace (default: the selected one)")
    add("--var", metavar="NAME=VALUE", action="append", default=[], help="a Terraform variable; may be repeated")
    add("--var-file", metavar="FILE", action="append", default=[], help="a file of variables; may be repeated")
    add("--baseline", metavar="FILE", help="findings listed here are existing debt and do not block")
    add("--write-baseline", action="store_true", help="write --baseline, or take out of it what is mended; never adds")
    add("--costs", metavar="FILE", help="costs_by_type.json or the data folder: what such resources cost last month")
    add(
        "--account",
        metavar="ID",
        default="",
        help="the account that is deployed to: for scopes and exemptions by account, and for --costs",
    )
    add("--fix", metavar="FILE", help="write a patch that adds the missing tags to the source")
    add(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="with --fix: a tag's value; may be repeated",
    )
    add("--comment", choices=("github", "gitlab"), help="keep one comment on the pull or merge request up to date")
    add("--all", action="store_true", help="print existing, exempt and ignored findings too")
    add("--no-cache", action="store_true", help="parse every file anew")


def focus_file(parser: ArgumentParser) -> None:
    """Where an exported FOCUS file goes."""
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="a .parquet or .csv file (default: exports/MONTH/FORMAT.parquet of the data folder)",
    )
    parser.add_argument(
        "--allocated",
        action="store_true",
        help="the published allocation instead of the ledger: every charge by whom it ended with (focus-1.3, 1.4)",
    )
