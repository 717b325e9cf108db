"""The baseline: debt that was there when the check was brought in, and that blocks nobody.

It holds what would be a violation, a module that is not there to be read, and what is unknown where that blocks. An
unknown that blocks nobody does not go in: nobody has seen yet whether it is wrong. Nor does what a plan leaves
untouched. What was accepted as unknown and turns out to be wrong is another finding, and counts. A baseline only
shrinks, unless a person makes a new one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from policies.faults import Fault, FaultsError
from policies.finding import Finding, Report
from policies.table import iso_date

_TEXTS = ("fingerprint", "rule", "key", "address", "path")
_MAKE_ANEW = "make the baseline anew"


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One finding that is accepted. All but the fingerprint is there for people."""

    path: str
    address: str
    key: str
    rule: str
    fingerprint: str

    @classmethod
    def of(cls, finding: Finding) -> "Entry":
        """The entry that accepts a finding."""
        return cls(finding.path, finding.address, finding.key, finding.rule, finding.fingerprint)


@dataclass(frozen=True)
class Baseline:
    """Entries in the order of path, address, key and rule; ``created`` is the day the first of them were written."""

    created: date
    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, path: Path) -> "Baseline":
        """A baseline as :meth:`write` left it. Raises ``FaultsError`` where it is none."""
        try:
            content = json.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise FaultsError([Fault(str(path), 0, "there is no such file")]) from None
        except OSError as error:
            raise FaultsError([Fault(str(path), 0, f"cannot be read: {error.strerror or error}")]) from error
        except json.JSONDecodeError as error:
            message = f"not JSON: {error.msg}; {_MAKE_ANEW} if a merge broke it"
            raise FaultsError([Fault(str(path), error.lineno, message)]) from error
        except (UnicodeDecodeError, RecursionError) as error:
            raise FaultsError([Fault(str(path), 0, f"not a baseline; {_MAKE_ANEW}")]) from error
        try:
            return _baseline(content)
        except ValueError as error:
            raise FaultsError([Fault(str(path), 0, f"not a baseline: {error}; {_MAKE_ANEW}")]) from error

    @classmethod
    def of(cls, report: Report, created: date) -> "Baseline":
        """A new one, of everything in a report that was judged without a baseline."""
        accepted = {
            Entry.of(each) for each in report.findings if each.verdict in ("violation", "external") or each.blocks
        }
        return cls(created, tuple(sorted(accepted)))

    @cached_property
    def fingerprints(self) -> frozenset[str]:
        """The identities of what is accepted."""
        return frozenset(entry.fingerprint for entry in self.entries)

    def shrunk(self, report: Report) -> "Baseline":
        """Without the entries that nothing needs any more, and those of moved resources with their new address.

        ``report`` was judged with this baseline.
        """
        kept = (each for each in self.entries if each.fingerprint not in report.gone)
        moved = report.moved
        renewed = {Entry.of(moved[each.fingerprint]) if each.fingerprint in moved else each for each in kept}
        return Baseline(self.created, tuple(sorted(renewed)))

    def write(self, path: Path) -> None:
        """One entry a line, so that a diff shows what was paid off. The same entries give the same bytes."""
        lines = ",\n".join(f"  {json.dumps(_as_json(entry), ensure_ascii=False)}" for entry in self.entries)
        listed = f"[\n{lines}\n ]" if lines else "[]"
        text = f'{{"version": 1,\n "created": "{self.created.isoformat()}",\n "findings": {listed}}}\n'
        path.write_text(text, encoding="utf-8", newline="\n")


def _as_json(entry: Entry) -> dict[str, str]:
    return {name: getattr(entry, name) for name in _TEXTS}


def _baseline(content: object) -> Baseline:
    if not isinstance(content, dict):
        raise ValueError("expected an object")  # noqa: TRY004  # wrong input, not a wrong call
    if content.get("version") != 1:
        raise ValueError(f"expected version 1, found {content.get('version')!r}")
    created = iso_date(str(content.get("created")))
    if created is None:
        raise ValueError("created is no date")
    findings = content.get("findings")
    if not isinstance(findings, list):
        raise ValueError("findings is no list")  # noqa: TRY004  # as above
    return Baseline(created, tuple(sorted({_entry(each, at) for at, each in enumerate(findings)})))


def _entry(content: object, at: int) -> Entry:
    if not isinstance(content, Mapping):
        raise ValueError(f"findings[{at}] is no object")  # noqa: TRY004  # as above
    texts = {name: content.get(name) for name in _TEXTS}
    wrong = [name for name, text in texts.items() if not isinstance(text, str)]
    if wrong:
        raise ValueError(f"findings[{at}] has no text {wrong[0]!r}")
    return Entry(**{name: str(text) for name, text in texts.items()})
