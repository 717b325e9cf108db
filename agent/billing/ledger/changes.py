"""What a new version of a period changes, told from the two manifests: lines, exact sums, and kinds that moved."""

from collections.abc import Iterator

from agent.billing.ledger.versions import Manifest
from agent.money import legible, signed, units_from_text

METRICS = ("BilledCost", "EffectiveCost")


def change(old: Manifest, new: Manifest) -> str:
    """One sentence: ``v1 -> v2: lines 1,000 -> 1,003 (+3); BilledCost 5.00 -> 17.34 USD (+12.34); by kind: ...``."""
    lines = f"lines {old.lines:,} -> {new.lines:,} ({new.lines - old.lines:+,})"
    kinds = ", ".join(_kinds(old, new))
    parts = [lines, *_sums(old, new), *([f"BilledCost by kind: {kinds}"] if kinds else ())]
    return f"v{old.ledger_version} -> v{new.ledger_version}: {'; '.join(parts)}"


def _sums(old: Manifest, new: Manifest) -> Iterator[str]:
    for currency in sorted({*old.ledger_sums, *new.ledger_sums}):
        for metric in METRICS:
            before, after = (units_from_text(one.ledger_sums.get(currency, {}).get(metric, "0")) for one in (old, new))
            moved = f"{legible(before)} -> {legible(after)} {currency} ({signed(after - before)})"
            yield f"{metric} {moved if before != after else f'{legible(after)} {currency} as before'}"


def _kinds(old: Manifest, new: Manifest) -> Iterator[str]:
    for kind in sorted({*old.kinds, *new.kinds}):
        before, after = (units_from_text(one.kinds[kind].BilledCost) if kind in one.kinds else 0 for one in (old, new))
        if before != after:
            yield f"{kind} {signed(after - before)}"
