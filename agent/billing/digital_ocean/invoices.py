"""Which files of a folder count: each invoice once, and what was known of a month before its invoice not beside it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.billing.delivery.export import ExportFile
from agent.billing.digital_ocean import documents, invoice_csv
from agent.billing.reading.columns import ReadFault
from agent.billing.reading.table_files import located
from agent.errors import SourceError
from agent.period import Period

DOCUMENT = ".json"
_NAMED = "DigitalOcean Invoice 2026 Oct (6173678-418071234).csv"


@dataclass(frozen=True, slots=True)
class Stated:
    """What a file says it is. ``invoice``: account and number, or uuid; None where only its rows could tell."""

    file: ExportFile
    period: Period
    invoice: tuple[str | None, str] | None
    preview: bool

    @property
    def document(self) -> bool:
        return self.file.shown.endswith(DOCUMENT)

    @property
    def shown(self) -> str:
        return self.file.shown


def each_once(files: Sequence[ExportFile], note: Callable[[str], None]) -> list[ExportFile]:
    """The files that count. Raises ``SourceError`` for two of one invoice, and where that cannot be told."""
    if len(files) == 1:
        return list(files)
    months: dict[Period, list[Stated]] = defaultdict(list)
    for file in files:
        stated = _stated(file)
        months[stated.period].append(stated)
    left = {preview.shown for _, month in sorted(months.items()) for preview in _superseded(month, note)}
    return [file for file in files if file.shown not in left]


def _stated(file: ExportFile) -> Stated:
    if file.shown.endswith(DOCUMENT):
        document = documents.read(file.path, file.shown)
        return Stated(file, document.period, (None, document.uuid) if document.final else None, not document.final)
    name = file.shown.rsplit("/", 1)[-1]
    account, number = invoice_csv.numbers(name)
    invoice = (account, number) if number is not None else None
    period = invoice_csv.named_month(name)
    if period is None:
        try:
            period = invoice_csv.read(file)[1].period
        except ReadFault as fault:
            raise located(file.path, file.shown, fault) from fault
    return Stated(file, period, invoice, invoice is None and "preview" in name.casefold())


def _superseded(month: Sequence[Stated], note: Callable[[str], None]) -> list[Stated]:
    """The previews that an invoice of the month takes the place of."""
    final = [stated for stated in month if not stated.preview]
    previews = [stated for stated in month if stated.preview]
    _refuse_again(final)
    _refuse_untold(final)
    for preview in previews if final else ():
        note(
            f"{preview.period} is invoiced; what was known of it to date is not used"
            if preview.document
            else f"{preview.period}: the month is invoiced; {preview.shown} is not used"
        )
    if not final and len(previews) > 1:
        raise _two(previews[0], previews[1], "are both of the month to date", "keep the newer one")
    return previews if final else []


def _refuse_again(final: Sequence[Stated]) -> None:
    seen: dict[tuple[str | None, str], Stated] = {}
    for stated in final:
        if stated.invoice is None:
            continue
        first = seen.setdefault(stated.invoice, stated)
        if first is not stated:
            raise _two(first, stated, f"are both of invoice {stated.invoice[1]}", "keep the newer download")


def _refuse_untold(final: Sequence[Stated]) -> None:
    """The API names account and invoice otherwise than a CSV, and a CSV of another name does not name them at all."""
    if not final[1:]:
        return
    other = next((stated for stated in final if stated.document != final[0].document), None)
    if other is not None:
        raise _two(
            final[0], other, "are by the API and a CSV, which name an invoice differently", "keep one of the two"
        )
    untold = next((stated for stated in final if stated.invoice is None), None)
    if untold is not None:
        beside = next(stated for stated in final if stated is not untold)
        raise _two(
            beside,
            untold,
            f"may be of one invoice: {untold.shown} does not tell its number by its name",
            f"name each file as it is downloaded: {_NAMED}",
        )


def _two(first: Stated, second: Stated, why: str, mend: str) -> SourceError:
    one, other = sorted((first.shown, second.shown))
    return SourceError(
        f"{one} and {other}, of {first.period}, {why}",
        where=other,
        expected="each invoice once",
        mend=mend,
    )
