"""A realistic ``PeriodReport`` whose sums really foot: 12 customers in 4 tiers, three pools, one commitment.

Everything is derived from ``PEOPLE``: monthly amounts per class are split over days by ``agent.money.split``, and
every total is the sum of the rows it is printed beside.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from agent.margins.records import (
    CommitmentLine,
    CustomerLine,
    DrillRow,
    GroupLine,
    InvoiceLine,
    Mover,
    Note,
    PeriodReport,
    PoolLine,
    SourceLine,
    Summary,
    UntaggedResource,
)
from agent.money import split, text_from_units, units_from_text
from agent.period import Period

PERIOD = Period(2026, 10)
POOLS = (("gateway", 3), ("platform", 2), ("shared-db", 5))
"""Pools and the weight by which a customer's shared cost falls on them."""
EXTERNAL = ("paying", "free", "trial")


@dataclass(frozen=True, slots=True)
class Person:
    """One customer's month: amounts as text in the order direct, shared, untagged, idle, charges, 3rd, support."""

    id: str
    name: str
    kind: str
    tier: str
    plan: str
    segment: str
    cohort: str
    amounts: str
    credit: str
    revenue: str | None
    growth: tuple[str, str] | None = None


PEOPLE = (
    Person("acme", "Acme Robotics", "paying", "enterprise", "annual", "industry", "2023-04",
           "18250.123456789 9120.4400001 2410.07 1190.333333 1450.29 2300 1500", "312.5", "98000", ("41.2", "2.0")),
    Person("brightline", "Brightline Health", "paying", "enterprise", "annual", "health", "2023-09",
           "14110.55 7233.918273645 1902.1 944.25 1120.004 1810.4 1500", "0", "84500", ("1.4", "1.1")),
    Person("corvid", "Corvid Analytics GmbH", "paying", "enterprise", "annual", "finance", "2024-01",
           "16900.75 11875.2 2620.93 1301.7 1388.61 2950 1500", "120.25", "69000", ("8.9", "7.5")),
    Person("delta-dental", "Delta Dental Group", "paying", "growth", "monthly", "health", "2024-06",
           "4210.3333333 2890.12 640.5 318.2 362.11 420 300", "0", "21500", ("-3.1", "0.0")),
    Person("everpine", "Everpine", "paying", "growth", "annual", "retail", "2024-02",
           "6120.9 5240.75 1035.02 514.88 561.3 880 300", "0", "24000", ("19.4", "4.2")),
    Person("fathom", "Fathom & Sons", "paying", "growth", "monthly", "industry", "2025-03",
           "2780.6 2105.1 444.9 221.3 246.75 310 300", "0", None),
    Person("glasswing", "Glasswing Labs", "paying", "starter", "monthly", "software", "2025-05",
           "610.123 540.87 104.7 52.09 58.02 75 40", "0", "2900", ("0.6", "0.0")),
    Person("harbor", "Harbor Café", "paying", "starter", "monthly", "retail", "2025-07",
           "390.45 701.3 99.3 49.4 55.03 60 40", "0", "1900", ("2.2", "2.0")),
    Person("ion", "Ion Mobility", "paying", "starter", "monthly", "industry", "2025-11",
           "205.1 310.66 46.9 23.33 26 35 40", "0", "2400", ("5.0", "9.0")),
    Person("juniper", "Juniper Studio", "free", "free", "free", "software", "2026-02",
           "0 188.2 17.1 8.5 9.4 12 0", "0", "0"),
    Person("kestrel", "Kestrel", "free", "free", "free", "retail", "2026-05",
           "0 96.75 8.8 4.37 4.86 6.2 0", "0", "0"),
    Person("lumen", "Lumen Trial", "trial", "free", "trial", "software", "2026-10",
           "0 41.0777 3.7 1.85 2.05 2.6 0", "0", "0"),
)  # fmt: skip
CLASS_OF_PART = ("direct", "shared", "untagged", "idle", "charge", "vendor", "vendor")
RESERVED = (
    ("@unallocated", "Unallocated", "1284.900000000001"),
    ("@opex", "Operating expense: development, sales, internal", "21440.337"),
    ("@balance_sheet", "Balance sheet: recoverable tax", "3310.08"),
)


