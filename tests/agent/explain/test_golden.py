"""A small company whose every number stands worked out by hand in company/README.md."""

import csv
import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from agent import cli, pipeline
from agent.config.loading import load_application
from agent.explain.document import schema
from agent.explain.lines import explain
from agent.explain.records import Asked, Explanation, Part, walked
from agent.money import text_from_units, units_from_text
from agent.period import Period
from agent.progress import Quiet
from tests.cases.test_cases import application

HERE = Path(__file__).parent / "company"
OCTOBER = Period(2026, 10)
Explain = Callable[..., Explanation]


def made(folder: Path, **rules: str) -> Path:
    """The company ingested and allocated; ``rules`` replaces lines of allocation.yaml by their key."""
    project = Path(shutil.copytree(HERE, folder / "company"))
    lines = (project / "allocation.yaml").read_text().splitlines()
    kept = [line for line in lines if line.partition(":")[0] not in rules]
    (project / "allocation.yaml").write_text("\n".join([*kept, *(f"{key}: {text}" for key, text in rules.items()), ""]))
    (project / "apportion.yaml").write_text(application(project))
    settings = load_application(project / "apportion.yaml")
    pipeline.ingest(settings, None, Quiet())
    pipeline.allocate(settings, OCTOBER, Quiet())
    return project


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("explained"))


@pytest.fixture
def walk(company: Path) -> Explain:
    def walk(customer: str, **options: object) -> Explanation:
        return walked_back(company, customer, **options)

    return walk


def walked_back(project: Path, customer: str, **options: object) -> Explanation:
    settings = load_application(project / "apportion.yaml")
    asked = Asked(customer, **options)  # type: ignore[arg-type]  # options of one call
    found = explain(settings, OCTOBER, asked, Quiet())
    assert found.faults == ()
    return found


def part(explanation: Explanation, *names: str) -> Part:
    """The part with this path below the root; ``whole`` steps to what a part is a share of."""
    found = explanation.tree
    for name in names:
        if name == "whole":
            assert found.whole is not None
            found = found.whole
        else:
            found = {below.name.replace(",", ""): below for below in found.parts}[name]
    return found


def amount(explanation: Explanation, *names: str) -> str:
    return text_from_units(part(explanation, *names).units)


def test_every_number_of_the_walk_is_the_one_worked_out_by_hand(walk: Explain) -> None:
    found = walk("acorn", top=0)
    steps = [(path, each) for path, each in walked(found.tree) if "(whole)" not in path]
    computed = [[path.replace(",", ""), text_from_units(each.units)] for path, each in steps]
    with (HERE / "expected_acorn.csv").open(newline="") as file:
        assert computed == [[row["path"], row["amount"]] for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("pool", "total", "said"),
    [
        ("database", "120", "usage by seconds; 75.0000 % of the pool's 120.00"),
        ("gateway", "90", "blend of drivers (2 calls, 1 seconds); 47.2222 % of the pool's 90.00"),
        ("search", "50", "usage by queries; 50.0000 % of the pool's 50.00"),
        ("platform", "30", "equal parts; 50.0000 % of the pool's 30.00"),
        ("stream", "735", "fixed percentages; 50.0000 % of the pool's 735.00"),
        ("logs", "12", "direct cost; 50.0000 % of the pool's 12.00"),
    ],
)
def test_a_pool_says_its_method_its_total_and_the_share(walk: Explain, pool: str, total: str, said: str) -> None:
    found = part(walk("acorn"), "Shared", pool)
    assert found.told[0] == said
    assert found.whole is not None
    assert text_from_units(found.whole.units) == total


def test_a_pool_is_shown_by_day_with_the_driver_and_why_a_day_fell_back(walk: Explain) -> None:
    found = walk("acorn", pool="database")
    assert [(day.name, text_from_units(day.units)) for day in part(found, "Shared", "database").parts] == [
        ("2026-10-30", "15"),
        ("2026-10-31", "75"),
    ]
    assert part(found, "Shared", "database", "2026-10-31").told == (
        "75.0000 % of 100.00",
        "seconds 3 of 4 (75.0000 %)",
    )
    assert part(found, "Shared", "database", "2026-10-30").told == (
        "75.0000 % of 20.00",
        "seconds 3 of 4 (75.0000 %) over the month's valid days",
        "seconds has no row of 2026-10-30: by the quantities of the month's valid days (fallback: period)",
    )
    assert amount(found, "Shared", "database", "whole", "cloud", "Database prod-1", "db-1") == "120"


def test_a_day_shows_the_integers_that_its_shares_can_be_recomputed_from(walk: Explain) -> None:
    found = part(
        walk("birch", pool="database", day=OCTOBER.last_day), "Shared", "database", "2026-10-31", "usage seconds"
    )
    facts = {name: found.facts[name] for name in ("U", "W", "before", "weight", "share")}
    assert facts == {"U": str(10**26), "W": "4", "before": "3", "weight": "1", "share": str(25 * 10**24)}


def test_a_blend_is_split_by_each_of_its_drivers(walk: Explain) -> None:
    found = walk("acorn", pool="gateway", day=OCTOBER.last_day)
    assert amount(found, "Shared", "gateway", "2026-10-31", "usage calls") == "20"
    assert amount(found, "Shared", "gateway", "2026-10-31", "usage seconds") == "22.5"


def test_a_day_of_zeros_says_so_and_falls_back_to_equal_parts(walk: Explain) -> None:
    found = part(walk("acorn", pool="search"), "Shared", "search", "2026-10-31")
    assert found.told[1:] == (
        "one of 2 active that day (50.0000 %)",
        "queries is all zero on 2026-10-31: in equal parts (fallback: even)",
    )


