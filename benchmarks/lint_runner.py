"""Runs one command and tells what it cost: ``python lint_runner.py LIMIT OUT ERRORS COMMAND...``.

A process of its own and small, because Linux counts the memory of whoever starts a process as that process's peak.
Imports nothing of the project. Prints ``[exit code, CPU seconds, wall seconds, peak bytes]``; the exit code is null
when the command was stopped at the limit.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    limit = float(sys.argv[1])
    with Path(sys.argv[2]).open("wb") as out, Path(sys.argv[3]).open("wb") as errors:
        began = time.monotonic()
        process = subprocess.Popen(
            sys.argv[4:], stdin=subprocess.DEVNULL, stdout=out, stderr=errors, start_new_session=True
        )
        done, status, usage = 0, 0, None
        while not done and time.monotonic() - began < limit:
            done, status, usage = os.wait4(process.pid, os.WNOHANG)
            if not done:
                time.sleep(0.002)
        wall = time.monotonic() - began
        if not done:
            os.killpg(process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert usage is not None
    code = process.returncode if done else None
    print(json.dumps([code, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024]))


if __name__ == "__main__":
    main()
