"""What a reader asks about a period beyond its sums: pools, commitments, untagged resources, defaults that decided.

All of it runs through day D, as every figure does. Written as ``details.json`` (money as exact text) beside the
published tables; ``costs_by_type.json``, which the Terraform check reads without any engine, holds the whole ledger.
"""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from agent.allocation import sampling
from agent.allocation.beside import Beside
from agent.allocation.facts import Facts
from agent.allocation.sampling import Sampled, Span
from agent.allocation.tables import samples
from agent.config.allocation import Pool
from agent.engine import Engine
from agent.money import text_from_units, units_from_text
from agent.usage.interface import Driver
from policies.recognition import TagFinding

UNTAGGED_SHOWN = 500

_LEDGER_SUBJECT = """
  on s.Source = l.Source and s.ProviderName = coalesce(l.ProviderName, '')
  and s.BillingAccountId = coalesce(l.BillingAccountId, '') and s.SubAccountId = coalesce(l.SubAccountId, '')
  and s.ServiceName = coalesce(l.ServiceName, '') and s.Kind = l.x_Kind and s.TagSetId = l.x_TagSetId
  and s.RegionId = case when t.NeedsRegion then coalesce(l.RegionId, '') else '' end
  and s.MatchResourceId = case when t.NeedsResource then coalesce(l.ResourceId, '') else '' end
  and s.MatchResourceName = case when t.NeedsResource then coalesce(l.ResourceName, '') else '' end
  and s.FirstDay <= l.ChargePeriodStart and s.LastDay >= l.ChargePeriodStart
"""
_UNTAGGED = f"""
select
  coalesce(l.ResourceId, '') as resource, coalesce(max(l.ResourceName), '') as name,
  coalesce(l.ProviderName, '') as provider, coalesce(l.SubAccountId, '') as account,
  coalesce(l.ServiceName, '') as service, s.Reason as reason, coalesce(s.Hint, '') as hint,
  sum(l.x_EffectiveUnits) as effective
from ledger as l
cross join setting as t
inner join subject_rule as s {_LEDGER_SUBJECT}
inner join source as g on g.Source = l.Source and g.CostGroup = 'infrastructure'
where s.Customer is null and s.Pool is null and s.Unused = 0 and l.x_Kind in ('usage', 'marketplace')
  and l.ChargePeriodStart <= t.AsOf
  and (l.x_Kind = 'marketplace' or coalesce(s.Side, t.DefaultSide) <> 'opex')
group by coalesce(l.ResourceId, ''), coalesce(l.ProviderName, ''), coalesce(l.SubAccountId, ''),
  coalesce(l.ServiceName, ''), s.Reason, coalesce(s.Hint, '')
order by effective desc, resource, provider, account, service, reason, hint
limit {UNTAGGED_SHOWN}
"""
_COVERAGE = f"""
select
  coalesce(sum(l.x_EffectiveUnits), 0) as taggable,
  coalesce(sum(case when s.Customer is not null or s.SharedValue then l.x_EffectiveUnits else 0 end), 0) as covered
from ledger as l
cross join setting as t
inner join subject_rule as s {_LEDGER_SUBJECT}
where l.x_Kind = 'usage' and l.ResourceId is not null and l.ChargePeriodStart <= t.AsOf
"""
_MERGED = f"""
select s.MergedFrom as customer, sum(l.x_EffectiveUnits) as effective
from ledger as l
cross join setting as t
inner join subject_rule as s {_LEDGER_SUBJECT}
where s.MergedFrom is not null and l.ChargePeriodStart <= t.AsOf
group by s.MergedFrom
"""
"""What still names a customer after it merged into another."""
_BY_TYPE = """
with charged as (
  select
    coalesce(ProviderName, '') as provider, coalesce(SubAccountId, '') as account,
    coalesce(ServiceName, '') as service, coalesce(ResourceType, '') as resource_type,
    ResourceId as id, split_part(ResourceId, ':', 3) as arn_service, split_part(ResourceId, ':', 6) as arn_kind,
    split_part(ResourceId, ':', 7) as arn_name, split_part(lower(ResourceId), '/providers/', 2) as azure,
    reverse(split_part(reverse(ResourceId), '/', 2)) as collection,
    BillingCurrency as currency, x_EffectiveUnits as units
  from ledger
  where x_Kind = 'usage' and ResourceId is not null
),
named as (
  select
    provider, account, service, resource_type, currency, id, units,
    case
      when id like 'arn:%' and arn_name <> '' and arn_kind not like '%/%' then arn_service || ':' || arn_kind
      when id like 'arn:%' and arn_kind like '_%/%' then arn_service || ':' || split_part(arn_kind, '/', 1)
      when id like 'arn:%' then arn_service
      when azure <> '' then split_part(azure, '/', 1) || '/' || split_part(azure, '/', 2)
      when id like '//%' then collection
      when id like 'i-%' then 'ec2:instance'
      when id like 'vol-%' then 'ec2:volume'
      when id like 'snap-%' then 'ec2:snapshot'
      when id like 'nat-%' then 'ec2:natgateway'
      when id like 'fs-%' then 'elasticfilesystem:file-system'
      else ''
    end as kind
  from charged
)
select
  provider, account, service, resource_type, kind, currency,
  count(distinct id) as resources, sum(units) as effective
from named
group by provider, account, service, resource_type, kind, currency
order by provider, account, service, resource_type, kind, currency
"""
_LEFT_UNUSED = """
  select Pool, ChargeDate, BilledUnits, EffectiveUnits from classified where Placement = 'idle' and Pool is not null
"""
"""What a provider's split left unused of a machine that a pool matches: idle of the pool, and never split by it."""
_POOLS = f"""
with part as (
  select Pool, ChargeDate, BilledUnits, EffectiveUnits from pool_cell
  union all
  {_LEFT_UNUSED}
)
select Pool as pool, sum(EffectiveUnits) as effective, sum(BilledUnits) as billed, count(distinct ChargeDate) as days
from part inner join setting as t on ChargeDate <= t.AsOf group by Pool
"""
_POOL_ENDS = f"""
with ended as (
  select
    Pool, ChargeDate,
    case when Idle = 1 then EffectiveUnits else 0 end as IdleUnits,
    case when Idle = 0 and Bucket = 'unallocated' then EffectiveUnits else 0 end as UnallocatedUnits
  from pool_result
  union all
  select Pool, ChargeDate, EffectiveUnits as IdleUnits, 0 as UnallocatedUnits from ({_LEFT_UNUSED}) as unused
)
select Pool as pool, sum(IdleUnits) as idle, sum(UnallocatedUnits) as unallocated
from ended inner join setting as t on ChargeDate <= t.AsOf group by Pool
"""
_SAMPLED_ENDS = """
select Pool as pool, Customer as customer, sum(EffectiveUnits) as effective
from pool_result inner join setting as t on ChargeDate <= t.AsOf where Method = 'sampled' and Fallback is null
group by Pool, Customer
"""
_SAMPLED_SPANS = """
select c.Pool, c.ChargeDate, c.SpanEnd, sum(c.EffectiveUnits) as EffectiveUnits
from pool_cell as c
inner join setting as t on c.ChargeDate <= t.AsOf
inner join pool as p on p.Pool = c.Pool and p.Method = 'sampled'
group by c.Pool, c.ChargeDate, c.SpanEnd
order by c.Pool, c.ChargeDate, c.SpanEnd
"""
_FALLBACKS = """
select r.Pool as pool, c.Part as part, r.Fallback as fallback, count(distinct r.ChargeDate) as days,
  sum(r.EffectiveUnits) as effective
from pool_result as r
inner join pool_cell as c on c.CellId = r.PoolCellId
inner join setting as t on r.ChargeDate <= t.AsOf
where r.Fallback is not null
group by r.Pool, c.Part, r.Fallback order by r.Pool, c.Part, r.Fallback
"""
_CAPACITY = """
with asked as (
  select distinct Pool, Component, Part, Driver from pool_span
)
select a.Pool as pool, a.Part as part, a.Driver as driver, count(*) as days,
  count(*) - count(c.Capacity) as unknown,
  coalesce(cast(sum(case when c.Used > c.Capacity then 1 else 0 end) as bigint), 0) as exceeded
from asked as a
inner join capacity_day as c on c.Pool = a.Pool and c.Component = a.Component and c.Part = a.Part
inner join setting as t on c.Day >= t.FirstDay and c.Day <= t.LastDay
group by a.Pool, a.Component, a.Part, a.Driver order by a.Pool, a.Component, a.Part
"""
"""Valid days of drivers with a capacity, in the month up to day D; on the last two counts of them nothing is idle."""
_COMMITMENTS = """
select
  CommitmentDiscountId as commitment,
  sum(case when x_Kind = 'commitment_purchase' then x_BilledUnits else 0 end) as billed_purchase,
  sum(case when x_Kind not in ('commitment_purchase', 'commitment_unused') then x_EffectiveUnits else 0 end)
    as effective_used,
  sum(case when x_Kind = 'commitment_unused' then x_EffectiveUnits else 0 end) as effective_unused
from ledger inner join setting as t on ChargePeriodStart <= t.AsOf where CommitmentDiscountId is not null
group by CommitmentDiscountId order by CommitmentDiscountId
"""
_NEGATIVE = """
select Customer as customer, least(DirectUnits, DirectUnits + SharedUnits) as effective
from base
where DirectUnits < 0 or DirectUnits + SharedUnits < 0
order by customer
"""
_SUMS = """
select
  (select coalesce(sum(c.EffectiveUnits), 0) from usage_class as c
     inner join setting as t on c.ChargeDate <= t.AsOf where c.SideBy = 'default') as environment_by_default,
  (select coalesce(sum(c.EffectiveUnits), 0) from classified as c
     inner join setting as t on c.ChargeDate <= t.AsOf
     where c.Kind = 'tax' and c.Placement <> 'balance_sheet') as tax_as_cost,
  (select coalesce(sum(c.EffectiveUnits), 0) from sided as c
     inner join setting as t on c.ChargeDate <= t.AsOf
     where c.Side = 'opex' and c.Customer is not null) as customer_nonproduction,
  (select coalesce(sum(c.EffectiveUnits), 0) from classified as c
     inner join setting as t on c.ChargeDate <= t.AsOf where c.Class = 'untagged') as untagged,
  (select coalesce(sum(c.EffectiveUnits), 0) from classified as c
     inner join setting as t on c.ChargeDate <= t.AsOf
     where c.Class in ('direct', 'shared', 'idle', 'untagged')) as attributable
"""


