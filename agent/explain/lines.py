"""The walk itself: a published line, its classes, and what each class is made of."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa

from agent.billing.ledger.versions import LedgerVersion
from agent.config.loading import Settings
from agent.errors import UsageError
from agent.explain.follows import Follows
from agent.explain.pools import ClassKey, PoolShares, class_of
from agent.explain.raw_lines import RawLines
from agent.explain.recomputing import Recomputed, Row, published_month, recomputed
from agent.explain.records import Asked, Check, Explanation, Part, SourceVersion, fold, walked
from agent.explain.spreads import Spreads
from agent.explain.tracing import Tracer
from agent.explain.who import BUCKETS, RESERVED, Who
from agent.margins.customers import AFTER_AS_OF
from agent.money import units_from_text
from agent.period import Period
from agent.progress import Progress
from policies.registry import Registry

_CLASSES: Mapping[ClassKey, str] = {
    ("direct", ""): "Direct",
    ("shared", ""): "Shared",
    ("untagged", ""): "Untagged",
    ("idle", ""): "Idle",
    ("charge", ""): "Charges",
    ("vendor", "third_party"): "Third party",
    ("vendor", "support"): "Support",
    ("opex", ""): "Non-production",
    ("unallocated", ""): "Unallocated",
}
"""In the order of the published columns."""
_ORDER = {key: at for at, key in enumerate(_CLASSES)}
_COLUMNS = {
    "Direct": ("direct", ""),
    "Shared": ("shared", ""),
    "Untagged": ("untagged", ""),
    "Idle": ("idle", ""),
    "Charges": ("charge", ""),
    "ThirdParty": ("vendor", "third_party"),
    "Support": ("vendor", "support"),
}
_SIDES = {"@unallocated": "reason", "@opex": "whose", "@balance_sheet": "reason"}
_PUBLISHED = """
select Bucket, Customer, coalesce(Reason, '') as Reason, Class, CostGroup, OriginPeriod, Method,
  coalesce(Pool, '') as Pool, Kind, sum({units}) as Units
