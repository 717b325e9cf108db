"""Driver quantities as whole numbers: exact, of one scale where two are compared, and small enough to be added up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from agent.config.allocation import Pool
from agent.config.usage import DriverCapacity
from agent.errors import InputError
from agent.usage.interface import Driver

UNITS = pa.decimal128(38, 0)
_SUMMED = pa.decimal256(76, 12)
_LIMIT = 10**38
_EXACT = Context(prec=400)


@dataclass(frozen=True, slots=True)
class Scales:
    """The power of ten that makes each driver's quantities whole; equal for a driver and what is its capacity."""

    digits: Mapping[str, int]

    def rows(self, driver: Driver) -> pa.ChunkedArray:
        """The driver's quantities as DECIMAL(38,0). ``InputError`` where a sum of them could need more digits."""
        digits = self.digits[driver.name]
        refuse_overflow(driver, digits)
        cut = pc.cast(driver.rows["quantity"], pa.decimal128(38, digits))
        return pa.chunked_array([_as_units(chunk) for chunk in cut.chunks], UNITS)

    def fixed(self, driver: Driver, quantity: Decimal) -> Decimal:
        """A capacity of a day in the driver's scale. ``InputError`` as :meth:`rows`, over all of its days."""
        units = _EXACT.to_integral_exact(_EXACT.scaleb(quantity, self.digits[driver.name]))
        days = len(driver.rows["date"].unique())
        if int(units) * max(days, 1) >= _LIMIT:
            raise _too_many_digits(driver.name, f"a capacity of {quantity} a day", days)
        return units


def scales(drivers: Mapping[str, Driver], pools: Sequence[Pool]) -> Scales:
    """The least power of ten for each driver, raised to the largest among drivers that capacities tie together."""
    digits = {name: decimals_of(driver) for name, driver in drivers.items()}
    tied = [(name, capacity) for pool in pools for name, capacity in capacities(pool)]
    for name, capacity in tied:
        if name in digits and capacity.quantity is not None:
            digits[name] = max(digits[name], _decimals(capacity.quantity))
    changed = True
    while changed:
        changed = False
        for name, capacity in tied:
            if name in digits and capacity.driver in digits and digits[name] != digits[capacity.driver]:
                digits[name] = digits[capacity.driver] = max(digits[name], digits[capacity.driver])
                changed = True
    return Scales(digits)


def capacities(pool: Pool) -> list[tuple[str, DriverCapacity]]:
    """(driver, its capacity) of a pool: the pool's own, or those of the drivers it blends."""
    if pool.drivers:
        return [(blend.driver, blend.capacity) for blend in pool.drivers if blend.capacity is not None]
    return [(pool.driver, pool.capacity)] if pool.driver is not None and pool.capacity is not None else []


def decimals_of(driver: Driver) -> int:
    """The least number of decimals that holds every quantity of a driver."""
    quantity = driver.rows["quantity"]
    for digits in range(quantity.type.scale):
        try:
            pc.cast(quantity, pa.decimal128(38, digits))
        except pa.ArrowInvalid:
            continue
        return digits
    return int(quantity.type.scale)


def refuse_overflow(driver: Driver, digits: int) -> None:
    """``InputError`` where the driver's quantities, in units of 10^-digits, could sum to more than 38 digits."""
    amounts = pc.abs(pc.cast(driver.rows["quantity"], _SUMMED))
    total = pc.sum(amounts).as_py() or Decimal(0)
    if _EXACT.scaleb(total, digits) >= _LIMIT:
        raise _too_many_digits(driver.name, f"quantities of {digits} decimals", len(driver.rows))


def _too_many_digits(driver: str, what: str, count: int) -> InputError:
    return InputError(
        f"the driver {driver!r} has {what} that sum to more than 38 digits over {count} rows or days",
        where=f"usage {driver}",
        expected="quantities whose sum, decimals included, has at most 38 digits: they are added up exactly",
        mend="deliver the driver in a larger unit, or with fewer decimals; is it the right column?",
    )


def _decimals(quantity: Decimal) -> int:
    return max(0, -int(_EXACT.normalize(quantity).as_tuple().exponent))


def _as_units(decimals: pa.Decimal128Array) -> pa.Decimal128Array:
    """The same integers read at scale 0: a view of one buffer, no arithmetic."""
    return pa.Decimal128Array.from_buffers(UNITS, len(decimals), decimals.buffers(), offset=decimals.offset)
