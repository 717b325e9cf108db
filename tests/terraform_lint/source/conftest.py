"""A small project in a temporary folder, and what the source reader says of it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from policies.resource import Gathered, Resource, TagSet
from terraform_lint.source.options import SourceOptions
from terraform_lint.source.project import read_source

Files = Mapping[str, str]


class Project:
    """Files below a folder; ``read`` judges nothing, it only gathers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, files: Files) -> "Project":
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def read(self, *below: str, **options: Any) -> Gathered:
        paths = [self.folder / name for name in below] or [self.folder]
        return read_source(paths, SourceOptions(**{"base": self.folder, "environment": {}, **options}))


class Resources:
    """Short ways to ask what was gathered."""

    @staticmethod
    def by_address(gathered: Gathered) -> dict[str, Resource]:
        found = {resource.address: resource for resource in gathered.resources}
        assert len(found) == len(gathered.resources)
        return found

    @classmethod
    def tags(cls, gathered: Gathered, address: str) -> TagSet:
        return cls.by_address(gathered)[address].carriers[0].tags

    @classmethod
    def known(cls, gathered: Gathered) -> dict[str, dict[str, str | None]]:
        """The known tags by address, where all of them are known."""
        found = {}
        for address, resource in cls.by_address(gathered).items():
            tags = resource.carriers[0].tags
            assert not tags.unknown, (address, tags)
            assert tags.rest is None, (address, tags)
            found[address] = dict(tags.known)
        return found


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Files], Project]:
    """Writes files and gives the project: ``project({"main.tf": "…"})``."""
    folder = tmp_path / "project"
    folder.mkdir()
    return lambda files: Project(folder).write(files)


@pytest.fixture
def known() -> Callable[[Gathered], dict[str, dict[str, str | None]]]:
    return Resources.known


@pytest.fixture
def tags() -> Callable[[Gathered, str], TagSet]:
    return Resources.tags


@pytest.fixture
def by_address() -> Callable[[Gathered], dict[str, Resource]]:
    return Resources.by_address
