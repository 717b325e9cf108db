"""``details.json`` of a period read back as records."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.margins.records import (
    AdjustmentLine,
    CommitmentLine,
    DriverLine,
    InvoiceLine,
    PoolLine,
    SampledPool,
    SampleLine,
    SourceLine,
    UntaggedResource,
)
from agent.money import legible, units_from_text


@dataclass(frozen=True, slots=True)
class Details:
    """What the allocation recorded beside its tables; units, days and names."""

    day: date
    currency: str
    pools: tuple[PoolLine, ...]
    commitments: tuple[CommitmentLine, ...]
    untagged: tuple[UntaggedResource, ...]
    sources: tuple[SourceLine, ...]
    stale: tuple[str, ...]
    """Sources whose export no longer holds the period."""
    late: Mapping[str, str]
    """Source or driver -> why it was left out of day D."""
    tag_findings: tuple[str, ...]
    """How tags are written otherwise than the policy wants, or contradict themselves; a sentence each."""
    environment_by_default: int
    customer_nonproduction: int
    """Customers' own non-production usage, whatever ``customer_nonprod`` makes of it."""
    negative_base: Mapping[str, int]
    """Customer -> cost below zero, which counts as zero wherever cost is a weight."""
    tax_unconfirmed: int
    untagged_cost: int
    attributable: int
    taggable: int
    covered: int
    source_notes: tuple[str, ...]
    adjustments: tuple[AdjustmentLine, ...] = ()
    adjusted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Closed month that is adjusted -> the ledger version of each source that it came to."""
    methodology: Mapping[str, Any] = field(default_factory=dict)
    merged: tuple[str, ...] = ()
    """What still names customers after they merged into others, a sentence each."""
    sampled: tuple[SampledPool, ...] = ()
    drivers: tuple[DriverLine, ...] = ()
    invoices: tuple[InvoiceLine, ...] = ()
    """Held against the bill at the time of reading: ``agent.margins.reconciled`` adds them."""
    adjusted_invoices: Mapping[str, tuple[InvoiceLine, ...]] = field(default_factory=dict)
    """Those of the closed months that are adjusted, added likewise."""


def read_details(folder: Path) -> Details:
    """Reads ``details.json`` in ``folder``."""
    raw = json.loads((folder / "details.json").read_text("utf-8"))
    late = {f"source {name}": f"its last complete day is {day}" for name, day in raw["late_sources"].items()}
    late |= {
        f"driver {name}": f"its last day is {day}" if day else "it has no data"
        for name, day in raw["late_drivers"].items()
    }
    units = units_from_text
    return Details(
        day=date.fromisoformat(raw["as_of"]),
        currency=raw["currency"],
        pools=tuple(map(_pool, raw["pools"])),
        commitments=tuple(
            CommitmentLine(
                row["commitment"],
                units(row["billed_purchase"]),
                units(row["effective_used"]),
                units(row["effective_unused"]),
            )
            for row in raw["commitments"]
        ),
        untagged=tuple(
            UntaggedResource(**row | {"effective": units(row["effective"])}) for row in raw["untagged_resources"]
        ),
        sources=tuple(_source(row, raw["currency"]) for row in raw["sources"]),
        stale=tuple(row["name"] for row in raw["sources"] if row["stale"]),
        late=late,
        tag_findings=tuple(map(_finding, raw["tag_findings"])),
        environment_by_default=units(raw["environment_by_default"]),
        customer_nonproduction=units(raw["customer_nonproduction"]),
        negative_base={row["customer"]: units(row["effective"]) for row in raw["negative_base"]},
        tax_unconfirmed=units(raw["tax_unconfirmed"]),
        untagged_cost=units(raw["untagged"]),
        attributable=units(raw["attributable"]),
        taggable=units(raw["coverage"]["taggable"]),
        covered=units(raw["coverage"]["covered"]),
        source_notes=tuple(
            f"{what}{row['name']}: {note}"
            for what, rows in (("", raw["sources"]), ("driver ", raw.get("drivers", ())))
            for row in rows
            for note in row["notes"]
        ),
        # NOTE: results published before there were books name neither
        adjustments=tuple(
            line for month in raw.get("adjustments", ()) for line in _adjustments(month, raw["currency"])
        ),
        adjusted={month["origin"]: month["ledger"] for month in raw.get("adjustments", ())},
        methodology=raw.get("methodology", {}),
        merged=tuple(_merged(row, raw["currency"]) for row in raw.get("merged", ())),
        drivers=tuple(map(_driver, raw.get("drivers", ()))),
        sampled=tuple(map(_sampled, raw.get("sampling", ()))),
    )


def _adjustments(month: Mapping[str, Any], currency: str) -> Iterator[AdjustmentLine]:
    sums: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(("amounts", "attribution")):
        for row in month[key]:
            if row["currency"] == currency:
                sums.setdefault((row["customer"], row["bucket"]), [0, 0])[place] += units_from_text(row["effective"])
    for (customer, bucket), (posted, moved) in sorted(sums.items()):
        if posted or moved:
            yield AdjustmentLine(month["origin"], customer, bucket, posted, moved)


_TOLD = {
    "wrong-case": "written otherwise than the policy wants",
    "variants": "in several spellings of which one is known",
    "conflicting-tags": "in spellings that name different known values: none is believed",
}


def _finding(row: Mapping[str, Any]) -> str:
    example = ", ".join(f"{key!r}: {value!r}" for key, value in row["example"].items())
    count = row["tag_sets"]
    return f"{row['key']} in {count} tag set{'s' if count != 1 else ''} {_TOLD[row['rule']]}, such as {example}"


def _merged(row: Mapping[str, Any], currency: str) -> str:
    named = [f"cost of {legible(units_from_text(row['effective']))} {currency}"] if row["effective"] != "0" else []
    named += [f"driver {name}" for name in row["drivers"]]
    return (
        f"{row['customer']} merged into {row['successor']} after {row['ended']}, and is still named by "
        f"{', '.join(named)}: it counts as {row['successor']}'s"
    )


def _pool(row: Mapping[str, Any]) -> PoolLine:
    return PoolLine(
        pool=row["pool"],
        method=row["method"],
        driver=row["driver"],
        effective=units_from_text(row["effective"]),
        billed=units_from_text(row["billed"]),
        days=row["days"],
        fallback_days=tuple(
            (_parted(f, "fallback"), f["days"], units_from_text(f["effective"])) for f in row["fallbacks"]
        ),
        idle=units_from_text(row["idle"]),
        unallocated=units_from_text(row["unallocated"]),
        capacity_days=tuple(
            (_parted(c, "driver"), c["unknown"], c["exceeded"])
            for c in row.get("capacity", ())
            if c["unknown"] or c["exceeded"]
        ),
    )


def _parted(row: Mapping[str, Any], key: str) -> str:
    """``period``, or ``period in eu-west-1`` where the row is of a part of its pool."""
    return f"{row[key]} in {row['part']}" if row.get("part") else str(row[key])


def _sampled(row: Mapping[str, Any]) -> SampledPool:
    return SampledPool(
        pool=row["pool"],
        driver=row["driver"],
        windows=tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in row["windows"]),
        intervals=row["intervals"],
        confidence_pct=row["confidence_pct"],
        live=row["live"] or "",
        drift_points=Decimal(row["drift_points"]),
        left_out=tuple(map(date.fromisoformat, row.get("left_out", ()))),
        passes_on=row.get("passes_on", False),
        drift=tuple((d["customer"], Decimal(d["then_pct"]), Decimal(d["now_pct"])) for d in row["drift"]),
        lines=tuple(
            SampleLine(
                pool=row["pool"],
                customer=line["customer"],
                share_pct=Decimal(line["share_pct"]),
                low_pct=Decimal(line["low_pct"]),
                high_pct=Decimal(line["high_pct"]),
                effective=units_from_text(line["effective"]),
                low=units_from_text(line["low"]),
                high=units_from_text(line["high"]),
                tier_median=line["tier_median"],
            )
            for line in row["customers"]
        ),
    )


def _driver(row: Mapping[str, Any]) -> DriverLine:
    return DriverLine(row["name"], row["kind"], row["interval"], row["method"], row["days"])


def _source(row: Mapping[str, Any], currency: str) -> SourceLine:
    sums = row["sums"].get(currency, {})
    through = row["complete_through"]
    return SourceLine(
        name=row["name"],
        kind=row["kind"],
        version=row["version"],
        rows=row["rows"],
        billed=units_from_text(sums.get("BilledCost", "0")),
        effective=units_from_text(sums.get("EffectiveCost", "0")),
        complete_through=date.fromisoformat(through) if through else None,
        completeness=row["completeness"],
    )
