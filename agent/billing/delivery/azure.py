"""Manifests of Azure Cost Management exports: ``manifest.json`` (older: ``_manifest.json``) beside a run's files.

    {root}/{export}/{yyyymmdd-yyyymmdd}/[{run time}/]{run id}/part_0_0001.csv, manifest.json

A run is written whole, its manifest last, and states every charge of its days to date. Only what the manifest says of
scope, dataset and days counts, not the path: exports of one scope and dataset replace each other's days.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import Any

from agent.billing.delivery.manifests import Found, Layout, ListedFile, Statement, document
from agent.errors import SourceError
from agent.period import Period
from agent.storage import Folder

_MANIFEST = re.compile(r"(?:^|/)_?manifest\.json$", re.IGNORECASE)
_RANGE = re.compile(r"(?:^|/)(\d{8})-(\d{8})(?:/|$)")
_RUN_TIME = re.compile(r"/(\d{12,14})/")
_SCOPE_END = re.compile(r"/providers/microsoft\.costmanagement(?:exports)?/.*", re.IGNORECASE)
_ALL = "exports of Azure Cost Management"
_ACTUAL = "actualcost"
_LEGACY = {"usage": _ACTUAL}
_AGREEMENTS = "/providers/microsoft.billing/billingaccounts/"


Span = tuple[date, date]
"""First and last day, both inclusive."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an export as its manifest states it.

    ``dataset`` is the export's type, folded (``actualcost``, ``amortizedcost``, ``focuscost``), '' where unsaid.
    ``span``: the days it covers, None where nothing tells. ``submitted``: when it was started as ``YYYYMMDDhhmmss``, ''
    where neither the manifest nor the folder of the run says.
    """

    found: Found
    dataset: str
    scope: str
    submitted: str
    span: Span | None
    statement: Statement = field(repr=False)

    @property
    def shown(self) -> str:
        """The manifest's path."""
        return self.found.shown

    @property
    def days(self) -> str:
        return f"{self.span[0]} to {self.span[1]}" if self.span else "unknown days"


class AzureExports(Layout):
    """Of every scope and dataset the newest run of each day is in force; manifests of other datasets are left alone.

    ``datasets``: the export types that count, folded (``focuscost``); a manifest that names no type counts always.
    ``runs``, by the manifest's path, are those in force after :meth:`statements`.
    """

    def __init__(self, *datasets: str) -> None:
        self._datasets = frozenset(datasets)
        self.runs: dict[str, Run] = {}

    def recognise(self, shown: str) -> Found | None:
        return Found(shown, _ALL) if _MANIFEST.search(shown) else None

    def read(self, content: Any, shown: str) -> Statement:
        return _run(content, shown).statement

    def statements(self, folder: Folder, candidates: Sequence[Found]) -> Iterator[tuple[Found, Statement]]:
        contents = {found.shown: document(folder, found.shown) for found in candidates}
        runs = [_run(content, shown) for shown, content in contents.items() if _is_ours(content, shown)]
        wanted = [run for run in runs if run.dataset in self._datasets or not run.dataset]
        if runs and not wanted:
            raise SourceError(
                "no manifest here is of a dataset this source reads: they are of type "
                + ", ".join(sorted({run.dataset for run in runs})),
                where=folder.shown,
                expected=" or ".join(sorted(self._datasets)),
                mend="point `location` at the right export, or choose the source kind that matches its type",
            )
        self.runs = {run.shown: run for run in _in_force(wanted)}
        for run in self.runs.values():
            yield run.found, _beside(run, folder)


def _is_ours(content: Any, shown: str) -> bool:
    """False for a ``manifest.json`` of another tool; where Azure's folders are, it must be Azure's."""
    return (isinstance(content, dict) and "blobs" in content) or _RANGE.search(shown) is not None


def _in_force(runs: Sequence[Run]) -> list[Run]:
    """The runs whose days no newer run of the same scope and dataset states again, by path."""
    groups: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.scope, run.dataset].append(run)
    return sorted((run for group in groups.values() for run in _newest(group)), key=lambda run: run.shown)


def _newest(group: Sequence[Run]) -> list[Run]:
    kept: list[Run] = []
    for run in sorted(group, key=lambda run: (run.submitted, run.shown), reverse=True):
        newer = [other for other in kept if _overlap(other, run)]
        if not newer:
            kept.append(run)
        elif not all(other.submitted for other in newer):
            raise SourceError(
                f"two runs state the same days, and nothing tells which is newer: {newer[0].shown} and {run.shown}",
                where=run.shown,
                expected="`runInfo.submittedTime` in each manifest",
                mend="move the older run out of `location`; together they would double the bill",
            )
        elif not _all_stated(run.span, [other.span for other in newer]):
            raise SourceError(
                f"two runs state the same days: {newer[0].shown} ({newer[0].days}) is newer, and {run.shown} "
                f"({run.days}) covers days that it does not",
                where=run.shown,
                expected="a newer run of at least the same days, or runs of different days",
                mend="run the newer export again for whole months, or move the older run out of `location`",
            )
    return kept


