"""Parsed files on disk, by content."""

from pathlib import Path


class Cache:
    """Trees of files parsed before."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder


def default_cache_folder() -> Path | None:
    """Where the cache lies; None where it is switched off."""
    return None