def percent(part: int, whole: int) -> Decimal:
    """100 x part / whole with six decimals, half-even."""
    return (Decimal(100) * part / whole).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)


def example_report(*, through: int = 21, people: tuple[Person, ...] = PEOPLE) -> PeriodReport:
    """October 2026 through day ``through``; 31 makes it a complete month."""
    lines = tuple(_line(person) for person in sorted(people, key=lambda person: person.id.encode()))
    reserved = tuple(_reserved(*row) for row in RESERVED)
    days = [PERIOD.first_day + timedelta(days=offset) for offset in range(through)]
    drill = tuple(row for line in lines for row in _drill(line, days))
    summary = _summary(lines, reserved, days[-1])
    return PeriodReport(
        summary=summary,
        customers=(*lines, *reserved),
        groups=_groups(lines),
        pools=_pools(lines, through),
        commitments=(_commitment(),),
        untagged=_untagged(summary.untagged),
        drill=drill,
        movers=_movers(lines),
        sources=_sources(summary),
        notes=_notes(through),
        proof_line=_proof_line(summary),
        unknown_revenue=tuple(line.customer for line in lines if line.kind == "paying" and line.revenue is None),
        previous_cost_to_serve=summary.cost_to_serve * 94 // 100,
        daily=tuple((day, sum(row.effective for row in drill if row.day == day)) for day in days),
        invoices=_invoices(summary),
    )


def empty_report() -> PeriodReport:
    """A month without a customer, a bill or a source."""
    report = example_report()
    nothing = replace(
        report.summary,
        source_total=0, cost_to_serve=0, fully_loaded=0, unallocated=0, opex=0, balance_sheet=0, active_customers=0,
        average_cost=None, revenue=None, margin=None, margin_pct=None, untagged=0, untagged_share_pct=None,
        untagged_share_of_bill_pct=None, coverage_pct=None, environment_by_default=0, tax_unconfirmed=0,
    )  # fmt: skip
    return PeriodReport(
        summary=nothing, customers=(), groups=(), pools=(), commitments=(), untagged=(), drill=(), movers=(),
        sources=(), notes=(), proof_line="source 0 = 0",
    )  # fmt: skip


def many_customers(count: int, *, through: int = 31) -> PeriodReport:
    """The example with ``count`` customers, their names and ids numbered."""
    people = tuple(
        replace(PEOPLE[number % len(PEOPLE)], id=f"c{number:05d}", name=f"Customer {number}") for number in range(count)
    )
    return example_report(through=through, people=people)


def _line(person: Person) -> CustomerLine:
    parts = [units_from_text(text) for text in person.amounts.split()]
    cost = sum(parts)
    revenue = None if person.revenue is None else units_from_text(person.revenue)
    margin = None if revenue is None else revenue - cost
    infra = None if revenue is None else revenue - sum(parts[:5])
    growth = person.growth
    return CustomerLine(
        person.id, person.name, person.kind, person.tier, person.plan, person.segment, person.cohort,
        *parts, 0, cost, cost + units_from_text(person.credit), revenue, margin,
        percent(margin, revenue) if revenue and margin is not None else None,
        percent(infra, revenue) if revenue and infra is not None else None,
        nonproduction=parts[0] // 10, grows_faster=bool(growth and Decimal(growth[0]) - Decimal(growth[1]) > 1),
        cost_change_pct=Decimal(growth[0]) if growth else None,
        revenue_change_pct=Decimal(growth[1]) if growth else None,
    )  # fmt: skip


def _reserved(customer: str, name: str, amount: str) -> CustomerLine:
    units = units_from_text(amount)
    return CustomerLine(
        customer, name, "", "", "", "", "", units, 0, 0, 0, 0, 0, 0, 0, units, units, None, None, None, None
    )


