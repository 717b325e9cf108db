"""The audit: recomputes what was published straight from the raw files, by a path of its own.

Only the standard library, PyYAML and ``pyarrow`` are used. Nothing of the ingest, of the money arithmetic or of the
SQL is imported, so that a mistake there cannot hide here.
"""

from agent.verify.allocation import Asked
from agent.verify.audit import verify
from agent.verify.records import Check, Verification

__all__ = ["Asked", "Check", "Verification", "verify"]
