"""The books: months closed for good, prior-period adjustments, and the method that a closed month puts in force."""

from agent.closing.adjusting import adjustments, answers_to, closed_beside, closed_facts, expected
from agent.closing.books import Closed, closed_month, closed_months, faults, refuse_faults
from agent.closing.calendar import earliest_open, open_months
from agent.closing.freezing import Terms, accept_attribution, close, refuse_closed, refuse_out_of_turn
from agent.closing.frozen import frozen_inputs, frozen_settings
from agent.closing.governing import governed
from agent.closing.methodology import Methodology, methodology

__all__ = [
    "Closed",
    "Methodology",
    "Terms",
    "accept_attribution",
    "adjustments",
    "answers_to",
    "close",
    "closed_beside",
    "closed_facts",
    "closed_month",
    "closed_months",
    "earliest_open",
    "expected",
    "faults",
    "frozen_inputs",
    "frozen_settings",
    "governed",
    "methodology",
    "open_months",
    "refuse_closed",
    "refuse_faults",
    "refuse_out_of_turn",
]
