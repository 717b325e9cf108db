"""BigQuery as a service: which partitions a table has, and the rows of one, as they are stored.

Partitions come from ``INFORMATION_SCHEMA.PARTITIONS``, rows through the Storage Read API. No SQL touches a cost.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pyarrow as pa

from agent.config.application import StorageConfig
from agent.errors import MissingExtra, NoSuchPlace, SourceError, Unreachable

if TYPE_CHECKING:
    from google.cloud.bigquery import Table as Described

SCHEME = "bigquery://"
NOT_YET = "__UNPARTITIONED__"
"""Rows that BigQuery has taken in and not yet laid into a partition: they are counted once they lie in one."""
NULLS = "__NULL__"
ANSWER_SECONDS = 120.0
_NAME = re.compile(r"[\w.:-]+")
_FORMS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H"}
_PARTITIONS = """
select partition_id, total_rows, last_modified_time
from `{project}`.`{dataset}`.INFORMATION_SCHEMA.PARTITIONS
where table_name = @name
order by partition_id
"""


class Table(NamedTuple):
    """A table by its three names."""

    project: str
    dataset: str
    name: str

    @property
    def path(self) -> str:
        return f"{SCHEME}{self.project}/{self.dataset}/{self.name}"

    @classmethod
    def parse(cls, location: str) -> "Table":
        """Reads ``bigquery://project/dataset/table``. Raises ``SourceError``."""
        parts = [part for part in location.removeprefix(SCHEME).split("/") if part]
        if len(parts) != len(cls._fields) or not all(map(_NAME.fullmatch, parts)):
            raise SourceError(
                "the location names no table",
                where=location,
                expected=f"{SCHEME}project/dataset/table",
                mend="the table of the detailed export is gcp_billing_export_resource_v1_<billing account>",
            )
        return cls(*parts)


class Partition(NamedTuple):
    """``id`` None: the table has no partitions. ``modified`` changes with its content; ``rows`` are all of them."""

    id: str | None
    rows: int
    modified: str

    @property
    def file(self) -> str:
        return f"{self.id or 'table'}.parquet"


