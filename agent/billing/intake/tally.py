"""What each file says: rows and exact sums by period and currency, as written, and what was cut below 1e-24."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from agent.billing.ledger.columns import COSTS
from agent.billing.reading.batch import EXACT, Mask, Numbers, sum_units
from agent.money import UNIT_SCALE, text_from_units


@dataclass(slots=True)
class Tally:
    """Rows and sums of one file, period and currency: whole units, and the parts cut off below them."""

    rows: int = 0
    units: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COSTS, 0))
    cut: dict[str, Decimal] = field(default_factory=dict)

    def add(self, rows: int, costs: Mapping[str, Numbers], where: Mask | None) -> None:
        """Counts rows in; ``where`` (None: all) picks those of this currency."""
        self.rows += rows
        # NOTE: where nothing is amortised several costs are one column, which is summed once
        picked = {id(numbers): numbers if where is None else numbers.only(where) for numbers in costs.values()}
        units = {known: sum_units(numbers) for known, numbers in picked.items()}
        for name, numbers in costs.items():
            self.units[name] += units[id(numbers)]
            for text in picked[id(numbers)].cut.values():
                self.cut[name] = EXACT.add(self.cut.get(name, Decimal(0)), EXACT.create_decimal(text))

    def sums(self) -> dict[str, str]:
        """Exact text of each cost column as the file has it, digits below 1e-24 included."""
        return {name: exact_text(self.units[name], self.cut.get(name)) for name in COSTS}


def exact_text(units: int, cut: Decimal | None = None) -> str:
    """Units and the part below them as one plain decimal text without trailing zeros."""
    if not cut:
        return text_from_units(units)
    total = EXACT.add(EXACT.scaleb(Decimal(units), -UNIT_SCALE), cut)
    return format(total.normalize(EXACT), "f")
