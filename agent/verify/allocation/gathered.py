"""Everything a proof says it was made from, read by a path of its own; or why it cannot be."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from agent.verify.allocation.classify import Classified, Classifier
from agent.verify.allocation.lines import read_lines, read_tags
from agent.verify.allocation.method import Method, method
from agent.verify.allocation.people import People
from agent.verify.allocation.pools import Month
from agent.verify.allocation.reading import Tree, listed, text, tree
from agent.verify.allocation.rules import Rules
from agent.verify.allocation.usage import Consumers, Usage, read_usage
from agent.verify.exact import sha256

_APPLICATION, _POLICY, _ALLOCATION = "apportion.yaml", "policy.yaml", "allocation.yaml"
"""What the files are called in a closed month's folder."""
_FAR = date(9999, 12, 30)
Json = Mapping[str, Any]


class NotRecomputedError(Exception):
    """Why nothing can be recomputed; a statement, not a failure."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a month's facts lie: the data folder, the configuration's, and the frozen folder of a closed month."""

    data: Path
    root: Path
    application: str
    """The name of apportion.yaml."""
    closed: Path | None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts of one month, and what became of each charge by them."""

    method: Method
    people: People
    drivers: Mapping[str, Usage | str]
    month: Month
    classified: Classified
    ledger_rows: int


def gather(place: Place, proof: Json) -> Gathered:
    """Reads all of it. Raises ``NotRecomputedError``; what is broken raises what reading it raises."""
    application, rules, policy = _configuration(place, proof)
    found = method(tree(rules), tree(policy))
    app = tree(application)
    people = People(_kept(place.data, "registry", (proof.get("inputs") or {}).get("registry")))
    unknown = (*found.unknown, *people.unknown)
    if unknown:
        raise NotRecomputedError(f"{', '.join(unknown)} is not known to this part of verify")
    month = _month(proof)
    asked = _Ledger(place.data, proof)
    asked_rules = Rules(found, people, asked.tags)
    groups = {text(source, "name"): text(source, "cogs", "infrastructure") for source in listed(app, "sources")}
    lines = (
        line
        for name, files in asked.files.items()
        for line in read_lines(
            name, files, resources=asked_rules.looks_at_resources, regions=asked_rules.looks_at_regions
        )
    )
    classified = Classifier(found, asked_rules, asked.tags).classified(lines, groups)
    drivers = _drivers(place.data, app, proof, Consumers(people, [pool.name for pool in found.pools]))
    return Gathered(found, people, drivers, month, classified, asked.rows)


class _Ledger:
    """The ledger files of the proof's versions, and the tag sets they name."""

    def __init__(self, data: Path, proof: Json) -> None:
        self.files: dict[str, list[Path]] = {}
        for entry in proof["sources"]:
            version = data / "ledger" / entry["name"] / entry["period"] / f"v{entry['version']}"
            manifest = json.loads((version / "manifest.json").read_bytes())
            self.files[entry["name"]] = [version / part["file"] for part in manifest["ledger"]]
        self.rows = sum(pq.ParquetFile(file).metadata.num_rows for files in self.files.values() for file in files)
        self.tags = read_tags(data / "ledger" / "tagsets.parquet")


def _configuration(place: Place, proof: Json) -> tuple[bytes, bytes, bytes]:
    """apportion.yaml, the allocation rules and the policy the month was made by; one that is not there is empty."""
    if place.closed is not None:
        folder = place.closed / "config"
        files = [folder / name for name in (_APPLICATION, _ALLOCATION, _POLICY)]
        return _content(files[0]), _content(files[1]), _content(files[2])
    named = proof.get("config")
    if not named or place.application not in named:
        raise NotRecomputedError("the proof does not say which configuration it was made by")
    for name, digest in sorted(named.items()):
        file = place.root / name
        if not file.is_file() or sha256(file) != digest:
            raise NotRecomputedError(f"{name} was changed since; apportion allocate makes the month anew")
    application = _content(place.root / place.application)
    policy = text(tree(application), "policy")
    rules = [name for name in named if name not in (place.application, policy)]
    return (
        application,
        _content(place.root / rules[0]) if rules else b"",
        _content(place.root / policy) if policy else b"",
    )


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


def _month(proof: Json) -> Month:
    first = date.fromisoformat(f"{proof['period']}-01")
    last = date.fromisoformat(proof["as_of"])
    whole = (last + timedelta(days=1)).month != first.month
    return Month(first, last, _FAR if whole else last)


def _drivers(data: Path, app: Tree, proof: Json, who: Consumers) -> dict[str, Usage | str]:
    kept = (proof.get("inputs") or {}).get("usage") or {}
    found: dict[str, Usage | str] = {}

    def other(address: str) -> bytes:
        return _kept(data, "usage", address)

    for config in listed(app, "usage"):
        name = text(config, "name")
        found[name] = _driver(config, kept.get(name), other, who)
    return found


def _driver(config: Tree, address: str | None, other: Callable[[str], bytes], who: Consumers) -> Usage | str:
    try:
        return read_usage(config, other(address), who, other) if address else "it was not kept"
    except NotRecomputedError as error:
        return str(error)


def _kept(data: Path, kind: str, address: str | None) -> bytes:
    """A kept copy, which must be what its address says."""
    file = data / "inputs" / kind / str(address)
    if not address or not file.is_file():
        raise NotRecomputedError(f"the kept {kind} is gone")
    if sha256(file) != address:
        raise NotRecomputedError(f"the kept {kind} was changed")
    return file.read_bytes()
