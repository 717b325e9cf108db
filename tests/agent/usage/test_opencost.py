import json
from decimal import Decimal

import pytest

from agent.config.usage import OpencostUsage
from agent.errors import InputError
from agent.usage import read_files
from policies.faults import FaultsError
from policies.source import validate
from policies.yaml_tree import yaml_tree

HEADER = "Date,Namespace,ControllerKind,ControllerName,Pod,Container,CPUCost,RAMCost,TotalCost,Labels,Label_team\n"
NAMESPACE = {"namespace": "^tenant-(?P<customer>.+)$"}


def config(customer=None, **keys):
    return OpencostUsage.model_validate(
        {"name": "k8s", "kind": "opencost", "location": "x", "customer": customer or NAMESPACE, "quantity": "TotalCost"}
        | keys
    )


def row(namespace, total, *, day="2026-10-05", pod="p", labels="", team="", cpu="1"):
    quoted = labels.replace('"', '""')
    return f'{day},{namespace},deployment,web,{pod},c,{cpu},1,{total},"{quoted}",{team}\n'


def allocation(namespace, total, *, day=5, labels=None, hours=24, **fields):
    end = f"2026-10-{day + 1:02d}T00:00:00Z" if hours == 24 else f"2026-10-{day:02d}T{hours:02d}:00:00Z"
    start = f"2026-10-{day:02d}T{0 if hours == 24 else hours - 1:02d}:00:00Z"
    return {
        "name": namespace,
        "properties": {"namespace": namespace, "labels": labels or {}} if not namespace.startswith("__") else {},
        "window": {"start": start, "end": end},
        "start": start,
        "end": end,
        "totalCost": total,
        "cpuCost": 1.5,
        "cpuCostAdjustment": -0.25,
    } | fields


def answer(*sets):
    return json.dumps({"code": 200, "data": list(sets)}).encode()


def weights(config, *files):
    named = [
        (f"{number}.csv", content if isinstance(content, bytes) else content.encode())
        for number, content in enumerate(files)
    ]
    rows = read_files(config, named).rows.to_pylist()
    return {(str(each["date"]), each["customer"]): each["quantity"] for each in rows}


def test_pods_are_summed_by_day_and_customer_exactly():
    pods = row("tenant-acme", "0.1") + row("tenant-acme", "0.2", pod="q") + row("tenant-globex", "3", day="2026-10-06")
    assert weights(config(), HEADER + pods) == {
        ("2026-10-05", "acme"): Decimal("0.3"),
        ("2026-10-06", "globex"): Decimal(3),
    }


def test_what_is_finer_than_a_quantity_is_cut_once_from_the_sum():
    pods = "".join(row("tenant-acme", "0.0000000000006", pod=str(pod)) for pod in range(3))
    assert weights(config(), HEADER + pods)["2026-10-05", "acme"] == Decimal("0.000000000001")


def test_what_is_no_customers_keeps_its_weight():
    pods = row("kube-system", "1") + row("__unmounted__", "2") + row("tenant-acme", "4") + row("acme", "8")
    assert weights(config(), HEADER + pods) == {("2026-10-05", "@unknown"): 11, ("2026-10-05", "acme"): 4}


def test_what_is_to_be_left_out_is():
    pods = row("kube-system", "1") + row("monitoring", "2") + row("tenant-acme", "4")
    found = weights(config(without=["kube-system"]), HEADER + pods)
    assert found == {("2026-10-05", "@unknown"): 2, ("2026-10-05", "acme"): 4}


def test_a_label_names_the_customer():
    pods = (
        row("a", "1", labels='{"app_kubernetes_io_part_of": "acme"}') + row("a", "2", pod="q") + row("b", "4", team="x")
    )
    by_label = config({"label": "app.kubernetes.io/part-of"})
    assert weights(by_label, HEADER + pods) == {("2026-10-05", "acme"): 1, ("2026-10-05", "@unknown"): 6}
    by_column = config({"label": "team", "pattern": "^(x)"})
    assert weights(by_column, HEADER + pods) == {("2026-10-05", "@unknown"): 3, ("2026-10-05", "x"): 4}


def test_the_quantity_is_the_one_asked_for():
    assert weights(config(quantity="CPUCost"), HEADER + row("tenant-acme", "9", cpu="0.25")) == {
        ("2026-10-05", "acme"): Decimal("0.25")
    }


def test_answers_of_the_api_have_a_set_for_each_day():
    sets = answer(
        {"tenant-acme": allocation("tenant-acme", 0.1), "__idle__": allocation("__idle__", 5)},
        {"tenant-acme": allocation("tenant-acme", 0.2, day=6)},
        None,
    )
    assert weights(config(without=["__idle__"]), sets) == {
        ("2026-10-05", "acme"): Decimal("0.1"),
        ("2026-10-06", "acme"): Decimal("0.2"),
    }
    assert weights(config(), sets)["2026-10-05", "@unknown"] == 5