def details(engine: Engine, facts: Facts, findings: Sequence[TagFinding], beside: Beside) -> dict[str, Any]:
    """Everything ``details.json`` holds; money as exact text."""
    sums = _exact(engine, _SUMS)[0]
    return {
        "version": 1,
        "period": str(facts.period),
        "currency": facts.app.currency,
        "as_of": facts.day.isoformat(),
        "late_sources": {name: day.isoformat() for name, day in sorted(facts.as_of.late_sources.items())},
        "late_drivers": {
            name: day.isoformat() if day else None for name, day in sorted(facts.as_of.late_drivers.items())
        },
        "methodology": dict(beside.methodology),
        "adjustments": list(beside.months),
        "tag_findings": _tag_findings(findings),
        "environment_by_default": sums["environment_by_default"],
        "customer_nonproduction": sums["customer_nonproduction"],
        "tax_unconfirmed": "0" if facts.rules.recoverable_tax is not None else sums["tax_as_cost"],
        "negative_base": _exact(engine, _NEGATIVE),
        "merged": _merged(engine, facts),
        "untagged": sums["untagged"],
        "attributable": sums["attributable"],
        "coverage": _exact(engine, _COVERAGE)[0],
        "pools": _pools(engine, facts),
        "drivers": _drivers(facts),
        "sampling": [_sampling(engine, facts, pool, found) for pool, found in _sampled(facts)],
        "commitments": _exact(engine, _COMMITMENTS),
        "untagged_resources": _exact(engine, _UNTAGGED),
        "sources": [
            {
                "name": version.source,
                "kind": version.manifest.kind,
                "version": version.version,
                "rows": version.manifest.lines,
                "sums": version.manifest.ledger_sums,
                "complete_through": version.manifest.usage_through,
                "completeness": version.manifest.completeness,
                "notes": list(version.manifest.notes),
                "stale": version.manifest.stale,
            }
            for version in facts.versions
        ],
    }


