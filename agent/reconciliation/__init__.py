"""Does the bill tie to its invoices, and can its month still move. Reads only."""

from agent.billing.ledger.closed import closed
from agent.reconciliation.freshness import Standing, standing, standings
from agent.reconciliation.presence import absences
from agent.reconciliation.tying import TieOut, tie_outs

__all__ = ["Standing", "TieOut", "absences", "closed", "standing", "standings", "tie_outs"]
