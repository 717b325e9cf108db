"""What to do about the findings of each rule, in general: for tools that list rules apart from findings."""

from policies.rule_names import RULES

HELP: dict[str, str] = {
    "missing-tag": "Without the tag nobody can be charged for the resource. Add it to the resource, or once to the "
    "provider's default_tags or default_labels.",
    "empty-tag": "An empty value names nobody. Give the tag a value that policy.yaml allows.",
    "invalid-value": "Use one of the values, or the form, that policy.yaml asks for.",
    "unknown-customer": "Correct the id, or add the customer to the registry.",
    "wrong-case": "Bills and other tools tell spellings apart. Write key and value exactly as policy.yaml does.",
    "conflicting-tags": "Keep the spelling that policy.yaml asks for and remove the others.",
    "unknown-value": "Give the tag a value that is known before apply, or check the plan where source says too little.",
    "untagged-volume": "The tags of an instance do not reach its volumes. Tag them where they are declared, or with "
    "volume_tags.",
    "untagged-launch": "The tags of a template stay on the template. Add tag_specifications for what it starts.",
    "not-propagated": "It is the instances that cost the money. Set propagate_at_launch = true.",
    "ignored-changes": "Take the tags out of ignore_changes, or a corrected tag never reaches the cloud.",
    "external-module": "Make the module readable, with `terraform init` for example, or check the plan.",
    "bad-ignore": "Write `# apportion:ignore[rule] reason until=YYYY-MM-DD`.",
}
"""Rule -> how its findings are mended."""


def meaning(rule: str) -> str:
    """What the rule says, as one sentence; of a rule without a text, its name."""
    return RULES.get(rule, f"{rule}.")


def mending(rule: str) -> str:
    """What to do, as sentences."""
    return HELP.get(rule, "The finding says what to do.")
