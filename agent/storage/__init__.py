"""Where exports lie: folders and object stores behind one small face. Transport only; nothing here reads a bill."""

from agent.storage.folder import Entry, Folder, LocalFolder, moved
from agent.storage.locations import is_remote, opened

__all__ = ["Entry", "Folder", "LocalFolder", "is_remote", "moved", "opened"]
