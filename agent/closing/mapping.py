"""Whether what was added to the rules touches only what nobody had claimed, and how much money that is.

Both sets of rules are asked about the distinct subjects of the bill, the same ones: nothing is allocated. An addition
may give a home to usage that had neither customer nor pool, name the customer of a charge that followed, or say whose
development something is. Anything else that moves was somebody's before, and is a change of method.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from agent.allocation import recognise, tables
from agent.allocation.allocating import gather, scan_ledger
from agent.allocation.facts import Facts
from agent.allocation.passes import READ
from agent.allocation.validity import spans
from agent.billing.ledger.kept_tag_sets import read_tag_sets
from agent.closing.books import Closed
from agent.closing.frozen import frozen_settings
from agent.config.loading import Settings
from agent.engine import Engine, open_engine
from agent.period import Period

OPEN_KINDS = frozenset({"usage", "discount", "marketplace"})
Said = tuple[str | None, ...]
"""What the rules say of a subject, in the order of ``_SAID``."""
_SAID = ("Customer", "OwnCustomer", "Side", "Function", "Pool")
_KEY = ("Source", "ProviderName", "BillingAccountId", "SubAccountId", "ServiceName", "RegionId", "MatchResourceId",
        "MatchResourceName", "Kind", "TagSetId")  # fmt: skip
_DAYS = ("FirstDay", "LastDay")
_MONEY = f"""
select {", ".join(f"moved.{name}" for name in (*_KEY, *_DAYS))}, line.Currency,
  sum(line.EffectiveUnits) as EffectiveUnits
from line inner join moved on {" and ".join(f"moved.{name} = line.{name}" for name in _KEY)}
  and moved.FirstDay <= line.ChargeDate and moved.LastDay >= line.ChargeDate
group by {", ".join(f"moved.{name}" for name in (*_KEY, *_DAYS))}, line.Currency
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """EffectiveCost, in units by currency, of what the additions give a home, and of what had one before."""

    mapped: Mapping[str, int]
    taken: Mapping[str, int]
    example: str
    """One thing that had a home before; empty where nothing had."""


def moved(settings: Settings, period: Period, before: Closed) -> Moved:
    """What today's rules say otherwise than those of ``before`` of the bill of ``period``."""
    now = gather(settings, period)
    frozen = frozen_settings(settings, before)
    then = replace(now, rules=frozen.allocation(before.period), policy=frozen.policy())
    rows = sum(version.manifest.rows for version in now.versions)
    with open_engine(settings.app.engine, rows=rows) as engine:
        subjects, said = _asked(engine, settings, (then, now))
        return _weighed(engine, subjects, *said)


def _asked(
    engine: Engine, settings: Settings, sides: tuple[Facts, Facts]
) -> tuple[pa.Table, tuple[pa.Table, pa.Table]]:
    now = sides[1]
    scan_ledger(engine, "ledger", now.versions)
    wanted = engine.fetch("select distinct x_TagSetId from ledger")["x_TagSetId"].combine_chunks()
    tag_sets = read_tag_sets(settings.data, wanted)
    rules = [facts.rules for facts in sides]
    fixed = tables.fixed_tables(
        now,
        needs_resource=any(map(recognise.needs_resource, rules)),
        needs_region=any(map(recognise.needs_region, rules)),
    )
    for name in ("setting", "source"):
        engine.load(name, fixed[name])
    for step in READ:
        step.run(engine)
    subjects = engine.fetch("select * from subject")
    dates = engine.fetch("select min(ChargeDate) as first, max(ChargeDate) as last from line").to_pylist()[0]
    # NOTE: both are asked about the same spans: a rule that has ended differs from itself on the days after
    first, last = (dates[end] or now.period.first_day for end in ("first", "last"))
    days = spans(rules, now.registry, first, last)
    asked = [recognise.dated(facts.rules, facts.policy, facts.registry, tag_sets, days) for facts in sides]
    then, today = (
        recognise.subject_rule(facts.rules, one, frozenset(), subjects) for facts, one in zip(sides, asked, strict=True)
    )
    return then.select([*_KEY, *_DAYS]), (then, today)


def _weighed(engine: Engine, subjects: pa.Table, then: pa.Table, now: pa.Table) -> Moved:
    answers = zip(subjects["Kind"].to_pylist(), _rows(then), _rows(now), strict=True)
    homes = [(at, _had_none(kind, old, new)) for at, (kind, old, new) in enumerate(answers) if _differs(kind, old, new)]
    picked = subjects.take(pa.array([at for at, _ in homes], pa.int64()))
    engine.load("moved", picked)
    free = {_key(row): fine for row, (_, fine) in zip(picked.to_pylist(), homes, strict=True)}
    mapped: dict[str, int] = {}
    taken: dict[str, int] = {}
    example = ""
    for row in engine.fetch(_MONEY).to_pylist():
        sums = mapped if free[_key(row)] else taken
        sums[row["Currency"]] = sums.get(row["Currency"], 0) + int(row["EffectiveUnits"])
        if not free[_key(row)]:
            example = max(example, f"{row['ServiceName'] or 'a service without a name'} of {row['SubAccountId']}")
    return Moved(mapped, taken, example)


def _rows(table: pa.Table) -> list[Said]:
    return list(zip(*(table[name].to_pylist() for name in _SAID), strict=True))


def _key(row: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(row[name] for name in (*_KEY, *_DAYS))


def _differs(kind: str, old: Said, new: Said) -> bool:
    return kind != "rounding" and _home(kind, old) != _home(kind, new)


def _home(kind: str, said: Said) -> tuple[str | None, ...]:
    """Where rules put a subject: a customer before non-production, that before a pool; charges see no environment."""
    customer, own, side, function, pool = said
    if kind not in OPEN_KINDS:
        customer, side, function = own, None, None
    if customer is not None:
        return "customer", customer, side, function
    if side == "opex":
        return "opex", function
    return ("pool", pool, side) if pool is not None else ("nobody", side)


def _had_none(kind: str, old: Said, new: Said) -> bool:
    """Whether only what nobody had is given a home."""
    before, after = _home(kind, old), _home(kind, new)
    if kind not in OPEN_KINDS:
        return before[0] == "nobody" and after[0] == "customer"
    if before[0] == "opex":
        return after[0] == "customer" and after[2:] == ("opex", before[1])
    return before[0] == "nobody"
