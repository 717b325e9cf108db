"""The page in a real browser: what its script makes of it. Chromium without a network, driven by its own DOM dump."""

import re
import subprocess
from dataclasses import replace

import pytest

from reports import html
from tests.reports.example_report import PEOPLE, example_report

pytestmark = pytest.mark.slow

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
    "--dump-dom",
)  # fmt: skip
DRIVER = """<script>
const head = document.querySelector("#customers th[data-key=cost] button");
head.click();
const first = () => document.querySelector("#customers tbody tr").cells[0].textContent;
const dearest = first();
head.click();
const search = document.getElementById("search");
search.value = "GROWTH annual";
search.dispatchEvent(new Event("input"));
document.body.dataset.found = [dearest, first(), document.getElementById("found").textContent].join("; ");
</script>"""


@pytest.fixture
def seen(tool, tmp_path):
    """Opens a page with a hash; gives the DOM after the script ran, and what the browser's console said."""
    chromium = tool("chromium")

    def look(text, fragment=""):
        page = tmp_path / "page.html"
        page.write_text(text)
        command = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"{page.as_uri()}{fragment}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)

    return look


def test_a_hash_opens_the_drill_down_of_a_customer(seen):
    dom, console = seen(html.render(example_report()), "#customer=corvid")
    drill = dom[dom.index("<dialog") :]
    assert re.match(r'<dialog id="drill"[^>]* open', drill)
    assert "Corvid Analytics GmbH" in drill
    assert '<td class="num" title="11875.2">11,875.20</td>' in drill
    assert "2026-10-21" in drill
    assert console == ""


def test_columns_sort_and_the_search_counts_what_it_leaves(seen):
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html.render(example_report()))
    dom, _ = seen(text.replace("</body>", f"{DRIVER}</body>"))
    found = re.search(r'data-found="([^"]*)"', dom)
    assert found
    assert found[1] == "corvid; lumen; 1 of 12, cost 14,652.85 USD"
    assert re.search(r'data-key="cost" data-kind="money" aria-sort="ascending"', dom)


def test_a_hostile_name_runs_nothing_even_in_the_drill_down(seen):
    name = "</script><img src=x onerror=\"document.body.dataset.pwned='yes'\">"
    report = example_report(through=2, people=(replace(PEOPLE[0], id="x", name=name, tier=name),))
    dom, console = seen(html.render(report), "#customer=x")
    assert "data-pwned" not in dom
    assert "&lt;img src=x" in dom[dom.index("<dialog") :]
    assert console == ""
