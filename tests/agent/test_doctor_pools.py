"""What the doctor says of pools and the drivers they are split by, before money moves."""

from datetime import date
from pathlib import Path

import pytest

from agent import pipeline
from agent.config.loading import load_application
from agent.doctor import examine
from agent.progress import Quiet
from tests.project import usage, write_project

TODAY = date(2026, 11, 2)
MATCH = "match: {service: AmazonRDS}"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_project(tmp_path)


def said(config: Path, part: str) -> list[str]:
    """Warnings of one part, after an ingest."""
    settings = load_application(config)
    pipeline.ingest(settings, None, Quiet())
    return [one.text for one in examine(settings, TODAY) if one.part == part and one.state == "warn"]


def with_pools(config: Path, *pools: str) -> None:
    path = config.parent / "allocation.yaml"
    head = path.read_text().split("pools:")[0]
    path.write_text("\n".join([f"{head}pools:", *(f"  - {{{pool}}}" for pool in pools), ""]))


def with_driver(config: Path, name: str, rows: str) -> None:
    (config.parent / f"usage/{name}.csv").write_text(rows)
    text = config.read_text()
    added = f"usage:\n  - {{name: {name}, kind: csv, location: usage/{name}.csv, late_after_days: 40}}"
    config.write_text(text.replace("usage:", added, 1))


def cpu(quantity: str) -> str:
    return usage(("node-1",), quantity)


def test_a_pool_that_matches_nothing_is_named(config: Path):
    with_pools(config, "name: gone, match: {service: AmazonRedshift}, method: even")
    assert said(config, "pools") == ["gone matches no charge"]


def test_a_pool_that_only_takes_charges_that_are_sent_to_it_is_fine(config: Path):
    with_pools(config, "name: desk, match: {service: none}, method: even")
    path = config.parent / "allocation.yaml"
    path.write_text(f"{path.read_text()}charges: {{support: 'pool:desk'}}\n")
    assert said(config, "pools") == []


def test_a_pool_that_matches_everything_is_named(config: Path):
    with_pools(config, 'name: all, match: {service: "*"}, method: even')
    assert said(config, "pools") == ["all matches every charge"]


def test_a_pool_whose_charges_earlier_ones_take_is_named(config: Path):
    with_pools(config, f"name: one, {MATCH}, method: even", f"name: two, {MATCH}, method: even")
    assert said(config, "pools") == [
        "one and two match the same charges; one, listed first, takes them",
        "two takes nothing: one, listed before it, take all it matches",
    ]


def test_a_pool_of_charges_that_all_name_a_customer_is_named(config: Path):
    with_pools(config, "name: acme, match: {tags: {tenant: acme}}, method: even")
    assert said(config, "pools") == ["acme takes nothing: every charge it matches has a customer of its own"]


def test_a_customer_rule_that_never_decides_is_named(config: Path):
    path = config.parent / "allocation.yaml"
    path.write_text(path.read_text().replace("  - {tag: tenant}", "  - {tag: tenant}\n  - {tag: tenant, pattern: a.*}"))
    assert said(config, "customers") == ["customer rule 2 never decides: earlier ones find all it matches"]


def test_unknown_customers_of_a_driver_are_named_with_their_share(config: Path):
    (config.parent / "usage/requests.csv").write_text(usage(("acme", "globex", "acmee", "zzz"), "1"))
    assert said(config, "usage requests") == [
        "50.0 % of the quantity is of customers that are not registered: acmee (nearest: acme), zzz"
    ]


def test_rows_without_a_key_are_named_where_a_pool_has_parts(config: Path):
    with_pools(config, f"name: db, {MATCH}, method: usage, driver: requests, by: region")
    rows = "date,customer,quantity,key\n2026-10-31,acme,3,eu\n2026-10-31,globex,1,\n"
    (config.parent / "usage/requests.csv").write_text(rows)
    assert said(config, "pools") == ["db is split by parts, and 25.0 % of requests names no key"]


@pytest.mark.parametrize(
    ("capacity", "expected"),
    [
        ("6", []),
        ("601", ["db: the capacity of requests is more than a hundred times what is used (1.0 %)"]),
        ("5", ["db: the capacity of requests is exceeded on 2026-10-01, 2026-10-02, 2026-10-03 and 28 more days"]),
    ],
)
def test_a_capacity_far_from_what_is_used_is_a_warning(config: Path, capacity: str, expected: list[str]):
    with_driver(config, "cpu", cpu(capacity))
    with_pools(config, f"name: db, {MATCH}, method: usage, driver: requests, capacity: {{driver: cpu}}")
    assert said(config, "pools") == expected


def test_days_without_a_capacity_are_named(config: Path):
    with_driver(config, "cpu", cpu("9").replace("2026-10-07,node-1,9\n", ""))
    with_pools(config, f"name: db, {MATCH}, method: usage, driver: requests, capacity: {{driver: cpu}}")
    assert said(config, "pools") == ["db: the capacity of requests is not known on 2026-10-07"]


def test_a_blend_of_which_one_driver_lacks_days_is_named(config: Path):
    with_driver(config, "memory", usage().replace("2026-10-07,acme,3\n2026-10-07,globex,3\n", ""))
    blend = "drivers: [{driver: requests, weight: 60}, {driver: memory, weight: 40}]"
    with_pools(config, f"name: db, {MATCH}, method: usage, {blend}")
    assert said(config, "pools") == ["db blends requests, memory, and memory has no rows on 2026-10-07"]


def test_quantities_that_cannot_be_added_up_are_missing_before_money_moves(config: Path):
    (config.parent / "usage/requests.csv").write_text(usage(quantity="9999999999999999999999999.999999999999"))
    settings = load_application(config)
    found = [one for one in examine(settings, TODAY) if one.part == "usage requests" and one.state == "missing"]
    assert [one.text.split(" sum to")[0] for one in found] == [
        "the driver 'requests' has quantities of 12 decimals that"
    ]
