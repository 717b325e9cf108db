"""From what was recognised back to the rows of the ledger: by source, service and account, resource and row.

The passes keep no number of a row. Each recognised line is found again by its keys, and every placement is traced
anew by SQL of this package; what is traced is compared with what the passes classified before it is shown.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from agent.errors import ProofError
from agent.explain import amounts
from agent.explain.naming import Namer
from agent.explain.recomputing import Recomputed, Row
from agent.explain.records import Asked, Part, fold

_TRACE = (
    ("numbered", "10_numbered"),
    ("origin", "11_origin"),
    ("whole", "12_whole"),
    ("sided_part", "13_sided_part"),
    ("charge_part", "14_charge_part"),
    ("placed_part", "15_placed_part"),
    ("ended", "16_ended"),
)
_TEXTS = (
    "Placement", "Class", "CostGroup", "Bucket", "Customer", "Pool", "Reason", "Kind", "Source", "ProviderName",
    "BillingAccountId", "SubAccountId", "ServiceName", "InvoiceId", "CommitmentDiscountId",
)  # fmt: skip
_SPLIT = {
    "discount": "discounts without a customer, split over the usage that they reduce",
    "side": "usage of unknown environment, split by the known (environment.default: pro_rata)",
    "tax": "tax of which a part is recoverable",
}
"""Why a ledger row ends in parts, by the way it went."""


@dataclass(frozen=True, slots=True)
class Place:
    """Account and service: what is shown as one line below a source."""

    source: str
    billing: str
    account: str
    service: str

    @property
    def name(self) -> str:
        """``service, account``."""
        return ", ".join((self.service or "no service", self.account or self.billing or "no account"))

    @property
    def facts(self) -> dict[str, str]:
        return {
            "source": self.source,
            "billing_account": self.billing,
            "account": self.account,
            "service": self.service,
        }


class Tracer:
    """Traces money of one month to its ledger rows."""

    def __init__(self, month: Recomputed, asked: Asked) -> None:
        self._month = month
        self._asked = asked
        self._namer = Namer(month)
        self._versions = {version.source: version.version for version in month.facts.versions}
        for table, body in _TRACE:
            month.make(table, body)
        month.make("untied", "17_untied")
        untied = month.rows("select * from untied order by Source, SubAccountId, ServiceName, ChargeDate limit 1")
        if untied:
            told = ", ".join(f"{name}={value}" for name, value in untied[0].items() if value not in ("", None))
            raise ProofError("what was recognised cannot be traced back to the ledger", where=told)

    def composition(
        self, *, resources: bool, day: date | None = None, narrow: bool = False, **sought: str | None
    ) -> tuple[Part, ...]:
        """What the money is made of that ended as ``sought`` (columns of ``ended``; '' is null): a part a source.

        ``resources``: down to resources, and to rows where asked. ``narrow``: only what the options name in full.
        """
        self._choose(sought, day)
        if not resources:
            return tuple(self._sources(self._by_place()))
        traced = self._resources(narrow=narrow)
        split = self._fragments()
        parts = {place: [*traced.get(place, ()), *split.get(place, ())] for place in {**traced, **split}}
        listed = [
            (place, sum(part.units for part in found), fold(found, self._asked.top, self._kept(found, narrow=narrow)))
            for place, found in parts.items()
        ]
        return tuple(self._sources(listed, narrow=narrow))

    def _choose(self, sought: dict[str, str | None], day: date | None) -> None:
        columns = {name: pa.array([sought.get(name)], pa.string()) for name in _TEXTS}
        unknown = sorted(set(sought) - set(_TEXTS))
        if unknown:
            raise KeyError(unknown[0])
        self._month.engine.load("sought", pa.table({**columns, "Day": pa.array([day], pa.date32())}))
        self._month.make("chosen", "20_chosen")

    def _by_place(self) -> list[tuple[Place, int, tuple[Part, ...]]]:
        units = self._asked.units
        found = self._month.rows(
            f"select Source, BillingAccountId, SubAccountId, ServiceName, sum({units}) as Units from chosen "
            "group by Source, BillingAccountId, SubAccountId, ServiceName"
        )
        return [(_place(row), row["Units"], ()) for row in found]

    def _sources(
        self, listed: Iterable[tuple[Place, int, tuple[Part, ...]]], *, narrow: bool = False
    ) -> Iterator[Part]:
        by_source: dict[str, list[Part]] = defaultdict(list)
        for place, units, parts in listed:
            by_source[place.source].append(Part("service", place.name, units, facts=place.facts, parts=parts))
        for source, found in sorted(by_source.items()):
            total = sum(part.units for part in found)
            kept = frozenset(
                part.name for part in found if narrow and self._asked.service and self._of_service(part)
            ) or frozenset(part.name for part in found if narrow and self._asked.resource and _has_resource(part))
            shown = fold(found, self._asked.top, kept)
            version = self._versions[source]
            yield Part("source", source, total, (), {"source": source, "version": version}, shown)

    def _of_service(self, part: Part) -> bool:
        return str(part.facts["service"]).casefold() == self._asked.service.casefold()

    def _kept(self, found: Sequence[Part], *, narrow: bool) -> frozenset[str]:
        wanted = self._asked.resource
        return frozenset(part.name for part in found if narrow and wanted and part.facts.get("resource") == wanted)

    def _trace(self) -> None:
        self._month.make("wanted_row", "21_wanted_row")
        self._month.make("traced", "22_traced")

    def _resources(self, *, narrow: bool) -> dict[Place, list[Part]]:
        self._trace()
        units = self._asked.units
        found = self._month.rows(
            "select Source, BillingAccountId, SubAccountId, ServiceName, LedgerResourceId, "
            f"min(ResourceName) as ResourceName, sum({units}) as Units, count(*) as Rows, sum(Lines) as Lines "
            "from traced where Way = 'whole' "
            "group by Source, BillingAccountId, SubAccountId, ServiceName, LedgerResourceId"
        )
        rows = self._ledger_rows("whole") if self._asked.rows or self._asked.lines else {}
        parts: dict[Place, list[Part]] = defaultdict(list)
        for row in found:
            place, resource = _place(row), row["LedgerResourceId"]
            below = rows.get((place, resource), []) if self._in_full(place, resource, narrow=narrow) else []
            facts = {"resource": resource, "name": row["ResourceName"], "ledger_rows": row["Rows"]}
            facts |= {"raw_lines": int(row["Lines"])}
            part = Part("resource", resource or "(no resource)", row["Units"], (), facts, self._days_rows(below))
            parts[place].append(part)
        return parts

    def _in_full(self, place: Place, resource: str, *, narrow: bool) -> bool:
        asked = self._asked
        if not narrow:
            return True
        right = not asked.service or place.service.casefold() == asked.service.casefold()
        return right and (not asked.resource or resource == asked.resource)

    def _ledger_rows(self, way: str) -> dict[tuple[Place, str], list[Row]]:
        test = "=" if way == "whole" else "<>"
        rows = self._month.rows(
            "select OriginId, LedgerResourceId, Source, BillingAccountId, SubAccountId, ServiceName, SkuId, RegionId, "
            f"ChargeDate, SpanEnd, Kind, ChargeCategory, InvoiceId, TagSetId, Lines, {self._asked.units} as Units, "
            f"ResourceName from traced where Way {test} 'whole' "
            "order by ChargeDate, SkuId, Kind, ChargeCategory, RegionId, InvoiceId, TagSetId, Units"
        )
        found: dict[tuple[Place, str], list[Row]] = defaultdict(list)
        for row in rows:
            found[_place(row), row["LedgerResourceId"]].append(row)
        return found

    def _days_rows(self, rows: Sequence[Row]) -> tuple[Part, ...]:
        """The rows of the day that is asked for, else all of them; the others in one line."""
        day = self._asked.day
        kept = [row for row in rows if day is None or row["ChargeDate"] == day]
        shown = fold([self._row(row) for row in kept], self._asked.top)
        others = [row["Units"] for row in rows if day is not None and row["ChargeDate"] != day]
        if not others:
            return shown
        name = f"{len(others)} row{'s' if len(others) > 1 else ''} of other days"
        return (*shown, Part("others", name, sum(others), facts={"of": "row", "count": len(others)}))

    def _row(self, row: Row) -> Part:
        whose = self._namer.of(row)
        sku = row["SkuId"] or row["ChargeCategory"] or "no SKU"
        told = [whose.told] if whose.told else []
        facts = {
            "source": row["Source"],
            "version": self._versions[row["Source"]],
            "resource": row["LedgerResourceId"],
            "day": str(row["ChargeDate"]),
            "end": str(row["SpanEnd"]),
            "sku": row["SkuId"],
            "region": row["RegionId"],
            "kind": row["Kind"],
            "category": row["ChargeCategory"],
            "invoice": row["InvoiceId"],
            "account": row["SubAccountId"],
            "service": row["ServiceName"],
            "tag_set": row["TagSetId"],
            "raw_lines": int(row["Lines"]),
            **whose.facts,
        }
        return Part("row", f"{row['ChargeDate']} {sku}, {row['Kind']}", row["Units"], tuple(told), facts)

    def _fragments(self) -> dict[Place, list[Part]]:
        """Parts of ledger rows that were split before they found anybody, by the way they went."""
        units = self._asked.units
        found = self._month.rows(
            "select Way, OriginId, Source, BillingAccountId, SubAccountId, ServiceName, "
            f"Whole{units} as WholeUnits, sum({units}) as Units from chosen where Way <> 'whole' "
            f"group by Way, OriginId, Source, BillingAccountId, SubAccountId, ServiceName, Whole{units}"
        )
        sums: dict[tuple[Place, str], list[Row]] = defaultdict(list)
        for row in found:
            sums[_place(row), row["Way"]].append(row)
        rows = self._of_origins() if self._asked.rows and found else {}
        parts: dict[Place, list[Part]] = defaultdict(list)
        for (place, way), origins in sums.items():
            total = sum(row["WholeUnits"] for row in origins)
            listed = [part for row in origins for part in rows.get(row["OriginId"], ())]
            whole = Part("split", f"all of these {way} lines", total, parts=fold(listed, self._asked.top))
            amount = sum(row["Units"] for row in origins)
            told = (f"{_SPLIT[way]}; {amounts.money(total, exact=self._asked.exact)} before the split",)
            parts[place].append(Part("split", f"split: {way}", amount, told, {"way": way}, whole=whole))
        return parts

    def _of_origins(self) -> dict[int, list[Part]]:
        found: dict[int, list[Part]] = defaultdict(list)
        for rows in self._ledger_rows("split").values():
            for row in rows:
                found[row["OriginId"]].append(self._row(row))
        return found


def _place(row: Row) -> Place:
    return Place(row["Source"], row["BillingAccountId"], row["SubAccountId"], row["ServiceName"])


def _has_resource(part: Part) -> bool:
    return any(below.kind == "resource" and below.facts.get("resource") for below in part.parts)
