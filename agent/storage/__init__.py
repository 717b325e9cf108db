"""Where exports lie: folders and object stores behind one small face. Transport only; nothing here reads a bill.

``folder`` is the face and the local kind, ``locations`` turns ``location`` of apportion.yaml into one, ``objects``
lists and fetches what lies in a store, ``stores`` connects S3, Google Cloud Storage and Azure Blob, ``refusals`` says
in plain words what they answered. Ingest, verify and the doctor all look through it.
"""

from agent.storage.folder import Entry, Folder, LocalFolder, moved
from agent.storage.locations import is_remote, opened

__all__ = ["Entry", "Folder", "LocalFolder", "is_remote", "moved", "opened"]