def test_a_cost_of_the_api_has_its_adjustment_as_in_the_csv():
    found = weights(config(quantity="CPUCost"), answer({"a": allocation("tenant-acme", 0)}))
    assert found == {("2026-10-05", "acme"): Decimal("1.25")}


def test_idle_of_a_node_is_idle():
    sets = answer({"node-1/__idle__": allocation("__idle__", 5) | {"properties": {"node": "node-1"}}})
    assert weights(config(without=["__idle__"]), sets) == {}


def test_hours_come_by_the_api():
    sets = answer({"a": allocation("tenant-acme", 1, hours=4)}, {"a": allocation("tenant-acme", 2, hours=5)})
    rows = read_files(config(interval="hour"), [("a.json", sets)]).rows.to_pylist()
    assert [(each["hour"], each["quantity"]) for each in rows] == [(3, 1), (4, 2)]


def test_files_of_different_days_make_one_driver():
    one, other = HEADER + row("tenant-acme", "1"), answer({"a": allocation("tenant-acme", 2, day=6)})
    assert len(weights(config(), one, other)) == 2
    with pytest.raises(InputError, match=r"0.csv and 1.csv both hold 2026-10-05"):
        weights(config(), one, HEADER + row("tenant-globex", "1"))


@pytest.mark.parametrize(
    ("content", "message", "where"),
    [
        ("Date,Namespace,CPUCost\n", "columns are missing: TotalCost", "0.csv:1"),
        ("", "columns are missing: Date, Namespace, TotalCost", "0.csv:1"),
        (HEADER + "2026-10-05,a\n", "a row has 2 cells, the header has 11", "0.csv:2"),
        (HEADER + row("a", "1,5".replace(",", ";")), "TotalCost '1;5' is not a number", "0.csv:2"),
        (HEADER + row("a", "NaN"), "TotalCost 'NaN' is not a number", "0.csv:2"),
        (HEADER + row("a", "1\x00"), "is not a number", "0.csv:2"),
        (HEADER + row("a", "1", day="5.10.2026"), "Date '5.10.2026' is not a date", "0.csv:2"),
        (HEADER + row("a", "1", labels="tenant=acme"), "Labels is no JSON object", "0.csv:2"),
        (HEADER + row("a", "1") * 2, "the row stands in line 2, too", "0.csv:3"),
        (HEADER + row("a", "1e40"), "is too large", "k8s"),
        (HEADER + 'a,"b\n', "cannot be read as CSV", "0.csv:2"),
        (b"\xff\xfe", "no CSV in UTF-8", "0.csv"),
        (b"{}", "no answer of OpenCost's allocation API", "0.csv"),
        (b'{"code": 400, "data": [], "message": "bad"}', "no answer of OpenCost's allocation API", "0.csv"),
        (b'{"data": [', "no answer of OpenCost's allocation API", "0.csv"),
        (answer({"a": {"properties": {}}}), "an allocation without 'totalCost'", "0.csv, data[0] 'a'"),
        (answer({"a": allocation("a", None)}), "totalCost None is not a number", "0.csv, data[0] 'a'"),
        (answer({"a": allocation("a", 1, hours=4)}), "its window is 2026-10-05T03:00:00Z to", "0.csv, data[0] 'a'"),
        (
            answer({"a": allocation("a", 1, window={"start": "2026-10-05T02:00:00Z", "end": "2026-10-06T02:00:00Z"})}),
            "its day begins at 02:00 UTC",
            "0.csv, data[0] 'a'",
        ),
    ],
)
def test_what_cannot_be_read_exactly_is_refused_where_it_stands(content, message, where):
    with pytest.raises(InputError, match=message.replace("(", r"\(")) as refused:
        weights(config(), content)
    assert refused.value.where == where


def test_a_csv_has_no_hours():
    with pytest.raises(InputError, match="OpenCost's CSV is by day"):
        weights(config(interval="hour"), HEADER)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{kind: opencost}", "customer is missing\nx:1: quantity is missing"),
        (
            "{kind: opencost, quantity: CPUCost, customer: {}}",
            "expected either namespace, a pattern, or label, its name",
        ),
        (
            "{kind: opencost, quantity: CPUCost, customer: {namespace: a, pattern: b}}",
            "pattern goes with label; namespace is a pattern itself",
        ),
    ],
)
def test_its_keys_are_checked(text, message):
    with pytest.raises(FaultsError, match=message):
        validate(yaml_tree(text.replace("{", "{name: a, location: b, ", 1).encode(), "x"), OpencostUsage)
