"""How much of the attribute that bears tags is written already: a tag is added to that, not pasted beside it."""

from dataclasses import replace

from policies.resource import Carrier
from terraform_lint.special import Attributes, Unclear


def with_written(carrier: Carrier, attributes: Attributes) -> Carrier:
    """The carrier with how much of its attribute the resource's body writes."""
    there = _written(carrier, attributes)
    return replace(carrier, written=there) if there else carrier


def _written(carrier: Carrier, attributes: Attributes) -> str:
    block, dot, name = carrier.attribute.rpartition(".")
    if carrier.attribute == "tag block":
        return ""  # each tag is a block of its own
    if not dot:
        return name if _is_set(attributes, name) else ""
    inner = _block(carrier, attributes, block)
    if inner is None:
        return ""
    return carrier.attribute if inner.tags(name) is not None else block


def _is_set(attributes: Attributes, name: str) -> bool:
    return any(found is not None for found in (attributes.tags(name), attributes.texts(name)))


def _block(carrier: Carrier, attributes: Attributes, name: str) -> Attributes | None:
    """The block that the carrier's part names: by number, or by the ``resource_type`` it says."""
    found = attributes.blocks(name).found
    which = carrier.part.partition("[")[2].rstrip("]")
    if not which or which.isdecimal():
        number = int(which or 0)
        return found[number] if number < len(found) else None
    return next((each for each in found if not isinstance(each.text("resource_type"), Unclear)
                 and each.text("resource_type") == which), None)  # fmt: skip
