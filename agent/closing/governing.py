"""The method in force for a month: free until a month of its fiscal quarter is closed, then that month's.

Additions of a mapping are allowed, told and measured. A change of the method needs a version of its own in
allocation.yaml: another ``id``, ``from`` after the last closed month, a ``reason`` and who ``approved_by``.
"""

import json
from collections.abc import Mapping
from typing import Any

from agent.closing.books import METHODOLOGY, Closed, closed_months
from agent.closing.calendar import before_in_quarter
from agent.closing.changes import compare
from agent.closing.mapping import moved
from agent.closing.methodology import SEMANTICS, Methodology, methodology
from agent.config.loading import Settings
from agent.errors import ClosedError
from agent.money import text_from_units
from agent.period import Period

Json = dict[str, Any]


def governed(settings: Settings, period: Period) -> Json:
    """The method as ``proof.json`` records it: id and fingerprint, and what it adds or changes within the quarter.

    Raises ``ClosedError`` for a change that the quarter does not allow.
    """
    now = methodology(settings, period)
    record: Json = {"id": now.id, "fingerprint": now.fingerprint, "semantics": SEMANTICS}
    if (begins := settings.methods.first_month_missed(period)) is not None:
        record["begins"] = str(begins)
    books = closed_months(settings.data)
    before = before_in_quarter(books, period, settings.app.close.fiscal_year_start)
    if before is None:
        return record
    frozen = _frozen(before)
    record["in_force_since"] = str(before.period)
    if now.fingerprint == frozen.fingerprint:
        return record
    found = compare(frozen.document, now.document)
    changes = list(found.changes)
    record["additions"] = list(found.additions)
    if found.additions and not changes:
        measured = moved(settings, period, before)
        record["mapped"] = _texts(measured.mapped)
        if measured.taken:
            amounts = ", ".join(f"{amount} {currency}" for currency, amount in _texts(measured.taken).items())
            changes.append(
                f"what was added takes {amounts} that had a customer, a pool or an environment: {measured.example}"
            )
            changes += found.additions
    if changes:
        record |= _approved(settings, period, frozen, before, changes)
    return record


def _frozen(month: Closed) -> Methodology:
    read = json.loads((month.folder / METHODOLOGY).read_bytes())
    return Methodology(read["id"], read["document"])


def _approved(settings: Settings, period: Period, frozen: Methodology, before: Closed, changes: list[str]) -> Json:
    version = settings.methods.in_force(period)
    named = version.rules.methodology
    missing: list[str] = []
    if named is None or named.id == frozen.id:
        missing.append("an id of its own")
    if named is None or not before.period < Period.parse(named.from_) <= period:
        missing.append(f"from: a month after {before.period}, {period} at the latest")
    missing += [key for key in ("reason", "approved_by") if named is None or not getattr(named, key).strip()]
    if missing:
        raise ClosedError(
            f"the method changes inside a quarter of which {before.period} is closed",
            changes,
            where=str(settings.resolve(version.name or settings.path.name)),
            mend=f"take the change back until the quarter ends, or make it a version: methodology needs "
            f"{', '.join(missing)}",
        )
    assert named is not None  # noqa: S101  # without it everything is missing
    return {"changes": changes, "reason": named.reason, "approved_by": named.approved_by, "from": named.from_}


def _texts(sums: Mapping[str, int]) -> Json:
    return {currency: text_from_units(units) for currency, units in sorted(sums.items())}
