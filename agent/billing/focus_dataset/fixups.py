"""Known faults of providers' FOCUS data, put right while reading; each is counted and told in a note.

What only may be a fault is told and left as delivered.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from agent.billing.focus_dataset.values import of_microsoft
from agent.billing.reading.batch import Mask, Numbers, Words, rows_by_values, sum_units
from agent.money import text_from_units

_MICROSOFT = "Microsoft"
Cell = tuple[str, str, str]
"""Provider (or ``Microsoft`` for all its names), billing period and currency."""


class FixUps:
    """The fix-ups of one ingest and what they have met so far."""

    def __init__(self) -> None:
        self._met: dict[Cell, tuple[int, int]] = {}

    def effective(self, words: Mapping[str, Words], effective: Numbers, signs: Mask) -> Numbers:
        """EffectiveCost without what a commitment's purchase repeats of the usage that it pays for.

        FOCUS has 0 on a purchase that covers later charges. Microsoft once delivered savings plan purchases with
        both costs (microsoft/finops-toolkit#1092): there it is set to 0. ``signs``: rows whose EffectiveCost is not 0.
        """
        purchases = signs & (np.asarray(words["x_Kind"].flags(lambda kind: kind == "commitment_purchase")) == 1)
        if not purchases.any():
            return effective
        microsoft = of_microsoft(words["ProviderName"], len(purchases))
        self._count(words, effective, purchases, microsoft)
        wrong = purchases & microsoft
        return effective.only(~wrong) if wrong.any() else effective

    def _count(self, words: Mapping[str, Words], effective: Numbers, rows: Mask, microsoft: Mask) -> None:
        by = (words["ProviderName"], words["BillingPeriodStart"], words["BillingCurrency"])
        for (provider, start, currency), found in rows_by_values(*by):
            here = rows if found is None else rows & found
            if not here.any():
                continue
            name = _MICROSOFT if microsoft[int(np.argmax(here))] else str(provider)
            cell = (name, str(start)[:7], str(currency))
            count, units = self._met.get(cell, (0, 0))
            self._met[cell] = count + int(here.sum()), units + sum_units(effective.only(here))

    def notes(self) -> Iterator[str]:
        """One sentence for each provider, billing period and currency, with the amount."""
        for (provider, period, currency), (count, units) in sorted(self._met.items()):
            said = (
                f"{period}: {count:,} commitment purchase{'s' if count != 1 else ''} of {provider} also carr"
                f"{'y' if count != 1 else 'ies'} an EffectiveCost, {text_from_units(units)} {currency} in all"
            )
            if provider == _MICROSOFT:
                yield f"{said}; it stands on the usage they cover as well and is taken as 0 (finops-toolkit#1092)"
            else:
                yield f"{said}; left as delivered: if the usage they cover carries it too, it counts twice"
