"""Every folder beside this file: the whole job on its files, byte for byte what was worked out by hand."""

import csv
import io
import shutil
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from agent import margins, pipeline
from agent.allocation import allocate
from agent.config.loading import load_application
from agent.errors import ApportionError
from agent.period import Period
from agent.progress import Quiet
from reports.table import render_csv

HERE = Path(__file__).parent
NAMES = sorted(path.name for path in HERE.iterdir() if (path / "billing.csv").exists())
ERROR = "expected_error.txt"
PERIOD = Period(2026, 10)
ALLOCATION = ("Customer", "Bucket", "Class", "Pool", "Kind", "Reason")
CLASSIFICATION = ("Class", "Pool", "Kind", "Reason")
MARGIN = ("Customer", "Cost", "Revenue", "MarginPct")


@pytest.mark.parametrize("name", NAMES)
def test_case_comes_out_as_worked_out_by_hand(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    project = tmp_path / name
    shutil.copytree(HERE / name, project)
    computed = {ERROR: refusal(project)} if (HERE / name / ERROR).exists() else run(project)
    for file, text in computed.items():
        expected = HERE / name / file
        if request.config.getoption("--update", default=False):
            expected.write_text(text, encoding="utf-8")
        assert text == expected.read_text(encoding="utf-8"), f"{name}/{file}"


def test_every_case_explains_itself() -> None:
    for name in NAMES:
        title, _, text = (HERE / name / "README.md").read_text(encoding="utf-8").partition("\n")
        assert title == f"# {name}"
        assert len(text.split()) > 20, name


def run(project: Path) -> dict[str, str]:
    """The expected files' texts, as apportion computes them from the case's inputs."""
    (project / "apportion.yaml").write_text(application(project), encoding="utf-8")
    settings = load_application(project / "apportion.yaml")
    pipeline.ingest(settings, None, Quiet())
    results = project / "results"
    results.mkdir()
    allocate(settings, PERIOD, results, Quiet())
    report = margins.summarise(settings, PERIOD, results, None)
    (results / "cost_per_customer.csv").write_text(render_csv(report), encoding="utf-8", newline="")
    texts = {
        "expected_allocation.csv": summed(results / "allocation.parquet", ALLOCATION),
        "expected_margin.csv": columns(results / "cost_per_customer.csv", MARGIN),
    }
    if (project / "expected_classification.csv").exists():
        texts["expected_classification.csv"] = summed(results / "classification.parquet", CLASSIFICATION)
    return texts


def refusal(project: Path) -> str:
    """What apportion says of a month that it does not allocate."""
    with pytest.raises(ApportionError) as raised:
        run(project)
    return "".join(f"{line}\n" for line in raised.value.lines())


def application(project: Path) -> str:
    """apportion.yaml of a case: its sources and drivers are told by the names of its files."""
    sources = ["  - {name: cloud, kind: focus, location: billing.csv}"]
    sources += [
        f"  - {{name: {group}, kind: focus, location: billing-{group}.csv, cogs: {group}}}"
        for group in ("third_party", "support")
        if (project / f"billing-{group}.csv").exists()
    ]
    drivers = [
        f"  - {{name: {path.stem.removeprefix('usage-')}, kind: csv, location: {path.name}}}"
        for path in sorted(project.glob("usage-*.csv"))
    ]
    lines = [
        "version: 1",
        "policy: policy.yaml",
        "allocation: allocation.yaml",
        "customers: customers.csv",
        "revenue: {kind: csv, location: revenue.csv}",
        "sources:",
        *sources,
        *(["usage:", *drivers] if drivers else []),
    ]
    return "".join(f"{line}\n" for line in lines)


def summed(path: Path, keys: Sequence[str]) -> str:
    """Sums of both costs over all days, by ``keys``; rows that come to nothing are left out."""
    sums: dict[tuple[str, ...], tuple[Decimal, Decimal]] = {}
    for row in pq.read_table(path, columns=[*keys, "EffectiveCost", "BilledCost"]).to_pylist():
        key = tuple(row[name] or "" for name in keys)
        effective, billed = sums.get(key, (Decimal(0), Decimal(0)))
        sums[key] = (effective + row["EffectiveCost"], billed + row["BilledCost"])
    rows = [(*key, *(plain(cost) for cost in costs)) for key, costs in sums.items() if any(costs)]
    return table((*keys, "EffectiveCost", "BilledCost"), sorted(rows))


def plain(number: Decimal) -> str:
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def columns(path: Path, names: Sequence[str]) -> str:
    """Some columns of a CSV file, as text."""
    with path.open(encoding="utf-8", newline="") as file:
        rows: Iterable[Mapping[str, str]] = csv.DictReader(file)
        return table(names, [[row[name] for name in names] for row in rows])


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
