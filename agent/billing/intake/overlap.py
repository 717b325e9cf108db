"""The same money must not enter twice: equal files, equal content or days in two files, two sources of one account."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import duckdb

from agent.billing.delivery.export import ExportFile
from agent.billing.intake.account_days import AccountDays
from agent.billing.intake.intake import FileRecord
from agent.billing.ledger.closed_with import months_closed_with
from agent.billing.ledger.intact import changed_file
from agent.billing.ledger.versions import LedgerVersion, Manifest, heads
from agent.errors import SourceError
from agent.period import Period

_USAGE_SCOPES = """
    select distinct ProviderName, BillingAccountId, SubAccountId, ChargePeriodStart
    from read_parquet(?) where x_Kind = 'usage' and BillingAccountId is not null
"""


def refuse_same_bytes(files: Iterable[tuple[ExportFile, str]]) -> None:
    """Raises ``SourceError`` when two files of one dataset are equal byte for byte."""
    seen: dict[tuple[str, str], str] = {}
    for file, digest in files:
        key = (file.dataset, digest)
        if key in seen:
            raise _twice(seen[key], file.shown)
        seen[key] = file.shown


def refuse_same_content(records: Sequence[FileRecord]) -> None:
    """Raises ``SourceError`` when two files hold the same rows, though compressed or ordered differently."""
    if len(records) < 2:
        return
    seen: dict[object, str] = {}
    for record in sorted(records, key=lambda record: record.file.shown):
        if record.print in seen:
            raise _twice(seen[record.print], record.file.shown)
        seen[record.print] = record.file.shown


def refuse_repeated_days(days: AccountDays, records: Sequence[FileRecord]) -> None:
    """Raises ``SourceError`` when two files repeat each other's usage: two downloads of one bill, both unfinished.

    What counts as a repeat, and why honest parts of a bill do not, is said in :meth:`AccountDays.repeat` and
    :meth:`AccountDays.copied`.
    """
    if (repeat := days.repeat()) is not None:
        # NOTE: by name, whichever of the two was read first
        first, second = sorted(records[place].file.shown for place in (repeat.first, repeat.second))
        raise _same_usage(
            first,
            second,
            f"{repeat.equal} of the {repeat.shared} account-days that are in both are equal line by line, such as "
            f"{repeat.day} of account {repeat.account}",
        )
    if (copied := days.copied()) is not None:
        copy, other = records[copied.file].file.shown, records[copied.other].file.shown
        first, second = sorted((copy, other))
        where = f"in {other} too"
        if copied.in_other < copied.equal:
            where = f"in other files too, {copied.in_other} of them in {other}"
        raise _same_usage(
            first,
            second,
            f"{copied.equal} of the {copied.lines} lines of {copy} on account-days that are in both are {where}, such "
            f"as on {copied.day} of account {copied.account}",
        )


def refuse_same_cost(days: AccountDays, records: Sequence[FileRecord]) -> None:
    """Raises ``SourceError`` when two files or folders bill the same days by finer and by coarser lines."""
    folders = [str(PurePosixPath(record.file.shown).parent) for record in records]
    for names in ([record.file.shown for record in records], folders):
        places = {name: place for place, name in enumerate(dict.fromkeys(names))}
        repeat = days.same_cost([places[name] for name in names]) if len(places) > 1 else None
        if repeat is not None:
            first, second = sorted(list(places)[place] for place in (repeat.first, repeat.second))
            raise SourceError(
                f"{first} and {second} bill the same cost by lines of another number: the sums of {repeat.equal} of "
                f"the {repeat.shared} account-days that are in both are equal to the last digit, such as {repeat.day} "
                f"of account {repeat.account}",
                where=second,
                expected="one export of each account and day",
                mend="keep one of the two exports in this location",
            )


def _same_usage(first: str, second: str, found: str) -> SourceError:
    return SourceError(
        f"{first} and {second} hold the same usage: {found}",
        where=second,
        expected="each line of usage once",
        mend="keep the newer download and remove the other; if both are parts of one delivery, put the export's "
        "manifest beside them",
    )


def _twice(first: str, second: str) -> SourceError:
    return SourceError(
        f"{first} and {second} hold the same rows",
        where=second,
        expected="each file once",
        mend="remove one of the two; together they would double the bill",
    )


def refuse_claimed_elsewhere(data: Path, folder: Path, manifest: Manifest) -> None:
    """Raises ``SourceError`` when another source bills the same usage: the same file, or the same account and day.

    ``folder`` holds the version about to be put in force.
    """
    for other in heads(data, Period.parse(manifest.period)):
        if other.source == manifest.source:
            continue
        ours = {file.sha256: file.path for file in manifest.files}
        same = next((ours[file.sha256] for file in other.manifest.files if file.sha256 in ours), None)
        if same is None and not _share_usage([folder / entry.file for entry in manifest.ledger], other):
            continue
        raise SourceError(
            f"source {manifest.source} bills usage of {manifest.period} that source {other.source} has already billed",
            where=same or manifest.files[0].path,
            expected="each account and period in one source",
            mend=_which_name(data, manifest.source, other),
        )


def _which_name(data: Path, name: str, other: LedgerVersion) -> str:
    """What to do about two names for one bill; closed months need the ledger of the name they were closed with."""
    old, shut = other.source, months_closed_with(data, other.source)
    if shut:
        months = shut[0] if len(shut) == 1 else f"{shut[0]} to {shut[-1]}"
        return (
            f"keep one of the two; if {old} was renamed, give it its old name back in apportion.yaml and invoices.csv: "
            f"{months} {'was' if len(shut) == 1 else 'were'} closed with {old}, and its ledger must stay"
        )
    return (
        f"keep one of the two; if {old} was renamed, give it its old name back in apportion.yaml, or remove "
        f"{other.folder.parent.parent} so that {name} takes all of its months in anew, as far as they are delivered"
    )


def _share_usage(ours: Sequence[Path], other: LedgerVersion) -> bool:
    # NOTE: what is damaged is never allocated, and is held against all others when it is written anew
    if changed_file(other) is not None:
        return False
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select 1 from ({_USAGE_SCOPES} intersect {_USAGE_SCOPES}) limit 1",
            [[str(path) for path in ours], [str(path) for path in other.files]],
        ).fetchone()
    return found is not None
