"""The finance page: self-contained, deterministic, and deaf to whatever a customer is called."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from agent.margins.records import Note
from reports import html
from reports.customers import customers_table
from tests.reports.example_report import PEOPLE, empty_report, example_report, many_customers

ATTACKS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<!--",
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "</title><svg onload=alert(1)>",
)


class Page(HTMLParser):
    """Elements with their attributes, and the text of each script and style."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.bodies, self._inside = [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside = (tag, dict(attrs).get("type", "")) if tag in ("script", "style") else None

    def handle_data(self, data):
        if self._inside:
            self.bodies[self._inside] = self.bodies.get(self._inside, "") + data

    def handle_endtag(self, tag):
        self._inside = None

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def attacked(name):
    person = replace(PEOPLE[0], id=name, name=name, tier=name, plan=name, segment=name, cohort=name)
    report = example_report(through=3, people=(person,))
    summary = replace(report.summary, company=name)
    return replace(report, summary=summary, notes=(Note("info", name),), proof_line=name)


def test_the_same_report_gives_the_same_text():
    assert html.render(example_report()) == html.render(example_report())


def test_the_page_asks_no_server_for_anything():
    text = html.render(example_report())
    page = Page(text)
    assert re.findall(r"(?:https?:)?//[a-z]", text.replace("http://www.w3.org/2000/svg", "").replace("// S", "")) == []
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.elements}
    for _, attributes in page.elements:
        assert not {"src", "srcset", "action", "style"} & attributes.keys()
        assert attributes.get("href", "#").startswith("#")


def test_the_policy_lets_only_our_own_script_and_style_run():
    page = Page(html.render(example_report()))
    policy = next(meta["content"] for meta in page.named("meta") if "Policy" in meta.get("http-equiv", ""))
    for key, directive in ((("script", ""), "script-src"), (("style", ""), "style-src")):
        digest = base64.b64encode(hashlib.sha256(page.bodies[key].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_name_stays_text(name):
    harmless, page = Page(html.render(attacked("acme"))), Page(html.render(attacked(name)))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]
    assert [set(attributes) for _, attributes in page.elements] == [
        set(attributes) for _, attributes in harmless.elements
    ]
    assert page.bodies["script", ""] == harmless.bodies["script", ""]
    data = json.loads(page.bodies["script", "application/json"])
    assert next(iter(data["customers"])) == name


def test_proof_and_notes_stand_before_the_figures():
    report = example_report()
    text = html.render(report)
    places = [text.index(words) for words in (report.proof_line, "Revenue of 1 paying customer", "Total cost to serve")]
    assert places == sorted(places)
    assert places[-1] < text.index("By tier") < text.index('id="customers"')


def test_every_customer_row_links_to_its_drill_down():
    links = [link["href"] for link in Page(html.render(example_report())).named("a")]
    for cell in customers_table(example_report()).column("customer"):
        assert f"#customer={cell.text.replace('@', '%40')}" in links


def test_columns_sort_by_buttons_in_their_heads():
    page = Page(html.render(example_report()))
    heads = [head for head in page.named("th") if head.get("data-key")]
    assert heads
    assert all(head["aria-sort"] == "none" for head in heads)
    assert len([button for button in page.named("button") if "id" not in button]) == len(heads)


def test_exact_text_stands_in_the_tooltip_where_cents_are_cut():
    text = html.render(example_report())
    assert '<td class="num" title="36221.256789889">36,221.26</td>' in text
    assert '<td class="num">98,000.00</td>' in text


def test_a_month_without_anything_says_so_instead_of_empty_tables():
    page = Page(html.render(empty_report()))
    assert not page.named("table")
    assert "No customer in the registry, and no cost." in html.render(empty_report())


def test_the_page_grows_by_less_than_two_kilobytes_a_customer():
    few, many = (len(html.render(many_customers(count)).encode()) for count in (100, 300))
    assert (many - few) / 200 < 2000