def _overlap(one: Run, other: Run) -> bool:
    if one.span is None or other.span is None:
        return False
    return one.span[0] <= other.span[1] and other.span[0] <= one.span[1]


def _all_stated(span: Span | None, by: Sequence[Span | None]) -> bool:
    """Whether every day of ``span`` lies in one of the others."""
    if span is None:
        return False
    first, last = span
    for start, end in sorted(other for other in by if other is not None):
        if start <= first:
            first = max(first, end + timedelta(days=1))
    return first > last


def _beside(run: Run, folder: Folder) -> Statement:
    """The statement with its files named as they lie beside the manifest.

    NOTE: nowhere else: parts of all runs have the same names, so a part of another run would pass for a missing one.
    """
    home = PurePosixPath(run.shown).parent
    there = folder.entries()
    files = [replace(listed, key=(home / PurePosixPath(listed.key).name).as_posix()) for listed in run.statement.files]
    for listed in files:
        if listed.key not in there:
            raise SourceError(
                f"the manifest lists {PurePosixPath(listed.key).name}, which is not here",
                where=run.shown,
                expected="every file of the run beside its manifest",
                mend="copy the run's folder again, or wait until it is complete",
            )
    return replace(run.statement, files=tuple(files))


def _run(content: Any, shown: str) -> Run:
    if not isinstance(content, dict) or not isinstance(content.get("blobs"), list):
        raise SourceError(
            "this is no manifest of an Azure Cost Management export",
            where=shown,
            expected="a JSON object with `blobs`",
            mend="copy the run's folder again; move a manifest of another tool out of `location`",
        )
    config, info = _part(content, "exportConfig"), _part(content, "runInfo")
    dataset = _text(config, "type").casefold()
    dataset = _LEGACY.get(dataset, dataset)
    scope = _SCOPE_END.sub("", _text(config, "resourceId")).casefold()
    files = tuple(_file(blob, shown) for blob in content["blobs"])
    _check_totals(content, files, shown)
    span = _span(info, shown)
    return Run(
        Found(shown, scope or str(PurePosixPath(shown).parent)),
        dataset,
        scope,
        _submitted(info, shown),
        span,
        Statement(files, _period(scope, span), _count(content, "dataRowCount"), dataset),
    )


def _period(scope: str, span: Span | None) -> Period | None:
    """The billing period all rows belong to, where the run's days tell it.

    NOTE: only an agreement (EA, MCA) is billed by calendar month; a pay-as-you-go subscription has periods of its own.
    """
    if span is None or not scope.startswith(_AGREEMENTS) or Period.of(span[0]) != Period.of(span[1]):
        return None
    return Period.of(span[0])


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = content.get(name)
    return part if isinstance(part, dict) else {}


def _text(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) else ""


def _count(part: Mapping[str, Any], name: str) -> int | None:
    value = part.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _file(blob: Any, shown: str) -> ListedFile:
    name = blob.get("blobName") if isinstance(blob, dict) else None
    if not isinstance(name, str) or not name:
        raise SourceError(
            "the manifest lists a file without a name",
            where=shown,
            expected="`blobName` for each of `blobs`",
            mend="copy the run's folder again",
        )
    return ListedFile(name, _count(blob, "byteCount"), _count(blob, "dataRowCount"))


def _check_totals(content: Mapping[str, Any], files: Sequence[ListedFile], shown: str) -> None:
    """Refuses a manifest whose own counts do not agree: it was cut, or joined from two."""
    sizes = [file.size for file in files]
    found = {"blobCount": len(files)}
    if None not in sizes:
        found["byteCount"] = sum(size for size in sizes if size is not None)
    for name, counted in found.items():
        stated = _count(content, name)
        if stated is not None and stated != counted:
            raise SourceError(
                f"the manifest states {name} {stated:,} and lists {counted:,}",
                where=shown,
                expected="a list of all files of the run",
                mend="copy the run's folder again, or wait until it is complete",
            )


def _span(info: Mapping[str, Any], shown: str) -> Span | None:
    """The days of the run, else of its folder; a run that names no end states its whole month."""
    first, last = _day(_text(info, "startDate")), _day(_text(info, "endDate"))
    if first is None and (match := _RANGE.search(shown)):
        first, last = _day(match[1]), _day(match[2])
    if first is None:
        return None
    return first, last or Period.of(first).last_day


def _submitted(info: Mapping[str, Any], shown: str) -> str:
    match = _RUN_TIME.search(shown)
    text = _text(info, "submittedTime") or (match[1] if match else "")
    return re.sub(r"\D", "", text)[:14].ljust(14, "0") if text else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text if text.isdigit() else text[:10])
    except ValueError:
        return None
