"""A complete small month on disk, written by hand as the contract of the files says: what ``verify`` audits."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from agent.config.loading import Settings, load_application
from tests.focus_rows import write_focus

TEXT, DAY, UNITS, MONEY = pa.string(), pa.date32(), pa.decimal128(38, 0), pa.decimal128(38, 24)
RAW: tuple[dict[str, str], ...] = (
    {"BilledCost": "10.10", "EffectiveCost": "9.1", "ServiceName": "EC2"},
    {"BilledCost": "5E-1", "EffectiveCost": "0.25", "ServiceName": "EC2"},
    {"BilledCost": "4", "ServiceName": "RDS", "SubAccountId": ""},
    {"BilledCost": "-0.000000000000000000000001", "ServiceName": "S3"},
    {"BilledCost": "77", "BillingPeriodStart": "2026-09-01T00:00:00Z"},
)
LEDGER = (("sub", "EC2", "10.6", "9.35"), (None, "RDS", "4", "4"), ("sub", "S3", "-1e-24", "-1e-24"))
CLASSIFIED = (("sub", "EC2", "direct", "10.1", "9.1"), ("sub", "EC2", "opex", "0.5", "0.25"),
              (None, "RDS", "shared", "4", "4"), ("sub", "S3", "untagged", "-1e-24", "-1e-24"))  # fmt: skip
ALLOCATED = (("acme", "customer", "direct", "10.1", "9.1"), ("@opex", "opex", "opex", "0.5", "0.25"),
             ("acme", "customer", "shared", "1", "1"), ("beta", "customer", "shared", "3", "3"),
             ("@unallocated", "unallocated", "untagged", "-1e-24", "-1e-24"))  # fmt: skip
FINEST = "-0.000000000000000000000001"
CUSTOMERS = (("acme", "9.1", "1", "10.1"), ("beta", "0", "3", "3"), ("@opex", "", "", "0.25"),
             ("@unallocated", "", "", FINEST))  # fmt: skip
CHECK = {"check": "c", "currency": "USD", "metric": "BilledCost", "left": "1", "right": "1.0", "difference": "0"}
COLUMNS = ("Direct", "Shared", "Untagged", "Idle", "Charges", "ThirdParty", "Support", "PriorPeriod")
APPLICATION = "version: 1\nsources:\n  - {name: cloud, kind: focus, location: exports}\n"


@dataclass(frozen=True, slots=True)
class Month:
    """October 2026 of a small company, whole and tied."""

    root: Path

    @property
    def settings(self) -> Settings:
        return load_application(self.root / "apportion.yaml")

    @property
    def raw(self) -> Path:
        return self.root / "exports" / "part-1.csv.gz"

    @property
    def version(self) -> Path:
        return self.root / "data" / "ledger" / "cloud" / "2026-10" / "v1"

    @property
    def results(self) -> Path:
        return self.root / "data" / "results" / "2026-10"

    def write(self) -> "Month":
        """Writes everything."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "apportion.yaml").write_text(APPLICATION)
        self.write_raw(RAW)
        self.write_ledger(LEDGER)
        self.write_manifest()
        self.write_classification(CLASSIFIED)
        self.write_allocation(ALLOCATED)
        self.write_customers(CUSTOMERS)
        self.write_proof()
        return self

    def write_raw(self, rows: Sequence[Mapping[str, str]]) -> None:
        write_focus(self.raw, rows)

    def write_ledger(self, rows: Sequence[tuple[str | None, str, str, str]]) -> None:
        self.version.mkdir(parents=True, exist_ok=True)
        fixed = ("payer", date(2026, 10, 5), "USD", "usage")
        listed = [(*fixed, sub, service, units(b), units(e), None, None) for sub, service, b, e in rows]
        columns = {"BillingAccountId": TEXT, "ChargePeriodStart": DAY, "BillingCurrency": TEXT, "x_Kind": TEXT}
        columns |= {"SubAccountId": TEXT, "ServiceName": TEXT, "x_BilledUnits": UNITS, "x_EffectiveUnits": UNITS}
        columns |= {"InvoiceId": TEXT, "CommitmentDiscountId": TEXT}
        write_table(self.version / "part-0.parquet", columns, listed)

    def write_manifest(self, billed: str = "14.599999999999999999999999", effective: str = "") -> None:
        sums = {"USD": {"BilledCost": billed, "EffectiveCost": effective or "13.349999999999999999999999"}}
        file = {"path": "part-1.csv.gz", "sha256": digest(self.raw), "rows": 4, "sums": sums}
        ledger = [{"file": "part-0.parquet", "sha256": digest(self.version / "part-0.parquet"), "rows": 3}]
        manifest = {"version": 1, "source": "cloud", "kind": "focus", "period": "2026-10", "ledger_version": 1}
        manifest |= {"files": [file], "ledger": ledger, "ledger_sums": sums, "rounding": {}}
        write_json(self.version / "manifest.json", manifest)
        write_json(self.version.parent / "HEAD.json", {"version": 1})

    def write_classification(self, rows: Sequence[tuple[str | None, str, str, str, str]]) -> None:
        fixed = ("cloud", "AWS", "payer", date(2026, 10, 5), "usage", "USD")
        columns = {"Source": TEXT, "ProviderName": TEXT, "BillingAccountId": TEXT, "ChargeDate": DAY, "Kind": TEXT}
        columns |= {"Currency": TEXT, "SubAccountId": TEXT, "ServiceName": TEXT, "Class": TEXT}
        listed = [(*fixed, sub, service, cls, Decimal(b), Decimal(e)) for sub, service, cls, b, e in rows]
        write_table(self.results / "classification.parquet", columns | costs(), listed)

    def write_allocation(self, rows: Sequence[tuple[str, str, str, str, str]]) -> None:
        fixed = ("2026-10", "2026-10", date(2026, 10, 5), "infrastructure", "USD")
        columns = {"Period": TEXT, "OriginPeriod": TEXT, "ChargeDate": DAY, "CostGroup": TEXT, "Currency": TEXT}
        columns |= {"Customer": TEXT, "Bucket": TEXT, "Class": TEXT}
        listed = [(*fixed, who, bucket, cls, Decimal(b), Decimal(e)) for who, bucket, cls, b, e in rows]
        write_table(self.results / "allocation.parquet", columns | costs(), listed)

    def write_customers(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        out = io.StringIO()
        writer = csv.DictWriter(out, ("Period", "Customer", "Currency", *COLUMNS, "Cost"), restval="0")
        writer.writeheader()
        for who, direct, shared, cost in rows:
            row = {"Period": "2026-10", "Customer": who, "Currency": "USD", "Cost": cost}
            writer.writerow(row | {"Direct": direct, "Shared": shared})
        (self.results / "cost_per_customer.csv").write_text(out.getvalue())

    def write_proof(self) -> None:
        manifest = read_json(self.version / "manifest.json")
        totals = {
            "BilledCost": {"source": "14.599999999999999999999999", "customer": "14.1", "opex": "0.5"},
            "EffectiveCost": {"source": "13.349999999999999999999999", "customer": "13.1", "opex": "0.25"},
        }
        rest = {"unallocated": FINEST, "balance_sheet": "0", "adjustments": "0"}
        tables = ("classification.parquet", "allocation.parquet", "cost_per_customer.csv")
        proof = {
            "version": 1,
            "period": "2026-10",
            "checks": [CHECK],
            "totals": {"USD": {metric: sums | rest for metric, sums in totals.items()}},
            "sources": [{"name": "cloud", "period": "2026-10", "version": 1, "files": manifest["files"]}],
            "results": {name: digest(self.results / name) for name in tables},
        }
        write_json(self.results / "proof.json", proof)

    def edit(self, path: Path, change: Callable[[dict[str, Any]], object]) -> None:
        """Changes a JSON file in place."""
        content = read_json(path)
        change(content)
        write_json(path, content)


def costs() -> dict[str, pa.DataType]:
    return {"BilledCost": MONEY, "EffectiveCost": MONEY}


def units(amount: str) -> Decimal:
    return Decimal(amount).scaleb(24)


def write_table(path: Path, columns: Mapping[str, pa.DataType], rows: Sequence[tuple[object, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = [pa.array([row[at] for row in rows], kind) for at, kind in enumerate(columns.values())]
    pq.write_table(pa.Table.from_arrays(arrays, names=list(columns)), path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))
