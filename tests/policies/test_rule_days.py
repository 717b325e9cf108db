"""The days of a rule: both ends included, open where they are not written, never the wrong way round."""

from datetime import date

import pytest
from pydantic import ValidationError

from policies.rules import Match, Rule, in_force

MARCH = [date(2026, 3, day) for day in (9, 10, 20, 21)]


@pytest.mark.parametrize(
    ("days", "held"),
    [
        ({}, [True, True, True, True]),
        ({"from": "2026-03-10"}, [False, True, True, True]),
        ({"until": "2026-03-20"}, [True, True, True, False]),
        ({"from": "2026-03-10", "until": "2026-03-20"}, [False, True, True, False]),
    ],
)
def test_both_ends_belong_to_it(days, held):
    rule, match = Rule.model_validate({"tag": "tenant"} | days), Match.model_validate({"service": "x"} | days)
    assert [in_force(rule, day) for day in MARCH] == held
    assert [in_force(match, day) for day in MARCH] == held


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ({"from": "2026-03-10", "until": "2026-03-09"}, "until 2026-03-09 lies before from 2026-03-10"),
        ({"until": "31.03.2026"}, "'31.03.2026' is not a date; write it as YYYY-MM-DD"),
        ({"until": "1774915200"}, "is not a date"),
    ],
)
def test_days_that_cannot_be_are_refused(days, message):
    with pytest.raises(ValidationError, match=r"rule would never hold|is not a date") as caught:
        Rule.model_validate({"tag": "tenant"} | days)
    assert message in str(caught.value)


def test_days_alone_are_no_condition():
    with pytest.raises(ValidationError, match="an empty match takes everything"):
        Match.model_validate({"from": "2026-03-10"})
