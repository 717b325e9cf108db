"""Functions whose result no source can tell: the clock, chance, secrets."""

from terraform_lint.source.evaluation.functions.registry import Family, Implementation
from terraform_lint.source.evaluation.values import Unknown, Value

OUTSIDE = Family()

_REASONS = {
    "timestamp": ((), "timestamp() is the time of the apply"),
    "plantimestamp": ((), "plantimestamp() is the time of the plan"),
    "uuid": ((), "uuid() is random"),
    "bcrypt": (("text", "whole"), "bcrypt() is random"),
    "rsadecrypt": (("text", "text"), "rsadecrypt() is not worked out here"),
    "base64gzip": (("text",), "base64gzip() depends on Terraform's version"),
}


def _unknown(reason: str) -> Implementation:
    def answer(*_arguments: Value) -> Value:
        return Unknown(reason)

    return answer


for _name, (_parameters, _reason) in _REASONS.items():
    OUTSIDE(_name, *_parameters, optional=int(_name == "bcrypt"))(_unknown(_reason))
