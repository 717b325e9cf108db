"""Which dataset a file holds, by its lines: only a file that nothing else tells is looked at."""

from collections.abc import Mapping, Sequence

import numpy as np

from agent.billing.delivery.export import ExportFile
from agent.billing.microsoft.charges import CHARGE_TYPES
from agent.billing.microsoft.datasets import ACTUAL, AMORTIZED
from agent.billing.microsoft.header import resolve
from agent.billing.microsoft.lines import charge_types, priced_by_commitment
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.table_files import columns_of, located

_TELLING = ("ChargeType", "PricingModel", "Cost")


def dataset_by_content(file: ExportFile) -> str:
    """Amortised costs charge for covered usage and for unused commitments, actual costs for the commitments themselves.

    '' where no line has to do with a commitment. Stops at the first line that tells.
    """
    for columns in columns_of(file.path, file.shown, _telling):
        try:
            spread, payments = _seen(columns)
        except ReadFault as fault:
            raise located(file.path, file.shown, fault) from fault
        if spread or payments:
            return AMORTIZED if spread else ACTUAL
    return ""


def _seen(columns: Columns) -> tuple[bool, bool]:
    """Whether any line charges for covered usage or an unused part, and whether any is a payment for a commitment."""
    types = charge_types(columns)
    charged = priced_by_commitment(columns, types) & (columns.cost("Cost").signs() != 0)
    paid_before = np.array([charge.paid_before for charge in CHARGE_TYPES])
    pays = np.array([charge.pays for charge in CHARGE_TYPES])
    return bool((charged & paid_before[types]).any()), bool((charged & pays[types]).any())


def _telling(names: Sequence[str], shown: str) -> Mapping[str, int]:
    return {column: place for column, place in resolve(names, shown).items() if column in _TELLING}
