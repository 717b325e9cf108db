"""Ingest in one call, and ledger rows as plain dicts."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from agent.billing import Delivered, ingest_source
from agent.billing.ledger.versions import Manifest, head, tagsets_path
from agent.config.application import SourceConfig
from agent.period import Period
from agent.progress import Quiet

OCTOBER = Period(2026, 10)
UNIT = Decimal(10) ** -24


def ingest(
    location: Path, data: Path, *, kind: str = "focus", name: str = "bill", periods: Any = None, **keys: Any
) -> list[Delivered]:
    source = SourceConfig(name=name, kind=kind, location=str(location), **keys)
    return ingest_source(source, data, location.parent, periods, Quiet())


def manifest(data: Path, period: Period = OCTOBER, name: str = "bill") -> Manifest:
    version = head(data, name, period)
    assert version is not None
    return version.manifest


def rows(data: Path, period: Period = OCTOBER, name: str = "bill") -> list[dict[str, Any]]:
    """Ledger rows in file order; units also as exact text under Billed, Effective, List, Contracted; tags as text."""
    version = head(data, name, period)
    assert version is not None
    tags = pq.read_table(tagsets_path(data))
    by_id = dict(zip(tags["x_TagSetId"].to_pylist(), tags["Tags"].to_pylist(), strict=True))
    return [
        row
        | {
            "Billed": text(row["x_BilledUnits"]),
            "Effective": text(row["x_EffectiveUnits"]),
            "List": text(row["x_ListUnits"]),
            "Contracted": text(row["x_ContractedUnits"]),
            "Tags": by_id[row["x_TagSetId"]],
        }
        for path in version.files
        for row in pq.read_table(path).to_pylist()
    ]


def text(units: Decimal) -> str:
    value = Decimal(int(units)).scaleb(-24).normalize()
    return format(value, "f") if value else "0"
