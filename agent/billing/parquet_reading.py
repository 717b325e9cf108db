"""Parquet exports, row group by row group, texts dictionary-coded and maps with dictionary-coded leaves."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from agent.errors import SourceError


def open_parquet(path: Path, shown: str) -> pq.ParquetFile:
    """The file, with no column read yet. Raises ``SourceError`` for a file that is not whole."""
    try:
        return pq.ParquetFile(path, memory_map=True)
    except (pa.ArrowInvalid, OSError) as error:
        raise damaged(shown) from error


def column_names(path: Path, shown: str) -> tuple[str, ...]:
    """Top-level column names, in file order."""
    with open_parquet(path, shown) as file:
        return tuple(file.schema_arrow.names)


def batches(path: Path, shown: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """One batch a row group, of the wanted columns."""
    with open_parquet(path, shown) as file:
        coded = [leaf for column in columns for leaf in _text_leaves(file.schema_arrow.field(column))]
    try:
        with pq.ParquetFile(path, read_dictionary=coded, memory_map=True) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=list(columns), use_threads=True)
                if any(column.num_chunks > 1 for column in table.columns):
                    table = table.unify_dictionaries().combine_chunks()
                yield from table.to_batches()
    except (pa.ArrowInvalid, OSError) as error:
        raise damaged(shown) from error


def _text_leaves(field: pa.Field) -> list[str]:
    if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
        return [field.name]
    if pa.types.is_map(field.type):
        return [f"{field.name}.key_value.key", f"{field.name}.key_value.value"]
    return []


def damaged(shown: str) -> SourceError:
    """The error for a file Arrow cannot read."""
    return SourceError(
        "the Parquet file is damaged or not complete",
        where=shown,
        expected="a whole Parquet file",
        mend="copy the file again from the provider's storage",
    )
