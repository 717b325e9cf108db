"""Closing a month: what it takes, and the folder that is written.

The folder is made aside and moved in with one rename, ``close.json`` in it: killed at any moment, the month is closed
or it is not.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from agent import results
from agent.billing.ledger.versions import heads
from agent.closing.books import (
    CONFIG,
    ENTRY,
    INPUTS,
    METHODOLOGY,
    Action,
    Closed,
    books_folder,
    closed_month,
    closed_months,
    entries,
    hash_of,
    refuse_faults,
)
from agent.closing.calendar import open_months
from agent.closing.frozen import ALLOCATION, APPLICATION, POLICY
from agent.closing.governing import governed
from agent.closing.methodology import methodology
from agent.config.loading import Settings
from agent.errors import ClosedError, NothingToDo
from agent.inputs import inputs_head
from agent.money import UNITS_PER_ONE, legible, units_from_text
from agent.period import Period
from agent.reconciliation import Standing, TieOut, absences, standings, tie_outs
from agent.store import move_folder, scratch, sha256, write_text

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Terms:
    """Who closes, when, and what is accepted with which reason (empty: not accepted)."""

    by: str
    at: datetime
    """In UTC."""
    estimates: str = ""
    gap: str = ""


@dataclass(slots=True)
class Found:
    """What was looked at before closing, and what stands in the way."""

    checks: list[Json] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)

    def tell(self, check: str, told: str, *, fine: bool) -> None:
        """One thing to be seen that is in nobody's way."""
        self.checks.append({"check": check, "told": told, "holds": fine, "binding": False})

    def note(self, check: str, told: str, *, fine: bool, accepted: str = "", mend: str = "") -> None:
        """One check; one that does not hold and is not accepted is in the way."""
        record: Json = {"check": check, "told": told, "holds": fine}
        self.checks.append(record | ({"accepted": accepted} if accepted and not fine else {}))
        if not fine and not accepted:
            self.obstacles.append(f"{told}: {mend}" if mend else told)


def close(settings: Settings, period: Period, terms: Terms) -> Closed:
    """Closes ``period``, whose results are published and up to date. Under the writer lock.

    Raises ``ClosedError`` with everything that is in the way, ``ProofError`` when the books were changed.
    """
    refuse_faults(settings.data)
    refuse_out_of_turn(settings, period)
    results.refuse_changed(settings.data, period)
    method = governed(settings, period)
    found = _looked_at(settings, period, terms)
    if found.obstacles:
        count = len(found.obstacles)
        raise ClosedError(f"{period} cannot be closed: {count} thing{'s' if count > 1 else ''} in the way",
                          found.obstacles)  # fmt: skip
    reasons = {name: text for name, text in (("estimates", terms.estimates), ("gap", terms.gap)) if text}
    with scratch(settings.data) as aside:
        folder = aside / "entry"
        _copy(settings, period, folder)
        content = _entry(settings, period, terms, "close", reasons, _versions(settings.data, period))
        proof = json.loads((folder / results.PROOF).read_bytes())
        content |= {"methodology": method, "adjusts": proof["adjusts"], "inputs": proof["inputs"]}
        content |= {"totals": proof["totals"], "checks": found.checks}
        _seal(folder, content)
        return _put(settings.data, period, folder)


def accept_attribution(settings: Settings, period: Period, terms: Terms, reason: str) -> Closed:
    """Accepts that money of a closed month changed hands as its latest ledger versions say; the figures stay closed.

    What it moves posts to the earliest open month. Under the writer lock. Raises ``ClosedError`` where there is
    nothing to accept.
    """
    refuse_faults(settings.data)
    month = closed_month(settings.data, period)
    if month is None:
        raise ClosedError(f"{period} is open: its tags count as they are", mend="apportion allocate takes them up")
    versions = _versions(settings.data, period)
    if {row["source"]: row["version"] for row in versions} == month.attribution.ledger:
        raise ClosedError(
            f"nothing was delivered for {period} since its attribution was fixed", where=str(month.folder)
        )
    with scratch(settings.data) as aside:
        folder = aside / "entry"
        folder.mkdir()
        content = _entry(settings, period, terms, "attribution", {"attribution": reason}, versions)
        _seal(folder, content | {"adjusts": {}})
        return _put(settings.data, period, folder)


