"""The last pass: sums that must tie to the last digit, and the record of them. Raises when one does not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from typing import Any, Literal

from agent.allocation.beside import Beside
from agent.billing.ledger.versions import LedgerVersion
from agent.engine import Engine
from agent.errors import ProofError
from agent.money import text_from_units

Metric = Literal["BilledCost", "EffectiveCost"]
METRICS: tuple[Metric, ...] = ("BilledCost", "EffectiveCost")
_METRIC: Mapping[str, Metric] = {metric: metric for metric in METRICS}
BUCKETS = ("customer", "opex", "unallocated", "balance_sheet")
_WIDE = Context(prec=400)
"""Sums of texts of any length: nothing is rounded."""


@dataclass(frozen=True, slots=True)
class Check:
    """Two sums over ``cells`` cells; each cell ties, not only the total. Exact plain text."""

    check: str
    currency: str
    metric: Metric
    left: str
    right: str
    difference: str
    cells: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proven of one period."""

    period: str
    checks: tuple[Check, ...]
    totals: Mapping[str, Mapping[str, Mapping[str, str]]]
    """currency -> metric -> source, customer, opex, unallocated, balance_sheet, adjustments."""
    sources: tuple[LedgerVersion, ...]
    books: Beside = field(default_factory=Beside)
    """What closed months add."""

    def beside(self, books: Beside) -> "Proof":
        """This proof with the checks of adjustments; ``ProofError`` where closed and posted are not the latest."""
        ties = [_check(t.check, t.currency, _METRIC[t.metric], t.left, t.right, t.cells) for t in books.ties]
        return replace(self, checks=(*self.checks, *ties), books=books)

    @property
    def line(self) -> str:
        """The proof in one line, as every report carries it: effective cost in full, and what was billed for it."""
        parts, billed = [], []
        for currency, metrics in sorted(self.totals.items()):
            sums = metrics["EffectiveCost"]
            adjusted = f" + adjustments {sums['adjustments']}" if sums["adjustments"] != "0" else ""
            parts.append(
                f"{currency} effective {sums['source']}{adjusted} = customers {sums['customer']} "
                f"+ opex {sums['opex']} + unallocated {sums['unallocated']} + balance sheet {sums['balance_sheet']}"
            )
            billed.append(f"{metrics['BilledCost']['source']} {currency}")
        cells = sum(check.cells for check in self.checks)
        proven = f"difference 0 in {len(self.checks)} checks over {cells} cells"
        return f"{self.period}: {'; '.join(parts)}; {proven}; billed {', '.join(billed)}"

    def as_json(self) -> dict[str, object]:
        """The part of ``proof.json`` that is known here: checks, totals, sources, adjustments, method and the line."""
        return {
            "checks": [{name: getattr(check, name) for name in Check.__dataclass_fields__} for check in self.checks],
            "totals": self.totals,
            "sources": [
                {"name": v.source, "period": self.period, "version": v.version, "files": _files(v)}
                for v in self.sources
            ],
            "adjustments": list(self.books.months),
            "adjusts": dict(self.books.adjusts),
            "methodology": dict(self.books.methodology),
            "frozen": dict(self.books.frozen_hashes),
            "proof_line": self.line,
        }


def _files(version: LedgerVersion) -> list[dict[str, object]]:
    return [
        {"path": file.path, "sha256": file.sha256, "rows": file.rows, "sums": file.sums}
        for file in version.manifest.files
    ]


def prove(engine: Engine, period: str, versions: Sequence[LedgerVersion]) -> Proof:
    """All checks of ALLOCATION 7; raises ``ProofError`` naming the first cell that does not tie."""
    totals = _totals(engine)
    ledger = engine.fetch(
        "select Source, BillingCurrency as Currency, sum(x_BilledUnits) as BilledCost, "
        "sum(x_EffectiveUnits) as EffectiveCost from ledger group by Source, BillingCurrency"
    ).to_pylist()
    checks = [
        *_cells(engine, "source == classes", "source_cell", "Source, BillingAccountId, SubAccountId, ServiceName, "
                "ChargeDate"),
        *_cells(engine, "split cell == shares", "split_cell", "Stage, CellId"),
        *(_bucket_check(currency, metric, sums[metric]) for currency, sums in totals.items() for metric in METRICS),
        *(check for version in versions for check in _file_checks(ledger, version)),
    ]  # fmt: skip
    return Proof(period, tuple(checks), totals, tuple(versions))


