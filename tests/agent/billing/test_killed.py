"""Killed at any of fifty random moments, an ingest leaves every month as it was or as it will be, never a mixture."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from agent.billing.ledger.intact import changed_file
from agent.billing.ledger.kept_tag_sets import kept_for
from agent.billing.ledger.versions import source_heads
from tests.focus_rows import write_focus
from tests.project import write_project

ROOT = Path(__file__).parents[3]
KILLS = 50
LINES = 12_000
SOURCES = ("cloud", "other")
PERIODS = ("2026-09", "2026-10")
UNIT = Decimal(10) ** -24
Months = dict[tuple[str, str], str]


@dataclass
class Ledgers:
    """By source and month the sha256 of the ledger before the ingest that is killed, and after it."""

    before: Months
    after: Months


def deliver(root: Path, generation: int) -> None:
    """Two sources of two months each; every line of a generation costs that many units."""
    for source, account in zip(("exports", "other"), ("999999999999", "888888888888"), strict=True):
        for period in PERIODS:
            rows = [
                {
                    "BillingPeriodStart": f"{period}-01T00:00:00Z",
                    "BillingAccountId": account,
                    "SubAccountId": account,
                    "BilledCost": f"{generation}.{line:06d}",
                    "ResourceId": f"vm-{line}",
                    "Tags": json.dumps({"tenant": f"t{line % 50}", "generation": str(generation)}),
                }
                for line in range(LINES)
            ]
            write_focus(root / source / f"{period}.csv", rows)


def command(config: Path) -> list[str]:
    return [sys.executable, "-m", "agent.cli", "ingest", "--config", str(config), "--quiet"]


class Running:
    """An ingest in a process of its own. ``worked``: seconds since it began to read a delivery."""

    def __init__(self, config: Path) -> None:
        self.data = config.parent / "data"
        self.process = subprocess.Popen(command(config), cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)

    def begins(self) -> float:
        """Waits for the moment when it begins to work, or ends."""
        while self.process.poll() is None and not (self.data / ".tmp").exists():
            time.sleep(0.001)
        return time.monotonic()

    def kill_after(self, seconds: float) -> str:
        """Kills it then, and says what it was at: ``finished`` when it was too late."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            if list((self.data / ".tmp").glob("*/20*")):
                return "writing"
            return "reading" if list((self.data / ".tmp").glob("*/spool")) else "elsewhere"
        return "finished"


def run(config: Path) -> float:
    """Ingests undisturbed; how long it worked."""
    running = Running(config)
    began = running.begins()
    assert running.process.wait() == 0
    return time.monotonic() - began


def in_force(data: Path) -> Months:
    """What readers would take now; every file of it must be whole and hold what its manifest says."""
    found: Months = {}
    for source in SOURCES:
        versions = source_heads(data, source)
        assert kept_for(data, versions)
        for version in versions:
            assert changed_file(version) is None
            units = sum(pc.sum(pq.read_table(path)["x_BilledUnits"]).as_py() for path in version.files)
            assert units * UNIT == Decimal(version.manifest.ledger_sums["USD"]["BilledCost"])
            assert version.manifest.lines == LINES
            found[source, str(version.period)] = version.manifest.ledger[0].sha256
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ledgers, float]:
    """A ledger of the first generation with exports of the second; both ledgers; how long an ingest works."""
    root = tmp_path_factory.mktemp("killed")
    config = write_project(root)
    second = "  - {name: other, kind: focus, location: other, late_after_days: 40}\nusage:"
    config.write_text(config.read_text().replace("usage:", second, 1))
    (root / "exports" / "october.csv").unlink()
    deliver(root, 1)
    run(config)
    before = in_force(root / "data")
    shutil.copytree(root / "data", root / "first")
    deliver(root, 2)
    timed = []
    for _ in range(3):
        shutil.rmtree(root / "data")
        shutil.copytree(root / "first", root / "data")
        timed.append(run(config))
    took = min(timed)  # the machine may be busy with something else now and then
    after = in_force(root / "data")
    assert not before.items() & after.items()
    return config, Ledgers(before, after), took


@pytest.mark.slow
def test_fifty_kills_leave_every_month_old_or_new_and_the_next_ingest_completes(project, capsys):
    config, ledgers, took = project
    data = config.parent / "data"
    chance = random.Random(20261122)
    stages: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    while stages.total() - stages["finished"] < KILLS:
        assert stages["finished"] < 3 * KILLS
        shutil.rmtree(data)
        shutil.copytree(config.parent / "first", data)
        running = Running(config)
        # one in ten counts from the start of the process, the others from the moment it begins to work
        began = running.begins() if stages.total() % 10 else time.monotonic()
        stage = running.kill_after(chance.uniform(0, 1.05 * took))
        stages[stage] += 1
        found = in_force(data)
        assert found.keys() == ledgers.before.keys()
        for month, sha256 in found.items():
            assert sha256 in (ledgers.before[month], ledgers.after[month]), f"{month} is neither old nor new"
        new = sum(found[month] == ledgers.after[month] for month in found)
        outcomes["old" if new == 0 else "new" if new == len(found) else "some months new"] += 1
        if stage == "finished":
            took = min(took, time.monotonic() - began)  # the machine is less busy than it was
            continue
        lasted = run(config)
        took = lasted if new == 0 else took
        assert in_force(data) == ledgers.after
        assert not (data / ".tmp").exists()
    # NOTE: honest only if kills fell while files were read, while versions were written, and between two sources
    said = f"{took:.2f} s of work; killed while {dict(stages)}; left {dict(outcomes)}"
    assert min(stages["reading"], stages["writing"], outcomes["some months new"]) >= 2, said
    assert outcomes["old"] >= 5, said
    with capsys.disabled():
        sys.stdout.write(f"\n{said}\n")
