"""The last step: the lines of the delivered files that a ledger row was made of.

The files are read again by the source's own reader. Where it makes one row of one line (FOCUS, OCI) the lines are found
by the row's keys and must sum to it. AWS and Azure make several ledger rows of a line, and several lines of one: there
the lines of the resource and day are listed with their cost as written, and tied to nothing. Other kinds cannot be
listed, and say so.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Context, Decimal
from pathlib import Path

import numpy as np

from agent.billing import source_of
from agent.billing.ledger.versions import LedgerVersion
from agent.billing.reading import csv_files
from agent.billing.reading.batch import Batch, Numbers
from agent.billing.reading.raw_tags import TagSets
from agent.billing.reading.table_files import is_parquet
from agent.config.application import SourceConfig
from agent.config.loading import Settings
from agent.errors import SourceError
from agent.explain.records import COLUMNS, Asked, Fact, Part, fold
from agent.money import UNIT_SCALE, UNITS_PER_ONE
from agent.progress import Progress
from agent.storage import Folder, opened
from agent.store import sha256
from agent.verify import rawfile

_ONE_TO_ONE = ("focus", "oci")
_KEYS = {
    "ResourceId": "resource",
    "SkuId": "sku",
    "RegionId": "region",
    "ChargePeriodStart": "day",
    "ChargePeriodEnd": "end",
    "x_Kind": "kind",
    "InvoiceId": "invoice",
    "SubAccountId": "account",
    "ServiceName": "service",
    "x_TagSetId": "tag_set",
    "ChargeCategory": "category",
}
"""Ledger dimension -> the fact of a row that holds it ('' is null)."""
_RAW = {
    "aws-cur": ("lineItem/ResourceId", "lineItem/UsageStartDate", "lineItem/UnblendedCost", "lineItem/LineItemType"),
    "azure": ("ResourceId", "Date", "CostInBillingCurrency", "ChargeType"),
}
_RAW["aws-cur2"] = _RAW["aws-cur"]
"""Resource, start, cost and type of a raw line, by kind; names are compared without case and punctuation."""
_PICO = 10**12
_EXACT = Context(prec=400)
Key = tuple[str, ...]
Written = tuple[str, Decimal]
"""Where a line stands with its cost as written, and that cost."""


class RawLines:
    """Finds the lines of ledger rows; each file is read once."""

    def __init__(self, settings: Settings, versions: Sequence[LedgerVersion], asked: Asked, progress: Progress) -> None:
        self._settings = settings
        self._versions = {version.source: version for version in versions}
        self._asked = asked
        self._progress = progress

    def below(self, tree: Part) -> Part:
        """The tree with what was found below every row that is shown."""
        rows: dict[str, list[Part]] = defaultdict(list)
        for row in _rows(tree):
            rows[str(row.facts["source"])].append(row)
        found: dict[int, Part] = {}
        for source, listed in sorted(rows.items()):
            self._progress.step(f"{source}: looking for {len(listed)} ledger rows in the delivered files")
            found |= {id(row): part for row, part in zip(listed, self._of_source(source, listed), strict=True)}
        return _replaced(tree, found)

    def _of_source(self, source: str, rows: Sequence[Part]) -> list[Part]:
        config = next((one for one in self._settings.app.sources if one.name == source), None)
        version = self._versions[source]
        if config is None:
            return _saying(rows, f"{source} is configured no more, so its files are not looked for")
        if config.kind not in (*_ONE_TO_ONE, *_RAW):
            return _saying(rows, f"lines of kind {config.kind} cannot be listed: see the delivered files")
        data, root = self._settings.data, self._settings.root
        try:
            with opened(config, data, root, scratch=data / ".tmp", progress=self._progress) as folder:
                if config.kind in _ONE_TO_ONE:
                    return self._tied(config, version, folder, rows)
                return self._listed(config, version, folder, rows)
        except SourceError as error:
            return _saying(rows, f"the delivered files cannot be read: {error.message}")

    def _tied(self, config: SourceConfig, version: LedgerVersion, folder: Folder, rows: Sequence[Part]) -> list[Part]:
        wanted: dict[Key, list[Part]] = defaultdict(list)
        for row in rows:
            wanted[_key(row)].append(row)
        found: dict[Key, list[Part]] = defaultdict(list)
        reading = source_of(config.kind)(config, TagSets())
        files = [file for file in reading.find(folder).files if file.shown in _paths(version)]
        reading.prepare(files)
        changed = []
        for file in files:
            if sha256(file.path) != _paths(version)[file.shown]:
                changed.append(file.shown)
                continue
            first = 0
            places: list[tuple[Key, int, int]] = []
            for batch in reading.batches(file):
                places += [(key, first + at, units) for key, at, units in self._in_batch(batch, wanted)]
                first += batch.rows
            names = _line_names(file.path, file.shown, [at for _, at, _ in places])
            for key, at, units in places:
                facts: dict[str, Fact] = {"file": file.shown, "row": at + 1}
                found[key].append(Part("line", names[at], units, (), facts))
        lost = [path for path in _paths(version) if path not in {file.shown for file in files}]
        return [self._with_lines(row, wanted, found, [*changed, *lost]) for row in rows]

    def _with_lines(
        self, row: Part, wanted: Mapping[Key, Sequence[Part]], found: Mapping[Key, Sequence[Part]], away: Sequence[str]
    ) -> Part:
        key = _key(row)
        if away:
            said = f"lines are not listed: {away[0]} is not there any more as it was taken in"
            return replace(row, told=(*row.told, said))
        if len(wanted[key]) > 1:
            said = f"{len(found.get(key, ()))} lines share their keys with another ledger row"
            return replace(row, told=(*row.told, said))
        return replace(row, parts=fold(found.get(key, ()), self._asked.top))

    def _in_batch(self, batch: Batch, wanted: Mapping[Key, object]) -> Iterator[tuple[Key, int, int]]:
        """(key, row of the batch, units) of lines that belong to a wanted row."""
        passing = np.full(batch.rows, fill_value=True)
        for place, name in enumerate(_KEYS):
            values = {key[place] or None for key in wanted}
            words = batch.words.get(name)
            if words is not None:
                passing &= words.mask(lambda value, values=values: value in values, batch.rows)  # type: ignore[misc]  # bound now
        costs = batch.costs.get(COLUMNS[self._asked.metric])
        for at in np.flatnonzero(passing).tolist():
            key = tuple(_value(batch, name, at) for name in _KEYS)
            if key in wanted and costs is not None:
                yield key, at, _units(costs, at)

    def _listed(self, config: SourceConfig, version: LedgerVersion, folder: Folder, rows: Sequence[Part]) -> list[Part]:
        wanted = {_resource_day(row) for row in rows if row.facts["resource"]}
        found: dict[tuple[str, str], list[Written]] = defaultdict(list)
        there = frozenset(folder.entries())
        for path in _paths(version):
            if path not in there:
                return _saying(rows, f"lines are not listed: {path} is not there any more")
            for key, written in _raw_lines(folder.path(path), path, _RAW[config.kind], wanted):
                found[key].append(written)
        return [self._listing(row, found.get(_resource_day(row), [])) for row in rows]

    def _listing(self, row: Part, found: Sequence[Written]) -> Part:
        if not row.facts["resource"]:
            return replace(row, told=(*row.told, "it names no resource, and so no lines are listed"))
        total = Decimal(0)
        for _, amount in found:
            total = _EXACT.add(total, amount)
        alike = _EXACT.scaleb(total, UNIT_SCALE) == row.units
        tied = "which sum to it exactly" if alike else f"of which several ledger rows are made; they sum to {total:f}"
        said = f"{len(found)} lines of this resource and day as delivered, {tied}"
        shown = [text for text, _ in found[: self._asked.top or None]]
        more = [f"and {len(found) - len(shown)} more lines"] if len(found) > len(shown) else []
        return replace(row, told=(*row.told, said, *shown, *more))


def _resource_day(row: Part) -> tuple[str, str]:
    return str(row.facts["resource"]).casefold(), str(row.facts["day"])


def _raw_lines(
    path: Path, shown: str, names: Sequence[str], wanted: Collection[tuple[str, str]]
) -> Iterator[tuple[tuple[str, str], Written]]:
    places = [rawfile.columns(path).place(name) for name in names]
    known = [place for place in places if place is not None]
    if len(known) < len(names):
        return
    for number, (resource, start, cost, kind) in enumerate(rawfile.rows(path, tuple(known)), start=1):
        key = (str(resource or "").casefold(), _day(start))
        if key in wanted:
            # NOTE: a double's text is its shortest decimal, which is what the ledger takes it for
            yield key, (f"{shown}, row {number}: {cost} {kind}", Decimal(str(cost or 0)))


def _day(value: object) -> str:
    """The ISO day of a moment as written; '' for one that is written otherwise."""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    text = str(value or "")
    if text[2:3] == "/" and text[5:6] == "/":
        return f"{text[6:10]}-{text[0:2]}-{text[3:5]}"
    return text[:10]


def _rows(part: Part) -> Iterator[Part]:
    if part.kind == "row":
        yield part
    for below in (*part.parts, *([part.whole] if part.whole is not None else [])):
        yield from _rows(below)


def _replaced(part: Part, found: Mapping[int, Part]) -> Part:
    if id(part) in found:
        return found[id(part)]
    whole = _replaced(part.whole, found) if part.whole is not None else None
    return replace(part, parts=tuple(_replaced(below, found) for below in part.parts), whole=whole)


def _saying(rows: Sequence[Part], text: str) -> list[Part]:
    return [replace(row, told=(*row.told, text)) for row in rows]


def _key(row: Part) -> Key:
    return tuple(str(row.facts[fact]) for fact in _KEYS.values())


def _value(batch: Batch, name: str, at: int) -> str:
    words = batch.words.get(name)
    return (words.value(at) or "") if words is not None else ""


def _units(numbers: Numbers, at: int) -> int:
    whole = int(numbers.whole[at]) if numbers.whole is not None else 0
    fine = int(numbers.fine[at]) if numbers.fine is not None else 0
    pico = int(numbers.pico[at])
    units: int = whole * UNITS_PER_ONE + pico * _PICO + fine
    return units


def _paths(version: LedgerVersion) -> dict[str, str]:
    return {file.path: file.sha256 for file in version.manifest.files}


def _line_names(path: Path, shown: str, rows: Sequence[int]) -> dict[int, str]:
    """``file.parquet, row 7`` or ``file.csv:8``: the line on which a CSV row begins."""
    if is_parquet(shown):
        return {row: f"{shown}, row {row + 1}" for row in rows}
    wanted = set(rows)
    lines = enumerate(csv_files.rows_with_lines(path, csv_files.PLAIN)) if wanted else ()
    return {row: f"{shown}:{line}" for row, (line, _) in lines if row in wanted}
