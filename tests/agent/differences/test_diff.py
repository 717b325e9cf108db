"""``apportion diff``: a bill that changed, exact and readable; parts that sum to the whole; versions by number."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from agent import cli
from agent.billing.ledger.versions import head, period_folder
from agent.period import Period
from tests.focus_rows import write_focus
from tests.project import ROWS, write_project

GOLDEN = Path(__file__).parent / "golden"
OCTOBER = Period(2026, 10)
LATE: tuple[Mapping[str, str], ...] = (
    {"BilledCost": "12.345678901", "ResourceId": "vm-9", "SubAccountId": "2222", "Tags": '{"tenant": "globex"}'},
    {"BilledCost": "-3", "ChargeCategory": "Credit", "ServiceName": "Credits"},
)
"""What the provider sends a week after the month's end: a late line of usage and a credit."""


def call(config: Path, *argv: str) -> int:
    return cli.main([*argv, "--config", str(config), "--quiet"])


def deliver(config: Path, rows: Sequence[Mapping[str, str]], capsys) -> None:
    write_focus(config.parent / "exports" / "october.csv", rows)
    assert call(config, "ingest") == 0
    capsys.readouterr()


@pytest.fixture
def changed(tmp_path: Path, capsys) -> Path:
    """October in two versions."""
    config = write_project(tmp_path)
    deliver(config, ROWS, capsys)
    deliver(config, [*ROWS, *LATE], capsys)
    return config


def difference(config: Path, capsys, *argv: str) -> dict:
    assert call(config, "diff", "2026-10", *argv, "--format", "json") == 0
    return json.loads(capsys.readouterr().out)


def moved(line: Mapping[str, Mapping[str, str]], metric: str = "BilledCost") -> Decimal:
    return Decimal(line[metric]["difference"])


def test_the_text_is_as_finance_reads_it(changed, capsys):
    assert call(changed, "diff", "2026-10", "--from", "1", "--to", "v2") == 0
    assert capsys.readouterr().out == (GOLDEN / "late-usage-and-credit.txt").read_text()


def test_every_dimension_sums_to_the_bill_exactly(changed, capsys):
    found = difference(changed, capsys)
    (total,) = found["totals"]
    assert total["BilledCost"] == {"before": "140", "after": "149.345678901", "difference": "9.345678901"}
    assert set(found["by"]) == {"provider", "account", "service", "category", "invoice", "customer"}
    for lines in found["by"].values():
        for metric in ("BilledCost", "EffectiveCost"):
            assert sum(moved(line, metric) for line in lines) == moved(total, metric)


def test_rows_and_lines_are_counted(changed, capsys):
    found = difference(changed, capsys)
    assert found["rows"] == {"removed": 0, "added": 2, "kept": 4}
    assert found["sources"] == [{"source": "cloud", "from": 1, "to": 2, "lines": {"before": 4, "after": 6}}]


def test_one_dimension_alone_is_shown_whole(changed, capsys):
    assert call(changed, "diff", "2026-10", "--by", "account") == 0
    text = capsys.readouterr().out
    assert "by account" in text
    assert "by customer" not in text


def test_changed_tags_move_customers_and_no_account(tmp_path, capsys):
    config = write_project(tmp_path)
    deliver(config, ROWS, capsys)
    retagged = [{**row, "Tags": '{"tenant": "globex"}'} if row["ResourceId"] == "vm-1" else row for row in ROWS]
    deliver(config, retagged, capsys)
    found = difference(config, capsys)
    for name in ("provider", "account", "service", "category", "invoice"):
        assert all(moved(line) == moved(line, "EffectiveCost") == 0 for line in found["by"][name]), name
    customers = {line["Customer"]: moved(line, "EffectiveCost") for line in found["by"]["customer"]}
    assert customers["acme"] < 0 < customers["globex"]
    assert sum(customers.values()) == 0
    assert found["rows"] == {"removed": 1, "added": 1, "kept": 3}
    assert call(config, "diff", "2026-10") == 0
    assert "by account: no amount moved (1 as before)" in capsys.readouterr().out


def test_by_default_it_is_the_version_in_force_and_the_one_before(changed, capsys):
    deliver(changed, [*ROWS, *LATE, {"BilledCost": "5"}], capsys)
    assert [(one["from"], one["to"]) for one in difference(changed, capsys)["sources"]] == [(2, 3)]
    assert [(one["from"], one["to"]) for one in difference(changed, capsys, "--to", "2")["sources"]] == [(1, 2)]
    assert [(one["from"], one["to"]) for one in difference(changed, capsys, "--from", "1")["sources"]] == [(1, 3)]


