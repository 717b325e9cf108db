"""Invoices of a closed month: as it was closed, and as its ledger and invoices.csv stand now.

A corrected invoice and what was posted since belong together: both are held against each other, and neither changes
what was tied when the month was closed. A gap that was accepted then is accepted while it stays what it was.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from agent.verify.charges import Charges, read_charges
from agent.verify.invoices import KEPT, received, recorded_checks, tie_checks
from agent.verify.recorded import document
from agent.verify.records import Check


def closed_tie_checks(
    data: Path, period: str, folder: Path, charges: Mapping[str, Charges], statements: list[str]
) -> Iterator[Check]:
    """``folder``: the month as it was closed, ``charges``: the ledger it was closed with, by source."""
    gap = str(document(folder / "close.json")["reasons"].get("gap", ""))
    kept = folder / "inputs.json"
    then = {check.name: check for check in tie_checks(charges, received(data, period, kept), statements)}
    for check in then.values():
        yield _accepted(replace(check, name=f"as closed: {check.name}"), gap)
    current = _in_force(data, period)
    given = document(data / KEPT).get("invoices") if (data / KEPT).is_file() else None
    if current == _closed_with(folder) and given == document(kept).get("invoices"):
        return
    later: dict[str, Charges] = {}
    for name, version in sorted(current.items()):
        place = data / "ledger" / name / period / f"v{version}"
        manifest = document(place / "manifest.json")
        later[name] = read_charges([place / part["file"] for part in manifest["ledger"]], None)
        for check in recorded_checks(name, manifest, later[name]):
            yield replace(check, name=f"now: {check.name}")
    said: list[str] = []
    for check in tie_checks(later, received(data, period, data / KEPT), said):
        before = then.get(check.name)
        same = before is not None and before.difference == check.difference
        yield _accepted(replace(check, name=f"now: {check.name}"), gap if same else "")
    statements += [f"now: {statement}" for statement in said if statement not in statements]


def _accepted(check: Check, gap: str) -> Check:
    if check.ok or not gap or not check.difference:
        return check
    detail = "; ".join(filter(None, (check.detail, f"accepted when the month was closed: {gap}")))
    return replace(check, ok=True, detail=detail)


def _closed_with(folder: Path) -> dict[str, int]:
    return {row["source"]: int(row["version"]) for row in document(folder / "close.json")["ledger"]}


def _in_force(data: Path, period: str) -> dict[str, int]:
    """The ledger version of each source of the month, as HEAD.json names it."""
    found = (data / "ledger").glob(f"*/{period}/HEAD.json")
    return {path.parent.parent.name: int(document(path)["version"]) for path in found}
