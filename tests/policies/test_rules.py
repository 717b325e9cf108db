"""The shapes of rules and matches that are refused, and what is said."""

from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from policies.rules import Match, Rule


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({}, "a rule has exactly one of: tag, account, name, service"),
        ({"tag": "a", "name": "b"}, "a rule has exactly one of"),
        ({"name": "x", "pattern": "y"}, "pattern and values go with tag"),
        ({"account": {"1": "a"}, "values": {"x": "y"}}, "pattern and values go with tag"),
        ({"tag": "a", "pattern": "("}, "not a regular expression"),
    ],
)
def test_a_rule_is_of_one_kind(written: Mapping[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message.replace("tag, account, name, service", "")):
        Rule.model_validate(written)


def test_an_empty_match_is_refused() -> None:
    with pytest.raises(ValidationError, match="an empty match takes everything"):
        Match.model_validate({})
