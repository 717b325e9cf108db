"""A table of BigQuery on loopback, partitioned by day of arrival as the billing export's is: what the emulator lacks.

REST for the table and for ``INFORMATION_SCHEMA.PARTITIONS``, gRPC with the client library's own messages for the
Storage Read API. It understands just what is asked of it, and fails a test that asks for more.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import pyarrow as pa
from google.cloud.bigquery_storage_v1 import types

PROJECT, DATASET, TABLE = "bills", "billing", "gcp_billing_export_v1_0ABCDE"
LOCATION = f"bigquery://{PROJECT}/{DATASET}/{TABLE}"
_SPAN = re.compile(
    r"_PARTITIONTIME >= TIMESTAMP '(\d{4})-(\d{2})-(\d{2}) 00:00:00' AND _PARTITIONTIME < TIMESTAMP '.*'"
)
_SERVICE = "/google.cloud.bigquery.storage.v1.BigQueryRead/"


@dataclass
class Fake:
    """``partitions``: id -> (rows, time of last change in microseconds). ``read`` lists what was read, in order.

    ``breaks``: after this many pages the next stream breaks off once. ``listed``: rows that the listing says a
    partition has, where they are not those it has. ``refused``: (status, reason, message) of every REST answer.
    """

    partitions: dict[str, tuple[pa.Table, int]] = field(default_factory=dict)
    page: int = 2
    read: list[str] = field(default_factory=list)
    breaks: int | None = None
    listed: dict[str, int] = field(default_factory=dict)
    refused: tuple[int, str, str] | None = None
    location: str = LOCATION
    endpoint: str = ""

    def put(self, partition: str, rows: pa.Table, modified: int) -> None:
        self.partitions[partition] = (rows, modified)


@contextmanager
def fake_bigquery() -> Iterator[Fake]:
    fake = Fake()
    rest = ThreadingHTTPServer(("127.0.0.1", 0), type("_Rest", (_Rest,), {"fake": fake}))
    rest.daemon_threads = True
    thread = threading.Thread(target=rest.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with ThreadPoolExecutor(max_workers=4) as workers:
        rpc = grpc.server(workers)
        rpc.add_generic_rpc_handlers((_Reads(fake),))
        port = rpc.add_insecure_port("127.0.0.1:0")
        rpc.start()
        fake.endpoint = f"http://127.0.0.1:{rest.server_address[1]} http://127.0.0.1:{port}"
        try:
            yield fake
        finally:
            rpc.stop(None).wait()
            rest.shutdown()
            thread.join()
            rest.server_close()


class _Rest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: Fake

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if self.fake.refused:
            self._answer({"error": _error(*self.fake.refused)}, self.fake.refused[0])
        elif path.endswith(f"/tables/{TABLE}"):
            self._answer(_TABLE)
        elif "/queries/" in path:
            self._answer(_results(self.fake))
        elif "/tables/" in path:
            self._answer({"error": _error(404, "notFound", "Not found: Table")}, 404)
        else:
            self._answer(_JOB)

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["configuration"]["query"]
        assert "INFORMATION_SCHEMA.PARTITIONS" in query["query"]
        assert query["queryParameters"][0]["parameterValue"] == {"value": TABLE}
        self._answer(_JOB)

    def _answer(self, content: Mapping[str, Any], status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


_TABLE = {
    "tableReference": {"projectId": PROJECT, "datasetId": DATASET, "tableId": TABLE},
    "type": "TABLE",
    "timePartitioning": {"type": "DAY"},
    "schema": {"fields": [{"name": "cost", "type": "FLOAT"}]},
}
_JOB = {
    "jobReference": {"projectId": PROJECT, "jobId": "job", "location": "US"},
    "configuration": {"jobType": "QUERY", "query": {"query": ""}},
    "statistics": {"query": {"statementType": "SELECT"}},
    "status": {"state": "DONE"},
}


def _error(status: int, reason: str, message: str) -> dict[str, Any]:
    return {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}


def _results(fake: Fake) -> dict[str, Any]:
    kinds = (("partition_id", "STRING"), ("total_rows", "INTEGER"), ("last_modified_time", "TIMESTAMP"))
    rows = [
        {"f": [{"v": name}, {"v": str(fake.listed.get(name, len(rows)))}, {"v": str(modified)}]}
        for name, (rows, modified) in fake.partitions.items()
    ]
    return {
        **_JOB,
        "jobComplete": True,
        "totalRows": str(len(rows)),
        "schema": {"fields": [{"name": name, "type": kind} for name, kind in kinds]},
        "rows": rows,
    }


class _Reads(grpc.GenericRpcHandler):
    def __init__(self, fake: Fake) -> None:
        self._fake = fake

    def service(self, call: Any) -> Any:
        if call.method == _SERVICE + "CreateReadSession":
            return grpc.unary_unary_rpc_method_handler(
                self._session, types.CreateReadSessionRequest.deserialize, types.ReadSession.serialize
            )
        return grpc.unary_stream_rpc_method_handler(
            self._rows, types.ReadRowsRequest.deserialize, types.ReadRowsResponse.serialize
        )

    def _session(self, request: Any, _: Any) -> Any:
        wanted = request.read_session
        assert wanted.table == f"projects/{PROJECT}/datasets/{DATASET}/tables/{TABLE}"
        span = _SPAN.fullmatch(wanted.read_options.row_restriction)
        assert span is not None, wanted.read_options.row_restriction
        partition = "".join(span.groups())
        rows = self._fake.partitions[partition][0]
        return types.ReadSession(
            name=f"sessions/{partition}",
            data_format=types.DataFormat.ARROW,
            arrow_schema=types.ArrowSchema(serialized_schema=rows.schema.serialize().to_pybytes()),
            streams=[types.ReadStream(name=f"streams/{partition}")],
            estimated_total_bytes_scanned=rows.nbytes,
        )

    def _rows(self, request: Any, context: Any) -> Iterator[Any]:
        partition = request.read_stream.rpartition("/")[2]
        self._fake.read.append(f"{partition}@{request.offset}")
        rows = self._fake.partitions[partition][0].slice(request.offset)
        for done, start in enumerate(range(0, len(rows), self._fake.page)):
            if done == self._fake.breaks:
                self._fake.breaks = None
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
            [batch] = rows.slice(start, self._fake.page).combine_chunks().to_batches()
            message = types.ArrowRecordBatch(serialized_record_batch=batch.serialize().to_pybytes())
            yield types.ReadRowsResponse(row_count=len(batch), arrow_record_batch=message)
