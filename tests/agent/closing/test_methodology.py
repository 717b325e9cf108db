"""The fingerprint of a method, what adds to it and what changes it, and the quarter that locks it."""

from pathlib import Path

import pytest
import yaml

from agent.closing.calendar import quarter
from agent.closing.changes import compare
from agent.closing.methodology import methodology
from agent.config.loading import load_application
from agent.period import Period
from tests.books import AUGUST, BILL, JULY, SEPTEMBER, Company, company

RULES = """\
version: 1
methodology: {id: 2026-H2, from: 2026-07}
customer:
  - {tag: tenant}
  - {account: {"111": acorn}}
environment: {rules: [{tag: env}], opex: [dev, {value: qa, function: ga}]}
shared_values: [shared]
pools:
  - {name: database, match: {service: [Database, Cache]}, method: usage, driver: requests}
  - {name: rest, match: {tags: {team: platform}}, method: fixed, shares: {acorn: 60, birch: "40"}}
untagged: {method: tax, rate: "0.080"}
"""
POLICY = "version: 1\ntags:\n  - {key: tenant, aliases: [customer]}\n  - {key: env}\n  - {key: owner}\n"


def made(folder: Path, rules: str = RULES, policy: str = POLICY, **files: str) -> Company:
    books = company(folder / "company", JULY)
    for name, text in {"allocation.yaml": rules, "policy.yaml": policy, **files}.items():
        books.write(name, text)
    return books


def fingerprint(folder: Path, rules: str = RULES, policy: str = POLICY) -> str:
    return methodology(load_application(made(folder, rules, policy).config), JULY).fingerprint


SAME = {
    "comments": ("customer:", "# the first match wins\ncustomer:"),
    "a number written otherwise": ('rate: "0.080"', "rate: 0.08"),
    "a default written out": ("untagged: {method: tax", "untagged: {scope: all, method: tax"),
    "a list of any of in another order": ("[Database, Cache]", "[cache, DATABASE]"),
    "the order of environments": ("opex: [dev, {value: qa, function: ga}]", "opex: [{value: qa, function: ga}, dev]"),
    "the name of the method": ("id: 2026-H2", "id: other"),
    "shares as text": ('{acorn: 60, birch: "40"}', "{birch: 40, acorn: 60}"),
}
OTHER = {
    "the order of rules": (
        '  - {tag: tenant}\n  - {account: {"111": acorn}}\n',
        '  - {account: {"111": acorn}}\n  - {tag: tenant}\n',
    ),
    "a rate": ('"0.080"', '"0.081"'),
    "a function": ("function: ga", "function: sm"),
    "a share": ("acorn: 60", "acorn: 59"),
    "the windows of a sample": (
        "method: usage, driver: requests}",
        (
            "method: sampled, driver: requests, "
            "sample: {windows: [{first: 2026-07-01, last: 2026-07-02, from: 2026-07, until: 2026-09}]}}"
        ),
    ),
    "the case of a pattern": ("match: {tags: {team: platform}}", "match: {resource: Platform}"),
}


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME.keys())
def test_how_a_method_is_written_makes_no_difference(tmp_path, before, after):
    assert before in RULES
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b", RULES.replace(before, after))


@pytest.mark.parametrize(("before", "after"), OTHER.values(), ids=OTHER.keys())
def test_what_a_method_says_does(tmp_path, before, after):
    assert before in RULES
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "b", RULES.replace(before, after))


def test_keys_in_another_order_are_the_same_method(tmp_path):
    turned = yaml.safe_dump(yaml.safe_load(RULES), sort_keys=True, default_flow_style=False)
    assert turned != RULES
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b", turned.replace("'111'", '"111"'))


def test_only_the_keys_of_the_policy_that_rules_look_at_count(tmp_path):
    base = fingerprint(tmp_path / "a")
    assert fingerprint(tmp_path / "b", policy=POLICY.replace("{key: owner}", "{key: owner, mode: warn}")) == base
    assert fingerprint(tmp_path / "c", policy=POLICY.replace("[customer]", "[customer, client]")) != base


def test_what_the_sources_are_counts_and_where_they_lie_does_not(tmp_path):
    books = made(tmp_path)
    base = methodology(books.settings, JULY).fingerprint
    text = books.config.read_text()
    books.config.write_text(text.replace("location: exports", "location: elsewhere, late_after_days: 9"))
    assert methodology(books.settings, JULY).fingerprint == base
    books.config.write_text(text.replace("location: exports", "location: exports, cogs: support"))
    assert methodology(books.settings, JULY).fingerprint != base