def refuse_closed(data: Path, period: Period) -> None:
    """Raises ``ClosedError`` for a month whose figures must not change."""
    month = closed_month(data, period)
    if month is not None:
        raise ClosedError(
            f"{month.line}; its figures stay as they are",
            where=str(month.folder),
            mend="what is delivered later posts to the earliest open month; `apportion report --period "
            f"{period}` shows the closed figures",
        )


def refuse_out_of_turn(settings: Settings, period: Period) -> None:
    """Raises ``ClosedError`` unless ``period`` is the earliest open month with data."""
    refuse_closed(settings.data, period)
    waiting = open_months(settings, closed_months(settings.data))
    if period not in waiting:
        raise NothingToDo(
            f"{period} is not in the books: there is no billing data for it, or it lies before they begin",
            mend="close.first in apportion.yaml is the month they begin with",
        )
    if waiting[0] != period:
        raise ClosedError(
            f"{period} cannot be closed before {waiting[0]}, which is open",
            mend=f"apportion close {waiting[0]}; if the books begin later, set close.first in apportion.yaml",
        )


def _looked_at(settings: Settings, period: Period, terms: Terms) -> Found:
    found = Found()
    proof = json.loads((results.folder(settings.data, period) / results.PROOF).read_bytes())
    _look_at_proof(proof, found)
    _look_at_unallocated(settings, proof, found)
    _look_at_days(period, proof, terms, found)
    for standing in standings(settings.data, period, terms.at.date()):
        _look_at_source(standing, terms, found)
    for source, told in absences(settings, period).items():
        found.note(f"{source} is delivered", told, fine=False, accepted=terms.estimates, mend=_ESTIMATES)
    for version in heads(settings.data, period):
        if version.manifest.stale:
            told = f"{version.source} no longer exports {period}; its last version is used"
            found.note(f"{version.source} is delivered", told, fine=False, accepted=terms.estimates, mend=_ESTIMATES)
    for tie in tie_outs(settings, period):
        _look_at_invoice(settings, tie, terms, found)
    for origin, state in sorted(proof["adjusts"].items()):
        for tie in tie_outs(settings, Period.parse(origin), state["ledger"]):
            named, told, fine = _held(settings, tie)
            found.tell(f"{named} for {origin}", f"{told} ({origin} is closed; with what was posted since)", fine=fine)
    return found


_ESTIMATES = "wait, or accept it with --accept-estimates REASON"
_GAP = "give the invoice in invoices.csv, or name the gap with --accept-gap REASON"


def _look_at_proof(proof: Json, found: Found) -> None:
    wrong = [check["check"] for check in proof["checks"] if check["difference"] != "0"]
    told = f"difference 0 in {len(proof['checks'])} checks" if not wrong else f"the proof does not hold: {wrong[0]}"
    found.note("proof", told, fine=not wrong and bool(proof["checks"]), mend="apportion allocate")


def _look_at_unallocated(settings: Settings, proof: Json, found: Found) -> None:
    limit = settings.app.close.unallocated_pct
    for currency, by in sorted(proof["totals"].items()):
        sums = by["EffectiveCost"]
        unallocated, source = units_from_text(sums["unallocated"]), units_from_text(sums["source"])
        # NOTE: in integers, so that the bound is met to the last digit
        fine = abs(unallocated) * 100 * 10**6 <= abs(source) * int(limit.scaleb(6))
        told = f"{legible(unallocated)} of {legible(source)} {currency} is unallocated, the limit being {limit:f} %"
        mend = "add the rules or drivers that are missing, or raise close.unallocated_pct in apportion.yaml"
        found.note("unallocated", told, fine=fine, mend=mend)


