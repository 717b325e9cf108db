"""Reads the files of one delivery into a :class:`Gathering`, keeping for each file what its manifest entry needs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.intake.account_days import AccountDays
from agent.billing.intake.outliers import Outliers
from agent.billing.intake.tally import Tally
from agent.billing.interface import BillingSource
from agent.billing.ledger.gathering import Gathering
from agent.billing.ledger.grouping import Groups, groups_of
from agent.billing.reading.batch import Batch, combinations, rows_by_values
from agent.billing.reading.moments import DAY
from agent.errors import SourceError
from agent.period import Period

_MARGINALS = ("SubAccountId", "ServiceName", "RegionId", "ResourceId", "SkuId", "x_TagSetId")
_MODULUS = 2**64
Scope = tuple[str | None, ...]
"""ProviderName, BillingAccountId, SubAccountId, billing period and charge day of usage."""


@dataclass(slots=True)
class FileRecord:
    """What one file held. ``tallies`` by (period, currency); ``print`` is equal for equal content under any name.

    ``moments`` and ``marginals`` are sums over rows, modulo 2**64: of the charge periods, and of hashes of each telling
    column.
    """

    file: ExportFile
    sha256: str
    rows: int = 0
    tallies: dict[tuple[Period, str], Tally] = field(default_factory=dict)
    left_out: dict[tuple[Period, str, str], Tally] = field(default_factory=dict)
    """By period, currency and reason: lines that are accounted for here and in no ledger row."""
    dataset: str = ""
    account_currencies: set[tuple[str | None, ...]] = field(default_factory=set)
    moments: int = 0
    marginals: dict[str, int] = field(default_factory=dict)

    @property
    def print(self) -> tuple[object, ...]:
        sums = tuple((key, tuple(tally.sums().items())) for key, tally in sorted(self.tallies.items()))
        return self.rows, self.moments, sums, frozenset(self.marginals.items())

    @property
    def periods(self) -> set[Period]:
        """Those it holds lines of, lines left out included."""
        return {period for period, *_ in self.tallies} | {period for period, *_ in self.left_out}

    def rows_of(self, period: Period) -> int:
        """Lines of the period, those left out included."""
        used = sum(tally.rows for (of, _), tally in self.tallies.items() if of == period)
        return used + sum(tally.rows for (of, *_), tally in self.left_out.items() if of == period)


class Intake:
    """The state of one ingest between reading and writing."""

    def __init__(self, source: BillingSource, gathering: Gathering, delivery: Delivery) -> None:
        self._source = source
        self._gathering = gathering
        self._unproven = delivery.completeness != "manifest" and len(delivery.files) > 1
        self._several_exports = len({file.export for file in delivery.files}) > 1
        self.records: list[FileRecord] = []
        self._day_ends: dict[Period, int] = {}
        self.scopes: dict[Scope, str] = {}
        self._currencies: dict[tuple[Period, str | None], tuple[str | None, str]] = {}
        """The currency of a billing account in a period, and the file it was first seen in."""
        self.outliers = Outliers()
        self.doubled_tags: dict[Period, int] = {}
        """Lines whose tags have two values for one key."""
        self.days = AccountDays()
        """Filled where no manifest proves a delivery of several files; a file's number is its place in ``records``."""

    def read(self, file: ExportFile, sha256: str) -> FileRecord:
        """Takes in one file whole. Raises ``SourceError``."""
        record = FileRecord(file, sha256, dataset=self._source.dataset_of(file))
        for batch in self._source.batches(file):
            if batch.rows:
                self._take(batch.narrowed(), record)
        self._refuse_mixed_currencies(record)
        self.records.append(record)
        return record

    def _take(self, batch: Batch, record: FileRecord) -> None:
        record.rows += batch.rows * batch.lines
        record.account_currencies |= combinations((batch.words["BillingAccountId"], batch.words["BillingCurrency"]))
        if batch.left_out:
            _leave_out(batch, record)
            return
        groups = None
        if self._unproven:
            groups = groups_of(batch.words, batch.rows)
            _fingerprint(batch, groups, record)
            self.days.add(len(self.records), batch, groups)
        for period, part in _by_period(batch):
            self._refuse_another_currency(period, part, record.file)
            self._note_doubled_tags(period, part)
            self.outliers.add(period, part, record.file.shown)
            self._gathering.add(period, part, groups if part is batch else None)
            for (currency,), rows in rows_by_values(part.words["BillingCurrency"]):
                tally = record.tallies.setdefault((period, str(currency)), Tally())
                count = part.rows if rows is None else int(rows.sum())
                tally.add(count * part.lines, part.costs, rows)
            self._note_usage(period, part, record.file)

    def _note_doubled_tags(self, period: Period, part: Batch) -> None:
        doubled = self._source.tag_sets.doubled
        if doubled and part.lines:
            lines = int(part.words["x_TagSetId"].mask(lambda identity: identity in doubled, part.rows).sum())
            self.doubled_tags[period] = self.doubled_tags.get(period, 0) + lines

    def _note_usage(self, period: Period, part: Batch, file: ExportFile) -> None:
        usage = part.words["x_Kind"].flags(lambda kind: kind == "usage") == 1
        everything = usage is True or np.all(usage)
        starts, ends = (part.starts, part.ends) if everything else (part.starts[usage], part.ends[usage])
        if not len(ends) or usage is False:
            return
        within_a_day = ends - starts <= DAY
        if within_a_day.any():
            latest = ends if within_a_day.all() else ends[within_a_day]
            self._day_ends[period] = max(self._day_ends.get(period, 0), int(latest.max()))
        if self._several_exports:
            self._claim(period, part.where(np.flatnonzero(np.broadcast_to(usage, part.rows))), file)

    def usage_end(self, period: Period) -> int | None:
        """Where the period's usage ends, in microseconds since 1970 UTC.

        A line longer than a day is written ahead of its end and completes no day: None with only such lines, as of a
        source billed by the month.
        """
        return self._day_ends.get(period)

    def _claim(self, period: Period, usage: Batch, file: ExportFile) -> None:
        """Refuses two exports that both bill the usage of one account on one day: one of them is a copy."""
        names = ("ProviderName", "BillingAccountId", "SubAccountId", "ChargePeriodStart")
        for values in combinations([usage.words[name] for name in names]):
            scope = (*values, str(period))
            owner = self.scopes.setdefault(scope, file.export)
            if owner != file.export:
                raise SourceError(
                    f"two exports bill account {values[1]} for {period}: {owner or '.'} and {file.export or '.'}",
                    where=file.shown,
                    expected="each account and period in one export",
                    mend="point `location` at one of them, or remove the older one",
                )

    def _refuse_another_currency(self, period: Period, part: Batch, file: ExportFile) -> None:
        """Refuses a billing account whose currency is not the same in all files of a period."""
        for account, currency in combinations((part.words["BillingAccountId"], part.words["BillingCurrency"])):
            known, first = self._currencies.setdefault((period, account), (currency, file.shown))
            if known != currency and first != file.shown:
                raise SourceError(
                    f"one billing account is billed in 2 currencies in {period}: {known} in {first}, and {currency}",
                    where=file.shown,
                    expected="one currency for a billing account",
                    mend="export each currency to a source of its own",
                )

    def _refuse_mixed_currencies(self, record: FileRecord) -> None:
        accounts = [account for account, *_ in record.account_currencies]
        if len(accounts) == len(set(accounts)):
            return
        counts: dict[str, int] = {}
        for (_, currency), tally in record.tallies.items():
            counts[currency] = counts.get(currency, 0) + tally.rows
        named = ", ".join(f"{currency} ({count} rows)" for currency, count in sorted(counts.items()))
        raise SourceError(
            f"one billing account is billed in {len(counts)} currencies: {named}",
            where=record.file.shown,
            expected="one currency for a billing account",
            mend="export each currency to a source of its own",
        )