def test_untagged_shows_the_base_it_was_spread_by(walk: Explain) -> None:
    found = part(walk("acorn"), "Untagged", "untagged")
    assert found.told == (
        "60.0000 % of 101.00 (pro_rata)",
        "base: 606 of 1,010 (60.0000 %), direct and shared cost, no less than 0, of the whole month",
    )
    assert found.whole is not None
    assert [text_from_units(below.units) for below in found.whole.parts] == ["101"]


def test_idle_of_a_pool_goes_by_what_was_used_of_it(walk: Explain) -> None:
    found = part(walk("birch"), "Idle", "idle of pool stream")
    assert found.told == (
        "37.5000 % of 147.00 (pro_rata)",
        "base: 220.5 of 588 (37.5000 %), what that pool's customers used",
    )
    assert amount(walk("birch"), "Idle", "idle of pool stream", "whole", "unused capacity of pool stream") == "147"


def test_a_charge_shows_what_it_followed_and_what_it_fell_on(walk: Explain) -> None:
    found = walk("acorn", top=0)
    assert part(found, "Charges", "tax that follows", "cloud Tax prod-1").told == (
        "4.7694 % of 12.58",
        "follows cost of the same account: 60 of 1,258 (4.7694 %)",
    )
    landed = part(found, "Charges", "tax that follows", "through pool stream")
    assert landed.told == (
        "62.5000 % of 7.35 that fell on pool stream",
        "as pool stream ended: 459.375 of 735 (62.5000 %)",
    )


def test_ledger_rows_name_the_raw_tag_and_the_rule_that_found_the_customer(walk: Explain) -> None:
    resource = part(walk("acorn", rows=True), "Direct", "cloud", "Compute prod-1", "vm-a")
    (row,) = resource.parts
    assert row.told == ("customer rule 1 (tag: tenant): TenantID = Acorn",)
    facts = {name: row.facts[name] for name in ("source", "version", "sku", "day", "tags", "raw_lines")}
    assert facts == {
        "source": "cloud",
        "version": 1,
        "sku": "large",
        "day": "2026-10-31",
        "tags": '{"TenantID":"Acorn"}',
        "raw_lines": 2,
    }


def test_a_ledger_row_goes_down_to_the_lines_of_the_delivered_file(walk: Explain) -> None:
    resource = part(walk("acorn", rows=True, lines=True), "Direct", "cloud", "Compute prod-1", "vm-a")
    lines = [(line.name, text_from_units(line.units)) for line in resource.parts[0].parts]
    assert lines == [("billing.csv:2", "45"), ("billing.csv:3", "15")]


def test_billed_cost_is_walked_alike(walk: Explain) -> None:
    assert amount(walk("acorn", metric="billed"), "Direct") == "50"


def test_parts_that_are_not_shown_stand_in_one_line_with_their_sum(walk: Explain) -> None:
    last = part(walk("acorn", top=2), "Charges", "tax that follows").parts[-1]
    assert (last.kind, last.name, last.facts["count"]) == ("others", "6 more parts", 6)
    assert text_from_units(last.units) == "2.091"


def test_what_is_unallocated_is_walked_by_reason(walk: Explain) -> None:
    found = walk("@unallocated")
    assert amount(found) == "10"
    assert amount(found, "unknown-driver-customer", "Shared", "mail") == "10"


def test_an_internal_customer_costs_nothing_and_is_shown_beside(walk: Explain) -> None:
    found = walk("cedar")
    assert amount(found) == "0"
    assert [text_from_units(beside.units) for beside in found.beside] == ["24.442"]
    opex = walk("@opex")
    assert amount(opex) == "24.442"
    assert amount(opex, "cedar", "Charges") == "0.242"


def test_nothing_on_the_balance_sheet_is_no_error(walk: Explain) -> None:
    assert amount(walk("@balance_sheet")) == "0"


def test_idle_at_a_standard_rate_shows_the_rate_and_what_it_leaves_over(tmp_path: Path) -> None:
    project = made(tmp_path, idle="{method: tax, rate: '0.5'}")
    found = part(walked_back(project, "acorn"), "Idle", "idle at a standard rate")
    assert (text_from_units(found.units), found.told) == (
        "30",
        ("standard rate 0.5 x direct cost, no less than 0, cut to units",),
    )
    # 147 less a half of 60 + 40 + 20
    assert amount(walked_back(project, "@unallocated"), "under-recovery", "Idle") == "87"


def test_idle_in_a_bucket_is_unallocated_with_its_reason(tmp_path: Path) -> None:
    project = made(tmp_path, idle="{method: bucket}")
    assert amount(walked_back(project, "@unallocated", top=0), "idle-bucket", "Idle") == "147"
    assert "Idle" not in {below.name for below in walked_back(project, "acorn").tree.parts}


def test_the_documents_of_all_ids_fit_the_schema(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for known in ("acorn", "birch", "cedar", "@unallocated", "@opex", "@balance_sheet"):
        argv = ["explain", known, "--period", "2026-10", "--format", "json", "--rows", "--pool", "database"]
        assert cli.main([*argv, "--config", str(company / "apportion.yaml"), "--quiet"]) == 0
        document = json.loads(capsys.readouterr().out, parse_float=Decimal)
        jsonschema.validate(document, schema())
        assert document["holds"] is True
        assert {check["difference"] for check in document["checks"]} == {"0"}
        assert units_from_text(document["cost"]) == units_from_text(document["tree"]["amount"])
