"""The books: closed months as they lie on disk, immutable, each linked to the one closed before it.

    <data>/closed/<period>/v1/          the published files, config/, inputs.json, methodology.json; close.json last
    <data>/closed/<period>/v2/ ...      an attribution change accepted later; the figures of v1 stay as they are

Nothing but these folders says that a month is closed. Every ``close.json`` carries the sha256 of each file beside it,
the hash of the entry before it and its own, so that a file changed, an entry lost or one slipped in shows.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agent.closing.methodology import canonical_text
from agent.errors import ProofError
from agent.period import Period
from agent.store import sha256

ENTRY = "close.json"
METHODOLOGY = "methodology.json"
INPUTS = "inputs.json"
CONFIG = "config"
Action = Literal["close", "attribution"]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the books: a month closed, or a change of attribution accepted for a closed month."""

    period: Period
    folder: Path
    content: Json

    @property
    def action(self) -> Action:
        """What was done."""
        return "attribution" if self.content["action"] == "attribution" else "close"

    @property
    def number(self) -> int:
        """Its place in the books, from 1."""
        return int(self.content["number"])

    @property
    def hash(self) -> str:
        """What the next entry names as its previous one."""
        return str(self.content["hash"])

    @property
    def ledger(self) -> dict[str, int]:
        """The ledger version of each source."""
        return {row["source"]: row["version"] for row in self.content["ledger"]}


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed month: the entry that closed it, and what was accepted since."""

    entry: Entry
    accepted: tuple[Entry, ...] = ()

    @property
    def period(self) -> Period:
        """The month."""
        return self.entry.period

    @property
    def folder(self) -> Path:
        """The frozen results, configuration and method."""
        return self.entry.folder

    @property
    def ledger(self) -> dict[str, int]:
        """The ledger versions it was closed with."""
        return self.entry.ledger

    @property
    def attribution(self) -> Entry:
        """The entry whose ledger versions say what belongs to whom: the last one accepted, else the close."""
        return self.accepted[-1] if self.accepted else self.entry

    @property
    def line(self) -> str:
        """Who closed it and when."""
        content = self.entry.content
        return f"{self.period} was closed by {content['by']} on {content['at'][:10]}"


def books_folder(data: Path) -> Path:
    """Where closed months lie."""
    return data / "closed"


def entries(data: Path) -> list[Entry]:
    """Every entry, in the order they were made. Raises ``ProofError`` for one that cannot be read."""
    found = [_read(path) for path in books_folder(data).glob("[0-9]*/v*/" + ENTRY)]
    return sorted(found, key=lambda entry: (entry.number, entry.period))


def closed_months(data: Path) -> list[Closed]:
    """Every closed month, in order of time."""
    found: dict[Period, Closed] = {}
    for entry in entries(data):
        if entry.action == "close":
            found[entry.period] = Closed(entry)
        elif entry.period in found:
            found[entry.period] = Closed(found[entry.period].entry, (*found[entry.period].accepted, entry))
    return [found[period] for period in sorted(found)]


def closed_month(data: Path, period: Period) -> Closed | None:
    """The month as closed, or None while it is open."""
    return next((month for month in closed_months(data) if month.period == period), None)


def hash_of(content: Mapping[str, object]) -> str:
    """The sha256 of an entry's canonical text without its own hash."""
    return hashlib.sha256(
        canonical_text({key: value for key, value in content.items() if key != "hash"}).encode()
    ).hexdigest()


def faults(data: Path) -> list[str]:
    """Everything that is no longer as it was closed, in words; empty where the books are whole."""
    try:
        listed = entries(data)
    except ProofError as error:
        return [f"{error.message} ({error.where})"]
    found = [fault for entry in listed for fault in _entry_faults(entry)]
    return found + list(_chain_faults(listed))


def refuse_faults(data: Path) -> None:
    """Raises ``ProofError`` unless the books are whole."""
    found = faults(data)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise ProofError(
            f"the books were changed after they were closed: {found[0]}{more}",
            where=str(books_folder(data)),
            expected="every closed month as it was closed, byte for byte",
            mend="bring data/closed back from a backup",
        )


def _entry_faults(entry: Entry) -> Iterator[str]:
    name = f"{entry.period} {entry.folder.name}"
    if hash_of(entry.content) != entry.content.get("hash"):
        yield f"{name}: {ENTRY} is not what was written"
    for file, digest in sorted(entry.content["files"].items()):
        path = entry.folder / file
        if not path.is_file():
            yield f"{name}: {file} is missing"
        elif sha256(path) != digest:
            yield f"{name}: {file} is not the file that was closed"


def _chain_faults(listed: list[Entry]) -> Iterator[str]:
    previous: str | None = None
    for place, entry in enumerate(listed, start=1):
        name = f"{entry.period} {entry.folder.name}"
        if entry.number != place:
            yield f"entry {place} of the books is missing: {name} is entry {entry.number}"
            return
        if entry.content["previous"] != previous:
            yield f"{name} does not follow the entry before it"
        previous = entry.hash


def _understood(entry: Entry) -> None:
    """Reads everything that readers rely on; raises as a missing or wrong key does."""
    content = entry.content
    texts = (content["by"], content["at"], content["action"], entry.hash)
    named = content["period"] == str(entry.period) and all(isinstance(text, str) for text in texts)
    if not named or entry.number < 1 or not isinstance(content["files"], dict) or not isinstance(entry.ledger, dict):
        raise ValueError(content["period"])


def _read(path: Path) -> Entry:
    try:
        content: Json = json.loads(path.read_bytes())
        entry = Entry(Period.parse(path.parent.parent.name), path.parent, content)
        _understood(entry)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProofError(
            "an entry of the books cannot be read",
            where=str(path),
            mend="bring data/closed back from a backup",
        ) from error
    return entry