def _cells(engine: Engine, name: str, table: str, key: str) -> list[Check]:
    """One check a currency and metric over all cells of ``table``; every single cell must tie."""
    checks = []
    for metric in METRICS:
        short = metric.removesuffix("Cost")
        wrong = engine.fetch(
            f"select {key}, Currency, {short}Left, {short}Right from {table} where {short}Left <> {short}Right "
            f"order by {key}, Currency limit 1"
        ).to_pylist()
        if wrong:
            cell = wrong[0]
            left, right = (text_from_units(int(cell.pop(f"{short}{side}"))) for side in ("Left", "Right"))
            raise ProofError(
                f"{name} does not hold for {metric}: {left} is not {right}",
                where=", ".join(f"{column}={value}" for column, value in cell.items()),
            )
        sums = engine.fetch(
            f"select Currency, sum({short}Left) as l, sum({short}Right) as r, count(*) as n from {table} "
            "group by Currency order by Currency"
        ).to_pylist()
        checks += [_check(name, row["Currency"], metric, int(row["l"]), int(row["r"]), row["n"]) for row in sums]
    return checks


def _check(name: str, currency: str, metric: Metric, left: int, right: int, cells: int) -> Check:
    if left != right:
        raise ProofError(
            f"{name} does not hold for {metric}: {text_from_units(left)} is not {text_from_units(right)} {currency}",
            where=f"difference {text_from_units(left - right)} {currency}",
        )
    return Check(name, currency, metric, text_from_units(left), text_from_units(right), "0", cells)


def _totals(engine: Engine) -> dict[str, dict[str, dict[str, str]]]:
    source = engine.fetch(
        "select BillingCurrency as Currency, 'source' as Part, sum(x_BilledUnits) as BilledCost, "
        "sum(x_EffectiveUnits) as EffectiveCost from ledger group by BillingCurrency"
    ).to_pylist()
    buckets = engine.fetch(
        "select Currency, Bucket as Part, sum(BilledUnits) as BilledCost, sum(EffectiveUnits) as EffectiveCost "
        "from published group by Currency, Bucket"
    ).to_pylist()
    adjustments = engine.fetch(
        "select Currency, 'adjustments' as Part, sum(BilledUnits) as BilledCost, "
        "sum(EffectiveUnits) as EffectiveCost from adjustment group by Currency"
    ).to_pylist()
    found = {(row["Currency"], row["Part"]): row for row in (*source, *buckets, *adjustments)}
    return {
        currency: {
            metric: {
                part: text_from_units(int(found[currency, part][metric]) if (currency, part) in found else 0)
                for part in ("source", *BUCKETS, "adjustments")
            }
            for metric in METRICS
        }
        for currency in sorted({currency for currency, _ in found})
    }


def _bucket_check(currency: str, metric: Metric, sums: Mapping[str, str]) -> Check:
    left = _sum([sums["source"], sums["adjustments"]])
    right = _sum([sums[bucket] for bucket in BUCKETS])
    name = "source + adjustments == customer + opex + unallocated + balance_sheet"
    if left != right:
        raise ProofError(f"{name} does not hold for {metric}: {left:f} is not {right:f} {currency}")
    return Check(name, currency, metric, _plain(left), _plain(right), "0", len(BUCKETS))


def _file_checks(rows: Sequence[Mapping[str, Any]], version: LedgerVersion) -> list[Check]:
    """Sums as written in the files, less what was finer than a unit, against the ledger rows read just now."""
    ledger = {row["Currency"]: row for row in rows if row["Source"] == version.source}
    checks = []
    for currency in sorted(ledger):
        for metric in METRICS:
            written = _sum(file.sums.get(currency, {}).get(metric, "0") for file in version.manifest.files)
            # NOTE: only what is finer than 1e-24 in the total can be missing from the ledger; the manifest says so
            left = written.quantize(Decimal("1e-24"), rounding="ROUND_DOWN", context=_WIDE)
            right = Decimal(text_from_units(int(ledger[currency][metric])))
            if left != right:
                raise ProofError(
                    f"files as written == ledger does not hold for {metric} of {version.source}: "
                    f"{written:f} is not {right:f} {currency}",
                    where=f"{version.source} {version.period} version {version.version}",
                )
            name = f"files as written == ledger ({version.source})"
            checks.append(Check(name, currency, metric, _plain(left), _plain(right), "0", len(version.manifest.files)))
    return checks


def _sum(texts: Iterable[str]) -> Decimal:
    total = Decimal(0)
    for text in texts:
        total = _WIDE.add(total, Decimal(text))
    return total


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