from published cross join setting
where {dated} setting.AsOf
group by Bucket, Customer, Reason, Class, CostGroup, OriginPeriod, Method, Pool, Kind
order by Bucket, Customer, Reason, Class, CostGroup, OriginPeriod, Method, Pool, Kind
"""


def explain(settings: Settings, period: Period, asked: Asked, progress: Progress) -> Explanation:
    """Walks the published cost of a customer, or of a reserved id, back to the ledger.

    Raises ``UsageError`` for an id that is neither, ``NothingToDo`` without results, ``InputError`` when they are out
    of date, and ``ProofError`` when the month cannot be computed again as it was published.
    """
    month = published_month(settings, period)
    progress.step(f"computing {period} again")
    with recomputed(month, progress) as again:
        lines = RawLines(month.settings, month.versions, asked, progress) if asked.lines else None
        return explained(again, asked, progress, lines)


def explained(again: Recomputed, asked: Asked, progress: Progress, lines: RawLines | None = None) -> Explanation:
    """As :func:`explain`, of a month that is in the engine; with ``lines`` down to those of the delivered files."""
    customer = _known(again.facts.registry, asked.customer)
    _refuse_unknown_pool(again, asked)
    progress.step(f"explaining {customer}")
    return _Walk(again, asked, customer, lines).run()


class _Walk:
    def __init__(self, again: Recomputed, asked: Asked, customer: str, lines: RawLines | None) -> None:
        self._again = again
        self._lines = lines
        self._asked = asked
        self._customer = customer
        self._tracer = Tracer(again, asked)
        self._late = customer == AFTER_AS_OF
        dated = f"ChargeDate {'>' if self._late else '<='}"
        self._rows = again.rows(_PUBLISHED.format(units=asked.units, dated=dated))
        self._checks: list[Check] = []

    def run(self) -> Explanation:
        reserved = self._customer in RESERVED
        tree = self._tree()
        beside = [] if reserved else self._beside()
        if self._lines is not None:
            tree, *beside = (self._lines.below(part) for part in (tree, *beside))
        self._against_the_published_line(tree)
        for above in (tree, *beside):
            self._checks += [
                Check(path, part.units, sum(below.units for below in part.parts))
                for path, part in walked(above)
                if part.parts
            ]
        facts = self._again.facts
        return Explanation(
            period=str(facts.period),
            name=self._name(),
            asked=self._asked,
            currency=facts.app.currency,
            as_of=facts.day,
            closed=self._again.closed,
            tree=tree,
            beside=tuple(beside),
            sources=tuple(map(_source, facts.versions)),
            checks=tuple(self._checks),
        )

    def _name(self) -> str:
        if self._customer in RESERVED:
            return ""
        return self._again.facts.registry.shown(self._customer, self._again.facts.day).name

    def _tree(self) -> Part:
        if self._late:
            return _dated_after(self._rows, self._again.facts.day)
        if self._customer in BUCKETS:
            return self._reserved()
        return self._whose(Who("customer", self._customer), self._customer)

    def _reserved(self) -> Part:
        """A reserved row: by reason, or by whose it is; each walked like a customer."""
        bucket, kind = BUCKETS[self._customer], _SIDES[self._customer]
        whose = sorted({(row["Customer"], row["Reason"]) for row in self._rows if row["Bucket"] == bucket})
        parts = [
            self._whose(Who(bucket, customer, reason), _called(customer, reason), kind) for customer, reason in whose
        ]
        shown = fold(parts, self._asked.top)
        return Part("reserved", self._customer, sum(part.units for part in parts), parts=shown)

    def _beside(self) -> list[Part]:
        """What is booked as operating expense under the customer's name: its own non-production, internal use."""
        rows = [row for row in self._rows if row["Bucket"] == "opex" and row["Customer"] == self._customer]
        if not rows:
            return []
        return [self._whose(Who("opex", self._customer), f"{self._customer}, booked as operating expense", "whose")]

    def _whose(self, who: Who, name: str, kind: str = "customer") -> Part:
        rows = [
            row
            for row in self._rows
            if (row["Bucket"], row["Customer"]) == (who.bucket, who.customer)
            and (kind == "customer" or row["Reason"] == who.reason)
        ]
        columns = {"Bucket": who.bucket, "Customer": who.customer, "Reason": who.reason}
        self._again.engine.load(
            "sought_who", pa.table({name: pa.array([text], pa.string()) for name, text in columns.items()})
        )
        walks = [walk(self._again, self._asked, self._tracer, who) for walk in (PoolShares, Spreads, Follows)]
        own = [row for row in rows if not row["OriginPeriod"]]
        parts = [self._class(key, who, own, walks) for key in _CLASSES if any(class_of(row) == key for row in own)]
        prior = [row for row in rows if row["OriginPeriod"]]
        if prior:
            parts.append(_adjustments(prior))
        for walk in walks:
            self._checks += walk.checks
        return Part(kind, name, sum(row["Units"] for row in rows), parts=tuple(parts))

    def _class(
        self, key: ClassKey, who: Who, rows: Sequence[Row], walks: Sequence[PoolShares | Spreads | Follows]
    ) -> Part:
        units = sum(row["Units"] for row in rows if class_of(row) == key)
        cls, group = key
        parts = self._tracer.composition(
            resources=True,
            narrow=True,
            Class=cls,
            CostGroup=group or None,
            Bucket=who.bucket,
            Customer=who.customer,
            Reason=who.reason,
        )
        for walk in walks:
            parts = (*parts, *walk.of_class(key))
        return Part("class", _CLASSES[key], units, facts={"class": cls, "cost_group": group}, parts=parts)

    def _against_the_published_line(self, tree: Part) -> None:
        """Every column of the published row; of billed cost the published table is all there is."""
        if self._asked.metric != "effective":
            return
        path = self._again.folder / "cost_per_customer.csv"
        with path.open(encoding="utf-8", newline="") as file:
            line = next((row for row in csv.DictReader(file) if row["Customer"] == self._customer), None)
        if self._late:
            published = units_from_text(line["Cost"]) if line is not None else 0
            self._checks.append(Check("cost_per_customer.csv, Cost == the sum by class", published, tree.units))
            return
        if line is None:
            self._checks.append(Check("cost_per_customer.csv has a row of it", 1, 0))
            return
        found: dict[str, int] = defaultdict(int)
        for row in self._rows:
            if self._is_of_line(row):
                found[_column(row)] += row["Units"]
                found["Cost"] += row["Units"]
        for column in (*_COLUMNS, "PriorPeriod", "Cost"):
            self._checks.append(
                Check(f"cost_per_customer.csv, {column}", units_from_text(line[column]), found.get(column, 0))
            )
        self._checks.append(Check("cost_per_customer.csv, Cost == the walk", units_from_text(line["Cost"]), tree.units))

    def _is_of_line(self, row: Row) -> bool:
        if self._customer in BUCKETS:
            return bool(row["Bucket"] == BUCKETS[self._customer])
        return bool(row["Bucket"] == "customer" and row["Customer"] == self._customer)