def _look_at_days(period: Period, proof: Json, terms: Terms, found: Found) -> None:
    day = date.fromisoformat(proof["as_of"])
    told = f"figures run through {day}" + ("" if day >= period.last_day else f", not through {period.last_day}")
    found.note("complete", told, fine=day >= period.last_day, accepted=terms.estimates, mend=_ESTIMATES)


def _look_at_source(standing: Standing, terms: Terms, found: Found) -> None:
    told = f"{standing.source}: {standing.text}"
    fine = standing.state == "final"
    found.note(f"{standing.source} is final", told, fine=fine, accepted=terms.estimates, mend=_ESTIMATES)


def _look_at_invoice(settings: Settings, tie: TieOut, terms: Terms, found: Found) -> None:
    named, told, fine = _held(settings, tie)
    found.note(named, told, fine=fine, accepted=tie.gap or terms.gap, mend=_GAP)


def _held(settings: Settings, tie: TieOut) -> tuple[str, str, bool]:
    """Which invoice, how it stands, and whether it is tied within the tolerance."""
    named = f"invoice {tie.invoice_id}" if tie.invoice_id else "lines without an invoice"
    told = f"{named} of {tie.source}, billed {legible(tie.billed)} {tie.currency}: {tie.told}"
    bound = int(settings.app.close.tolerance * UNITS_PER_ONE)
    return f"{named} of {tie.source}", told, tie.difference is not None and abs(tie.difference) <= bound


def _versions(data: Path, period: Period) -> list[Json]:
    return [
        {
            "source": version.source,
            "version": version.version,
            "manifest_sha256": sha256(version.folder / "manifest.json"),
            "ledger": {entry.file: entry.sha256 for entry in version.manifest.ledger},
        }
        for version in heads(data, period)
    ]


def _copy(settings: Settings, period: Period, folder: Path) -> None:
    """The published files, the configuration, the list of inputs and the method, as they are now."""
    shutil.copytree(results.folder(settings.data, period), folder, ignore=shutil.ignore_patterns(".*"))
    (folder / CONFIG).mkdir()
    version = settings.methods.in_force(period)
    named = {APPLICATION: settings.path, POLICY: settings.app.policy, ALLOCATION: version.name or None}
    for name, file in named.items():
        if file is not None:
            shutil.copyfile(settings.resolve(file) if name != APPLICATION else settings.path, folder / CONFIG / name)
    shutil.copyfile(inputs_head(settings.data), folder / INPUTS)
    method = methodology(settings, period)
    content = {"version": 1, "id": method.id, "fingerprint": method.fingerprint, "document": method.document}
    write_text(folder / METHODOLOGY, json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def _entry(
    settings: Settings,
    period: Period,
    terms: Terms,
    action: Action,
    reasons: Mapping[str, str],
    versions: Sequence[Json],
) -> Json:
    made = entries(settings.data)
    return {
        "version": 1,
        "action": action,
        "period": str(period),
        "number": len(made) + 1,
        "previous": made[-1].hash if made else None,
        "by": terms.by,
        "at": terms.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "reasons": dict(reasons),
        "ledger": list(versions),
    }


def _seal(folder: Path, content: Json) -> None:
    """Writes ``close.json`` over every file of the folder, and takes the right to write away."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content["files"] = {path.relative_to(folder).as_posix(): sha256(path) for path in files}
    content["hash"] = hash_of(content)
    write_text(folder / ENTRY, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    for path in (*files, folder / ENTRY):
        path.chmod(0o444)


def _put(data: Path, period: Period, folder: Path) -> Closed:
    place = books_folder(data) / str(period)
    numbers = [int(path.name[1:]) for path in place.glob("v*")] if place.is_dir() else []
    move_folder(folder, place / f"v{max(numbers, default=0) + 1}")
    month = closed_month(data, period)
    assert month is not None  # noqa: S101  # it was put there just now
    return month
