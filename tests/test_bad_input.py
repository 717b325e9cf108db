"""Bad input through the command line: one clear message and exit code 2, or a named row; never half a result.

Each case spoils one file of a project whose month is already published, runs the whole job, and looks at what was
said and at what lies in the results folder.
"""

import csv
import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent import cli
from tests.focus_rows import DEFAULTS, focus_row, focus_text, write_focus
from tests.project import ROWS, usage, write_project

EXPORT = "exports/october.csv"


@dataclass(frozen=True)
class Bad:
    """``spoil`` damages the project; ``said`` must all stand in the one message."""

    name: str
    spoil: Callable[[Path], object]
    said: tuple[str, ...]


def replaced(name: str, old: str, new: str) -> Callable[[Path], object]:
    def spoil(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))

    return spoil


def written(name: str, content: str | bytes) -> Callable[[Path], object]:
    raw = content.encode() if isinstance(content, str) else content
    return lambda root: (root / name).write_bytes(raw)


def bill(rows: list[dict[str, str]], *, without: tuple[str, ...] = ()) -> Callable[[Path], object]:
    return lambda root: write_focus(root / EXPORT, rows, without=without)


def second_header(root: Path) -> None:
    text = focus_text(ROWS)
    (root / EXPORT).write_text(text + text.splitlines()[0] + "\n")


def ragged(root: Path) -> None:
    text = focus_text(ROWS)
    (root / EXPORT).write_text(text + "60,60\n")


def excel(root: Path) -> None:
    """What a spreadsheet saves: semicolons, decimal commas, dates of its own."""
    lines = [";".join(DEFAULTS), ";".join(focus_row({"BilledCost": "60,5"}).values())]
    (root / EXPORT).write_text("\n".join(lines) + "\n", encoding="utf-8-sig")


def duplicated(root: Path) -> None:
    (root / "exports" / "october-copy.csv").write_bytes((root / EXPORT).read_bytes())


def truncated(root: Path) -> None:
    (root / EXPORT).unlink()
    (root / "exports" / "october.csv.gz").write_bytes(gzip.compress(focus_text(ROWS).encode())[:-20])


def worded_parquet(root: Path) -> None:
    (root / EXPORT).unlink()
    rows = [focus_row(ROWS[0]) | {"BilledCost": "sixty"}]
    pq.write_table(pa.Table.from_pylist(rows), root / "exports" / "october.parquet")


FIVE_MISTAKES = """\
version: 1
customers: customers.csv
pools: []
currency: dollars
sources:
  - {name: cloud, kind: focsu, location: exports}
  - {name: other, kind: focus}
schedule: {digest: "9 o'clock"}
"""

REFUSED = (
    Bad(
        "missing columns", bill(list(ROWS), without=("EffectiveCost", "ServiceName")), ("EffectiveCost", "ServiceName")
    ),
    Bad("ragged row", ragged, ("october.csv:6", "2 cells")),
    Bad("second header", second_header, ("october.csv:6", "second header")),
    Bad("spreadsheet copy", excel, ("october.csv", "';'")),
    Bad(
        "account id a spreadsheet cut", bill([*ROWS, {"SubAccountId": "1.23457E+11"}]), ("october.csv:6", "1.23457E+11")
    ),
    Bad("date a spreadsheet swapped", bill([*ROWS, {"ChargePeriodStart": "45935.0"}]), ("october.csv:6", "45935.0")),
    Bad(
        "text in another encoding",
        written(EXPORT, focus_text(ROWS).replace("production", "prüfung").encode("cp1252")),
        ("UTF-8",),
    ),
    Bad("cost with words", bill([*ROWS, {"BilledCost": "n/a"}]), ("october.csv:6", "n/a", "BilledCost")),
    Bad("two currencies", bill([*ROWS, {"BillingCurrency": "EUR"}]), ("EUR", "USD")),
    Bad("unknown currency", bill([{"BillingCurrency": "UDS"}]), ("UDS",)),
    Bad("the same file twice", duplicated, ("october-copy.csv", "october.csv")),
    Bad("truncated gzip", truncated, ("october.csv.gz", "gzip")),
    Bad("Parquet cost in words", worded_parquet, ("october.parquet", "BilledCost", "sixty")),
    Bad("empty export", written(EXPORT, b""), ("october.csv",)),
    Bad("export without rows", bill([]), ("october.csv",)),
    Bad("export folder gone", replaced("apportion.yaml", "location: exports", "location: exprots"), ("exprots",)),
    Bad(
        "ragged usage", written("usage/requests.csv", "date,customer,quantity\n2026-10-01,acme\n"), ("requests.csv:2",)
    ),
    Bad("usage in words", written("usage/requests.csv", usage(quantity="many")), ("requests.csv:2", "many")),
    Bad("usage of 1e30", written("usage/requests.csv", usage(quantity="1e30")), ("requests.csv:2", "does not fit")),
    Bad(
        "usage that cannot be added up",
        written("usage/requests.csv", usage(quantity="9999999999999999999999999.123456789012")),
        ("'requests'", "38 digits", "larger unit"),
    ),
    Bad("usage columns", written("usage/requests.csv", "day,who,count\n"), ("requests.csv:1", "'day'")),
    Bad(
        "revenue in words",
        written("revenue.csv", "period,customer,amount,currency\n2026-10,acme,lots,USD\n"),
        ("lots",),
    ),
    Bad("customer id with a reserved sign", written("customers.csv", "id\n@idle\n"), ("customers.csv:2", "@idle")),
    Bad("two ids equal after folding", written("customers.csv", "id\nacme\nACME\n"), ("customers.csv:3", "ACME")),
    Bad("customers without an id", written("customers.csv", "name,tier\nAcme,gold\n"), ("customers.csv", "id")),
)


