"""Split cost allocation data: parts take what an instance costs, and nothing is added or lost, in any form."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.verify import raw
from tests.agent.billing.ledgers import OCTOBER, ingest, manifest, rows
from tests.cur2_rows import write_cur2
from tests.cur_rows import write_cur

SP = "arn:aws:savingsplans::111111111111:savingsplan/sp-1"
RI = "arn:aws:ec2:eu-west-3:111111111111:reserved-instances/ri-1"
COST, TYPE, NET = "lineItem/UnblendedCost", "lineItem/LineItemType", "lineItem/NetUnblendedCost"
PARENT, RESOURCE = "splitLineItem/ParentResourceId", "lineItem/ResourceId"
SPLIT, UNUSED = "splitLineItem/SplitCost", "splitLineItem/UnusedCost"
NET_SPLIT, NET_UNUSED = "splitLineItem/NetSplitCost", "splitLineItem/NetUnusedCost"


def part(pod, split, unused, parent="i-1", **more):
    line = {RESOURCE: pod, PARENT: parent, SPLIT: split, UNUSED: unused}
    return line | {"lineItem/ProductCode": "AmazonEKS", "lineItem/UsageType": "EKS-EC2-vCPU-Hours"} | more


def costs(data):
    """Billed and effective cost by resource, and whether it is idle."""
    found = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in rows(data):
        if row["x_Kind"] == "usage":
            key = (row["ResourceId"], "apportion:split" in row["Tags"])
            found[key][0] += Decimal(row["Billed"])
            found[key][1] += Decimal(row["Effective"])
    return {key: tuple(map(str, values)) for key, values in found.items()}


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("parts", [1, 2, 4])
def test_parts_take_their_cost_from_the_instance_wherever_it_lies(tmp_path, form, parts):
    lines = [
        part("pod-a", "0.5", "0.1"),
        part("pod-b", "0.2", "0"),
        {RESOURCE: "i-1", COST: "1"},
        {RESOURCE: "i-2", COST: "3"},
    ]
    ingest(write_cur(tmp_path / "x", lines, form=form, parts=parts), tmp_path / "data", kind="aws-cur")
    assert costs(tmp_path / "data") == {
        ("pod-a", False): ("0.5", "0.5"),
        ("pod-b", False): ("0.2", "0.2"),
        ("i-1", True): ("0.1", "0.1"),
        ("i-1", False): ("0.2", "0.2"),
        ("i-2", False): ("3", "3"),
    }
    assert manifest(tmp_path / "data").notes == ()


def test_cur_2_has_the_same_parts(tmp_path):
    lines = [
        {
            "line_item_resource_id": "pod-a",
            "split_line_item_parent_resource_id": "i-1",
            "split_line_item_split_cost": 0.5,
            "split_line_item_unused_cost": 0.1,
            "resource_tags": {"user_tenant": "acme", "aws_eks_cluster_name": "prod"},
        },
        {"line_item_resource_id": "i-1", "line_item_unblended_cost": 1.0, "resource_tags": {"user_team": "platform"}},
    ]
    ingest(write_cur2(tmp_path / "x", lines), tmp_path / "data", kind="aws-cur2")
    assert {(row["ResourceId"], row["Tags"], row["Effective"]) for row in rows(tmp_path / "data")} == {
        ("pod-a", '{"aws_eks_cluster_name":"prod","user_tenant":"acme"}', "0.5"),
        ("i-1", '{"user_team":"platform"}', "0.4"),
        ("i-1", '{"apportion:split":"unused","aws_eks_cluster_name":"prod","user_team":"platform"}', "0.1"),
    }


def test_a_part_of_a_reserved_instance_carries_the_reservation(tmp_path):
    covered = {TYPE: "DiscountedUsage", RESOURCE: "i-1", "reservation/ReservationARN": RI}
    lines = [part("pod-a", "0.4", "0.1"), covered | {"reservation/EffectiveCost": "0.8"}]
    ingest(write_cur(tmp_path / "x", lines), tmp_path / "data", kind="aws-cur")
    assert costs(tmp_path / "data") == {
        ("pod-a", False): ("0", "0.4"),
        ("i-1", True): ("0", "0.1"),
        ("i-1", False): ("0", "0.3"),
    }
    assert {(row["CommitmentDiscountId"], row["CommitmentDiscountStatus"]) for row in rows(tmp_path / "data")} == {
        (RI, "Used")
    }


def test_a_part_delivered_with_the_type_of_its_instance_needs_no_amortised_cost(tmp_path):
    lines = [
        part("pod-a", "0.4", "0.1", **{TYPE: "DiscountedUsage", "reservation/ReservationARN": RI, COST: ""}),
        {TYPE: "DiscountedUsage", RESOURCE: "i-1", "reservation/ReservationARN": RI, "reservation/EffectiveCost": "1"},
    ]
    ingest(write_cur(tmp_path / "x", lines), tmp_path / "data", kind="aws-cur")
    assert costs(tmp_path / "data")["pod-a", False] == ("0", "0.4")


def test_net_split_costs_go_with_net_costs(tmp_path):
    lines = [
        part("pod-a", "0.5", "0.1", **{NET_SPLIT: "0.45", NET_UNUSED: "0.09"}),
        {RESOURCE: "i-1", COST: "1", NET: "0.9"},
    ]
    ingest(write_cur(tmp_path / "x", lines), tmp_path / "data", kind="aws-cur")
    assert costs(tmp_path / "data") == {
        ("pod-a", False): ("0.45", "0.45"),
        ("i-1", True): ("0.09", "0.09"),
        ("i-1", False): ("0.36", "0.36"),
    }


def test_only_hours_of_the_instance_are_split(tmp_path):
    lines = [
        part("pod-a", "1", "0"),
        {RESOURCE: "i-1", COST: "1"},
        {RESOURCE: "i-1", COST: "9", "lineItem/UsageType": "EU-DataTransfer-Out-Bytes"},
        {RESOURCE: "i-1", COST: "-0.1", TYPE: "EdpDiscount"},
    ]
    ingest(write_cur(tmp_path / "x", lines), tmp_path / "data", kind="aws-cur")
    assert costs(tmp_path / "data") == {("pod-a", False): ("1", "1"), ("i-1", False): ("9", "9")}


def test_an_instance_of_another_account_or_day_is_another_instance(tmp_path):
    lines = [
        part("pod-a", "0.5", "0"),
        {RESOURCE: "i-1", COST: "1", "lineItem/UsageAccountId": "222222222222"},
        {
            RESOURCE: "i-1",
            COST: "2",
            "lineItem/UsageStartDate": "2026-10-06T13:00:00Z",
            "lineItem/UsageEndDate": "2026-10-06T14:00:00Z",
        },
    ]
    ingest(write_cur(tmp_path / "x", lines), tmp_path / "data", kind="aws-cur")
    assert costs(tmp_path / "data") == {("pod-a", False): ("0", "0"), ("i-1", False): ("3", "3")}
    [note] = manifest(tmp_path / "data").notes
    assert note.startswith("lines of split cost whose instance costs nothing here on their day: 1, 0.5 in all")


def test_parts_above_their_instance_are_told_and_still_add_nothing(tmp_path):
    ingest(
        write_cur(tmp_path / "x", [part("pod-a", "1.5", "0"), {RESOURCE: "i-1", COST: "1"}]),
        tmp_path / "data",
        kind="aws-cur",
    )
    assert costs(tmp_path / "data") == {("pod-a", False): ("1.5", "1.5"), ("i-1", False): ("-0.5", "-0.5")}
    [note] = manifest(tmp_path / "data").notes
    assert note.startswith("instances split into more than they cost on a day: 1, by 0.5 in all")


def test_fargate_is_money_of_its_own(tmp_path):
    line = {RESOURCE: "task-1", COST: "0.04", SPLIT: "0.03", UNUSED: "0.01"}
    ingest(write_cur(tmp_path / "x", [line]), tmp_path / "data", kind="aws-cur")
    assert costs(tmp_path / "data") == {("task-1", False): ("0.04", "0.04")}


AMOUNT = st.decimals(min_value=0, max_value=2, places=10).map(lambda amount: f"{amount:f}")
NODES = st.integers(0, 3)


@given(
    nodes=st.lists(st.tuples(NODES, st.sampled_from(["Usage", "SavingsPlanCoveredUsage"]), AMOUNT), max_size=12),
    pods=st.lists(st.tuples(NODES, st.integers(0, 4), AMOUNT, AMOUNT), max_size=12),
    parts=st.integers(1, 3),
)
def test_splitting_changes_no_sum_of_an_instances_day(tmp_path_factory, nodes, pods, parts):
    tmp_path = tmp_path_factory.mktemp("split")
    lines = [{COST: "1", RESOURCE: "other"}]
    expected = defaultdict(Decimal)
    for node, kind, amount in nodes:
        covered = {"savingsPlan/SavingsPlanARN": SP, "savingsPlan/SavingsPlanEffectiveCost": amount, COST: "1"}
        lines.append({RESOURCE: f"i-{node}", TYPE: kind} | ({COST: amount} if kind == "Usage" else covered))
        expected[None if kind == "Usage" else SP] += Decimal(amount)
    lines += [part(f"pod-{pod}", split, unused, f"i-{node}") for node, pod, split, unused in pods]
    ingest(write_cur(tmp_path / "x", lines, form="csv", parts=parts), tmp_path / "data", kind="aws-cur")
    found = defaultdict(Decimal)
    for row in rows(tmp_path / "data"):
        if row["ResourceId"] != "other":
            found[row["CommitmentDiscountId"]] += Decimal(row["Effective"])
            if row["x_Kind"] == "usage":
                billed = "0" if row["CommitmentDiscountId"] else row["Effective"]
                assert row["Billed"] == billed
    assert {key: value for key, value in found.items() if value} == {k: v for k, v in expected.items() if v}
    again = raw.sums(sorted((tmp_path / "x").rglob("*.csv")), "aws-cur", str(OCTOBER))
    for entry in manifest(tmp_path / "data").files:
        sums = again[tmp_path / "x" / entry.path]
        assert isinstance(sums, raw.FileSums)
        assert sums.costs.get("USD", (0, 0)) == tuple(
            Decimal(entry.sums.get("USD", {}).get(name, 0)) for name in ("BilledCost", "EffectiveCost")
        )
