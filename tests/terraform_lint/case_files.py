"""The trap cases as they lie on disk: what stands in a folder of ``cases/`` and what is right for it.

``expected.json``: ``rows`` (the traps it stands for), ``why``, and for ``source`` and ``plan`` every resource with its
verdict. A verdict is ``ok``, ``unknown``, ``external``, ``existing``, ``exempt``, ``ignored``, ``not_taggable``,
``skipped`` or ``violation:<rule>``; ``|`` parts what is equally right. An address that ends in ``*`` stands for all
that begin so. ``mentions``: what the output must say, ``silent``: what it must not; ``unread``: files that must be
named as not read; ``exit``: exit codes that do not follow from the verdicts; ``partial``: more may be judged than is
listed; ``workspace``: the one to check;
``skipped``: how many changes are skipped, where that is not one an address.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"
POLICY = CASES / "policy.yaml"
MODES = ("source", "plan")
PATHS = {"source": "source", "plan": "plan.json"}
NOT_JUDGED = ("not_taggable", "skipped", "external")


@dataclass(frozen=True, slots=True)
class Case:
    """One folder. ``policy`` is its own, or the one all cases share."""

    name: str
    folder: Path
    expected: dict[str, Any]

    @property
    def policy(self) -> Path:
        own = self.folder / "policy.yaml"
        return own if own.exists() else POLICY

    @property
    def modes(self) -> tuple[str, ...]:
        return tuple(mode for mode in MODES if mode in self.expected)

    def verdicts(self, mode: str) -> dict[str, str]:
        """Address to verdict, of one mode."""
        return dict(self.expected[mode])

    def of(self, name: str, mode: str) -> list[str]:
        """The texts under ``mentions``, ``silent`` or ``unread`` for a mode."""
        return list(self.expected.get(name, {}).get(mode, []))


def cases() -> Iterator[Case]:
    """All cases, by name."""
    for file in sorted(CASES.glob("*/expected.json")):
        yield Case(file.parent.name, file.parent, json.loads(file.read_text("utf-8")))


def ways(verdict: str) -> list[tuple[str, str]]:
    """The verdicts that are right, each with its rule or an empty text: ``violation:a|b|ok`` are three."""
    found: list[tuple[str, str]] = []
    kind = ""
    for part in verdict.split("|"):
        if ":" in part:
            kind, _, rule = part.partition(":")
            found.append((kind, rule))
        elif part in ("ok", "unknown", "external", "existing", "exempt", "ignored", *NOT_JUDGED):
            found.append((part, ""))
        else:
            found.append((kind, part))
    return found


def stands_for(pattern: str, address: str) -> bool:
    """Whether an address of ``expected.json`` means this one."""
    return address.startswith(pattern[:-1]) if pattern.endswith("*") else address == pattern
