"""The docs cannot rot: generated parts are current, examples load, links lead somewhere, nothing is left out."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from agent.commands.catalogue import COMMANDS
from agent.config.allocation import AllocationFile
from agent.config.application import ApplicationFile
from agent.config.columns import ColumnsFile
from policies.policy import PolicyFile
from policies.source import load

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MODELS = (ApplicationFile, AllocationFile, PolicyFile, ColumnsFile)


def named(page):
    return str(page.relative_to(ROOT))


def blocks(language):
    """Every fenced block of one language, with the page it stands on."""
    fence = re.compile(rf"^```{language}\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [
        pytest.param(text, id=f"{named(page)}-{number}")
        for page in PAGES
        for number, text in enumerate(fence.findall(page.read_text()), 1)
    ]


def anchors(page):
    """What GitHub makes of a page's headings."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_generated_parts_are_current():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, f"run `make docs`:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_yaml_example_is_a_valid_file(text, tmp_path):
    file = tmp_path / "example.yaml"
    file.write_text(text)
    keys = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    models = [model for model in MODELS if keys <= model.model_fields.keys()]
    assert models, f"no configuration file has all of these keys: {sorted(keys)}"
    load(file, models[0])


@pytest.mark.parametrize("text", blocks("console"))
def test_every_command_shown_exists(text):
    words = [line.split()[:2] for line in text.splitlines()]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    known = {"apportion": {command.name for command in COMMANDS}, "make": set(targets)}
    assert [pair for pair in words if pair and pair[0] in known and pair[1] not in known[pair[0]]] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path) if path else page
        assert linked.exists(), f"{named(page)} links to {target}"
        assert not anchor or anchor in anchors(linked), f"{named(page)} links to {target}"


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == ROOT / "docs"], ids=named)
def test_every_page_is_reachable_from_the_index(page):
    index = ROOT / "docs" / "index.md"
    assert page == index or f"({page.name})" in index.read_text()


def test_every_decision_is_listed():
    index = (ROOT / "docs" / "index.md").read_text()
    assert [page.name for page in (ROOT / "docs" / "decisions").glob("*.md") if page.name not in index] == []


def test_no_page_describes_a_command_that_is_gone():
    assert {page.stem for page in (ROOT / "docs" / "commands").glob("*.md")} == {command.name for command in COMMANDS}


def test_every_setting_described_still_exists():
    described = yaml.safe_load((ROOT / "docs" / "settings.yaml").read_text())
    generated = (ROOT / "docs" / "configuration.md").read_text()
    gone = [name for name in described if f"### {name}\n" not in generated and not name.endswith("File")]
    assert gone == []


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *(each for group in project["dependency-groups"].values() for each in group if isinstance(each, str)),
    ]
    names = {re.split(r"[\[<>=! ]", each)[0] for each in asked}
    page = (ROOT / "docs" / "dependencies.md").read_text()
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
