"""Which rule named the customer of a ledger row, and by what: the raw tag, the account, the service or the name."""

from dataclasses import dataclass, field
from functools import cached_property

from agent.allocation.recognise import environment_rules
from agent.billing.ledger.kept_tag_sets import read_tag_sets
from agent.explain.recomputing import Recomputed, Row
from policies.policy import TagKeys
from policies.pool_masks import OPEN_KINDS
from policies.recognition import Recogniser, Subjects
from policies.rules import Rule, in_force
from policies.tags import canonical_json


@dataclass(frozen=True, slots=True)
class Named:
    """What was found; empty where no customer rule names anybody."""

    told: str = ""
    facts: dict[str, str | int] = field(default_factory=dict)


class Namer:
    """Asks the customer rules of a month one by one; remembers what it has seen."""

    def __init__(self, month: Recomputed) -> None:
        self._month = month
        self._keys = TagKeys(month.facts.policy)
        self._seen: dict[tuple[object, ...], Named] = {}

    def of(self, row: Row) -> Named:
        """The rule for a row of the table ``traced``."""
        names = ("ChargeDate", "TagSetId", "SubAccountId", "ServiceName", "LedgerResourceId", "ResourceName", "Kind")
        key = tuple(row[name] for name in names)
        if key not in self._seen:
            self._seen[key] = self._found(row)
        return self._seen[key]

    def _found(self, row: Row) -> Named:
        tags = self._tag_sets[row["TagSetId"]]
        facts: dict[str, str | int] = {"tags": canonical_json(tags)}
        for number, rule in enumerate(self._month.facts.rules.customer, start=1):
            if in_force(rule, row["ChargeDate"]) and self._customer(rule, row) is not None:
                what, value = _looked_at(rule, row, self._named(rule, tags))
                facts |= {"rule": number, "rule_looks_at": what, "value": value}
                return Named(f"customer rule {number} ({what}): {value}", facts)
        return Named("", facts)

    def _customer(self, rule: Rule, row: Row) -> str | None:
        facts = self._month.facts
        recogniser = Recogniser(
            policy=facts.policy,
            registry=facts.registry,
            customer=[rule],
            shared_values=facts.rules.shared_values,
            environment=environment_rules(facts.rules),
            pools=[],
            tag_sets={row["TagSetId"]: self._tag_sets[row["TagSetId"]]},
        )
        found = recogniser.recognise(_subject(row))
        return found.customer[0] if row["Kind"] in OPEN_KINDS else found.own_customer[0]

    def _named(self, rule: Rule, tags: dict[str, str]) -> dict[str, str]:
        """The raw tags that the rule looks at."""
        if rule.tag is None:
            return {}
        key = self._keys.resolve(rule.tag)
        return {raw: value for raw, value in tags.items() if key.names(raw)}

    @cached_property
    def _tag_sets(self) -> dict[str, dict[str, str]]:
        wanted = self._month.engine.fetch("select distinct x_TagSetId from ledger")["x_TagSetId"].combine_chunks()
        return read_tag_sets(self._month.data, wanted)


def _looked_at(rule: Rule, row: Row, named: dict[str, str]) -> tuple[str, str]:
    if rule.tag is not None:
        return f"tag: {rule.tag}", ", ".join(f"{raw} = {value}" for raw, value in sorted(named.items()))
    if rule.account is not None:
        return "account", str(row["SubAccountId"])
    if rule.service is not None:
        return "service", str(row["ServiceName"])
    return f"name: {rule.name}", str(row["ResourceName"] or row["LedgerResourceId"])


def _subject(row: Row) -> Subjects:
    return Subjects(
        kind=[row["Kind"]],
        source=[row["Source"]],
        provider=[None],
        billing_account=[row["BillingAccountId"] or None],
        account=[row["SubAccountId"] or None],
        service=[row["ServiceName"] or None],
        region=[row["RegionId"] or None],
        resource_id=[row["LedgerResourceId"] or None],
        resource_name=[row["ResourceName"] or None],
        tagset_id=[row["TagSetId"]],
    )
