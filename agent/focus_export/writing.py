"""Rows into a FOCUS file: Parquet, or CSV with plain decimals. The same rows give the same bytes."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent.billing.ledger.table import ROW_GROUP
from agent.errors import UsageError

SUFFIXES = (".parquet", ".csv")


def refuse_other_suffixes(path: Path) -> None:
    """``UsageError`` for a name that says no form that can be written."""
    if path.suffix not in SUFFIXES:
        raise UsageError(
            f"an export cannot be written as {path.name!r}", expected=f"a name ending in {' or '.join(SUFFIXES)}"
        )


def write_rows(path: Path, suffix: str, into: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    """Writes batches of the schema ``into`` in the form that ``suffix`` names."""
    (_parquet if suffix == ".parquet" else _csv)(path, into, batches)


def _parquet(path: Path, into: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    with pq.ParquetWriter(path, into, compression="zstd", store_schema=False) as writer:
        for batch in batches:
            writer.write_batch(batch, row_group_size=ROW_GROUP)


def _csv(path: Path, into: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    """Plain decimals without trailing zeros, moments as ``2026-10-05T00:00:00Z``, nulls as empty cells."""
    shown = ", ".join(
        f"""rtrim(rtrim("{field.name}"::varchar, '0'), '.') as "{field.name}\""""
        if pa.types.is_decimal(field.type)
        else f'"{field.name}"'
        for field in into
    )
    texts = pa.schema([field.with_type(pa.string()) if pa.types.is_timestamp(field.type) else field for field in into])
    rows = pa.RecordBatchReader.from_batches(texts, (_with_moments_as_text(batch, texts) for batch in batches))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("focus", rows)
        connection.execute(f"copy (select {shown} from focus) to ? (format csv, header)", [str(path)])


def _with_moments_as_text(batch: pa.RecordBatch, texts: pa.Schema) -> pa.RecordBatch:
    columns = [
        pc.strftime(column.cast(pa.timestamp("s")), "%Y-%m-%dT%H:%M:%SZ")
        if pa.types.is_timestamp(column.type)
        else column
        for column in batch.columns
    ]
    return pa.record_batch(columns, schema=texts)
