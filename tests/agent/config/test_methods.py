"""A folder of versions: which one is in force, and every mistake of all of them at once, with file and line."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.config.loading import Settings, load_application
from agent.errors import ConfigError
from agent.period import Period


def version(known: str, begins: str, rest: str = "") -> str:
    return f"version: 1\nmethodology:\n  id: {known}\n  from: {begins}\n{rest}"


def load(root: Path, files: Mapping[str, str]) -> Settings:
    (root / "apportion.yaml").write_text("version: 1\nallocation: methods\n", encoding="utf-8")
    (root / "methods").mkdir(exist_ok=True)
    for name, text in files.items():
        (root / "methods" / name).write_text(text, encoding="utf-8")
    return load_application(root / "apportion.yaml")


def faults(root: Path, files: Mapping[str, str]) -> list[tuple[str, int, str]]:
    with pytest.raises(ConfigError) as caught:
        load(root, files)
    return [(Path(fault.file).name, fault.line, fault.message) for fault in caught.value.faults]


# Named against their order in time: the months decide, not the names.
VERSIONS = {"a.yaml": version("later", "2026-10"), "b.yaml": version("first", "2026-07")}


@pytest.mark.parametrize(
    ("month", "known"),
    [("2026-06", "first"), ("2026-07", "first"), ("2026-09", "first"), ("2026-10", "later"), ("2031-01", "later")],
)
def test_the_version_that_began_last_is_in_force_and_before_all_of_them_the_first(tmp_path, month, known):
    settings = load(tmp_path, VERSIONS)
    named = settings.allocation(Period.parse(month)).methodology
    assert named is not None
    assert named.id == known


def test_a_month_before_every_version_is_known_as_such(tmp_path):
    methods = load(tmp_path, VERSIONS).methods
    assert methods.first_month_missed(Period(2026, 6)) == Period(2026, 7)
    assert methods.first_month_missed(Period(2026, 7)) is None


def test_only_the_version_in_force_decides_a_month(tmp_path):
    settings = load(tmp_path, VERSIONS)
    assert list(settings.config_files(Period(2026, 9))) == ["apportion.yaml", "methods/b.yaml"]
    assert settings.file_names == ["apportion.yaml", "methods/b.yaml", "methods/a.yaml"]


def test_what_is_no_version_in_the_folder_is_left_alone(tmp_path):
    (tmp_path / "methods").mkdir()
    (tmp_path / "methods" / "README.md").write_text("why the method changed")
    assert len(load(tmp_path, VERSIONS).methods.versions) == 2


def test_two_versions_have_neither_the_same_name_nor_the_same_month(tmp_path):
    found = faults(tmp_path, {"a.yaml": version("x", "2026-07"), "b.yaml": version("x", "2026-07")})
    first = tmp_path / "methods" / "a.yaml"
    assert found == [
        ("b.yaml", 3, f"methodology.id: 'x' is that of {first}:3, too"),
        ("b.yaml", 4, f"methodology.from: '2026-07' is that of {first}:4, too"),
    ]


def test_every_mistake_of_every_version_is_told_at_once(tmp_path):
    found = faults(
        tmp_path,
        {
            "a.yaml": "version: 1\n",
            "b.yaml": version("b", "2026-13"),
            "c.yaml": version("c", "2026-08", "untagged: {method: never}\n"),
            "d.yml": version("d", "2026-09"),
        },
    )
    assert [(file, line) for file, line, _ in found] == [("c.yaml", 5), ("d.yml", 0), ("a.yaml", 1), ("b.yaml", 4)]
    assert "a version in a folder needs {id, from}" in found[2][2]


def test_a_folder_without_a_version_is_a_mistake(tmp_path):
    assert faults(tmp_path, {}) == [("apportion.yaml", 2, "allocation: the folder 'methods' holds no .yaml file")]