@dataclass(slots=True)
class Reading:
    """The rows of a partition, a batch at a time, and the bytes that BigQuery expects to bill for reading them."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    bytes: int


class BigQuery:
    """Clients for one table, with the credentials that Google's libraries find."""

    def __init__(self, table: Table, storage: StorageConfig) -> None:
        self._table = table
        self._project = storage.account or table.project
        self._layout: Described | None = None
        with self._answers("", "credentials"):
            self._client, self._storage = _clients(self._project, storage)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._storage.transport.close()

    def partitions(self) -> list[Partition]:
        """Every partition that has rows, sorted. Raises ``Unreachable``."""
        from google.cloud.bigquery import DEFAULT_RETRY, QueryJobConfig, ScalarQueryParameter

        patience = {"timeout": ANSWER_SECONDS, "retry": DEFAULT_RETRY.with_timeout(ANSWER_SECONDS)}
        with self._answers(self._table.path, "roles/bigquery.dataViewer on the dataset"):
            described = self._client.get_table(".".join(self._table), **patience)
        self._layout = described
        whole = described.time_partitioning is None and described.range_partitioning is None
        names = {"project": self._table.project, "dataset": self._table.dataset}
        asked = QueryJobConfig(query_parameters=[ScalarQueryParameter("name", "STRING", self._table.name)])
        with self._answers(self._table.path, f"roles/bigquery.jobUser on project {self._project}"):
            job = self._client.query(_PARTITIONS.format(**names), job_config=asked, **patience)
            found = list(job.result(timeout=ANSWER_SECONDS))
        listed = [
            Partition(
                None if whole else row["partition_id"],
                int(row["total_rows"] or 0),
                row["last_modified_time"].isoformat(),
            )
            for row in found
        ]
        return sorted((each for each in listed if each.rows and each.id != NOT_YET), key=lambda each: each.id or "")

    def reading(self, partition: Partition) -> Reading:
        """The partition as it is now; its batches come as they are asked for. Raises ``Unreachable``."""
        from google.cloud.bigquery_storage_v1 import types

        table = self._table
        parent = f"projects/{self._project}"
        with self._answers(table.path, f"roles/bigquery.readSessionUser on project {self._project}"):
            wanted = types.ReadSession(
                table=f"projects/{table.project}/datasets/{table.dataset}/tables/{table.name}",
                data_format=types.DataFormat.ARROW,
                read_options=types.ReadSession.TableReadOptions(row_restriction=self._restriction(partition)),
            )
            # NOTE: one stream, so that rows come in the order they are stored in
            session = self._storage.create_read_session(
                parent=parent, read_session=wanted, max_stream_count=1, timeout=ANSWER_SECONDS
            )
            schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
        return Reading(schema, self._batches(session, schema), int(session.estimated_total_bytes_scanned))

    def _batches(self, session: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """NOTE: the library reads on where a stream breaks off."""
        for stream in session.streams:
            messages = iter(self._storage.read_rows(stream.name))
            while True:
                with self._answers(self._table.path, "bigquery.readsessions.getData"):
                    message = next(messages, None)
                if message is None:
                    break
                yield pa.ipc.read_record_batch(pa.py_buffer(message.arrow_record_batch.serialized_record_batch), schema)

    def _restriction(self, partition: Partition) -> str:
        """What holds for the rows of a partition, and for no others."""
        if partition.id is None:
            return ""
        partitioning = None if self._layout is None else self._layout.time_partitioning
        if self._layout is None or partitioning is None or len(partition.id) not in (*_FORMS, len(NULLS)):
            raise SourceError(
                "the table is not partitioned by time",
                where=self._table.path,
                expected="the billing export's own table, partitioned by day, or a table without partitions",
            )
        column = partitioning.field or "_PARTITIONTIME"
        if partition.id == NULLS:
            return f"{column} IS NULL"
        start, end = _span(partition.id)
        kinds = {field.name: field.field_type for field in self._layout.schema}
        if kinds.get(column) == "DATE":
            return f"{column} >= DATE '{start:%Y-%m-%d}' AND {column} < DATE '{end:%Y-%m-%d}'"
        kind = "DATETIME" if kinds.get(column) == "DATETIME" else "TIMESTAMP"
        return " AND ".join(
            f"{column} {sign} {kind} '{moment:%Y-%m-%d %H:%M:%S}'" for sign, moment in ((">=", start), ("<", end))
        )

    @contextmanager
    def _answers(self, where: str, right: str) -> Iterator[None]:
        """Turns what Google's libraries raise into one sentence that says what to do."""
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError

        try:
            yield
        except exceptions.NotFound as error:
            raise NoSuchPlace(
                "BigQuery has no such table",
                where=where,
                expected=f"{SCHEME}project/dataset/table of the billing export",
                mend="the table appears some hours after the export is switched on; correct `location` otherwise",
            ) from error
        except exceptions.Forbidden as error:
            raise _forbidden(error, where, right) from error
        except GoogleAuthError as error:
            raise Unreachable(
                f"Google's credentials cannot be used: {_first_line(error)}",
                where=where or self._table.path,
                expected="application default credentials",
                mend="gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS",
            ) from error
        # NOTE: the libraries have tried again for as long as they hold it sensible
        except (exceptions.GoogleAPIError, OSError, TimeoutError) as error:
            raise Unreachable(
                f"BigQuery does not answer: {_first_line(error)}",
                where=where,
                expected="an answer",
                mend="try again; what was read before is kept, and is used until then",
            ) from error


def _clients(project: str, storage: StorageConfig) -> tuple[Any, Any]:
    """``storage.endpoint``: the service's own address, or two, with that of the Storage Read API behind a space."""
    try:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.bigquery import Client
        from google.cloud.bigquery_storage_v1 import BigQueryReadClient
    except ImportError as error:
        raise MissingExtra("gcp", "google-cloud-bigquery") from error
    rest, _, rpc = (storage.endpoint or "").partition(" ")
    # NOTE: Google's class says of its own constructor only that it takes anything
    anonymous = AnonymousCredentials() if storage.anonymous else None  # type: ignore[no-untyped-call]  # google-auth is not typed
    client = Client(project=project, credentials=anonymous, client_options={"api_endpoint": rest} if rest else None)
    if rpc.startswith("http://"):
        return client, _plain(rpc)
    options = {"api_endpoint": rpc.removeprefix("https://").strip()} if rpc else None
    reader: Any = BigQueryReadClient
    return client, reader(credentials=anonymous, client_options=options)


def _plain(rpc: str) -> Any:
    """A client without encryption, for an emulator on this machine."""
    import grpc
    from google.cloud.bigquery_storage_v1 import BigQueryReadClient
    from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

    channel = grpc.insecure_channel(rpc.removeprefix("http://").rstrip("/"))
    reader: Any = BigQueryReadClient
    return reader(transport=BigQueryReadGrpcTransport(channel=channel))


def _span(partition: str) -> tuple[datetime, datetime]:
    start = datetime.strptime(partition, _FORMS[len(partition)]).replace(tzinfo=UTC)
    if len(partition) == len("YYYYMMDDHH"):
        return start, start + timedelta(hours=1)
    if len(partition) == len("YYYYMMDD"):
        return start, start + timedelta(days=1)
    months = 1 if len(partition) == len("YYYYMM") else 12
    place = start.year * 12 + start.month - 1 + months
    return start, start.replace(year=place // 12, month=place % 12 + 1)


def _forbidden(error: Exception, where: str, right: str) -> Unreachable:
    if "has not been used" in str(error) or "SERVICE_DISABLED" in str(error):
        return Unreachable(
            "an API of BigQuery is not switched on",
            where=where,
            expected="bigquery.googleapis.com and bigquerystorage.googleapis.com in the project",
            mend="gcloud services enable bigquery.googleapis.com bigquerystorage.googleapis.com",
        )
    return Unreachable(
        f"BigQuery refuses: {_first_line(error)}", where=where, expected=right, mend=f"grant {right} to who runs this"
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
