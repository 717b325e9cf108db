"""A small invented company: billing of two providers, usage, revenue, customers and configuration, for two months.

Everything a first run needs, made on the spot and without a network, the same bytes each time.
"""

from agent.demo.company import DemoCompany, write_demo

__all__ = ["DemoCompany", "write_demo"]
