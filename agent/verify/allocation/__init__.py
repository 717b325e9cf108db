"""The allocation once more, by a path of its own: ledger, rules and drivers in, every share as a fraction.

Written from the page on how cost finds its customer, in plain Python: integers, ``fractions`` and dictionaries. It
shares no code with the passes it judges. What it does not know how to recompute it names; it never passes over it.
"""

from agent.verify.allocation.audit import AllocationAudit
from agent.verify.allocation.gathered import Place
from agent.verify.allocation.sample import DAYS, Asked

__all__ = ["DAYS", "AllocationAudit", "Asked", "Place"]
