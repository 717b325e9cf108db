"""Which values of an environment tag are production, and where the others are booked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policies.rules import Rule
from policies.tags import fold_value


@dataclass(frozen=True, slots=True)
class EnvironmentRules:
    """``rules`` find the value; ``cogs`` are production values; ``opex`` maps the others to rnd, sm or ga.

    Values are compared folded. One value on both sides is the configuration's mistake; here ``cogs`` wins.
    """

    rules: Sequence[Rule] = ()
    cogs: frozenset[str] = frozenset()
    opex: Mapping[str, str] = field(default_factory=dict)

    def booked(self) -> dict[str, tuple[str, str | None]]:
        """Folded value -> (side, function): ``("cogs", None)`` or ``("opex", "rnd")``."""
        known: dict[str, tuple[str, str | None]] = {fold_value(v): ("opex", f) for v, f in self.opex.items()}
        return known | {fold_value(value): ("cogs", None) for value in self.cogs}