def _fingerprint(batch: Batch, groups: Groups, record: FileRecord) -> None:
    starts, ends = (int(each.view(np.uint64).sum()) for each in (batch.starts, batch.ends))
    record.moments = (record.moments + starts + 7 * ends) % _MODULUS
    for name in _MARGINALS:
        words = groups.words.get(name)
        if words is not None:
            hashes = np.fromiter(map(hash, words.values), np.int64, len(words.values))
            total = int(np.sum(hashes[words.coded(groups.rows)] * groups.sizes))
            record.marginals[name] = (record.marginals.get(name, 0) + total) % _MODULUS


def _leave_out(batch: Batch, record: FileRecord) -> None:
    for period, part in _by_period(batch):
        for (currency,), rows in rows_by_values(part.words["BillingCurrency"]):
            tally = record.left_out.setdefault((period, str(currency), part.left_out), Tally())
            tally.add(part.rows if rows is None else int(rows.sum()), part.costs, rows)


def _by_period(batch: Batch) -> Iterator[tuple[Period, Batch]]:
    starts = batch.words["BillingPeriodStart"]
    by_period: dict[Period, list[int]] = {}
    for code, value in enumerate(starts.values):
        if value is not None:
            by_period.setdefault(Period.parse(value[:7]), []).append(code)
    if len(by_period) == 1 or starts.codes is None:
        yield next(iter(by_period)), batch
        return
    for period, codes in sorted(by_period.items()):
        rows = np.flatnonzero(np.isin(starts.codes, codes))
        if len(rows) == batch.rows:
            yield period, batch
        elif len(rows):
            yield period, batch.where(rows)
