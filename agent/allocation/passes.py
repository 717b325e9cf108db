"""The passes of the allocation, in the order they run. Each makes one table from one SQL body; the proof is last.

Kind was set at ingest. From there: recognise -> environment -> direct -> shared (pools) -> unused commitments to idle
-> base frozen -> idle and untagged -> charges that follow -> published -> proof. ``split`` is one body, run wherever
money is divided: it reads ``cell`` and ``weight`` and makes shares.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from agent.allocation.reciprocal import SolveNetworks
from agent.engine import Engine


@dataclass(frozen=True, slots=True)
class Pass:
    """One step: the table it makes, the body it runs, and the tables a shared body's fixed names point at."""

    table: str
    body: str
    reads: Mapping[str, str] = field(default_factory=dict)
    read_once: bool = False
    """The rows are read by one later pass only, so they need not be kept."""

    def run(self, engine: Engine) -> None:
        """Makes the table; raises ``EngineError`` naming it."""
        text = (files("agent.allocation") / "sql" / f"{self.body}.sql").read_text()
        if self.read_once:
            engine.define(self.table, text)
        else:
            engine.run(self.table, text, self.reads)


def _split(stage: str) -> Pass:
    return Pass(f"{stage}_share", "split", {"cell": f"{stage}_cell", "weight": f"{stage}_weight"})


Step = Pass | SolveNetworks
"""What makes one table; ``table`` names it."""

READ: tuple[Step, ...] = (
    Pass("wanted_resource", "05_wanted_resource"),
    Pass("line", "10_line"),
    Pass("subject", "12_subject"),
)
"""The ledger at the grain of the allocation, and the distinct things that rules look at."""

RECOGNISE = (Pass("recognised", "20_recognised"),)
"""Lines with what the rules say of them (table ``subject_rule``, resolved by ``policies``)."""

CLASSIFY = (
    Pass("side_cell", "22_unknown_side"),
    Pass("side_weight", "23_side_weight"),
    _split("side"),
    Pass("sided", "25_sided", read_once=True),
    Pass("placed", "26_placed"),
    Pass("discount_key", "30_discount_key"),
    Pass("discount_weight", "31_discount_weight"),
    Pass("discount_cell", "32_discount_cell"),
    _split("discount"),
    Pass("outcome", "33_outcome"),
    Pass("usage_class", "34_usage_class", read_once=True),
    Pass("resource_outcome", "35_resource_outcome"),
    Pass("tax_cell", "36_tax_cell"),
    _split("tax"),
    Pass("charge_line", "37_charge_line", read_once=True),
    Pass("charge_class", "38_charge_class", read_once=True),
    Pass("classified", "39_classified"),
)
"""Environment, direct, discounts to the usage they reduce, charges with a customer of their own: one class a row."""

SHARE_POOLS: tuple[Step, ...] = (
    Pass("pool_cell", "40_pool_cell"),
    Pass("blend_share", "split", {"cell": "pool_cell", "weight": "blend_weight"}),
    Pass("pool_span", "42_pool_span"),
    Pass("pool_part", "43_pool_part"),
    Pass("driver_day", "44_driver_day"),
    Pass("capacity_day", "45_capacity_day"),
    Pass("capacity_span", "45_capacity_span"),
    Pass("direct_cost", "45_direct_cost"),
    Pass("primary_weight", "46_primary_weight"),
    Pass("missing_span", "47_missing_span"),
    Pass("fallback_weight", "48_fallback_weight"),
    Pass("pool_weight", "49_pool_weight", read_once=True),
    SolveNetworks(),
    Pass("consumer_weight", "49_consumer_weight", read_once=True),
    Pass("pool_share", "split", {"cell": "pool_part", "weight": "consumer_weight"}),
    Pass("pool_result", "50_pool_result"),
)
"""Pools, split by their drivers; what has no driver falls back, listed."""

SPREAD = (
    Pass("base", "52_base"),
    Pass("spread_line", "53_spread_line", read_once=True),
    Pass("spread_cell", "54_spread_cell"),
    Pass("scope_base", "55_scope_base"),
    Pass("spread_weight", "56_spread_weight"),
    _split("spread"),
    Pass("standard_rate", "57_standard_rate"),
    Pass("spread_result", "58_spread_result"),
)
"""The base is frozen, then idle and untagged are spread over it."""

FOLLOW = (
    Pass("follow_key", "60_follow_key"),
    Pass("follow_weight", "61_follow_weight"),
    Pass("follow_cell", "62_follow_cell"),
    _split("follow"),
    Pass("follow_part", "64_follow_part"),
    Pass("follow_target", "65_follow_target"),
    Pass("distribution", "66_distribution"),
    Pass("landing_cell", "67_landing_cell"),
    Pass("landing_share", "split", {"cell": "landing_cell", "weight": "distribution"}),
    Pass("follow_result", "68_follow_result"),
)
"""Tax, support, credits, refunds and fees go where what they relate to went."""

PUBLISH = (
    Pass("allocation", "70_allocation"),
    Pass("published", "75_published", read_once=True),
)
"""The month's own rows, and beside them the adjustments of closed months (table ``adjustment``)."""

PROVE = (
    Pass("source_cell", "90_source_cell"),
    Pass("split_cell", "91_split_cell"),
)
"""Cells that must tie to the last digit; ``agent.allocation.proof`` raises when one does not."""

AFTER_RECOGNITION = (*RECOGNISE, *CLASSIFY, *SHARE_POOLS, *SPREAD, *FOLLOW, *PUBLISH, *PROVE)
