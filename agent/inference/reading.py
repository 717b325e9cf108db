"""The month's resources from the ledger, with what the rules say of them; the passes do not run."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent.allocation import recognise
from agent.billing.ledger.intact import refuse_changed
from agent.billing.ledger.kept_tag_sets import read_tag_sets
from agent.billing.ledger.versions import LedgerVersion, heads
from agent.config.allocation import AllocationFile
from agent.config.loading import Settings
from agent.errors import NothingToDo
from agent.inference.records import Month, Resource
from agent.period import Period
from policies.policy import PolicyFile, TagKeys
from policies.recognition import Recogniser, Recognition, Subjects
from policies.registry import Registry
from policies.rules import Rule, in_force
from policies.tags import fold_key, fold_value

_UNITS = "x_EffectiveUnits"
_USAGE = "usage"
"""Discounts are split over the usage that they reduce: what is untagged of them follows what is untagged of usage."""
TagSets = Mapping[str, Mapping[str, str]]


class _Bill(NamedTuple):
    """Distinct keys of the month's usage, and beside each its currency and summed units."""

    subjects: Subjects
    currencies: list[str]
    units: list[int]


@dataclass(slots=True)
class _Gathered:
    """What is collected about one resource, row by row."""

    names: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)
    tagsets: set[str] = field(default_factory=set)
    customers: set[str] = field(default_factory=set)
    meant: set[str] = field(default_factory=set)
    bound: bool = False
    untagged: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def read_month(settings: Settings, period: Period, registry: Registry) -> Month:
    """Every resource of the month's usage. The rules in force on the month's last day are asked.

    Tagged is a resource by the customer rules that read tags, and by those alone. Untagged is production usage for
    which all rules find neither customer nor pool; a value declared as shared, and capacity that a provider's split
    leaves unused, are not. Raises ``NothingToDo`` where nothing has been ingested.
    """
    versions = heads(settings.data, period)
    if not versions:
        raise NothingToDo(f"{period} has no ledger yet", where=str(settings.data), mend="apportion ingest")
    refuse_changed(versions)
    bill = _bill(versions)
    wanted = pa.array(sorted({str(tagset) for tagset in bill.subjects.tagset_id}), pa.string())
    tag_sets = read_tag_sets(settings.data, wanted)
    rules = settings.allocation(period)
    return _Reading(settings.policy(), registry, rules, tag_sets, period).month(bill)


def _bill(versions: Sequence[LedgerVersion]) -> _Bill:
    keys = [*recognise.LEDGER_COLUMNS.values(), "BillingCurrency"]
    tables = []
    for version in versions:
        for file in version.files:
            rows = pq.read_table(file, columns=[*keys, _UNITS])
            rows = rows.filter(pc.equal(rows["x_Kind"], _USAGE))
            rows = rows.append_column("Source", pa.array([version.source] * len(rows), pa.string()))
            tables.append(rows.group_by([*keys, "Source"]).aggregate([(_UNITS, "sum")]))
    rows = pa.concat_tables(tables, promote_options="permissive").group_by([*keys, "Source"])
    summed = rows.aggregate([(f"{_UNITS}_sum", "sum")])
    columns = {name: summed[column].to_pylist() for name, column in recognise.LEDGER_COLUMNS.items()}
    units = [int(value) for value in summed[f"{_UNITS}_sum_sum"].to_pylist()]
    return _Bill(Subjects(source=summed["Source"].to_pylist(), **columns), summed["BillingCurrency"].to_pylist(), units)


class _Reading:
    """The rules of a month, asked about its bill."""

    def __init__(
        self, policy: PolicyFile, registry: Registry, rules: AllocationFile, tag_sets: TagSets, period: Period
    ) -> None:
        self._policy, self._registry, self._rules, self._tag_sets = policy, registry, rules, tag_sets
        self._period = period
        self._customer = [rule for rule in rules.customer if in_force(rule, period.last_day)]
        keys = TagKeys(policy)
        self._read = [keys.resolve(rule.tag) for rule in self._customer if rule.tag is not None]
        self._idle = recognise.unused(tag_sets)

    def _asked(self, customer: Sequence[Rule]) -> Recogniser:
        day, environment = self._period.last_day, recognise.environment_rules(self._rules)
        return Recogniser(
            policy=self._policy,
            registry=self._registry,
            customer=customer,
            shared_values=self._rules.shared_values,
            environment=replace(environment, rules=[rule for rule in environment.rules if in_force(rule, day)]),
            pools=[pool.match for pool in self._rules.pools if in_force(pool.match, day)],
            tag_sets=self._tag_sets,
        )

    def month(self, bill: _Bill) -> Month:
        said = self._asked(self._customer).recognise(bill.subjects)
        tagged = self._asked([rule for rule in self._customer if rule.tag is not None]).recognise(bill.subjects)
        found: defaultdict[tuple[str, str, str], _Gathered] = defaultdict(_Gathered)
        nameless, accounts = _Gathered(), set[str]()
        subjects = bill.subjects
        for row, resource in enumerate(subjects.resource_id):
            account = subjects.account[row] or ""
            one = nameless if resource is None else found[subjects.provider[row] or "", account, resource]
            self._add(one, subjects, tagged, row)
            bound = said.customer[row] is None and (said.pool[row] is not None or said.shared_value[row])
            one.bound |= bound
            if bound and resource is None:
                accounts.add(account)
            if self._untagged(said, row, subjects.tagset_id[row]):
                one.untagged[bill.currencies[row]] += bill.units[row]
        resources = tuple(self._resource(key, found[key]) for key in sorted(found))
        return Month(self._period, resources, dict(sorted(nameless.untagged.items())), frozenset(accounts))

    def _untagged(self, said: Recognition, row: int, tagset: str | None) -> bool:
        if said.customer[row] is not None or said.pool[row] is not None or said.shared_value[row]:
            return False
        side = said.side[row] or self._rules.environment.default
        return side != "opex" and tagset not in self._idle

    def _add(self, one: _Gathered, subjects: Subjects, tagged: Recognition, row: int) -> None:
        texts: list[tuple[set[str], Any]] = [
            (one.names, subjects.resource_name[row]),
            (one.services, subjects.service[row]),
            (one.regions, subjects.region[row]),
            (one.tagsets, subjects.tagset_id[row]),
            (one.meant, tagged.hint[row]),
        ]
        for known, text in texts:
            if text:
                known.add(text)
        if (customer := tagged.customer[row]) is not None:
            one.customers.add(self._registry.heir(customer, self._period.last_day))

    def _resource(self, key: tuple[str, str, str], one: _Gathered) -> Resource:
        tags: dict[str, str] = {}
        told: set[tuple[str, str]] = set()
        for tagset in sorted(one.tagsets):
            for raw, value in self._tag_sets[tagset].items():
                tags[raw] = max(value, tags.get(raw, ""))
                if value.strip() and not any(known.names(raw) for known in self._read):
                    told.add((fold_key(raw, lossy=True), fold_value(value)))
        provider, account, resource_id = key
        return Resource(
            provider=provider,
            account=account,
            resource_id=resource_id,
            name=min(one.names, default=""),
            service=", ".join(sorted(one.services)),
            region=", ".join(sorted(one.regions)),
            tags=dict(sorted(tags.items())),
            told=frozenset(told),
            customer=next(iter(one.customers)) if len(one.customers) == 1 else None,
            meant=next(iter(one.meant)) if len(one.meant) == 1 and not one.customers else None,
            bound=one.bound,
            untagged=dict(sorted(one.untagged.items())),
        )
