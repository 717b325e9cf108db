"""``location`` of apportion.yaml -> the folder it means."""

from pathlib import Path

from agent.config.application import SourceConfig
from agent.progress import Progress
from agent.storage.folder import Folder, LocalFolder

OBJECT_STORES = ("s3://", "gs://", "az://")
PULLED = ("bigquery://", "https://", "http://")
"""Places that hold no files: what a source pulled from there is kept below ``<data>/raw/<source>``."""


def is_remote(location: str) -> bool:
    """Whether a location is an object store or a service rather than a path of this machine."""
    return location.startswith((*OBJECT_STORES, *PULLED))


def raw_folder(data: Path, source: str) -> Path:
    """Where the answers of a service are kept as they came: they are what its ledger is made from and verified by."""
    return data / "raw" / source


def opened(
    source: SourceConfig, data: Path, root: Path, *, scratch: Path | None = None, progress: Progress | None = None
) -> Folder:
    """The folder a source is read from; a relative path starts at ``root``, the folder of apportion.yaml.

    What has to be fetched lies below ``scratch`` (None: the system's temporary folder) until the folder is closed.
    """
    if source.location.startswith(OBJECT_STORES):
        from agent.storage.objects import ObjectFolder

        return ObjectFolder(source, scratch, progress)
    if source.location.startswith(PULLED):
        return LocalFolder(raw_folder(data, source.name), source.location)
    return LocalFolder(root / source.location, source.location)
