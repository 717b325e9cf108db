"""A table of BigQuery -> files: each partition whole, read again only when BigQuery says that it has changed.

``_index.json`` beside them says what each file holds. A partition that is gone at BigQuery keeps its file: rows that
were deleted there cannot be had again.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from agent.billing.delivery.manifests import Found, Layout, ListedFile, Statement
from agent.billing.google.bigquery import BigQuery, Partition, Reading, Table
from agent.config.application import StorageConfig
from agent.errors import SourceError, Unreachable
from agent.progress import Progress
from agent.store import write_file, write_text

INDEX = "_index.json"
ROW_GROUP = 100_000
_TRIES = 3

Kept = dict[str, dict[str, Any]]
"""File -> partition, rows, last modification, and whether it is gone at BigQuery."""


class PulledPartitions(Layout):
    """The index of pulled partitions, as the manifest of the delivery they make."""

    def recognise(self, shown: str) -> Found | None:
        return Found(shown, "") if shown == INDEX else None

    def read(self, content: Any, shown: str) -> Statement:
        try:
            listed = [ListedFile(name, rows=int(entry["rows"])) for name, entry in content["files"].items()]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _no_index(shown) from error
        return Statement(tuple(listed))


class Pull:
    """One table on its way into ``raw``."""

    def __init__(self, table: Table, storage: StorageConfig, raw: Path, progress: Progress) -> None:
        self._table = table
        self._storage = storage
        self._raw = raw
        self._progress = progress

    def run(self) -> None:
        """Reads what has changed; every file is whole at any time. Raises ``SourceError``."""
        self._progress.step(f"BigQuery: partitions of {self._table.name}")
        kept = self._kept()
        with BigQuery(self._table, self._storage) as service:
            listed = {each.file: each for each in service.partitions()}
            if not listed and not kept:
                raise SourceError(
                    "the table holds no rows yet",
                    where=self._table.path,
                    expected="the billing export, some hours after it was switched on",
                    mend="wait for the first rows; until then nothing can be said of this bill",
                )
            changed = [each for name, each in listed.items() if not self._has(kept, name, each)]
            read = 0
            for done, partition in enumerate(changed):
                self._progress.advance(done, len(changed), partition.file)
                held, size = self._read(service, partition)
                kept[held.file] = _entry(held)
                read += size
                self._write(kept)
        for name in kept.keys() - listed.keys():
            kept[name]["gone"] = True
        self._write(kept)
        if changed:
            of = f"{len(changed):,} of {len(listed):,} partitions"
            self._progress.step(f"BigQuery: read {of}, billed for about {read / 1e6:,.1f} MB")

    def _has(self, kept: Mapping[str, Mapping[str, Any]], name: str, partition: Partition) -> bool:
        return kept.get(name) == _entry(partition) and (self._raw / name).is_file()

    def _read(self, service: BigQuery, partition: Partition) -> tuple[Partition, int]:
        """Writes one partition whole; the answer is what was written and the bytes that were read for it."""
        size = 0
        for _ in range(_TRIES):
            reading = service.reading(partition)
            rows = self._save(partition, reading)
            size += reading.bytes
            if rows == partition.rows:
                return partition, size
            # NOTE: rows may have come since it was listed, and what is listed then tells of them
            again = next((each for each in service.partitions() if each.file == partition.file), None)
            if again is None:
                break
            if again.rows == rows and again.modified == partition.modified:
                return again, size
            partition = again
        raise Unreachable(
            f"partition {partition.id} is said to have {partition.rows:,} rows, and other numbers of rows come",
            where=self._table.path,
            expected="as many rows as BigQuery says the partition has",
            mend="try again; BigQuery is writing to it",
        )

    def _save(self, partition: Partition, reading: Reading) -> int:
        rows = 0

        def write(part: Path) -> None:
            nonlocal rows
            with pq.ParquetWriter(part, reading.schema, compression="zstd") as writer:
                for table in _evenly(reading.batches, reading.schema):
                    writer.write_table(table, row_group_size=ROW_GROUP)
                    rows += len(table)

        write_file(self._raw / partition.file, write)
        return rows

    def _kept(self) -> Kept:
        index = self._raw / INDEX
        if not index.is_file():
            return {}
        try:
            content = json.loads(index.read_text("utf-8"))
            files = dict(content["files"])
        except (KeyError, TypeError, ValueError) as error:
            raise _no_index(str(index)) from error
        if content.get("table") != self._table.path:
            raise SourceError(
                f"what is kept here was read from {content.get('table')}",
                where=str(self._raw),
                expected=f"partitions of {self._table.path}",
                mend="give the source another name; or move this folder away, and all is read again",
            )
        return files

    def _write(self, kept: Kept) -> None:
        content = {"version": 1, "table": self._table.path, "files": dict(sorted(kept.items()))}
        write_text(self._raw / INDEX, json.dumps(content, indent=1) + "\n")


def _no_index(where: str) -> SourceError:
    return SourceError(
        "this is no index of pulled partitions",
        where=where,
        expected="the file as apportion wrote it",
        mend="remove this file; the next ingest reads the table again",
    )


def _entry(partition: Partition) -> dict[str, Any]:
    return {"partition": partition.id, "rows": partition.rows, "modified": partition.modified, "gone": False}


def _evenly(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Row groups of a size that is worth reading, whatever the size of the answers."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += len(batch)
        if rows >= ROW_GROUP:
            yield pa.Table.from_batches(waiting, schema)
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting, schema)
