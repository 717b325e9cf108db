"""YAML that is nested past all sense is one fault with a line; the process goes on."""

from pathlib import Path

import pytest

from policies.faults import FaultsError
from policies.yaml_depth import DEEPEST
from policies.yaml_tree import read_yaml


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000])
def test_a_file_nested_deeper_than_anyone_writes_is_a_fault(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"version: 1\ntags:\n  {text}")
    with pytest.raises(FaultsError) as caught:
        read_yaml(path)
    [fault] = caught.value.faults
    assert (fault.line, fault.message) == (3, f"nested deeper than {DEEPEST} levels")


def test_the_deepest_that_is_read_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text("[" * DEEPEST + "x" + "]" * DEEPEST)
    value = read_yaml(path).value
    for _ in range(DEEPEST):
        assert isinstance(value, list)
        [value] = value
    assert value == "x"
