"""Parquet exports, row group by row group, texts dictionary-coded and maps with dictionary-coded leaves."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from agent.errors import SourceError


def open_parquet(path: Path, shown: str) -> pq.ParquetFile:
    """The file, with no column read yet. Raises ``SourceError`` for a file that is not whole."""
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise damaged(shown) from error


def column_names(path: Path, shown: str) -> tuple[str, ...]:
    """Top-level column names, in file order."""
    with open_parquet(path, shown) as file:
        return tuple(file.schema_arrow.names)


def leaf_paths(path: Path, shown: str) -> tuple[str, ...]:
    """Every leaf of the file's columns by its path in the file, such as ``labels.list.element.key``, in file order."""
    with open_parquet(path, shown) as file:
        return tuple(file.schema.column(place).path for place in range(len(file.schema)))


def batches(
    path: Path, shown: str, columns: Sequence[str], plain: AbstractSet[str] = frozenset()
) -> Iterator[pa.RecordBatch]:
    """One batch a row group, of the wanted columns; the next one is read while the last is being worked on.

    A column is a top-level one, or the path of a leaf: then its column holds that leaf and the others asked for.
    """
    with open_parquet(path, shown) as file:
        # NOTE: a file may have two columns of one name, which cannot be asked for by it
        kinds = {field.name: field.type for field in file.schema_arrow if field.name in set(columns)}
        texts = [name for name, kind in kinds.items() if _is_text(kind) and name not in plain]
        maps = [name for name, kind in kinds.items() if pa.types.is_map(kind)]
        physical = (file.schema.column(place) for place in range(len(file.schema)))
        wanted = set(columns) - kinds.keys()
        nested = [leaf.path for leaf in physical if leaf.path in wanted and leaf.physical_type == "BYTE_ARRAY"]
    leaves = [*nested, *(f"{column}.key_value.{leaf}" for column in maps for leaf in ("key", "value"))]
    try:
        # NOTE: read, not memory-mapped (the page faults of a map cost more than the copies), and by row groups:
        # Arrow cannot hand out dictionary-coded maps across them
        with (
            pq.ParquetFile(path, read_dictionary=[*texts, *leaves]) as file,
            ThreadPoolExecutor(max_workers=1) as ahead,
        ):
            groups = range(file.num_row_groups)
            waiting = [ahead.submit(_row_group, file, group, columns) for group in groups[:1]]
            for group in groups:
                ready = waiting.pop().result()
                if group + 1 < len(groups):
                    waiting.append(ahead.submit(_row_group, file, group + 1, columns))
                yield from ready
    except (pa.ArrowInvalid, OSError) as error:
        raise damaged(shown) from error


def _row_group(file: pq.ParquetFile, group: int, columns: Sequence[str]) -> list[pa.RecordBatch]:
    table = file.read_row_group(group, columns=list(columns), use_threads=False)
    if any(column.num_chunks > 1 for column in table.columns):
        table = table.unify_dictionaries().combine_chunks()
    return list(table.to_batches())


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def damaged(shown: str) -> SourceError:
    """The error for a file Arrow cannot read."""
    return SourceError(
        "the Parquet file is damaged or not complete",
        where=shown,
        expected="a whole Parquet file",
        mend="copy the file again from the provider's storage",
    )
