"""What to write so that a finding goes away: HCL to paste, in the least invasive place.

What is written already is never pasted a second time: a comment says where the one pair or block goes.
"""

from policies.resource import Carrier, Inheritance, Resource
from terraform_lint import hcl_text
from terraform_lint.default_tags import SETTINGS, reaches

_SPECIFICATION = "tag_specifications.tags"


def advise(resource: Resource, carrier: Carrier, key: str, value: str | None, rule: str, spelling: str) -> str:
    """HCL that mends one finding. ``value`` None: only a person knows it, ``<key>`` stands for it.

    ``spelling``: the key as it stands there, empty where that is no other one. A tag that is missing goes to the
    provider's default tags where these reach the carrier; what is written wrongly is mended where it stands. Empty
    where there is nothing to paste (a remark).
    """
    if not key:
        return ""
    if rule == "not-propagated":
        return "propagate_at_launch = true"
    if rule == "conflicting-tags" and resource.type != "aws_autoscaling_group":
        first = f"# in {_standing(resource, carrier, elsewhere=True)}, and no other spelling of it"
        return "\n".join([first, *_pair(resource, key, value)])
    if spelling or key in carrier.tags.known or key in carrier.tags.unknown:
        return "\n".join(_corrected(resource, carrier, key, value, spelling))
    if resource.inherits is not None and reaches(resource, carrier):
        return "\n".join(_by_default(resource, resource.inherits, key, value))
    return "\n".join(_added(resource, carrier, key, value))


def _by_default(resource: Resource, inherits: Inheritance, key: str, value: str | None) -> list[str]:
    """The tag in the provider's default tags."""
    if inherits.written:
        return [f"# once, for all its resources: add to {_defaults_of(inherits)}", hcl_text.assignment(key, value)]
    lines = hcl_text.default_tags(SETTINGS[resource.provider], {key: value})
    if inherits.line is not None:
        return [f"# once, for all its resources: in {_named(inherits)}", *lines]
    alias = [f"alias = {hcl_text.quoted(inherits.alias)}"] if inherits.alias else []
    return [
        "# once, for every resource of this provider",
        *hcl_text.block(f'provider "{inherits.provider}"', [*alias, *lines]),
    ]


def _named(inherits: Inheritance) -> str:
    return f'provider "{inherits.provider}"' + (f" (alias {inherits.alias})" if inherits.alias else "")


def _defaults_of(inherits: Inheritance) -> str:
    return f"{inherits.setting} of {_named(inherits)}"


def _added(resource: Resource, carrier: Carrier, key: str, value: str | None) -> list[str]:
    """The tag where the resource writes its own."""
    if resource.type == "aws_autoscaling_group":
        return hcl_text.tag_block(key, value)
    if resource.downloaded:
        first = f"# in {resource.module}, if it hands {carrier.attribute} on"
        return [first, hcl_text.map_attribute(carrier.attribute.rpartition(".")[2], {key: value})]
    if carrier.written == carrier.attribute:
        return [f"# add to {_where(carrier)}", *_pair(resource, key, value)]
    block, _, attribute = carrier.attribute.rpartition(".")
    if carrier.attribute == _SPECIFICATION and not carrier.written:
        return hcl_text.tag_specification(hcl_text.specified_kind(carrier.part), {key: value})
    lines = _whole(resource, attribute, key, value)
    if carrier.written:
        return [f"# in {_block_of(carrier)}", *lines]
    return hcl_text.block(block, lines) if block else lines


def _corrected(resource: Resource, carrier: Carrier, key: str, value: str | None, spelling: str) -> list[str]:
    """The one pair that is written wrongly, as it should be."""
    if resource.type == "aws_autoscaling_group":
        what = f"# in the tag block {hcl_text.quoted(spelling or key)}"
        return [what, f"key   = {hcl_text.quoted(key)}", f"value = {hcl_text.value_text(key, value)}"]
    where = _standing(resource, carrier, elsewhere=bool(spelling))
    if not spelling:
        return [f"# in {where}", *_pair(resource, key, value)]
    if value is None:
        return [f"# rename {_shown(spelling)} to {_shown(key)} in {where}"]
    return [f"# rename {_shown(spelling)} in {where}", *_pair(resource, key, value)]


def _standing(resource: Resource, carrier: Carrier, *, elsewhere: bool) -> str:
    """Where a pair that is there is written; ``elsewhere``: it may be in the provider's default tags."""
    if resource.downloaded:
        return f"what {resource.module} is given as {carrier.attribute}"
    if resource.inherits is None or carrier.part or not (elsewhere or not carrier.written):
        return _where(carrier)
    if not carrier.written:
        return _defaults_of(resource.inherits) if resource.inherits.written else _where(carrier)
    return _where(carrier) + (f" or {_defaults_of(resource.inherits)}" if resource.inherits.written else "")


def _where(carrier: Carrier) -> str:
    """``tags``, ``tags of root_block_device``."""
    _, dot, attribute = carrier.attribute.rpartition(".")
    return f"{attribute} of {_block_of(carrier)}" if dot else attribute


def _block_of(carrier: Carrier) -> str:
    return carrier.part or carrier.attribute.rpartition(".")[0]


def _whole(resource: Resource, attribute: str, key: str, value: str | None) -> list[str]:
    if _holds(resource) == "map":
        return [hcl_text.map_attribute(attribute, {key: value})]
    return [f"{attribute} = [{', '.join(_pair(resource, key, value))}]"]


def _pair(resource: Resource, key: str, value: str | None) -> list[str]:
    """The tag as one element of what holds it."""
    if _holds(resource) == "words":
        return [hcl_text.quoted(f"{key}:{f'<{key}>' if value is None else value}")]
    if _holds(resource) == "objects":
        return [f"{{ key = {hcl_text.quoted(key)}, value = {hcl_text.value_text(key, value)} }}"]
    return [hcl_text.assignment(key, value)]


def _holds(resource: Resource) -> str:
    return {"digitalocean": "words", "awscc": "objects"}.get(resource.provider, "map")


def _shown(key: str) -> str:
    """A key inside a comment of one line."""
    return hcl_text.key_text(key)
