"""Billing exports -> the exact ledger. One file a source; :data:`SOURCES` lists them."""

import hashlib
from collections.abc import Set as AbstractSet
from pathlib import Path

from agent.billing.aws_cur import AwsCur
from agent.billing.aws_cur2 import AwsCur2
from agent.billing.azure import Azure
from agent.billing.csv import MappedCsv
from agent.billing.digitalocean import DigitalOcean
from agent.billing.focus import Focus
from agent.billing.gcp import Gcp
from agent.billing.intake.ingest import Ingest
from agent.billing.interface import BillingSource, Delivered
from agent.billing.oci import Oci
from agent.billing.reading.raw_tags import TagSets
from agent.config.application import SourceConfig
from agent.errors import SourceError
from agent.period import Period
from agent.progress import Progress
from agent.storage import opened
from agent.storage.locations import PULLED, raw_folder
from agent.store import lock, write_file

SOURCES: tuple[type[BillingSource], ...] = (Focus, AwsCur, AwsCur2, DigitalOcean, Oci, MappedCsv, Azure, Gcp)

__all__ = ["SOURCES", "BillingSource", "Delivered", "ingest_source"]


def ingest_source(
    source: SourceConfig, data: Path, root: Path, periods: AbstractSet[Period] | None, progress: Progress
) -> list[Delivered]:
    """Brings the ledger at ``data`` up to what one source delivers; ``periods`` None means every period found.

    Relative paths of ``source`` are resolved from ``root``, the folder of apportion.yaml.

    One answer a period, in order of time. The same delivery again changes nothing. Raises ``SourceError`` for a
    delivery that is not whole, not exact or not clear; the ledger is then as it was.
    """
    reader = next(reader for reader in SOURCES if reader.kind == source.kind)
    reading = reader(source, TagSets(), _named_files(source, data, root))
    if source.location.startswith(PULLED):
        with lock(data):
            reading.pull(raw_folder(data, source.name), progress)
    with opened(source, data, root, scratch=data / ".tmp", progress=progress) as folder:
        return Ingest(reading, source, data, periods, progress).run(folder)


def _named_files(source: SourceConfig, data: Path, root: Path) -> dict[str, bytes]:
    """The configuration files that the source's entry names, by key; a copy of each is kept, for who verifies."""
    if source.columns is None:
        return {}
    try:
        content = (root / source.columns).read_bytes()
    except OSError as error:
        raise SourceError(
            f"the column map cannot be read: {error.strerror}",
            where=str(root / source.columns),
            expected="the file that `columns` of this source names",
        ) from error
    with lock(data):
        kept = data / "inputs" / "columns" / hashlib.sha256(content).hexdigest()
        write_file(kept, lambda part: part.write_bytes(content))
    return {"columns": content}
