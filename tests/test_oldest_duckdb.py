"""The oldest DuckDB that pyproject allows gives the same digits: the golden cases, run on it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_golden_cases_hold_on_the_oldest_duckdb(tmp_path: Path) -> None:
    bound = re.search(r'"duckdb>=([\d.]+)', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert bound is not None
    oldest = bound[1]
    uv = ROOT / ".tools" / "bin" / "uv"
    install = [uv, "pip", "install", "--quiet"] if uv.exists() else [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, "--target", tmp_path, f"duckdb=={oldest}"], check=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    version = [sys.executable, "-c", "import duckdb; print(duckdb.__version__)"]
    found = subprocess.run(version, env=environment, capture_output=True, text=True, check=True).stdout
    assert found.strip() == oldest
    cases = [sys.executable, "-m", "pytest", "-q", "tests/cases"]
    subprocess.run(cases, env=environment, cwd=ROOT, check=True)
