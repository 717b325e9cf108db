"""A month allocated by given rules beside the published results: everything else is what is in force for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from agent import closing, margins
from agent.allocation.allocating import allocate_facts, gather
from agent.allocation.beside import Beside
from agent.allocation.facts import Facts
from agent.config.allocation import AllocationFile
from agent.config.loading import Settings
from agent.inputs import Inputs, current
from agent.margins.customers import AFTER_AS_OF
from agent.margins.records import PeriodReport
from agent.money import units_from_text
from agent.period import Period
from agent.progress import Progress

Units = dict[str, tuple[int, int]]
"""Key -> (BilledCost, EffectiveCost) in units."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What both sides have in common."""

    settings: Settings
    """Of a closed month its frozen configuration."""
    facts: Facts
    beside: Beside
    inputs: Inputs
    closed: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One method's figures of a month."""

    sums: dict[str, Units]
    """By dimension: customers and reserved ids, classes, pools."""
    figures: PeriodReport


def ground(settings: Settings, period: Period, sides: Sequence[AllocationFile], progress: Progress) -> Ground:
    """Ledger, inputs, registry, day D and adjustments of a month: of a closed one as it was closed.

    Day D is the same for both: a driver that either of them uses holds it back. A driver that a closed month did not
    have is taken as it was last measured, and a note says so.
    """
    used = {name for rules in sides for pool in rules.pools for name in pool.drivers_used}
    month = closing.closed_month(settings.data, period)
    if month is None:
        pools = [pool for rules in sides for pool in rules.pools]
        facts = gather(settings, period, pools=pools)
        return Ground(
            settings, facts, closing.adjustments(settings, period, progress), current(settings.data), closed=False
        )
    frozen, inputs = closing.frozen_settings(settings, month), closing.frozen_inputs(settings, month)
    known = {driver.name for driver in frozen.app.usage}
    later = [driver for driver in settings.app.usage if driver.name in used - known]
    if later:
        taken = current(settings.data)
        frozen = replace(frozen, app=frozen.app.model_copy(update={"usage": [*frozen.app.usage, *later]}))
        measured = {driver.name: taken.usage[driver.name] for driver in later if driver.name in taken.usage}
        inputs = replace(inputs, usage=inputs.usage | measured)
    facts = closing.closed_facts(frozen, inputs, month)
    notes = tuple(f"{period} was closed without the driver {each.name}: as it was last taken in" for each in later)
    beside = closing.closed_beside(month, closing.closed_months(settings.data), facts)
    return Ground(frozen, facts, beside, inputs, closed=True, notes=notes)


def run(ground: Ground, rules: AllocationFile, folder: Path, progress: Progress) -> Side:
    """Allocates by ``rules`` into ``folder``, which is no place of results. ``ProofError`` when a sum does not tie."""
    folder.mkdir()
    settings = ground.settings.with_rules(rules)
    facts = replace(ground.facts, rules=rules)
    allocate_facts(settings, facts, folder, progress, ground.beside)
    figures = margins.summarise(settings, facts.period, folder, None, days=False, inputs=ground.inputs)
    return Side(_sums(folder / "allocation.parquet", facts), figures)


def _sums(allocation: Path, facts: Facts) -> dict[str, Units]:
    keys = ["Customer", "Bucket", "Class", "Pool", "ChargeDate"]
    rows = pq.read_table(allocation, columns=[*keys, "BilledCost", "EffectiveCost"])
    late = pa.compute.greater(rows["ChargeDate"], pa.scalar(facts.as_of.through, pa.date32()))
    rows = rows.drop_columns(["ChargeDate"]).append_column("Late", late)
    summed = rows.group_by([*keys[:-1], "Late"]).aggregate([("BilledCost", "sum"), ("EffectiveCost", "sum")])
    sums: dict[str, Units] = {"customer": {}, "class": {}, "pool": {}}
    for row in summed.to_pylist():
        who = row["Customer"] if row["Bucket"] == "customer" else f"@{row['Bucket']}"
        keyed = {"customer": AFTER_AS_OF if row["Late"] else who, "class": row["Class"], "pool": row["Pool"] or ""}
        money = (_units(row["BilledCost_sum"]), _units(row["EffectiveCost_sum"]))
        for dimension, key in keyed.items():
            billed, effective = sums[dimension].get(key, (0, 0))
            sums[dimension][key] = (billed + money[0], effective + money[1])
    return sums


def _units(amount: Decimal) -> int:
    return units_from_text(f"{amount:f}")
