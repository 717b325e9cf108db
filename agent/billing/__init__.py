"""Billing exports -> the exact ledger. One file a source; :data:`SOURCES` lists them."""

import hashlib
from collections.abc import Set as AbstractSet
from importlib import import_module
from pathlib import Path

from agent.billing.intake.ingest import Ingest
from agent.billing.interface import BillingSource, Delivered
from agent.billing.reading.raw_tags import TagSets
from agent.config.application import SourceConfig
from agent.errors import SourceError
from agent.period import Period
from agent.progress import Progress
from agent.storage import opened
from agent.storage.locations import PULLED, raw_folder
from agent.store import lock, write_file

SOURCES = {
    "focus": "Focus",
    "aws-cur": "AwsCur",
    "aws-cur2": "AwsCur2",
    "azure": "Azure",
    "gcp": "Gcp",
    "oci": "Oci",
    "digitalocean": "DigitalOcean",
    "csv": "MappedCsv",
}
"""Kind of source, as written in apportion.yaml -> its class, in the module here that is called by the kind."""

__all__ = ["SOURCES", "BillingSource", "Delivered", "ingest_source", "source_of"]


def source_of(kind: str) -> type[BillingSource]:
    """The class of a kind; its module is loaded only where it is used."""
    module = import_module(f"{__name__}.{kind.replace('-', '_')}")
    source: type[BillingSource] = getattr(module, SOURCES[kind])
    return source


def ingest_source(
    source: SourceConfig, data: Path, root: Path, periods: AbstractSet[Period] | None, progress: Progress
) -> list[Delivered]:
    """Brings the ledger at ``data`` up to what one source delivers; ``periods`` None means every period found.

    Relative paths of ``source`` are resolved from ``root``, the folder of apportion.yaml.

    One answer a period, in order of time. The same delivery again changes nothing. Raises ``SourceError`` for a
    delivery that is not whole, not exact or not clear; the ledger is then as it was.
    """
    reading = source_of(source.kind)(source, TagSets(), _named_files(source, data, root))
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