def test_it_can_be_read_backwards(changed, capsys):
    (total,) = difference(changed, capsys, "--from", "2", "--to", "1")["totals"]
    assert moved(total) == Decimal("-9.345678901")


def test_another_source_stays_as_it_is_and_shares_the_customers(changed, capsys):
    text = changed.read_text().replace("usage:", "  - {name: other, kind: focus, location: other}\nusage:", 1)
    changed.write_text(text)
    row = {"BilledCost": "7", "BillingAccountId": "888", "Tags": '{"tenant": "acme"}'}
    write_focus(changed.parent / "other" / "o.csv", [row])
    assert call(changed, "ingest") == 0
    capsys.readouterr()
    both = difference(changed, capsys)
    assert [(one["source"], one["from"], one["to"]) for one in both["sources"]] == [("cloud", 1, 2), ("other", 1, 1)]
    one = difference(changed, capsys, "--source", "cloud")
    assert [line["source"] for line in one["sources"]] == ["cloud"]
    assert sum(moved(line) for line in one["by"]["customer"]) == Decimal("9.345678901")
    held = {line["Customer"]: Decimal(line["BilledCost"]["after"]) for line in one["by"]["customer"]}
    assert sum(held.values()) == Decimal("156.345678901")


def test_where_customers_cannot_be_told_the_rest_still_is(changed, capsys):
    (changed.parent / "data" / "inputs" / "HEAD.json").unlink()
    found = difference(changed, capsys)
    assert "customer" not in found["by"]
    assert "not taken in yet" in found["without_customers"]
    assert call(changed, "diff", "2026-10") == 0
    assert "by customer: cannot be told: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (["2026-09"], 3, "there is no billing data of any source for 2026-09"),
        (["2026-10", "--source", "clud"], 3, "there is no billing data of clud for 2026-10"),
        (["2026-10", "--from", "7", "--source", "cloud"], 3, "cloud 2026-10 has no version 7 that can be read"),
        (["2026-10", "--from", "2"], 3, "2026-10 has no two versions to compare: cloud v2"),
        (["2026-10", "--from", "closed"], 3, "2026-10 is not closed"),
        (["2026-10", "--from", "old"], 2, "'old' is no version"),
        (["10-2026"], 2, "is not a month"),
    ],
)
def test_what_cannot_be_compared_is_named(changed, capsys, argv, code, told):
    assert call(changed, "diff", *argv) == code
    assert told in capsys.readouterr().err


def test_a_ledger_changed_on_disk_is_not_compared(changed, capsys):
    part = period_folder(changed.parent / "data", "cloud", OCTOBER) / "v1" / "part-0.parquet"
    part.write_bytes(part.read_bytes() + b" ")
    assert call(changed, "diff", "2026-10") == 4
    assert "was changed since it was written" in capsys.readouterr().err


def test_old_versions_stay_readable_however_many_follow(changed, capsys):
    for cost in ("1", "2", "3"):
        deliver(changed, [*ROWS, {"BilledCost": cost}], capsys)
    current = head(changed.parent / "data", "cloud", OCTOBER)
    assert current is not None
    assert current.version == 5
    (total,) = difference(changed, capsys, "--from", "1", "--to", "5")["totals"]
    assert moved(total) == 3


def test_nothing_is_written(changed, capsys):
    before = {path: path.read_bytes() for path in changed.parent.rglob("*") if path.is_file()}
    assert call(changed, "diff", "2026-10") == 0
    capsys.readouterr()
    assert {path: path.read_bytes() for path in changed.parent.rglob("*") if path.is_file()} == before


def test_what_came_after_the_close_is_told_apart(tmp_path, capsys):
    config = write_project(tmp_path)
    deliver(
        config, [{**row, "ChargePeriodStart": "2026-10-31", "ChargePeriodEnd": "2026-11-01"} for row in ROWS], capsys
    )
    assert call(config, "run") == 0
    closing = ("close", "2026-10", "--by", "Ada", "--accept-gap", "no invoice yet", "--accept-estimates", "quarter end")
    assert call(config, *closing) == 0, capsys.readouterr().err
    deliver(config, [*ROWS, *LATE], capsys)
    found = difference(config, capsys, "--from", "closed")
    assert [(one["from"], one["to"]) for one in found["sources"]] == [(1, 2)]
