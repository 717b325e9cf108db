"""Rules resolved over the distinct subjects of a period: Arrow in, the table ``subject_rule`` out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from agent.allocation.validity import Span, holding
from agent.billing.ledger.columns import SPLIT_TAG, SPLIT_UNUSED
from agent.config.allocation import AllocationFile, Part, TagKeyOf
from policies.policy import PolicyFile
from policies.recognition import EnvironmentRules, Recogniser, Recognition, Subjects, TagFinding
from policies.registry import Registry
from policies.rules import in_force
from policies.tags import fold_value

UNKNOWN_PART = "@unknown"
"""The part of cost whose bill does not say it: no driver row is of it, so it goes to the pool's fallback."""

TagSets = Mapping[str, Mapping[str, str]]
"""Id of a tag set -> its raw keys and values."""
LEDGER_COLUMNS = {
    "kind": "x_Kind",
    "provider": "ProviderName",
    "billing_account": "BillingAccountId",
    "account": "SubAccountId",
    "service": "ServiceName",
    "region": "RegionId",
    "resource_id": "ResourceId",
    "resource_name": "ResourceName",
    "tagset_id": "x_TagSetId",
}
"""What rules look at, by column of the ledger; beside these they look at the source a row is of."""
_KEYS = {
    "source": "Source",
    "provider": "ProviderName",
    "billing_account": "BillingAccountId",
    "account": "SubAccountId",
    "service": "ServiceName",
    "region": "RegionId",
    "resource_id": "MatchResourceId",
    "resource_name": "MatchResourceName",
    "kind": "Kind",
    "tagset_id": "TagSetId",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The rules that hold in one span of days, ready to be asked."""

    span: Span
    recogniser: Recogniser
    pools: Sequence[int]
    """The places, in the list of all, of the pools that match in the span."""
    heirs: Mapping[str, str]
    """Customers that have merged into another before the span, and into which."""

    def recognise(self, subjects: Subjects) -> Recognition:
        """What the rules say; a pool by its place in the list of all."""
        found = self.recogniser.recognise(subjects)
        return replace(found, pool=[None if at is None else self.pools[at] for at in found.pool])


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a period, span by span; one span where nothing has dates."""

    spans: Sequence[Asked]

    @property
    def findings(self) -> tuple[TagFinding, ...]:
        """What the spelling of tags led to, in any of the spans."""
        return tuple(dict.fromkeys(finding for asked in self.spans for finding in asked.recogniser.findings))


def dated(
    rules: AllocationFile, policy: PolicyFile, registry: Registry, tag_sets: TagSets, days: Sequence[Span]
) -> Rules:
    """The rules, ready to be asked about each of these spans, within which no rule begins or ends."""
    return Rules([_asked(rules, policy, registry, tag_sets, span) for span in days])


def _asked(rules: AllocationFile, policy: PolicyFile, registry: Registry, tag_sets: TagSets, span: Span) -> Asked:
    environment = environment_rules(rules)
    held = holding(matches := [pool.match for pool in rules.pools], span.day)
    recogniser = Recogniser(
        policy=policy,
        registry=registry,
        customer=[rule for rule in rules.customer if in_force(rule, span.day)],
        shared_values=rules.shared_values,
        environment=replace(environment, rules=[rule for rule in environment.rules if in_force(rule, span.day)]),
        pools=[matches[at] for at in held],
        parts=part_tags(rules),
        tag_sets=tag_sets,
    )
    return Asked(span, recogniser, held, {old: heir for old, ended, heir in registry.mergers if ended < span.day})


def needs_resource(rules: AllocationFile) -> bool:
    """Whether a rule or match looks at the resource, so that subjects must carry it."""
    named = any(rule.name is not None for rule in (*rules.customer, *rules.environment.rules))
    return named or any(pool.match.resource is not None for pool in rules.pools)


def part_tags(rules: AllocationFile) -> list[str]:
    """The tags that pools are split by."""
    return [pool.by.tag for pool in rules.pools if isinstance(pool.by, TagKeyOf)]


def environment_rules(rules: AllocationFile) -> EnvironmentRules:
    """The environment section in the form that ``policies`` takes."""
    environment = rules.environment
    opex = {
        value if isinstance(value, str) else value.value: "rnd" if isinstance(value, str) else value.function
        for value in environment.opex
    }
    return EnvironmentRules(rules=environment.rules, cogs=frozenset(environment.cogs), opex=opex)


def unused(tag_sets: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """The tag sets of capacity that a provider's own split says nobody used; they are marked at ingest."""
    return frozenset(known for known, tags in tag_sets.items() if tags.get(SPLIT_TAG) == SPLIT_UNUSED)


def needs_region(rules: AllocationFile) -> bool:
    """Whether any pool looks at the region, or is split by it."""
    return any(pool.match.region is not None or pool.by == "region" for pool in rules.pools)


def parts(rules: AllocationFile, asked: Recogniser, subjects: Subjects, pools: Sequence[int | None]) -> list[str]:
    """The part of its pool that each subject is in, folded; '' for a pool without parts or no pool.

    ``pools``: each subject's pool by its place in the list. A charge that matches none is asked for the part of the
    pool that its kind is sent to. A subject whose bill does not say the part is in :data:`UNKNOWN_PART`.
    """
    if all(pool.by is None for pool in rules.pools):
        return [""] * len(subjects)
    names = {pool.name: at for at, pool in enumerate(rules.pools)}
    sent = {kind: names.get(pool) for kind, pool in charge_pools(rules).items()}
    whole: list[str | None] = [""] * len(subjects)
    values = [_part_values(pool.by, asked, subjects) if pool.by is not None else whole for pool in rules.pools]
    places = [sent.get(str(kind)) if at is None else at for at, kind in zip(pools, subjects.kind, strict=True)]
    found = ("" if at is None else values[at][row] for row, at in enumerate(places))
    return [UNKNOWN_PART if part is None else part for part in found]


def charge_pools(rules: AllocationFile) -> dict[str, str]:
    """Kind -> the pool that charges of it are sent to, where the setting is ``pool:<name>``."""
    kinds = {kind: kind for kind in ("tax", "support", "credit", "refund", "fee")} | {"correction": "refund"}
    settings = {kind: str(getattr(rules.charges, name)) for kind, name in kinds.items()}
    return {kind: text.removeprefix("pool:") for kind, text in settings.items() if text.startswith("pool:")}


def _part_values(by: Part, asked: Recogniser, subjects: Subjects) -> list[str | None]:
    """Each subject's value, folded; None where the bill says none."""
    if isinstance(by, TagKeyOf):
        return asked.tag_values(by.tag, subjects)
    return [fold_value(text) or None if text else None for text in getattr(subjects, by)]


def subject_rule(rules: AllocationFile, asked: Rules, idle: frozenset[str], subjects: pa.Table) -> pa.Table:
    """What the rules say of each subject, beside the subject's own columns ('' stands for null in them).

    A row for each subject and span: it holds for charges dated ``FirstDay`` to ``LastDay``. ``MergedFrom`` is the id
    that the rules found where this customer has merged into another, which is then the Customer. ``idle``: the tag
    sets of unused capacity; ``Unused`` is 1 for their subjects.
    """
    return pa.concat_tables([_said(rules, each, idle, subjects) for each in asked.spans])


def _heirs(asked: Asked, customers: list[str | None]) -> list[str | None]:
    """Who these customers are in the span."""
    if not asked.heirs:
        return customers
    return [None if known is None else asked.heirs.get(known, known) for known in customers]


def _said(rules: AllocationFile, asked: Asked, idle: frozenset[str], subjects: pa.Table) -> pa.Table:
    columns = {name: [text or None for text in subjects[key].to_pylist()] for name, key in _KEYS.items()}
    asked_about = Subjects(**columns)
    found = asked.recognise(asked_about)
    names = [pool.name for pool in rules.pools]
    said = {
        "Customer": _heirs(asked, found.customer),
        "OwnCustomer": _heirs(asked, found.own_customer),
        "MergedFrom": [known if known in asked.heirs else None for known in found.customer],
        "Reason": found.reason,
        "Hint": found.hint,
        "Side": found.side,
        "Function": found.function,
        "Pool": [None if at is None else names[at] for at in found.pool],
        "Part": parts(rules, asked.recogniser, asked_about, found.pool),
    }
    result = subjects
    for name, values in said.items():
        result = result.append_column(name, pa.array(values, pa.string()))
    is_unused = [int(known in idle) for known in subjects["TagSetId"].to_pylist()]
    result = result.append_column("Unused", pa.array(is_unused, pa.int32()))
    result = result.append_column("SharedValue", pa.array(found.shared_value, pa.bool_()))
    for name, day in (("FirstDay", asked.span.first), ("LastDay", asked.span.last)):
        result = result.append_column(name, pa.nulls(len(subjects), pa.date32()).fill_null(day))
    return result
