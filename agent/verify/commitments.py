"""The identity of commitments: used and unused at effective cost come to the purchases, over the commitment's life.

Within one month they need not: what was paid ahead is spread over the months it was paid for. So a difference is
printed and is no fault by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from agent.verify.charges import Bridge, Charges
from agent.verify.compare import entries
from agent.verify.exact import ZERO, number, plain
from agent.verify.recorded import document
from agent.verify.records import Check

SHOWN = 20
DETAILS = "details.json"


def bridges(charges: Mapping[str, Charges]) -> Iterator[str]:
    """A sentence for each commitment, the largest differences first, at most :data:`SHOWN` of them, and the total."""
    every = [(name, key, bridge) for name, held in charges.items() for key, bridge in held.commitments.items()]
    every.sort(key=lambda one: (-abs(one[2].difference), one[0], one[1]))
    for name, (commitment, currency), bridge in every[:SHOWN]:
        yield f"{name}: commitment {commitment}: {_told(bridge, currency)}"
    for currency in sorted({key[1] for _, key, _ in every}):
        parts = [bridge for _, key, bridge in every if key[1] == currency]
        count = f"{len(parts)} commitment{'s' if len(parts) != 1 else ''}"
        yield f"{count} in {currency} together: {_told(_sum(parts), currency)}"


def commitment_checks(folder: Path, charges: Mapping[str, Charges]) -> Iterator[Check]:
    """The commitments that the report shows against the ledger; nothing where none were recorded."""
    path = folder / DETAILS
    if not path.is_file():
        return
    listed = {
        row["commitment"]: Bridge(
            *(number(row[key]) for key in ("billed_purchase", "effective_used", "effective_unused"))
        )
        for row in document(path).get("commitments", [])
    }
    held: dict[str, list[Bridge]] = {}
    for one in charges.values():
        for (commitment, _), bridge in one.commitments.items():
            held.setdefault(commitment, []).append(bridge)
    summed = {commitment: _sum(parts) for commitment, parts in held.items()}
    if listed or summed:
        yield entries("commitments as reported == ledger", _texts(listed), _texts(summed))


def _sum(parts: Sequence[Bridge]) -> Bridge:
    return Bridge._make(sum(column, ZERO) for column in zip(*parts, strict=True))


def _texts(listed: Mapping[str, Bridge]) -> dict[str, str]:
    return {name: " / ".join(map(plain, bridge)) for name, bridge in listed.items()}


def _told(bridge: Bridge, currency: str) -> str:
    difference = bridge.difference
    why = ""
    if difference > 0:
        why = ", paid in other months or up front"
    elif difference < 0:
        why = ", paid ahead or not yet used"
    return (
        f"purchased {plain(bridge.purchased)}, used {plain(bridge.used)}, unused {plain(bridge.unused)}, "
        f"difference {plain(difference)} {currency}{why}"
    )
