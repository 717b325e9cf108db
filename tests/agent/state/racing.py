"""One of several processes that open an empty database at the same moment and claim the same keys.

python racing.py URL FOLDER KEYS     prints the keys it got, one a line
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from agent.state import open_state


def main(url: str, folder: Path, keys: int) -> None:
    (folder / f"ready.{time.monotonic_ns()}").touch()
    while not (folder / "go").exists():
        time.sleep(0.001)
    now = datetime.now(UTC)
    with open_state(url, folder) as state:
        got = [f"{n}" for n in range(keys) if state.runs.claim(f"{n}", "daily", now, f"{time.monotonic_ns()}", now)]
    sys.stdout.write("\n".join(got))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