@pytest.mark.parametrize(
    "measured",
    [
        "customer: {namespace: '^(?P<customer>.+)$'}, quantity: CPUCost",
        "customer: {label: tenant}, quantity: RAMCost",
        "customer: {label: tenant}, quantity: CPUCost, without: [kube-system]",
    ],
)
def test_how_a_driver_of_a_cluster_measures_is_part_of_the_method(tmp_path, measured):
    books = made(tmp_path)
    written = yaml.safe_load(books.config.read_text())

    def found(keys: str) -> str:
        driver = yaml.safe_load(f"{{name: requests, kind: opencost, location: cluster.csv, {keys}}}")
        books.write(books.config.name, yaml.safe_dump({**written, "usage": [driver]}))
        return methodology(load_application(books.config), JULY).fingerprint

    assert found(measured) != found("customer: {label: tenant}, quantity: CPUCost")


ADDED = {
    "a rule at the end": ('  - {account: {"111": acorn}}\n', '  - {account: {"111": acorn}}\n  - {tag: team}\n'),
    "an account": ('{"111": acorn}', '{"111": acorn, "222": birch}'),
    "a pool at the end": ("untagged:", "  - {name: last, match: {service: X}, method: even}\nuntagged:"),
    "a value of a match": ("[Database, Cache]", "[Database, Cache, Queue]"),
    "a shared value": ("[shared]", "[shared, all]"),
    "an environment": ("opex: [dev,", "opex: [dev, sandbox,"),
}
CHANGED = {
    **OTHER,
    "a rule before others": ("customer:\n", "customer:\n  - {tag: team}\n"),
    "a rule taken away": ('  - {account: {"111": acorn}}\n', ""),
    "an account of somebody else": ('{"111": acorn}', '{"111": birch}'),
    "a condition more": ("service: [Database, Cache]", "service: [Database, Cache], region: eu"),
    "a value less": ("[Database, Cache]", "[Database]"),
    "how idle is spread": ("untagged:", "idle: {method: bucket}\nuntagged:"),
    "where tax goes": ("untagged:", "charges: {tax: corporate}\nuntagged:"),
    "a default": ("environment: {", "environment: {default: opex, "),
}


@pytest.mark.parametrize(("before", "after"), ADDED.values(), ids=ADDED.keys())
def test_an_addition_by_its_form(tmp_path, before, after):
    assert before in RULES
    one, two = (methodology(made(tmp_path / name, rules).settings, JULY) for name, rules in
                (("a", RULES), ("b", RULES.replace(before, after))))  # fmt: skip
    found = compare(one.document, two.document)
    assert found.changes == ()
    assert len(found.additions) >= 1
    assert compare(two.document, one.document).changes


@pytest.mark.parametrize(("before", "after"), CHANGED.values(), ids=CHANGED.keys())
def test_a_change_by_its_form(tmp_path, before, after):
    assert before in RULES
    one, two = (methodology(made(tmp_path / name, rules).settings, JULY) for name, rules in
                (("a", RULES), ("b", RULES.replace(before, after))))  # fmt: skip
    assert compare(one.document, two.document).changes


@pytest.mark.parametrize(
    ("starts", "same", "other"),
    [(1, ("2026-07", "2026-09"), ("2026-06", "2026-10")), (2, ("2026-08", "2026-10"), ("2026-07", "2026-11")),
     (12, ("2025-12", "2026-02"), ("2025-11", "2026-03"))],
)  # fmt: skip
def test_quarters_are_counted_from_the_start_of_the_fiscal_year(starts, same, other):
    first, last, before, after = (quarter(Period.parse(month), starts) for month in (*same, *other))
    assert first == last
    assert before < first < after


# The lock


@pytest.fixture
def shut(books: Company) -> Company:
    """July closed by the rules of ``tests.books``; July to September are one quarter."""
    return books.closed(JULY)


def rules(books: Company, before: str, after: str) -> None:
    text = (books.root / "allocation.yaml").read_text()
    assert before in text
    books.write("allocation.yaml", text.replace(before, after))


def test_the_method_cannot_change_inside_a_quarter_that_has_closed_months(shut: Company, capsys):
    rules(shut, "pools:", "untagged: {method: bucket}\npools:")
    assert shut.call("allocate", "--period", "2026-08") == 2
    told = capsys.readouterr().err
    assert "the method changes inside a quarter of which 2026-07 is closed" in told
    assert 'untagged: the default became {"method": "bucket"}' in told
    assert "an id of its own, from: a month after 2026-07, 2026-08 at the latest, reason, approved_by" in told


