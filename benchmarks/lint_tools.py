"""The check and its peers as whole processes: how each is asked the same question, and what it answered.

The question: every taggable resource has a tag or label ``tenant`` whose value matches ``^[a-z0-9][a-z0-9-]*$``. The
peers' policies are in ``benchmarks/peers``; ``make bench-peers`` installs the peers, each into an environment of its
own below ``.bench/peers`` (or wherever ``APPORTION_PEERS`` says).
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Cost

ROOT = Path(__file__).parents[1]
POLICIES = Path(__file__).parent / "peers"
PEERS = Path(os.environ.get("APPORTION_PEERS", ROOT / ".bench" / "peers"))
LIMIT = 300.0
_RUNNER = Path(__file__).with_name("lint_runner.py")
_POLICY = POLICIES / "apportion" / "policy.yaml"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_COMPLIANCE = (
    re.compile(r"Failure: (.+?) \((?:resource that supports )?\w+\) does not have "),
    re.compile(r"Failure: \S+ property in (.+?) resource (?:does not match|is not)"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """``cost`` None: stopped at the time limit. ``code`` is the exit code."""

    cost: Cost | None
    code: int
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Addresses by what the tool said of them. A tool that ``lists_passes`` says of each resource that it saw it."""

    failed: frozenset[str]
    passed: frozenset[str]
    unknown: frozenset[str]
    lists_passes: bool
    modules: frozenset[tuple[str, str]] = frozenset()
    """Module address and resource type of findings that name no resource of a module."""


@dataclass(frozen=True, slots=True)
class Tool:
    """``plan`` and ``source`` make the command line for a path; None where the tool has no such mode."""

    name: str
    program: Path
    plan: Callable[[Path], list[str]] | None
    source: Callable[[Path], list[str]] | None
    read: Callable[[Run], Answer]

    @property
    def there(self) -> bool:
        return self.program.exists()


def run(command: Sequence[str], limit: float = LIMIT) -> Run:
    """Runs to the end or to the limit; CPU and memory are those of the process and all its children."""
    with tempfile.TemporaryDirectory() as folder:
        out, errors = Path(folder) / "out", Path(folder) / "errors"
        runner = [sys.executable, "-I", str(_RUNNER), str(limit), str(out), str(errors)]
        told = subprocess.run([*runner, *command], cwd=ROOT, check=True, stdout=subprocess.PIPE)
        code, cpu, wall, peak = json.loads(told.stdout)
        texts = [file.read_text("utf-8", "replace") for file in (out, errors)]
    return Run(None if code is None else Cost(cpu, wall, peak), -1 if code is None else code, *texts)


def _apportion(*more: str) -> Callable[[Path], list[str]]:
    program = str(Path(sys.executable).parent / "apportion")
    return lambda path: [program, "lint", str(path), "--policy", str(_POLICY), "--format", "json", "--quiet", *more]


def _read_apportion(done: Run) -> Answer:
    try:
        findings = json.loads(done.output)["findings"]
    except (ValueError, KeyError):
        return Answer(frozenset(), frozenset(), frozenset(), lists_passes=False)
    of = {
        verdict: frozenset(each["address"] for each in findings if each["verdict"] in names)
        for verdict, names in (("failed", ("violation",)), ("unknown", ("unknown", "external", "existing")))
    }
    return Answer(of["failed"], frozenset(), of["unknown"] - of["failed"], lists_passes=False)


def _checkov(path: Path, *where: str) -> list[str]:
    return [
        str(_program("checkov")), *where, str(path), "--external-checks-dir", str(POLICIES / "checkov"),
        "--check", "CKV2_TENANT_1", "--skip-download", "--compact", "-o", "json",
    ]  # fmt: skip


def _read_checkov(done: Run) -> Answer:
    try:
        report = json.loads(done.output[max(done.output.find("{"), 0) :])
    except ValueError:
        report = {}
    results = report.get("results", {})
    failed, passed = (
        frozenset(check["resource"] for check in results.get(name, ())) for name in ("failed_checks", "passed_checks")
    )
    return Answer(failed, passed - failed, frozenset(), lists_passes=True)


def _c7n_left(path: Path) -> list[str]:
    return [str(_program("c7n-left")), "run", "-p", str(POLICIES / "c7n-left"), "-d", str(path), "-o", "json"]


def _read_c7n_left(done: Run) -> Answer:
    try:
        results = json.loads(done.output[max(done.output.find("{"), 0) :]).get("results", ())
    except ValueError:
        results = ()
    found = [result["resource"]["__tfmeta"] for result in results]
    whole = frozenset(each["path"] for each in found)
    modules = frozenset((each["path"], each["label"]) for each in found if _is_module(each["path"]))
    return Answer(whole, frozenset(), frozenset(), lists_passes=False, modules=modules)


def _is_module(address: str) -> bool:
    return re.fullmatch(r"(?:\.?module\.[^.\[]+(?:\[[^\]]*\])?)+", address) is not None


def _compliance(path: Path) -> list[str]:
    features = str(POLICIES / "terraform-compliance")
    return [str(_program("terraform-compliance")), "-f", features, "-p", str(path)]


def _read_compliance(done: Run) -> Answer:
    text = _COLOURS.sub("", done.output)
    failed = frozenset(address for pattern in _COMPLIANCE for address in pattern.findall(text))
    return Answer(failed, frozenset(), frozenset(), lists_passes=False)


def _program(name: str) -> Path:
    return PEERS / name / "bin" / name


APPORTION = Tool(
    "apportion", Path(sys.executable).parent / "apportion", _apportion(), _apportion("--no-cache"), _read_apportion
)
WARM = Tool("apportion, parse cached", APPORTION.program, None, _apportion(), _read_apportion)
CHECKOV = Tool(
    "checkov",
    _program("checkov"),
    lambda path: [*_checkov(path, "-f"), "--framework", "terraform_plan"],
    lambda path: [*_checkov(path, "-d"), "--framework", "terraform"],
    _read_checkov,
)
C7N_LEFT = Tool("c7n-left", _program("c7n-left"), None, _c7n_left, _read_c7n_left)
COMPLIANCE = Tool("terraform-compliance", _program("terraform-compliance"), _compliance, None, _read_compliance)
OTHERS = (CHECKOV, C7N_LEFT, COMPLIANCE)


def orjson(path: Path) -> list[str]:
    """The yardstick of big plans: decoding the same file, in an interpreter that imports nothing else."""
    code = "import sys, orjson; orjson.loads(open(sys.argv[1], 'rb').read())"
    return [str(PEERS / "orjson" / "bin" / "python"), "-I", "-c", code, str(path)]
