"""What changed between two versions of a month's bill: exact, by provider, account, service, category and customer.

``choosing`` says which two versions of each source, ``comparing`` adds them up side by side and ``customers`` does so
by customer, ``records`` are what comes of it, ``telling`` is their text and JSON.
"""

from agent.differences.choosing import Side, Versions, choose
from agent.differences.comparing import compare
from agent.differences.records import DIMENSIONS, Difference, Line, Moved
from agent.differences.telling import document, told

__all__ = ["DIMENSIONS", "Difference", "Line", "Moved", "Side", "Versions", "choose", "compare", "document", "told"]