@pytest.mark.parametrize(
    ("version", "lacks"),
    [
        ("{id: 2026-H2, from: 2026-08, reason: r, approved_by: a}", "an id of its own"),
        ("{id: new, from: 2026-07, reason: r, approved_by: a}", "from: a month after 2026-07"),
        ("{id: new, from: 2026-09, reason: r, approved_by: a}", "2026-08 at the latest"),
        ("{id: new, from: 2026-08, approved_by: a}", "reason"),
        ('{id: new, from: 2026-08, reason: r, approved_by: " "}', "approved_by"),
    ],
)
def test_a_new_version_needs_all_of_its_parts(shut: Company, capsys, version, lacks):
    rules(shut, "{id: 2026-H2, from: 2026-07}", version)
    rules(shut, "pools:", "untagged: {method: bucket}\npools:")
    assert shut.call("allocate", "--period", "2026-08") == 2
    assert lacks in capsys.readouterr().err.partition("methodology needs ")[2]


def test_a_version_with_reason_and_approver_is_in_force_from_its_month_on(shut: Company):
    shut.deliver(SEPTEMBER)
    shut.invoices(dict.fromkeys((JULY, AUGUST, SEPTEMBER), "140"))
    rules(shut, "{id: 2026-H2, from: 2026-07}", "{id: v2, from: 2026-08, reason: fairer, approved_by: CFO}")
    rules(shut, "pools:", "untagged: {method: pro_rata, base: direct}\npools:")
    shut.done("ingest")
    shut.done("allocate", "--period", "2026-08")
    method = shut.proof(AUGUST)["methodology"]
    assert (method["id"], method["reason"], method["approved_by"]) == ("v2", "fairer", "CFO")
    shut.done("report", "--period", "2026-08")
    notes = next((shut.results(AUGUST) / "report").glob("*.notes.txt")).read_text()
    assert "the method changed within the quarter: fairer (approved by CFO)" in notes
    assert f"fingerprint {method['fingerprint'][:12]}" in notes
    shut.done("close", "2026-08", "--by", "Ada")
    shut.done("allocate", "--period", "2026-09")
    assert shut.proof(SEPTEMBER)["methodology"]["in_force_since"] == "2026-08"


def test_the_next_quarter_may_have_another_method(shut: Company):
    text = shut.config.read_text().replace("close: {", "close: {fiscal_year_start: 2, ")
    shut.config.write_text(text)
    rules(shut, "pools:", "untagged: {method: bucket}\npools:")
    shut.done("allocate", "--period", "2026-08")
    assert "in_force_since" not in shut.proof(AUGUST)["methodology"]


def test_a_mapping_for_what_nobody_had_is_allowed_told_and_measured(shut: Company):
    shut.deliver(AUGUST, [*BILL, ("7", "vm-9", "")], SubAccountId="222")
    rules(shut, "  - {tag: tenant}\n", '  - {tag: tenant}\n  - {account: {"333": birch}}\n')
    shut.done("ingest")
    shut.done("allocate", "--period", "2026-08")
    method = shut.proof(AUGUST)["methodology"]
    assert (method["additions"], method["mapped"]) == (['customer[1] is new: {"account": {"333": "birch"}}'], {})
    with (shut.root / "allocation.yaml").open("a") as file:
        file.write("  - {name: compute, match: {service: Compute}, method: even}\n")
    shut.done("allocate", "--period", "2026-08")
    assert shut.proof(AUGUST)["methodology"]["mapped"] == {"USD": "17"}
    shut.done("report", "--period", "2026-08")
    notes = next((shut.results(AUGUST) / "report").glob("*.notes.txt")).read_text()
    assert "added to the rules since 2026-07, for 17.00 USD that nobody had: customer[1] is new" in notes
    shut.invoices({JULY: "140", AUGUST: "147"})
    shut.done("ingest")
    shut.done("allocate", "--period", "2026-08")
    shut.done("close", "2026-08", "--by", "Ada")


def test_a_mapping_that_takes_from_a_pool_is_a_change_of_the_method(shut: Company, capsys):
    shut.deliver(AUGUST, BILL, SubAccountId="222")
    rules(shut, "  - {tag: tenant}\n", '  - {tag: tenant}\n  - {account: {"222": birch}}\n')
    shut.done("ingest")
    assert shut.call("allocate", "--period", "2026-08") == 2
    told = capsys.readouterr().err
    assert "what was added takes 40 USD that had a customer, a pool or an environment: Database of 222" in told
    assert 'customer[1] is new: {"account": {"222": "birch"}}' in told


def test_a_closed_month_keeps_the_method_it_was_closed_with(shut: Company):
    document = yaml.safe_load((shut.entry(JULY) / "methodology.json").read_text())
    proof = shut.proof(JULY)["methodology"]
    assert (proof["id"], proof["fingerprint"]) == ("2026-H2", document["fingerprint"])
