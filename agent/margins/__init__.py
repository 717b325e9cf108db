"""Allocation and revenue to margin: by customer, tier, plan, segment and cohort."""

from agent.margins.summarising import summarise

__all__ = ["summarise"]
