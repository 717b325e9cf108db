"""Other FOCUS datasets that lie beside the charges; BillingPeriod (1.4) says which months their issuer has closed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.billing.delivery.export import Delivery, ExportFile
from agent.billing.reading.batch import combinations
from agent.billing.reading.table_files import column_names, columns_of
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
        looked_at = _NAMED.search(re.sub(r"[^a-z]", "", file.shown.rsplit("/")[-1].casefold()))
        names = column_names(file.path, file.shown) if looked_at else ()
        if not _holds_no_charges(names):
            charges.append(file)
        elif _TELLING[0] in map(str.casefold, names):
            statuses.update(_statuses(file))
    if not charges:
        raise SourceError(
            "no file with charges lies here, only other FOCUS datasets",
            where=delivery.files[0].shown,
            expected="a Cost and Usage dataset",
            mend="deliver the charges beside them",
        )
    return replace(delivery, files=tuple(charges)), sorted(statuses, key=lambda status: status.note())


def _holds_no_charges(names: Sequence[str]) -> bool:
    folded = {name.strip().casefold() for name in names}
    return "chargeperiodstart" not in folded and not folded.isdisjoint(_TELLING)


def _statuses(file: ExportFile) -> Iterator[Status]:
    for columns in columns_of(file.path, file.shown, _places):
        for start, issuer, status in combinations([columns.words(name) for name in _STATUS]):
            yield Status(str(start)[:7], str(issuer), str(status))


def _places(names: Sequence[str], shown: str) -> dict[str, int]:
    folded = [name.strip().casefold() for name in names]
    missing = [name for name in _STATUS if name.casefold() not in folded]
    if missing:
        raise SourceError(
            f"the BillingPeriod dataset lacks {', '.join(missing)}",
            where=shown,
            expected=f"the columns {', '.join(_STATUS)}",
            mend="deliver the whole dataset, or take the file out of the folder",
        )
    return {name: folded.index(name.casefold()) for name in _STATUS}
