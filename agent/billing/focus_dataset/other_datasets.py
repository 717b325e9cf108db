"""Other FOCUS datasets that lie beside the charges; BillingPeriod (1.4) says which months their issuer has closed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.reading import csv_files, parquet_files
from agent.billing.reading.batch import Words, combinations
from agent.billing.reading.columns import words_of
from agent.errors import SourceError

_NAMED = re.compile(r"billingperiod|invoicedetail|contractcommitment")
"""FOCUS prescribes no file names, so this only says whose header is worth a look."""
_TELLING = ("billingperiodstatus", "invoicedetailid", "contractcommitmentid")
"""A column of each dataset; one that has no ChargePeriodStart holds no charges."""
_STATUS = ("BillingPeriodStart", "InvoiceIssuerName", "BillingPeriodStatus")


@dataclass(frozen=True, slots=True)
class Status:
    """What the issuer of invoices says of a month (``2026-10``): ``Open`` or ``Closed``, as delivered."""

    period: str
    issuer: str
    status: str

    def note(self) -> str:
        return f"{self.period}: {self.issuer} says that its billing period is {self.status.casefold()}"


def without_other_datasets(delivery: Delivery) -> tuple[Delivery, list[Status]]:
    """The delivery with Cost and Usage files only, and the billing periods' statuses that lay beside them, sorted."""
    charges: list[ExportFile] = []
    statuses: set[Status] = set()
    for file in delivery.files:
        names = _names(file) if _NAMED.search(re.sub(r"[^a-z]", "", file.shown.rsplit("/")[-1].casefold())) else ()
        if not _holds_no_charges(names):
            charges.append(file)
        elif _TELLING[0] in map(str.casefold, names):
            statuses.update(_statuses(file, names))
    if not charges:
        raise SourceError(
            "no file with charges lies here, only other FOCUS datasets",
            where=delivery.files[0].shown,
            expected="a Cost and Usage dataset",
            mend="deliver the charges beside them",
        )
    return replace(delivery, files=tuple(charges)), sorted(statuses, key=lambda status: status.note())


def _holds_no_charges(names: tuple[str, ...]) -> bool:
    folded = {name.strip().casefold() for name in names}
    return "chargeperiodstart" not in folded and not folded.isdisjoint(_TELLING)


def _names(file: ExportFile) -> tuple[str, ...]:
    if file.path.suffix.lower() == ".parquet":
        return parquet_files.column_names(file.path, file.shown)
    header = csv_files.read_header(file.path, file.shown)
    return header.names if header else ()


def _statuses(file: ExportFile, names: tuple[str, ...]) -> Iterator[Status]:
    folded = [name.strip().casefold() for name in names]
    missing = [name for name in _STATUS if name.casefold() not in folded]
    if missing:
        raise SourceError(
            f"the BillingPeriod dataset lacks {', '.join(missing)}",
            where=file.shown,
            expected=f"the columns {', '.join(_STATUS)}",
            mend="deliver the whole dataset, or take the file out of the folder",
        )
    places = [folded.index(name.casefold()) for name in _STATUS]
    for columns in _columns(file.path, file.shown, names, places):
        for start, issuer, status in combinations(columns):
            yield Status(str(start)[:7], str(issuer), str(status))


def _columns(path: Path, shown: str, names: tuple[str, ...], places: list[int]) -> Iterator[list[Words]]:
    if path.suffix.lower() == ".parquet":
        for batch in parquet_files.batches(path, shown, [names[place] for place in places]):
            yield [words_of(batch[names[place]]) for place in places]
        return
    header = csv_files.read_header(path, shown)
    if header is not None:
        for batch in csv_files.batches(path, shown, header, places):
            yield [words_of(batch[str(place)]) for place in places]
