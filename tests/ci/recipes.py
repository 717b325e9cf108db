"""The recipes of docs/ci.md: each fenced block that names a file, and the shell in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
_BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_GROOVY_SHELL = re.compile(r"\bsh '''\n(.*?)'''", re.DOTALL)


@dataclass(frozen=True)
class Recipe:
    file: str
    language: str
    text: str

    @property
    def content(self) -> Any:
        return yaml.safe_load(self.text)


def recipes() -> dict[str, Recipe]:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    return {file: Recipe(file, language, text) for language, file, text in _BLOCK.findall(page)}


def shell_of(recipe: Recipe) -> list[str]:
    """The scripts of a recipe, in the order in which they run. Steps that are no shell are left out."""
    return list(_SHELL[recipe.file.rpartition("/")[2].partition(".")[0] or recipe.file](recipe))


def _github(recipe: Recipe) -> Iterator[str]:
    for job in recipe.content["jobs"].values():
        yield from (step["run"] for step in job["steps"] if "run" in step)


def _gitlab(recipe: Recipe) -> Iterator[str]:
    for job in recipe.content.values():
        yield "\n".join(job["script"])


def _atlantis(recipe: Recipe) -> Iterator[str]:
    for workflow in recipe.content["workflows"].values():
        yield from (step["run"] for step in workflow["plan"]["steps"] if isinstance(step, dict))


def _azure(recipe: Recipe) -> Iterator[str]:
    yield from (step["bash"] for step in recipe.content["steps"] if "bash" in step)


def _jenkins(recipe: Recipe) -> Iterator[str]:
    yield from _GROOVY_SHELL.findall(recipe.text)


def _plain(recipe: Recipe) -> Iterator[str]:
    yield recipe.text


_SHELL = {
    "tags": lambda recipe: _plain(recipe) if recipe.language == "sh" else _github(recipe),
    "tags-source": _github,
    "tags-plain": _github,
    ".gitlab-ci.yml": _gitlab,
    "repos": _atlantis,
    "azure-pipelines": _azure,
    "Jenkinsfile": _jenkins,
    "baseline": _plain,
}
