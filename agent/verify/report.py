"""The report people read: every file as it was written, and written from the proof that is in force."""

from collections.abc import Iterator
from pathlib import Path

from agent.verify.compare import equal
from agent.verify.exact import sha256
from agent.verify.recorded import document
from agent.verify.records import Check

LISTED = "hashes.json"
PROOF = "proof"
"""The entry that is no file of the report: the sha256 of the proof it was made from."""


def report_checks(results: Path, proof: Path, statements: list[str]) -> Iterator[Check]:
    """A check for each listed file; a report made from an earlier proof is a statement; without a report, nothing.

    ``proof``: the one in force, which lies beside the results or, of a closed month, in its frozen copy.
    """
    folder = results / "report"
    if not (folder / LISTED).is_file():
        return
    try:
        listed = {name: str(digest) for name, digest in document(folder / LISTED).items()}
        made_from = listed.pop(PROOF)
    except (ValueError, TypeError, KeyError):
        yield Check(f"report/{LISTED}", "", "", "", ok=False, detail="cannot be read: apportion report makes it anew")
        return
    for name, digest in sorted(listed.items()):
        path = folder / name
        yield equal(f"sha256 of report/{name}", sha256(path) if path.is_file() else "missing", digest)
    if made_from != sha256(proof):
        statements.append("the report was made from an earlier proof; apportion report makes it anew")
