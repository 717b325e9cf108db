"""The Terraform check beside its peers, each a process of its own: ``python -m benchmarks.lint``."""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.lint_plans import SIZES, Plan, plan
from benchmarks.lint_sources import Tree, tree
from benchmarks.lint_tools import (
    APPORTION,
    C7N_LEFT,
    CHECKOV,
    COMPLIANCE,
    LIMIT,
    PEERS,
    ROOT,
    WARM,
    Answer,
    Run,
    Tool,
    orjson,
    run,
)  # fmt: skip
from benchmarks.measure import Cost

MIB = 1024**2
_HEAD = "| what | tool | CPU | wall | peak memory | missed | false |\n|---|---|---:|---:|---:|---:|---:|"


@dataclass(frozen=True, slots=True)
class Row:
    """One tool at one task. ``cost`` None: not finished within the limit. ``wrong``: missed and false findings."""

    what: str
    tool: str
    cost: Cost | None
    wrong: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """What must hold of two rows' CPU seconds: the first at most ``most`` times the second."""

    what: str
    one: str
    other: str
    most: float


BARS = (
    Bar(f"plan, {SIZES[2]:,} resources", "apportion", "orjson", 1.0),
    Bar(f"plan, {SIZES[0]:,} resources", "apportion", "terraform-compliance", 0.2),
    Bar(f"plan, {SIZES[0]:,} resources", "apportion", "checkov", 0.2),
    Bar("source", "apportion", "checkov", 0.5),
    Bar("source", "apportion", "c7n-left", 0.5),
    Bar("source", WARM.name, "checkov", 0.1),
    Bar("source", WARM.name, "c7n-left", 0.1),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lint", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each task; the median is shown")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="resources of the plans")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench" / "lint")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds after which a run is stopped")
    parser.add_argument("--no-source", action="store_true", help="plans only")
    parser.add_argument("--only", nargs="*", help="names of tools; apportion and orjson are always run")
    options = parser.parse_args()
    rows = list(_rows(options))
    print(table(rows))
    print(bars(rows))
    return 0


def _rows(options: argparse.Namespace) -> Iterator[Row]:
    for size in options.sizes:
        made = plan(options.folder, size)
        yield from _plan_rows(made, size, options)
    if options.no_source:
        return
    source = tree(options.folder)
    print(f"source: {source.blocks} blocks, {source.size / 1000:.0f} KB", file=sys.stderr)
    yield from _source_rows(source, options)


def _plan_rows(made: Plan, size: int, options: argparse.Namespace) -> Iterator[Row]:
    what = f"plan, {size:,} resources"
    wrong = made.violations
    for tool in _chosen((APPORTION, COMPLIANCE, CHECKOV), options):
        assert tool.plan is not None
        yield _measured(what, tool, partial(tool.plan, made.path), wrong, options)
    if (PEERS / "orjson").exists():
        yield Row(what, "orjson", _median([run(orjson(made.path), options.limit) for _ in range(options.runs)]))


def _source_rows(source: Tree, options: argparse.Namespace) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        for tool in _chosen((APPORTION, WARM, C7N_LEFT, CHECKOV), options):
            make = _source_command(tool, source, Path(folder))
            if tool is WARM:
                run(make(), options.limit)  # fills the cache
            yield _measured("source", tool, make, source.violations, options)


def _source_command(tool: Tool, source: Tree, folder: Path) -> Callable[[], list[str]]:
    """apportion itself begins each run with an empty cache, and fills it."""
    if tool is APPORTION:
        return lambda: _cached(source, Path(tempfile.mkdtemp(dir=folder)))
    if tool is WARM:
        return partial(_cached, source, folder / "kept")
    assert tool.source is not None
    return partial(tool.source, source.root)


def _cached(source: Tree, cache: Path) -> list[str]:
    assert WARM.source is not None
    return ["/usr/bin/env", f"APPORTION_CACHE={cache}", *WARM.source(source.root)]


def _chosen(tools: tuple[Tool, ...], options: argparse.Namespace) -> Iterator[Tool]:
    for tool in tools:
        if tool.name.startswith("apportion") or options.only is None or tool.name in options.only:
            if tool.there:
                yield tool
            else:
                print(f"{tool.name} is not at {tool.program}: `make bench-peers` installs it", file=sys.stderr)


def _measured(
    what: str, tool: Tool, make: Callable[[], list[str]], violations: Mapping[str, str], options: argparse.Namespace
) -> Row:  # fmt: skip
    """The median; a run of more than a minute is not done again."""
    runs: list[Run] = []
    while len(runs) < options.runs and (not runs or (runs[0].cost is not None and runs[0].cost.wall < 60)):
        print(f"{what}: {tool.name}", file=sys.stderr, flush=True)
        runs.append(run(make(), options.limit))
    if runs[0].code not in (0, 1) and runs[0].cost is not None:
        print(f"{tool.name} ended with {runs[0].code}: {runs[0].errors[-500:]}", file=sys.stderr)
    return Row(what, tool.name, _median(runs), _wrong(tool.read(runs[0]), violations) if runs[0].cost else None)


def _wrong(answer: Answer, violations: Mapping[str, str]) -> tuple[int, int]:
    """Missed and false. A finding that names a module and a type stands for all of that type in it."""

    def named(address: str) -> bool:
        return address in answer.failed or any(
            address.startswith(f"{module}.") and f".{kind}." in address for module, kind in answer.modules
        )

    named_modules = {module for module, _ in answer.modules}
    missed = sum(not named(address) for address in violations)
    return missed, len(answer.failed - violations.keys() - named_modules)


def _median(runs: list[Run]) -> Cost | None:
    costs = [each.cost for each in runs if each.cost is not None]
    if len(costs) < len(runs):
        return None
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        max(cost.peak for cost in costs),
    )


def table(rows: list[Row]) -> str:
    """CPU and wall seconds, peak memory, and how many findings are missed or false."""
    lines = [_HEAD]
    for row in rows:
        missed, false = (f"{count:,}" for count in row.wrong) if row.wrong else ("", "")
        if row.cost is None:
            lines.append(f"| {row.what} | {row.tool} | not finished | | | | |")
            continue
        figures = f"{row.cost.cpu:.2f} s | {row.cost.wall:.2f} s | {row.cost.peak / MIB:.0f} MiB"
        lines.append(f"| {row.what} | {row.tool} | {figures} | {missed} | {false} |")
    return "\n".join(lines) + "\n"


def bars(rows: list[Row]) -> str:
    """The ratios that are promised."""
    by_name = {(row.what, row.tool): row.cost for row in rows}
    lines = ["| what | ratio of CPU | bar |", "|---|---:|---|"]
    for bar in BARS:
        one, other = by_name.get((bar.what, bar.one)), by_name.get((bar.what, bar.other))
        if one is not None and other is not None:
            lines.append(f"| {bar.what}: {bar.one} / {bar.other} | {one.cpu / other.cpu:.3f} | ≤ {bar.most} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
