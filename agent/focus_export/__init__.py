"""The ledger as a FOCUS file, so that other FinOps tools can use the exact bill."""

from agent.focus_export.exporting import Exported, export

__all__ = ["Exported", "export"]