def _drill(line: CustomerLine, days: list[date]) -> list[DrillRow]:
    rhythm = [4 if day.weekday() >= 5 else 7 for day in days]
    amounts = (line.direct, line.shared, line.untagged, line.idle, line.charges, line.vendor)
    rows = []
    for cls, units in zip(("direct", "shared", "untagged", "idle", "charge", "vendor"), amounts, strict=True):
        pools = zip(POOLS, split(units, [weight for _, weight in POOLS]), strict=True) if cls == "shared" else ()
        for pool, part in [(name, part) for (name, _), part in pools] or [("", units)]:
            shares = zip(days, split(part, rhythm), strict=True)
            rows += [DrillRow(line.customer, day, cls, pool, share) for day, share in shares if share]
    return rows


def _summary(lines: tuple[CustomerLine, ...], reserved: tuple[CustomerLine, ...], day: date) -> Summary:
    cost = sum(line.cost for line in lines)
    unallocated, opex, balance = (line.cost for line in reserved)
    revenue = sum(line.revenue for line in lines if line.revenue is not None)
    untagged = sum(line.untagged for line in lines)
    infra = sum(line.direct + line.shared + line.idle + line.untagged for line in lines)
    return Summary(
        company="Example SaaS", period=str(PERIOD), currency="USD", as_of=day, is_open=day < PERIOD.last_day,
        source_total=cost + unallocated + opex + balance, cost_to_serve=cost, fully_loaded=cost + unallocated,
        unallocated=unallocated, opex=opex, balance_sheet=balance, active_customers=len(lines),
        average_cost=cost // len(lines), revenue=revenue, margin=revenue - cost - unallocated,
        margin_pct=percent(revenue - cost - unallocated, revenue), revenue_basis="recognised",
        untagged=untagged, untagged_share_pct=percent(untagged, infra),
        untagged_share_of_bill_pct=percent(untagged, cost + unallocated + opex + balance),
        coverage_pct=Decimal("83.417205"), environment_by_default=units_from_text("812.4"),
        tax_unconfirmed=units_from_text("1544.07"), target_pct=Decimal(60), good_pct=Decimal(70),
    )  # fmt: skip


def _groups(lines: tuple[CustomerLine, ...]) -> tuple[GroupLine, ...]:
    values = [
        (dimension, value)
        for dimension in ("tier", "plan", "segment", "cohort")
        for value in sorted({getattr(line, dimension) for line in lines})
    ]
    return tuple(_group(key, value, [line for line in lines if getattr(line, key) == value]) for key, value in values)


def _group(dimension: str, value: str, members: list[CustomerLine]) -> GroupLine:
    known = [line for line in members if line.revenue is not None]
    revenue = sum(line.revenue or 0 for line in known)
    margin = sum(line.margin or 0 for line in known)
    infra = revenue - sum(line.cost - line.vendor for line in known)
    cost = sum(line.cost for line in members)
    return GroupLine(
        # NOTE: callers pass the names of dimensions
        dimension,  # type: ignore[arg-type]
        value, len(members), len(members), cost, cost // len(members),
        revenue if known else None, margin if known else None,
        percent(margin, revenue) if revenue else None, percent(infra, revenue) if revenue else None,
    )  # fmt: skip


