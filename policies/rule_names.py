"""The rules a finding can name: the one list that comments, policy.yaml and the report formats share."""

RULES: dict[str, str] = {
    "missing-tag": "A required tag is not there.",
    "empty-tag": "A required tag is there without a value.",
    "invalid-value": "The value of a tag is not one that policy.yaml allows.",
    "unknown-customer": "The value of a tag is no customer of the registry, or one that has ended.",
    "wrong-case": "A tag, or the customer it names, is spelled differently from what policy.yaml asks for.",
    "conflicting-tags": "Several spellings of one tag say different things.",
    "unknown-value": "Whether a tag is there, or its value, cannot be known yet.",
    "untagged-volume": "A volume that a resource creates does not carry a required tag.",
    "untagged-launch": "What a launch template or the like starts does not carry a required tag.",
    "not-propagated": "A required tag stays on a resource and does not reach the instances it starts.",
    "ignored-changes": "Terraform is told to leave the tags of a resource as they are, so a fix would have no effect.",
    "external-module": "A module that is not there to be read.",
    "bad-ignore": "An apportion:ignore comment that cannot be understood, and so does not count.",
}
"""Name -> what it says, as one sentence."""
