"""What the versions in force were made from: tells which files of a delivery are already taken in, and for what."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from agent.billing.delivery.export import ExportFile
from agent.billing.ledger.versions import LedgerVersion
from agent.period import Period
from agent.storage import Entry, moved
from agent.store import sha256

Content = tuple[str, str]
"""Name without folder, and sha256: providers write a new folder for each run, and keep the names."""


@dataclass(slots=True)
class Arrival:
    """A file of the delivery on its way in."""

    file: ExportFile
    entry: Entry
    sha256: str = ""
    """'' until somebody has to know it."""
    held: frozenset[Period] | None = None
    """The periods it holds, where every row of these very bytes is in force; None: it must be read."""
    rows: int = 0
    """Of all periods; known once it was read, now or by the ingest that took it in."""

    @property
    def content(self) -> Content:
        return _name(self.file.shown), self.sha256

    def hash(self) -> None:
        """Reads the bytes, fetching them where they lie elsewhere, unless they are known by their stamp."""
        if self.sha256:
            return
        try:
            self.sha256 = sha256(self.file.path)
        except FileNotFoundError as error:
            raise moved(self.file.shown, self.file.folder.shown) from error


@dataclass(slots=True)
class _Taken:
    """Rows in force of one content, by period, and how many it has in all.

    ``copies``: how often a delivery held it; two statements of the same charges may be equal byte for byte.
    """

    rows: dict[Period, int] = field(default_factory=dict)
    all_rows: int = 0
    copies: int = 0


class Recorded:
    """What the manifests in force say of the files behind them."""

    def __init__(self, versions: Iterable[LedgerVersion]) -> None:
        self._taken: dict[Content, _Taken] = {}
        self._stamped: dict[tuple[str, int, str], str] = {}
        self._sizes: set[tuple[str, int]] = set()
        for version in versions:
            for file in version.manifest.files:
                taken = self._taken.setdefault((_name(file.path), file.sha256), _Taken(all_rows=file.all_rows))
                taken.rows[version.period] = file.rows
                self._sizes.add((_name(file.path), file.bytes))
                if file.stamp:
                    self._stamped[file.path, file.bytes, file.stamp] = file.sha256
            for content, copies in contents(version).items():
                self._taken[content].copies = max(self._taken[content].copies, copies)

    def recognise(self, arrivals: Sequence[Arrival]) -> None:
        """Fills in what is known of each file. Bytes are read only where they may be known, or may be there twice."""
        sizes = Counter(arrival.entry.size for arrival in arrivals)
        for arrival in arrivals:
            entry = arrival.entry
            arrival.sha256 = self._stamped.get((entry.shown, entry.size, entry.stamp), "") if entry.stamp else ""
            if sizes[entry.size] > 1 or (_name(entry.shown), entry.size) in self._sizes:
                arrival.hash()
        copies = Counter(arrival.content for arrival in arrivals)
        for arrival in arrivals:
            taken = self._taken.get(arrival.content)
            if taken is None or copies[arrival.content] != taken.copies:
                continue
            if sum(taken.rows.values()) == taken.all_rows:
                arrival.held, arrival.rows = frozenset(taken.rows), taken.all_rows


def contents(version: LedgerVersion) -> Counter[Content]:
    """The files a version was made from, and how often each."""
    return Counter((_name(file.path), file.sha256) for file in version.manifest.files)


def _name(shown: str) -> str:
    return PurePosixPath(shown).name
