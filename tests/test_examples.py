"""Each folder of examples/ is a complete configuration that loads and is named in the README."""

from pathlib import Path

import pytest

from agent.config.allocation import AllocationFile
from agent.config.application import ApplicationFile
from policies.policy import PolicyFile
from policies.registry import read_registry
from policies.source import load

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_configuration_loads(name: str) -> None:
    folder = EXAMPLES / name
    application = load(folder / "apportion.yaml", ApplicationFile)
    allocation = load(folder / "allocation.yaml", AllocationFile)
    assert load(folder / "policy.yaml", PolicyFile).tags
    assert read_registry(folder / "customers.csv", "customers.csv").ids
    drivers = {pool.driver for pool in allocation.pools} | {d.driver for pool in allocation.pools for d in pool.drivers}
    assert drivers - {None} <= {usage.name for usage in application.usage}


@pytest.mark.parametrize("name", NAMES)
def test_readme_names_the_example(name: str) -> None:
    assert f"`{name}`" in (EXAMPLES / "README.md").read_text()


def test_there_are_examples() -> None:
    assert NAMES == ["aws-only", "kubernetes", "multi-cloud"]
