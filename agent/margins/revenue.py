"""Revenue as margins use it; read where the other inputs are, so that ingest refuses a bad file at once."""

from agent.revenue import Revenue, read_revenue

__all__ = ["Revenue", "read_revenue"]
