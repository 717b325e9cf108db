"""Proposals that a person has accepted, as rules to paste and as a plan of tags. allocation.yaml is never touched."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import yaml

from agent import terminal
from agent.config.loading import Settings
from agent.errors import InputError
from agent.inference.evidence import short_name
from agent.inference.records import Month, Resource
from agent.inference.telling import COLUMNS, bare, guarded, written
from policies.faults import Fault, FaultsError
from policies.nearest import did_you_mean
from policies.policy import TagKeys
from policies.registry import Registry
from policies.table import Row, read_table
from policies.tags import fold_value

PLAN = (
    "provider", "account", "region", "resource", "current_tags", "proposed_tag", "evidence", "confidence", "rule",
)  # fmt: skip
"""Of the tag plan; ``rule`` says which of the written rules finds the customer without the tag."""
_YES, _ANSWERS = "yes", ("", "no", "yes")


class Accepted(NamedTuple):
    """One row marked ``yes``."""

    resource: Resource
    customer: str
    evidence: str
    confidence: str


class NewRule(NamedTuple):
    """A customer rule as allocation.yaml has it, and the resources that it is written for."""

    rule: Mapping[str, object]
    customer: str
    resources: frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Written:
    """What becomes of the accepted rows."""

    accepted: tuple[Accepted, ...]
    rules: tuple[NewRule, ...]
    tag: str | None
    """The key that a plan sets; None where no customer rule takes a tag's value as it is."""

    @property
    def by_rule(self) -> int:
        """Accepted resources that a written rule finds."""
        return sum(any(one.resource.key in rule.resources for rule in self.rules) for one in self.accepted)


def accept(settings: Settings, content: bytes, name: str, month: Month) -> Written:
    """Rules and tags for the rows of a proposals.csv that say ``yes``.

    Raises ``InputError`` for a file that is none, an answer other than yes and no, a row of another month, a resource
    that is not untagged, and a customer that is not in the registry, with the first line; nothing is half accepted.
    """
    registry = settings.registry()
    try:
        accepted = _read(content, name, month, registry)
    except FaultsError as error:
        raise InputError.of(error.faults) from error
    keys = TagKeys(settings.policy())
    plain = (rule.tag for rule in settings.allocation(month.period).customer if not rule.pattern and not rule.values)
    tag = next((keys.resolve(key).canonical for key in plain if key is not None), None)
    return Written(accepted, tuple(_rules(accepted, month)), tag)


def _read(content: bytes, name: str, month: Month, registry: Registry) -> tuple[Accepted, ...]:
    table = read_table(content, name, required=COLUMNS, allowed=COLUMNS)
    faults = list(table.faults)
    known = {one.key: one for one in month.resources}
    found: dict[tuple[str, str, str], Accepted] = {}
    for row in table.rows:
        if wrong := _wrong(row, month, registry, known):
            faults.append(Fault(name, row.line, wrong))
        elif row["accept"].casefold() == _YES:
            resource, customer = known[_key(row)], registry.fold(bare(row["customer"])) or ""
            one = Accepted(resource, customer, bare(row["evidence"]), bare(row["confidence"]))
            before = found.setdefault(resource.key, one)
            if before.customer != customer:
                faults.append(Fault(name, row.line, f"the resource is accepted for {before.customer!r} above"))
    if faults:
        raise FaultsError(sorted(faults, key=lambda fault: fault.line))
    return tuple(found[key] for key in sorted(found))


def _key(row: Row) -> tuple[str, str, str]:
    return bare(row["provider"]), bare(row["account"]), bare(row["resource"])


def _wrong(row: Row, month: Month, registry: Registry, known: Mapping[tuple[str, str, str], Resource]) -> str:
    answer = row["accept"].casefold()
    if answer not in _ANSWERS:
        return f"accept says {row['accept']!r}; write yes, no or nothing"
    if answer != _YES:
        return ""
    if row["period"] != str(month.period):
        return f"the proposal is of {row['period']}, not of {month.period}; name its month with --period"
    resource, customer = known.get(_key(row)), bare(row["customer"])
    if resource is None or not resource.untagged:
        return f"{bare(row['resource'])!r} is not untagged in {month.period}; propose again"
    if registry.fold(customer) is None:
        return f"no customer {customer!r} in customers.csv{did_you_mean(customer, registry.ids)}"
    return ""


