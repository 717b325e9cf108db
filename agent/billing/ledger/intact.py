"""Whether the ledger on disk still is, byte for byte, what an ingest wrote: asked before anything is read from it."""

from collections.abc import Iterable
from pathlib import Path

from agent.billing.ledger.versions import LedgerVersion
from agent.errors import ApportionError
from agent.store import sha256

MEND = "apportion ingest; if the month is no longer delivered, bring the file back from a backup"


def changed_file(version: LedgerVersion) -> Path | None:
    """The first ledger file of a version that is missing or not the one its manifest names; None when all are."""
    for entry in version.manifest.ledger:
        path = version.folder / entry.file
        if not path.is_file() or sha256(path) != entry.sha256:
            return path
    return None


def refuse_changed(versions: Iterable[LedgerVersion]) -> None:
    """Raises ``ApportionError`` naming the first ledger file that was changed or lost since it was written."""
    for version in versions:
        path = changed_file(version)
        if path is not None:
            what = "was changed since it was written" if path.is_file() else "is missing"
            raise ApportionError(
                f"a ledger file of {version.source} {version.period} {what}",
                where=str(path),
                expected="the file that version's manifest names, byte for byte",
                mend=MEND,
            )
