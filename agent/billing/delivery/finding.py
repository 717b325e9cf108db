"""Which files an export consists of: by its manifests where there are any, else every data file of the folder.

A manifest is matched to what lies below the location by the longest common suffix of its keys, so the location may be
the bucket, the prefix, the export or a copy of any of them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.delivery.manifests import Found, Layout, Statement
from agent.errors import SourceError
from agent.storage import Entry, Folder

_IGNORED_PREFIX = "_"
_PACKINGS = (".zip", ".zst", ".bz2", ".xz", ".gz", ".lz4", ".snappy")
_TABLES = (
    ".csv",
    ".csv.gz",
    ".tsv",
    ".tsv.gz",
    ".parquet",
    ".json",
    ".json.gz",
    ".jsonl",
    ".jsonl.gz",
    ".xlsx",
    ".xls",
)
"""What a table usually ends in: such a file beside the export is told of, where its source does not read it."""
_MONTH = re.compile(
    r"BILLING_PERIOD=(\d{4})-(\d{2})(?:/|$)|(?:^|/)(\d{4})(\d{2})\d{2}-\d{8}(?:/|$)|year=(\d{4})/month=(\d{1,2})/",
    re.IGNORECASE,
)


def find(folder: Folder, suffixes: Sequence[str], kind: str, layouts: Sequence[Layout] = ()) -> Delivery:
    """The delivery in ``folder``; files count by suffix. Raises ``SourceError`` for what is not whole."""
    entries = folder.entries()
    statements = list(_statements(folder, entries, layouts))
    data = {shown: entry for shown, entry in entries.items() if _counts(shown, suffixes)}
    if statements:
        delivery = _listed(folder, statements, data)
        return replace(delivery, notes=_left_lying(_unlisted(statements, delivery, data), "is listed in no manifest"))
    _refuse_packed(entries, suffixes)
    if not data:
        raise SourceError(
            "no export file lies here",
            where=folder.shown,
            expected=f"{kind}: files ending in {', '.join(suffixes)}",
            mend="correct `location` of this source in apportion.yaml, or wait for the first delivery",
        )
    files = (ExportFile(folder, shown, str(PurePosixPath(shown).parent)) for shown in data)
    others = [shown for shown in entries if shown not in data and shown.lower().endswith(_TABLES)]
    return Delivery(tuple(files), "not proven", notes=_left_lying(others, f"is no {' or '.join(suffixes)}"))


def _counts(shown: str, suffixes: Sequence[str]) -> bool:
    hidden = any(part.startswith(_IGNORED_PREFIX) for part in shown.split("/"))
    return not hidden and shown.lower().endswith(tuple(suffixes))


def _refuse_packed(entries: Iterable[str], suffixes: Sequence[str]) -> None:
    """A part of the bill that is packed in a way that is not read would be missing in silence."""
    packed = [
        f"{suffix}{packing}" for suffix in suffixes for packing in _PACKINGS if f"{suffix}{packing}" not in suffixes
    ]
    for shown in entries:
        if packed and shown.lower().endswith(tuple(packed)):
            raise SourceError(
                f"{shown} is packed in a way that is not read",
                where=shown,
                expected=f"files ending in {', '.join(suffixes)}",
                mend="unpack it, or take it out of the folder",
            )


def _unlisted(statements: Sequence[tuple[Found, Statement]], delivery: Delivery, data: Iterable[str]) -> list[str]:
    """Data files that no manifest lists, but for those of an export and month that a manifest speaks for.

    Those are older runs, or a newer one that is not complete yet.
    """
    listed = {file.shown for file in delivery.files}
    spoken_for = {
        (found.export, month) for found, statement in statements for month in _months(found, statement, delivery)
    }
    return [
        shown
        for shown in data
        if shown not in listed
        and not any(_below(shown, export) and month == _month_of(shown) for export, month in spoken_for)
    ]


def _months(found: Found, statement: Statement, delivery: Delivery) -> set[str]:
    """The months a manifest speaks for, as paths spell them; '' where they do not."""
    paths = [found.shown, *(file.shown for file in delivery.files if file.manifest == found.shown)]
    named = {str(statement.period)} if statement.period is not None else set()
    return named | {_month_of(path) for path in paths}


def _below(shown: str, export: str) -> bool:
    return not export or shown.startswith(f"{export}/")


def _month_of(shown: str) -> str:
    """The month that a folder of the path names: ``BILLING_PERIOD=2026-10``, ``20261001-20261101``, or '' for none."""
    match = _MONTH.search(shown)
    if match is None:
        return ""
    year, month = (part for part in match.groups() if part is not None)
    return f"{year}-{int(month):02}"


def _left_lying(unread: Sequence[str], why: str) -> tuple[str, ...]:
    if not unread:
        return ()
    others = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
    return (f"{unread[0]}{others} {why}, and is not read",)


def _statements(
    folder: Folder, entries: Mapping[str, Entry], layouts: Sequence[Layout]
) -> Iterator[tuple[Found, Statement]]:
    """The manifest in force of every (export, period), read."""
    found: dict[tuple[str, str], list[tuple[Layout, Found]]] = defaultdict(list)
    for shown in entries:
        for layout in layouts:
            if (seen := layout.recognise(shown)) is not None:
                found[seen.export, str(seen.period)].append((layout, seen))
                break
    for _, candidates in sorted(found.items()):
        by_layout = candidates[0][0]
        yield from by_layout.statements(folder, [seen for _, seen in candidates])


def _listed(folder: Folder, statements: Iterable[tuple[Found, Statement]], data: Mapping[str, Entry]) -> Delivery:
    files: list[ExportFile] = []
    totals: dict[str, int] = {}
    for found, statement in statements:
        if statement.rows is not None:
            totals[found.shown] = statement.rows
        for listed in statement.files:
            shown = longest_suffix(listed.key, _rooted(found, listed.key, data) if statement.rooted else data)
            if shown is None:
                raise SourceError(
                    f"the manifest lists {listed.key}, which is not here",
                    where=found.shown,
                    expected="every file of the delivery",
                    mend="copy the whole delivery; a part of it would understate the bill",
                )
            if listed.size is not None and data[shown].size != listed.size:
                raise SourceError(
                    f"{shown} has {data[shown].size:,} bytes, the manifest says {listed.size:,}",
                    where=found.shown,
                    expected="the file as the provider wrote it",
                    mend="copy the whole delivery again, or wait until it is complete",
                )
            files.append(
                ExportFile(
                    folder,
                    shown,
                    found.export,
                    statement.period,
                    found.shown,
                    listed.size,
                    listed.rows,
                    statement.dataset,
                )
            )
    return Delivery(tuple(files), "manifest", totals)


def _rooted(found: Found, key: str, data: Iterable[str]) -> Iterator[str]:
    """Files outside the export's folder, and those within whose whole path there ends the key."""
    root = f"{found.export}/" if found.export else ""
    for path in data:
        if not path.startswith(root) or f"/{key}".endswith(f"/{path[len(root) :]}"):
            yield path


def longest_suffix(key: str, shown: Iterable[str]) -> str | None:
    """The path that shares the most trailing parts with a manifest's key; None when not even the name is there.

    Of several that match equally well none is taken: guessing would read another run's file.
    """
    parts = key.rpartition("://")[2].split("/")
    best: list[str] = []
    length = 0
    for path in shown:
        common = _common_suffix(parts, path.split("/"))
        if common > length:
            best, length = [path], common
        elif common == length and common:
            best.append(path)
    return best[0] if len(best) == 1 else None


def _common_suffix(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            return count
        count += 1
    return count
