"""A comparison as plain values; money as exact text."""

from collections.abc import Sequence
from decimal import Decimal

from agent.differences.records import Line, Moved
from agent.methods.records import DIMENSIONS, Change, Comparison, Earned, Month, Named
from agent.money import text_from_units

Json = dict[str, object]


def document(found: Comparison) -> Json:
    """By month and over all of them; the command line adds the version.

    The two methods and what changes stand with each month; those at the top are of the last one.
    """
    return {
        "currency": found.currency,
        **_change(found.last),
        "differs": [month.period for month in found.months if month.change.differs],
        "lock": {
            "period": found.lock.period,
            "allowed": found.lock.allowed,
            "told": found.lock.told,
            "needs": list(found.lock.needs),
        },
        "target_infra_margin_pct": str(found.target),
        "months": [_month(found, month) for month in found.months],
        "total": {
            "by": {name: [_line(line) for line in found.summed(name)] for name in DIMENSIONS},
            "margins": _margins(found.earned(), found.target),
        },
    }


def _change(change: Change) -> Json:
    return {
        "before": _named(change.before),
        "after": _named(change.after),
        "changes": list(change.changes),
        "additions": list(change.additions),
    }


def _named(method: Named) -> Json:
    return {"named": method.named, "id": method.id, "fingerprint": method.fingerprint}


def _month(found: Comparison, month: Month) -> Json:
    return {
        "period": month.period,
        "closed": month.closed,
        **_change(month.change),
        "as_of": month.day.isoformat(),
        "ledger": dict(sorted(month.ledger.items())),
        "by": {name: [_line(line) for line in month.lines[name]] for name in DIMENSIONS},
        "margins": _margins(month.earned, found.target),
        "notes": list(month.notes),
    }


def _line(line: Line) -> Json:
    return {"key": line.key[0], "BilledCost": _moved(line.billed), "EffectiveCost": _moved(line.effective)}


def _moved(moved: Moved) -> Json:
    return {
        "before": text_from_units(moved.before),
        "after": text_from_units(moved.after),
        "moved": text_from_units(moved.difference),
    }


def _margins(earned: Sequence[Earned], target: Decimal) -> list[Json]:
    return [
        {
            "customer": each.customer,
            "revenue": text_from_units(each.revenue),
            "cost": _moved(each.cost),
            "margin": _moved(each.margin),
            "margin_pct": _sides(each.margin_pct),
            "infra_margin_pct": _sides(each.infra_margin_pct),
            "crosses": each.crossings(target),
        }
        for each in earned
    ]


def _sides(pair: tuple[Decimal | None, Decimal | None]) -> Json:
    before, after = (None if each is None else str(each) for each in pair)
    return {"before": before, "after": after}
