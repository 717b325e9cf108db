"""Geometry of the page's charts: figures in, places of bars and words out. The template draws them as inline SVG.

Floats appear here only: lengths on a screen, never an amount.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from agent.margins.records import CLASSES, CustomerLine, PeriodReport
from agent.money import UNITS_PER_ONE
from reports.breakdown import CLASS_NAMES, class_mix, day_classes
from reports.customers import shown_cents
from reports.figures import DASH, cents, footing, grouped, percent
from reports.opening import target_mark

WIDTH, HEIGHT = 760.0, 230.0
LEFT, RIGHT, TOP, BOTTOM = 76.0, 4.0, 10.0, 26.0
TOP_CUSTOMERS = 15


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle; ``look`` names its colour."""

    look: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class DayColumn:
    """One day: its bars, the words of its tooltip, and its label where there is room for one."""

    bars: tuple[Bar, ...]
    hint: str
    label: str
    middle: float
    left: float
    breadth: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A gridline with its label."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class DayChart:
    """Cost to serve by day, stacked by class where the drill-down knows it."""

    columns: tuple[DayColumn, ...]
    ticks: tuple[Tick, ...]
    base: float


@dataclass(frozen=True, slots=True)
class Slice:
    """A class in the mix: cents that foot, share of the whole, place on a bar of 100."""

    look: str
    label: str
    text: str
    share: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class CustomerBar:
    """A customer's cost as a bar of 100 and its infrastructure margin."""

    customer: str
    name: str
    cost: str
    margin: str
    mark: str
    width: float


def day_chart(report: PeriodReport) -> DayChart | None:
    """None without a day that has cost."""
    totals = dict(report.daily)
    if not any(totals.values()):
        return None
    classes = day_classes(report)
    days = sorted(totals)
    stacks = {day: _stack(day, totals[day], classes) for day in days}
    highest = max(sum(units for _, units in stack if units > 0) for stack in stacks.values())
    lowest = min(sum(units for _, units in stack if units < 0) for stack in stacks.values())
    step = nice_step(Decimal(highest - lowest) / UNITS_PER_ONE)
    ceiling, floor = _ceil(highest, step), -_ceil(-lowest, step)
    scale = Scale(float(ceiling), float(floor))
    breadth = (WIDTH - LEFT - RIGHT) / len(days)
    columns = tuple(_column(day, stacks[day], scale, LEFT + place * breadth, breadth) for place, day in enumerate(days))
    ticks = tuple(
        Tick(scale.y(float(floor + step * n)), f"{floor + step * n:,f}") for n in _steps(ceiling, floor, step)
    )
    return DayChart(columns, ticks, scale.y(0.0))


class Scale:
    """From currency to a place on the screen."""

    def __init__(self, ceiling: float, floor: float) -> None:
        self._ceiling = ceiling
        self._per_one = (HEIGHT - TOP - BOTTOM) / (ceiling - floor)

    def y(self, value: float) -> float:
        return round(TOP + (self._ceiling - value) * self._per_one, 2)


def _steps(ceiling: Decimal, floor: Decimal, step: Decimal) -> range:
    return range(int((ceiling - floor) / step) + 1)


def nice_step(span: Decimal) -> Decimal:
    """1, 2 or 5 times a power of ten, so that three to six gridlines cover the span."""
    power = Decimal(1).scaleb((span / 4).adjusted())
    steps = (power, power * 2, power * 5, power * 10)
    return next(step for step in steps if step * 4 >= span)


def _ceil(units: int, step: Decimal) -> Decimal:
    """The next multiple of ``step`` at or above an amount that is not negative."""
    value: Decimal = Decimal(units) / UNITS_PER_ONE
    whole = value // step * step
    return whole if whole == value else whole + step


def _stack(day: date, total: int, classes: dict[tuple[date, str], int]) -> list[tuple[str, int]]:
    """(class, units) of a day; one part named ``cost`` if the classes do not make up the day's total."""
    parts = [(cls, classes.get((day, cls), 0)) for cls in CLASSES]
    return parts if sum(units for _, units in parts) == total else [("cost", total)]


def _column(day: date, stack: list[tuple[str, int]], scale: Scale, left: float, breadth: float) -> DayColumn:
    bars = []
    up = down = 0.0
    for cls, units in stack:
        value = float(Decimal(units) / UNITS_PER_ONE)
        start = up if value >= 0 else down
        top, foot = scale.y(max(start, start + value)), scale.y(min(start, start + value))
        up, down = (up + value, down) if value >= 0 else (up, down + value)
        if units:
            bars.append(Bar(cls, round(left + breadth * 0.14, 2), top, round(breadth * 0.72, 2), round(foot - top, 2)))
    label = str(day.day) if day.day == 1 or day.day % 5 == 0 else ""
    hint = [f"{day.isoformat()}: {cents(sum(units for _, units in stack))}"]
    hint += [f"{CLASS_NAMES[cls]} {cents(units)}" for cls, units in stack if units and cls in CLASS_NAMES]
    return DayColumn(
        tuple(bars), "\n".join(hint), label, round(left + breadth / 2, 2), round(left, 2), round(breadth, 2)
    )


def mix(report: PeriodReport) -> tuple[Slice, ...]:
    """What cost to serve is made of. Negative classes are listed and take no room on the bar."""
    parts = class_mix(report)
    total = sum(units for _, units in parts)
    room = sum(units for _, units in parts if units > 0)
    slices = []
    x = 0.0
    for (cls, units), text in zip(parts, footing([units for _, units in parts]), strict=True):
        width = float(Decimal(100 * max(units, 0)) / room) if room else 0.0
        share = percent(Decimal(100 * units) / total) if total > 0 else DASH
        slices.append(Slice(cls, CLASS_NAMES[cls], grouped(text or "0"), share, round(x, 3), round(width, 3)))
        x += width
    return tuple(slices)


def customer_bars(report: PeriodReport) -> tuple[CustomerBar, ...]:
    """The dearest customers, with the same cents as the table."""
    texts = shown_cents(report, "cost")
    ranked = sorted(
        (line for line in report.customers if not line.reserved and line.cost > 0),
        key=lambda line: (-line.cost, line.customer),
    )[:TOP_CUSTOMERS]
    return tuple(_bar(report, line, texts[line.customer], ranked[0].cost) for line in ranked)


def _bar(report: PeriodReport, line: CustomerLine, text: str, most: int) -> CustomerBar:
    return CustomerBar(
        line.customer,
        line.name or line.customer,
        grouped(text),
        "no margin" if line.infra_margin_pct is None else percent(line.infra_margin_pct),
        target_mark(line.infra_margin_pct, report.summary),
        round(float(Decimal(100 * line.cost) / most), 3),
    )
