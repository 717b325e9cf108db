"""The option that rewrites expectations."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update``: write what was computed into the expected files instead of comparing."""
    parser.addoption("--update", action="store_true", help="rewrite the expected files of tests/cases")