def _rules(accepted: Sequence[Accepted], month: Month) -> list[NewRule]:
    """Rules that take nothing but what was accepted for their customer, or is tagged with it.

    Of an account first; a pattern of names for what no account rule finds. A rule that would take a resource of
    somebody else, of nobody, or of a pool is not written: customer rules come before pools.
    """
    customers = {one.resource.key: one.customer for one in accepted}

    def only(customer: str, matches: Callable[[Resource], bool]) -> bool:
        hit = [one for one in month.resources if matches(one)]
        return all(customers.get(one.key, one.customer) == customer and not one.bound for one in hit)

    rules = [*_account_rules(accepted, month, only)]
    ruled = frozenset[tuple[str, str, str]]().union(*(rule.resources for rule in rules))
    return [*rules, *_name_rules([one for one in accepted if one.resource.key not in ruled], only)]


Only = Callable[[str, Callable[[Resource], bool]], bool]


def _account_rules(accepted: Sequence[Accepted], month: Month, only: Only) -> list[NewRule]:
    """An account of a single resource says nothing about the next one in it."""
    members: defaultdict[str, list[Accepted]] = defaultdict(list)
    sizes: defaultdict[str, int] = defaultdict(int)
    for one in accepted:
        members[one.resource.account].append(one)
    for resource in month.resources:
        sizes[resource.account] += 1
    rules = []
    for account in sorted(members.keys() - {""} - month.bound):
        customer = members[account][0].customer
        if sizes[account] > 1 and only(customer, partial(_lies_in, account)):
            keys = frozenset(one.resource.key for one in members[account])
            rules.append(NewRule({"account": {account: customer}}, customer, keys))
    return rules


def _name_rules(rest: Sequence[Accepted], only: Only) -> list[NewRule]:
    """A rule by name reads the customer's id out of the name, so it can only find ids that stand there."""
    rules = []
    for customer in sorted({one.customer for one in rest}):
        pattern = rf"(?i)(?:^|[\W_])(?P<customer>{re.escape(fold_value(customer))})(?:[\W_]|$)"
        holds = re.compile(pattern)
        theirs = [one for one in rest if one.customer == customer and holds.search(short_name(one.resource))]
        if theirs and only(customer, partial(_is_named, holds)):
            rules.append(NewRule({"name": pattern}, customer, frozenset(one.resource.key for one in theirs)))
    return rules


def _lies_in(account: str, resource: Resource) -> bool:
    return resource.account == account


def _is_named(pattern: re.Pattern[str], resource: Resource) -> bool:
    return pattern.search(short_name(resource)) is not None


def rules_yaml(done: Written, month: Month) -> str:
    """The rules as a fragment of allocation.yaml, with a comment for whoever pastes them."""
    lines = [
        f"# From {len(done.accepted)} accepted proposals of {month.period}. To use these rules, add them to customer:",
        "# in allocation.yaml, below those that read tags. Nothing does so by itself.",
        "# An account rule takes the account's charges without a resource too, and everything that comes to be in it.",
    ]
    lines += [f"# {terminal.cell(_about(rule))}" for rule in done.rules]
    listed = [dict(rule.rule) for rule in done.rules]
    dumped = yaml.safe_dump({"customer": listed}, allow_unicode=True, width=10_000, default_flow_style=None)
    return "\n".join([*lines, dumped])


def _about(rule: NewRule) -> str:
    counted = f"{len(rule.resources)} accepted resource{'' if len(rule.resources) == 1 else 's'}"
    return f"{next(iter(rule.rule))} rule for {rule.customer}: {counted}"


def plan_csv(done: Written) -> str:
    """The tag plan: every accepted resource, its tags, the tag it should carry, and why."""
    rows: list[Sequence[str]] = [PLAN]
    for one in done.accepted:
        resource = one.resource
        tags = json.dumps(dict(resource.tags), ensure_ascii=False, sort_keys=True)
        ruled = next((str(next(iter(rule.rule))) for rule in done.rules if resource.key in rule.resources), "")
        whose = (resource.provider, resource.account, resource.region, resource.resource_id, tags)
        what = (f"{done.tag}={one.customer}", one.evidence, one.confidence, ruled)
        rows.append([*map(guarded, (*whose, *what))])
    return written(rows)
