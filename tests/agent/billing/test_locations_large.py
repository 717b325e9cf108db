"""A file of 300 MB in a bucket: what is fetched passes through memory in pieces, and so does what is read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers
from tests.focus_rows import focus_text

ROOT = Path(__file__).parents[3]
SIZE = 300 * 10**6
PIECE = 20_000
FETCHED_MB, INGESTED_MB = 250, 800
"""Peaks of the whole process. Measured: 127 MB fetching 2,249 MB; 432 MB ingesting 321 MB of a million lines."""
CHILD = """
import sys
from pathlib import Path
from agent.billing import ingest_source
from agent.config.application import SourceConfig, StorageConfig
from agent.progress import Quiet
from agent.storage import opened
task, endpoint, root = sys.argv[1], sys.argv[2], Path(sys.argv[3])
source = SourceConfig(name="bill", kind="focus", location="s3://bills/cur", storage=StorageConfig(endpoint=endpoint))
if task == "fetch":
    with opened(source, root, root, scratch=root) as folder:
        print(folder.path("big.csv").stat().st_size)
else:
    print(ingest_source(source, root, root, None, Quiet())[0].lines)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(int(peak.split()[1]) // 1024)
"""
"""NOTE: the peak is the kernel's VmHWM, because ru_maxrss of a child begins with what its parent held."""


def write_big(path: Path) -> int:
    """A file of at least ``SIZE`` bytes; returns its lines."""
    header, row, _ = focus_text([{"ResourceId": "@@", "BilledCost": "0.000001234"}]).split("\n")
    lines = 0
    with path.open("w") as out:
        out.write(header + "\n")
        while out.tell() < SIZE:
            out.write("".join(row.replace("@@", f"vm-{(lines + at) % 100_000}") + "\n" for at in range(PIECE)))
            lines += PIECE
    return lines


@pytest.mark.slow
def test_memory_stays_bounded_whatever_the_size_of_the_object(tmp_path: Path):
    big = tmp_path / "big.csv"
    lines = write_big(big)
    with servers.s3_server() as endpoint:
        servers.put_s3(endpoint, "bills", {})
        client = servers.s3_client(endpoint)
        client.upload_file(str(big), "bills", "cur/big.csv")
        client.close()

        def measured(task: str) -> tuple[int, int]:
            command = [sys.executable, "-c", CHILD, task, endpoint, str(tmp_path / task)]
            environ = os.environ | servers.S3_KEYS | {"PYTHONPATH": str(ROOT)}
            told = subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout.split()
            return int(told[0]), int(told[1])

        size, peak = measured("fetch")
        assert size == big.stat().st_size
        assert peak < FETCHED_MB
        taken, peak = measured("ingest")
        assert taken == lines
        assert peak < INGESTED_MB
    assert list((tmp_path / "ingest").rglob("*big*")) == []
    assert not (tmp_path / "fetch").exists()