def _column(row: Row) -> str:
    """The published column that a row counts in; '' for those that count in Cost alone."""
    if row["OriginPeriod"]:
        return "PriorPeriod"
    return next((name for name, key in _COLUMNS.items() if key == class_of(row)), "")


def _dated_after(rows: Sequence[Row], day: date) -> Part:
    """The reserved row of what is dated after day D, by class alone: it is in no customer's figures yet."""
    sums: dict[ClassKey, int] = defaultdict(int)
    for row in rows:
        sums[class_of(row)] += row["Units"]
    if not rows:
        return Part("reserved", AFTER_AS_OF, 0, (f"nothing is dated after {day}: the row is not published",))
    parts = [
        Part("class", _CLASSES.get(key, key[0]), units, facts={"class": key[0], "cost_group": key[1]})
        for key, units in sorted(sums.items(), key=lambda each: _ORDER.get(each[0], len(_ORDER)))
    ]
    told = (
        f"cost dated after {day}, day D: it is in nobody's figures yet, and has a row so that the column is the bill",
    )
    return Part("reserved", AFTER_AS_OF, sum(sums.values()), told, parts=tuple(parts))


def _adjustments(rows: Sequence[Row]) -> Part:
    """By the closed month that they are about, then by class."""
    by_origin: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        pool = f", pool {row['Pool']}" if row["Pool"] else ""
        by_origin[row["OriginPeriod"]][f"{row['Class']}{pool}, {row['Kind']}"] += row["Units"]
    parts = [
        Part(
            "origin",
            origin,
            sum(found.values()),
            (f"posted by what was delivered of {origin} after it was closed; apportion diff {origin} shows it",),
            {"origin": origin},
            tuple(Part("adjustment", name, units) for name, units in sorted(found.items())),
        )
        for origin, found in sorted(by_origin.items())
    ]
    return Part("class", "Prior period", sum(part.units for part in parts), parts=tuple(parts))


def _called(customer: str, reason: str) -> str:
    return reason or customer


def _known(registry: Registry, asked: str) -> str:
    reserved = next((known for known in RESERVED if known == asked.strip().casefold()), None)
    found = reserved or registry.fold(asked)
    if found is not None:
        return found
    near = registry.nearest(asked)
    raise UsageError(
        f"no customer {asked!r}" + (f"; did you mean {near}?" if near else ""),
        expected=f"an id of customers.csv, or one of {', '.join(RESERVED)}",
    )


def _refuse_unknown_pool(again: Recomputed, asked: Asked) -> None:
    names = [pool.name for pool in again.facts.rules.pools]
    if asked.pool and asked.pool not in names:
        raise UsageError(f"no pool {asked.pool!r}", where="--pool", expected=f"one of {', '.join(names) or 'no pool'}")


def _source(version: LedgerVersion) -> SourceVersion:
    return SourceVersion(
        version.source,
        str(version.period),
        version.version,
        tuple(entry.file for entry in version.manifest.ledger),
        tuple((file.path, file.sha256, file.rows) for file in version.manifest.files),
    )
