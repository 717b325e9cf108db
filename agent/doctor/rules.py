"""Rules held against the newest month in the ledger: pools that overlap, tags and customers that never appear."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq

from agent.allocation import recognise
from agent.billing.ledger.intact import refuse_changed
from agent.billing.ledger.kept_tag_sets import read_tag_sets
from agent.billing.ledger.versions import LedgerVersion, heads, periods
from agent.closing import closed_months, open_months
from agent.config.allocation import AllocationFile
from agent.config.loading import Settings
from agent.doctor.pools import idle_rules
from agent.doctor.records import Finding, ok, told, warn
from agent.errors import ApportionError, ProofError
from agent.period import Period
from policies.policy import TagKeys
from policies.recognition import Recogniser, Subjects
from policies.registry import Registry
from policies.rules import Bounded, Rule, in_force

_SHOWN = 5


def rules(settings: Settings, registry: Registry) -> Iterator[Finding]:
    """What allocation.yaml and customers.csv say, against what the newest month holds."""
    known = periods(settings.data)
    if not known:
        return
    newest = max(known)
    versions = heads(settings.data, newest)
    try:
        refuse_changed(versions)
        subjects = _subjects(versions)
        wanted = pa.array(sorted({str(tagset) for tagset in subjects.tagset_id}))
        tag_sets = read_tag_sets(settings.data, wanted)
    except ApportionError as error:
        yield told("ledger", error)
        return
    allocation = settings.allocation(newest)
    asking = partial(_recogniser, settings, allocation, registry, tag_sets)
    asked = asking(allocation.customer)
    yield from _overlaps(allocation, newest, asked, subjects)
    yield from _ended(settings, allocation, newest)
    yield from idle_rules(allocation, asked, asking, subjects)
    yield from _keys(settings, allocation, tag_sets, str(newest))
    yield from _customers(asked, registry, subjects, str(newest))


def versions(settings: Settings) -> Iterator[Finding]:
    """The versions of the method and the months they begin in, where there are several."""
    listed = [f"{each.id} from {each.begins}" for each in settings.methods.versions]
    if len(listed) > 1:
        yield ok("methodology", ", ".join(listed))


def _subjects(versions: list[LedgerVersion]) -> Subjects:
    """Distinct keys of a month, as rules see them."""
    tables: list[pa.Table] = []
    for version in versions:
        for file in version.files:
            rows = pq.read_table(file, columns=list(recognise.LEDGER_COLUMNS.values()))
            tables.append(rows.append_column("Source", pa.array([version.source] * len(rows), pa.string())))
    rows = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()
    distinct = rows.group_by(rows.column_names).aggregate([])
    columns = {name: distinct[column].to_pylist() for name, column in recognise.LEDGER_COLUMNS.items()}
    return Subjects(source=distinct["Source"].to_pylist(), **columns)


def _recogniser(
    settings: Settings,
    allocation: AllocationFile,
    registry: Registry,
    tag_sets: Mapping[str, Mapping[str, str]],
    customer: Sequence[Rule],
) -> Recogniser:
    return Recogniser(
        policy=settings.policy(),
        registry=registry,
        customer=customer,
        shared_values=allocation.shared_values,
        environment=recognise.environment_rules(allocation),
        pools=[pool.match for pool in allocation.pools],
        tag_sets=tag_sets,
    )


def _overlaps(allocation: AllocationFile, month: Period, asked: Recogniser, subjects: Subjects) -> Iterator[Finding]:
    names, matches = [pool.name for pool in allocation.pools], [pool.match for pool in allocation.pools]
    pairs = [
        pair
        for pair in asked.overlaps(subjects)
        if any(all(in_force(matches[at], day) for at in pair) for day in month.dates())
    ]
    for first, second in pairs:
        wins, loses = names[first], names[second]
        yield warn("pools", f"{wins} and {loses} match the same charges; {wins}, listed first, takes them")
    if names and not pairs:
        yield ok("pools", f"{len(names)}, none overlapping")


def _ended(settings: Settings, allocation: AllocationFile, newest: Period) -> Iterator[Finding]:
    """Rules that ended before every month that is still open: closed months keep their own copy of them."""
    try:
        first = min(open_months(settings, closed_months(settings.data)), default=newest).first_day
    except ProofError:
        return  # books that cannot be read have a finding of their own
    listed: list[tuple[str, Bounded]] = [(f"customer[{at}]", rule) for at, rule in enumerate(allocation.customer)]
    listed += [(f"environment.rules[{at}]", rule) for at, rule in enumerate(allocation.environment.rules)]
    listed += [(f"the match of pool {pool.name}", pool.match) for pool in allocation.pools]
    for name, rule in listed:
        if rule.until is not None and rule.until < first:
            text = f"{name} ended on {rule.until}, before every open month"
            yield warn("rules", text, "take it out with the next version of the method")


def _keys(
    settings: Settings, allocation: AllocationFile, tag_sets: Mapping[str, Mapping[str, str]], month: str
) -> Iterator[Finding]:
    """Tag keys that rules look for and no resource carries: a misspelt key takes no money and says nothing."""
    keys = TagKeys(settings.policy())
    listed: tuple[Rule, ...] = (*allocation.customer, *allocation.environment.rules)
    wanted = {rule.tag for rule in listed if rule.tag} | {key for pool in allocation.pools for key in pool.match.tags}
    delivered = set[str]().union(*tag_sets.values())
    for key in sorted(wanted):
        if any(keys.resolve(key).names(raw) for raw in delivered):
            yield ok("tags", f"{key} is carried in {month}")
        else:
            yield warn(
                "tags", f"{key} is on nothing in {month}", "correct its spelling, or add an alias in policy.yaml"
            )


def _customers(asked: Recogniser, registry: Registry, subjects: Subjects, month: str) -> Iterator[Finding]:
    named = {customer for customer in asked.recognise(subjects).customer if customer}
    silent = [known for known in registry.ids if known not in named]
    if silent:
        more = f" and {len(silent) - _SHOWN} more" if len(silent) > _SHOWN else ""
        yield warn("customers", f"no charge of {month} names {', '.join(silent[:_SHOWN])}{more}")
