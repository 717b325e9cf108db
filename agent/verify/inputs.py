"""Usage, revenue and the registry a proof was made from: the kept copies still are what their address says."""

from collections.abc import Iterator
from pathlib import Path

from agent.verify.compare import equal
from agent.verify.exact import sha256
from agent.verify.recorded import Json
from agent.verify.records import Check


def input_checks(data: Path, proof: Json, statements: list[str]) -> Iterator[Check]:
    """A check for each kept copy; one that is gone becomes a statement."""
    for label, kind, address in _inputs(proof.get("inputs") or {}):
        path = data / "inputs" / kind / address
        if path.is_file():
            yield equal(f"{label}: sha256 of the kept copy", sha256(path), address)
        else:
            statements.append(f"{label}: the kept copy is gone")


def _inputs(inputs: Json) -> Iterator[tuple[str, str, str]]:
    """(label, kind, sha256) of every input there was."""
    for driver, address in sorted((inputs.get("usage") or {}).items()):
        yield f"usage {driver}", "usage", str(address)
    for kind in ("revenue", "registry"):
        if inputs.get(kind):
            yield kind, kind, str(inputs[kind])
