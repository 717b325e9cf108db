"""What one allocation is made from: configuration, registry, drivers, the ledger's versions and day D."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agent.allocation.asof import AsOf
from agent.billing.ledger.versions import LedgerVersion
from agent.config.allocation import AllocationFile
from agent.config.application import ApplicationFile
from agent.period import Period
from agent.usage.interface import Driver
from policies.policy import PolicyFile
from policies.registry import Registry


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything an allocation depends on; the same facts give the same digits."""

    period: Period
    app: ApplicationFile
    rules: AllocationFile
    policy: PolicyFile
    registry: Registry
    drivers: Mapping[str, Driver]
    versions: tuple[LedgerVersion, ...]
    as_of: AsOf

    @property
    def cost_groups(self) -> dict[str, str]:
        """CostGroup by source; a source no longer configured counts as infrastructure."""
        return {source.name: source.cogs for source in self.app.sources}

    @property
    def day(self) -> date:
        """Day D."""
        return self.as_of.day