def _merged(engine: Engine, facts: Facts) -> list[dict[str, Any]]:
    """Customers that something of the period named after they merged: the cost, and drivers that still have rows."""
    if not facts.registry.mergers:
        return []
    cost = {row["customer"]: row["effective"] for row in _exact(engine, _MERGED)}
    found = []
    for old, ended, heir in facts.registry.mergers:
        drivers = sorted(driver.name for driver in facts.drivers.values() if _names(driver, facts, old, ended))
        if old in cost or drivers:
            effective = cost.get(old, "0")
            row = {"customer": old, "ended": ended.isoformat(), "successor": heir}
            found.append(row | {"effective": effective, "drivers": drivers})
    return found


def _names(driver: Driver, facts: Facts, customer: str, ended: date) -> bool:
    """Whether the driver has rows of the customer in the period, on days after ``ended``."""
    first = max(ended + timedelta(days=1), facts.period.first_day)
    days = (pc.field("date") >= first) & (pc.field("date") <= facts.day)
    named = pc.unique(driver.rows.filter(days)["customer"]).to_pylist()
    return any(facts.registry.fold(raw) == customer for raw in named)


def _tag_findings(findings: Sequence[TagFinding]) -> list[dict[str, Any]]:
    """How many tag sets each finding is about, by rule and key, with the first one's raw tags."""
    by_rule: dict[tuple[str, str], list[TagFinding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.tagset_id):
        by_rule.setdefault((finding.rule, finding.key), []).append(finding)
    return [
        {"rule": rule, "key": key, "tag_sets": len(found), "example": dict(found[0].found)}
        for (rule, key), found in sorted(by_rule.items())
    ]


def _drivers(facts: Facts) -> list[dict[str, Any]]:
    """The live drivers that pools use: how each was asked, the days it has of the month, and what was found."""
    used = {name for pool in facts.rules.pools for name in pool.drivers_used}
    first, last = facts.period.first_day, facts.as_of.through
    return [
        {
            "name": config.name,
            "kind": config.kind,
            "interval": driver.interval,
            "method": driver.method,
            "days": sum(first <= day <= last for day in set(driver.rows["date"].to_pylist())),
            "notes": list(driver.notes),
        }
        for config in facts.app.usage
        if config.name in used and (driver := facts.drivers[config.name]).method
    ]


def _pools(engine: Engine, facts: Facts) -> list[dict[str, Any]]:
    sums = {row["pool"]: row for row in _exact(engine, _POOLS)}
    ends = {row["pool"]: row for row in _exact(engine, _POOL_ENDS)}
    fallbacks, capacities = _exact(engine, _FALLBACKS), _exact(engine, _CAPACITY)
    nothing = {"effective": "0", "billed": "0", "days": 0}
    return [
        {
            **{key: sums.get(pool.name, nothing)[key] for key in ("effective", "billed", "days")},
            **{key: ends.get(pool.name, {}).get(key, "0") for key in ("idle", "unallocated")},
            "pool": pool.name,
            "method": pool.method,
            "driver": pool.driver or ", ".join(blend.driver for blend in pool.drivers),
            "fallbacks": _of_pool(pool, fallbacks, ("fallback", "days", "effective")),
            "capacity": _of_pool(pool, capacities, ("driver", "days", "unknown", "exceeded")),
        }
        for pool in facts.rules.pools
    ]


def _of_pool(pool: Pool, rows: Sequence[dict[str, Any]], keys: Sequence[str]) -> list[dict[str, Any]]:
    """The pool's rows, with their part where it is split by one first."""
    shown = (*keys, "part") if pool.by is not None else keys
    return [{key: row[key] for key in shown} for row in rows if row["pool"] == pool.name]


def _sampled(facts: Facts) -> list[tuple[Pool, Sampled]]:
    pools = [pool for pool in facts.rules.pools if pool.method == "sampled"]
    return list(zip(pools, samples(facts), strict=True))


def _sampling(engine: Engine, facts: Facts, pool: Pool, found: Sampled) -> dict[str, Any]:
    """The ratios of a sampled pool, how sure they are, and what each bound would be in money of the pool."""
    assert pool.sample is not None  # noqa: S101  # the configuration says so
    ends = {row["customer"]: row["effective"] for row in _exact(engine, _SAMPLED_ENDS) if row["pool"] == pool.name}
    total = sum(units_from_text(text) for text in ends.values())
    spans = _sampled_spans(engine, facts, pool, found)
    sure = sampling.bounds(found, pool.sample, f"{pool.name}\n{facts.period}", spans)
    return {
        "pool": pool.name,
        "driver": pool.driver,
        "windows": [[first.isoformat(), last.isoformat()] for first, last in found.windows],
        "intervals": len(found.traced),
        "left_out": [day.isoformat() for day in found.left_out],
        "passes_on": found.passes_on,
        "confidence_pct": pool.sample.confidence_pct,
        "customers": [
            {
                "customer": one.customer,
                "tier_median": one.tier_median,
                "share_pct": str(bound.share),
                "low_pct": str(bound.low),
                "high_pct": str(bound.high),
                "effective": ends.get(one.customer, "0"),
                "low": text_from_units(_part(total, bound.low)),
                "high": text_from_units(_part(total, bound.high)),
            }
            for one, bound in zip(found.estimates, sure, strict=True)
            if not found.passes_on
        ],
        "live": pool.sample.live,
        "drift_points": str(pool.sample.drift_points),
        "drift": [
            {"customer": moved.customer, "then_pct": str(moved.then), "now_pct": str(moved.now)}
            for moved in found.drift
        ],
    }


def _sampled_spans(engine: Engine, facts: Facts, pool: Pool, found: Sampled) -> list[Span]:
    """The pool's money through day D by who takes part, as the split has it: dates of the registry, population."""
    inside = {
        (row["Customer"], row["FirstDay"], row["LastDay"])
        for row in engine.fetch("select * from population").to_pylist()
        if row["Pool"] == pool.name
    }
    units: dict[tuple[int, ...], int] = {}
    for row in engine.fetch(_SAMPLED_SPANS).to_pylist():
        if row["Pool"] == pool.name:
            days = tuple(
                _days_of(facts, one.customer, row["ChargeDate"], row["SpanEnd"])
                if one.customer.startswith("@")
                or pool.customers is None
                or any(who == one.customer and first <= row["ChargeDate"] <= last for who, first, last in inside)
                else 0
                for one in found.estimates
            )
            units[days] = units.get(days, 0) + int(row["EffectiveUnits"])
    return [Span(money, days) for days, money in units.items()]


def _days_of(facts: Facts, customer: str, start: date, end: date) -> int:
    """Days of a span on which a customer is active; a reserved id always is."""
    days = range(start.toordinal(), end.toordinal())
    if customer.startswith("@"):
        return len(days)
    return sum(facts.registry.active(customer, date.fromordinal(day)) for day in days)


def _part(units: int, percent: Decimal) -> int:
    """An estimate, cut toward zero; it is shown beside the figures and is never a figure of its own."""
    return int(units * Fraction(percent) / 100)


def _exact(engine: Engine, query: str) -> list[dict[str, Any]]:
    """Rows with money (DECIMAL(38,0) units) as exact text."""
    return [
        {name: text_from_units(int(value)) if _is_money(value) else value for name, value in row.items()}
        for row in engine.fetch(query).to_pylist()
    ]


def _is_money(value: object) -> bool:
    return type(value).__name__ == "Decimal"


def write_details(engine: Engine, facts: Facts, findings: Sequence[TagFinding], beside: Beside, folder: Path) -> None:
    """``details.json`` and ``costs_by_type.json`` into ``folder``."""
    _write(folder / "details.json", details(engine, facts, findings, beside))
    by_type = {"version": 1, "period": str(facts.period), "types": _exact(engine, _BY_TYPE)}
    _write(folder / "costs_by_type.json", by_type)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