def _pools(lines: tuple[CustomerLine, ...], days: int) -> tuple[PoolLine, ...]:
    shared = split(sum(line.shared for line in lines), [weight for _, weight in POOLS])
    gateway, platform, database = shared
    return (
        PoolLine("gateway", "usage", "api_calls", gateway, gateway + units_from_text("3.5"), days,
                 (("period", 2, gateway // days * 2),)),
        PoolLine("platform", "even", "", platform, platform, days),
        PoolLine("shared-db", "usage", "db_seconds", database, database - units_from_text("912.75"), days,
                 idle=units_from_text("640"), unallocated=units_from_text("12.34")),
    )  # fmt: skip


def _commitment() -> CommitmentLine:
    return CommitmentLine(
        "arn:aws:savingsplans::123456789012:savingsplan/7f1c", *map(units_from_text, ("9000", "7350.2", "1649.8"))
    )


def _untagged(total: int) -> tuple[UntaggedResource, ...]:
    """Dearest first; together they are the untagged cost of the period."""
    cases = (
        ("arn:aws:rds:eu-west-1:123456789012:db:orders-replica", "orders-replica", "AmazonRDS", "no-tag", ""),
        ("i-0c1f0e5b2d9a", "batch-worker-7", "AmazonEC2", "unknown-customer:acmee", "acme"),
        ("arn:aws:s3:::raw-events-archive", "raw-events-archive", "AmazonS3", "no-tag", ""),
        ("", "", "AWSDataTransfer", "no-tag", ""),
        ("i-09ab77ce01ff", "legacy-sync", "AmazonEC2", "conflicting-tags", ""),
    )
    shares = split(total, [50, 22, 15, 8, 5])
    return tuple(
        UntaggedResource(resource, name, "AWS", "123456789012", service, reason, hint, units)
        for (resource, name, service, reason, hint), units in zip(cases, shares, strict=True)
    )


def _movers(lines: tuple[CustomerLine, ...]) -> tuple[Mover, ...]:
    moved = [line for line in lines if line.cost_change_pct]
    movers = []
    for line in moved:
        pct = line.cost_change_pct or Decimal(0)
        change = line.cost - int(line.cost / (1 + pct / 100))
        movers.append(Mover(line.customer, line.name, line.cost, change, pct))
    return tuple(sorted(movers, key=lambda mover: -abs(mover.change)))[:5]


def _sources(summary: Summary) -> tuple[SourceLine, ...]:
    other = units_from_text("2204.6")
    main = summary.source_total - other
    return (
        SourceLine("aws", "aws-cur2", 4, 182_344, main + units_from_text("120.5"), main, summary.as_of, "manifest"),
        SourceLine("gcp", "focus", 1, 9_120, other, other, summary.as_of + timedelta(days=1), "not proven"),
    )


def _invoices(summary: Summary) -> tuple[InvoiceLine, ...]:
    """One invoice tied before tax, one that differs, and lines that name none yet."""
    aws, gcp = (line.billed for line in _sources(summary))
    first, rest = aws - units_from_text("900.333"), units_from_text("900.333")
    tax, penny = units_from_text("1234"), units_from_text("0.0041")
    lacks = "tax 1,234.00 USD is not in the export"
    return (
        InvoiceLine("aws", "", "USD", rest, None, None, False, "", "not tied to an invoice: these lines name none"),
        InvoiceLine("aws", "EUINFR26-417", "USD", first, first + tax - penny, penny, True, lacks, f"tied; {lacks}"),
        InvoiceLine("gcp", "G-5", "USD", gcp, gcp - tax, tax, False, "", "differs by 1,234.00 USD"),
    )


def _notes(through: int) -> tuple[Note, ...]:
    notes = (
        Note("missing", "Revenue of 1 paying customer is unknown: fathom."),
        Note("estimated", "Pool gateway: 2 days without usage were split by the period's usage."),
        Note("info", "Tax of 1,544.07 USD treated as cost: unconfirmed."),
    )
    return notes if through < PERIOD.days else notes[1:]


def _proof_line(summary: Summary) -> str:
    customers = text_from_units(summary.cost_to_serve)
    return (
        f"{summary.period}: {summary.currency} effective {text_from_units(summary.source_total)} = "
        f"customers {customers} + opex "
        f"{text_from_units(summary.opex)} + unallocated {text_from_units(summary.unallocated)} + balance sheet "
        f"{text_from_units(summary.balance_sheet)}; difference 0 in 4 checks over 31204 cells; "
        f"billed {text_from_units(summary.source_total)} {summary.currency}"
    )
