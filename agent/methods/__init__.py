"""Two methods over the same months: what each customer would cost by the other one, before anybody changes anything.

``choosing`` says which two methods, ``running`` allocates a month by one of them beside the published results,
``comparing`` sets the two sides against each other, ``lock`` asks the books whether the change is allowed; ``records``
are what comes of it, ``telling``, ``markdown`` and ``document`` its forms.
"""

from agent.methods.choosing import Method, choose, months
from agent.methods.comparing import compare
from agent.methods.document import document
from agent.methods.markdown import markdown
from agent.methods.records import Comparison
from agent.methods.telling import told

__all__ = ["Comparison", "Method", "choose", "compare", "document", "markdown", "months", "told"]
