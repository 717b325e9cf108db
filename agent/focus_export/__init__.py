"""The ledger, or the allocation, as a FOCUS file, so that other FinOps tools can use exact figures."""

from agent.focus_export.allocated import AllocatedFile, AllocatedMonth, export_allocation
from agent.focus_export.exporting import Exported, export
from agent.focus_export.flows import flows

__all__ = ["AllocatedFile", "AllocatedMonth", "Exported", "export", "export_allocation", "flows"]
