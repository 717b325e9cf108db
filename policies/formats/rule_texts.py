"""What each rule means and how its findings are mended, in general: for tools that list rules apart from findings."""

from typing import NamedTuple


class RuleText(NamedTuple):
    """``short``: the rule in a few words. ``help``: why it matters and what to do."""

    short: str
    help: str


_TEXTS = {
    "missing-tag": RuleText(
        "A resource lacks a required tag",
        "Without the tag its cost cannot be charged to anyone. Add the tag to the resource, or once to the provider's "
        "default_tags or default_labels.",
    ),
    "empty-tag": RuleText(
        "A required tag has an empty value",
        "An empty value names nobody. Give the tag a value that the policy allows.",
    ),
    "invalid-value": RuleText(
        "A tag has a value that the policy does not allow",
        "Use one of the values, or the form, that policy.yaml asks for.",
    ),
    "unknown-customer": RuleText(
        "A tag names a customer that is not in the registry",
        "Correct the id, or add the customer to customers.csv.",
    ),
    "wrong-case": RuleText(
        "A tag is spelled otherwise than the policy says",
        "Bills and other tools tell spellings apart. Write key and value exactly as the policy does.",
    ),
    "untagged-volume": RuleText(
        "A volume that the resource creates will have no tag",
        "The tags of an instance do not reach its volumes. Tag them where they are declared, or with volume_tags.",
    ),
    "untagged-launch": RuleText(
        "What a launch template starts will have no tag",
        "The tags of a template are its own. Add tag_specifications for what it starts.",
    ),
    "not-propagated": RuleText(
        "A tag does not reach the instances that a group starts",
        "The group has the tag, its instances cost the money. Set propagate_at_launch = true.",
    ),
    "ignored-changes": RuleText(
        "Changes of the tags are ignored",
        "With tags under ignore_changes a corrected tag never reaches the cloud. Take it out of the list.",
    ),
}


def rule_text(rule: str) -> RuleText:
    """The text of a rule; of one that has none of its own, its name in words."""
    words = rule.replace("-", " ").strip() or "finding"
    return _TEXTS.get(rule) or RuleText(words[0].upper() + words[1:], "The finding says what to do.")