def test_each_bad_input_case_has_its_own_name():
    assert len({bad.name for bad in REFUSED}) == len(REFUSED)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """A project whose October is published."""
    root = tmp_path_factory.mktemp("published")
    assert cli.main(["run", "--config", str(write_project(root)), "--quiet"]) == 0
    return root


@pytest.fixture
def project(published: Path, tmp_path: Path) -> Path:
    """A copy of its own for each case."""
    return Path(shutil.copytree(published, tmp_path / "project"))


def run(root: Path) -> int:
    return cli.main(["run", "--config", str(root / "apportion.yaml"), "--quiet"])


def contents(root: Path) -> dict[str, str]:
    """Every file of the results with its hash."""
    files = sorted(path for path in (root / "data" / "results").rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("bad", REFUSED, ids=lambda bad: bad.name)
def test_bad_input_is_one_message_and_exit_2_and_the_results_stay(bad: Bad, project: Path, capsys):
    before = contents(project)
    bad.spoil(project)
    assert run(project) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("apportion: ")
    assert "Traceback" not in told.err
    assert all(text in told.err for text in bad.said), told.err
    assert contents(project) == before


def test_all_five_mistakes_of_a_configuration_are_told_with_their_lines(project: Path, capsys):
    before = contents(project)
    (project / "apportion.yaml").write_text(FIVE_MISTAKES)
    assert run(project) == 2
    told = capsys.readouterr().err
    assert "5 mistakes" in told
    assert all(f"apportion.yaml:{line}:" in told for line in (3, 4, 6, 7, 8)), told
    assert contents(project) == before


def _table(root: Path) -> dict[str, dict[str, str]]:
    with (root / "data/results/2026-10/cost_per_customer.csv").open(newline="", encoding="utf-8") as stream:
        return {row["Customer"]: row for row in csv.DictReader(stream)}


def _reasons(root: Path) -> set[str]:
    allocation = pq.read_table(root / "data/results/2026-10/allocation.parquet", columns=["Reason", "Fallback"])
    return {value for column in allocation.columns for value in column.to_pylist() if value}


def _proven(root: Path) -> bool:
    proof = json.loads((root / "data/results/2026-10/proof.json").read_text())
    return all(check["difference"] == "0" for check in proof["checks"])


def test_a_negative_weight_sends_its_day_to_the_fallback_and_says_so(project: Path, capsys):
    text = (project / "usage/requests.csv").read_text().replace("2026-10-05,acme,3", "2026-10-05,acme,-3")
    (project / "usage/requests.csv").write_text(text)
    assert run(project) == 0
    assert "period" in _reasons(project)
    assert _proven(project)


def test_a_month_without_usage_is_a_named_row_and_nothing_is_lost(project: Path):
    (project / "usage/requests.csv").write_text("date,customer,quantity\n")
    assert run(project) == 0
    assert _proven(project)
    assert _table(project)["@unallocated"]["Cost"] == "40"


def test_a_bill_without_any_usage_line_is_carried_whole(project: Path):
    write_focus(project / EXPORT, [{"BilledCost": "12", "ChargeCategory": "Tax", "ResourceId": ""}])
    assert run(project) == 0
    assert _proven(project)
    assert _table(project)["@unallocated"]["Cost"] == "12"


def test_an_unknown_customer_of_a_driver_keeps_its_weight_as_a_named_row(project: Path):
    (project / "usage/requests.csv").write_text(usage(("acme", "globxe")))
    assert run(project) == 0
    assert _table(project)["@unallocated"]["Cost"] == "20"
    assert _proven(project)


def test_an_unknown_tag_value_is_a_named_row(project: Path):
    write_focus(project / EXPORT, [*ROWS[:1], {"BilledCost": "30", "Tags": '{"tenant": "glboex"}'}])
    assert run(project) == 0
    classes = pq.read_table(project / "data/results/2026-10/classification.parquet", columns=["Reason"])
    assert "unknown-customer:glboex" in classes["Reason"].to_pylist()


@pytest.mark.parametrize("identity", ['say "hi"', "two\nlines", "o'brien; drop table x"])
def test_a_customer_id_with_quotes_or_a_newline_is_carried_whole(identity: str, project: Path, capsys):
    quoted = identity.replace('"', '""')
    (project / "customers.csv").write_text(f'id,name\nacme,Acme\nglobex,Globex\n"{quoted}",Odd\n')
    write_focus(project / EXPORT, [*ROWS, {"BilledCost": "7", "Tags": json.dumps({"tenant": identity})}])
    assert run(project) == 0, capsys.readouterr().err
    assert _table(project)[identity]["Direct"] == "7"
    assert _proven(project)


@pytest.mark.parametrize("identity", ["acme\x1b[31m", "acme\x00"])
def test_a_customer_id_with_control_characters_is_refused(identity: str, project: Path, capsys):
    before = contents(project)
    (project / "customers.csv").write_text(f"id,name\nglobex,Globex\n{identity},Odd\n")
    assert run(project) == 2
    told = capsys.readouterr().err
    assert "customers.csv" in told
    assert "\x1b" not in told
    assert contents(project) == before
