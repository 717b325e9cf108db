"""What a manifest promises of its files, held against what was read of them."""

from collections.abc import Iterable, Mapping

from agent.billing.intake.recorded import Arrival
from agent.errors import SourceError


def refuse_other_row_counts(arrivals: Iterable[Arrival], totals: Mapping[str, int]) -> None:
    """Raises ``SourceError`` when a file, or all files of a manifest, hold more or fewer rows than it says.

    ``totals``: rows by the manifest's path. Where a manifest counts nothing, nothing is held against it.
    """
    read: dict[str, int] = {}
    for arrival in arrivals:
        file = arrival.file
        if file.rows is not None and file.rows != arrival.rows:
            raise _other(f"{file.shown} holds", arrival.rows, file.rows, file.manifest)
        read[file.manifest] = read.get(file.manifest, 0) + arrival.rows
    for manifest, promised in totals.items():
        if manifest in read and read[manifest] != promised:
            raise _other("its files hold", read[manifest], promised, manifest)


def _other(holder: str, found: int, promised: int, manifest: str) -> SourceError:
    return SourceError(
        f"{holder} {found:,} rows, the manifest says {promised:,}",
        where=manifest,
        expected="as many rows as the provider wrote",
        mend="copy the whole delivery again, or wait until it is complete",
    )
