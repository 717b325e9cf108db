"""What a process cost: CPU seconds, wall seconds, peak memory."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds are user plus system, of the process and its threads; ``peak`` is bytes of resident memory."""

    cpu: float
    wall: float
    peak: int


def cost_of(*arguments: str) -> Cost:
    """Runs ``python -m benchmarks.tasks ARGUMENTS`` to its end. Raises ``CalledProcessError`` when it fails."""
    command = [sys.executable, "-m", "benchmarks.tasks", *arguments]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024)
