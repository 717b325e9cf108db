"""The resources of a module instance, with the tags they will bear."""

from collections.abc import Iterator
from dataclasses import replace

from policies.resource import Carrier, Inheritance, Remark, Resource
from terraform_lint.providers import TypeTags, Unlisted, provider_of, tag_attribute
from terraform_lint.source.addresses import inside, with_key
from terraform_lint.source.attributes import BodyAttributes
from terraform_lint.source.bodies import attribute, blocks, items, reference
from terraform_lint.source.comments import ignores_of
from terraform_lint.source.declarations import Declared
from terraform_lint.source.evaluation.values import OpenMap, Sensitive, Unknown, Value
from terraform_lint.source.instance import Instance
from terraform_lint.source.provider_defaults import Provider
from terraform_lint.source.resource_values import effective, provider_name
from terraform_lint.source.syntax.tree import Attr, Expression, Index, Literal
from terraform_lint.special import carriers, has_parts, is_special, parts, reaches_volumes
from terraform_lint.written import with_written


def resources_of(instance: Instance) -> Iterator[Resource | None]:
    """Each resource that the module itself declares; None for one that takes no tags."""
    for name, declared in instance.module.resources.items():
        expansion = instance.expansion(declared)
        if not expansion.scopes:
            continue
        frame = _frame(instance, name, declared)
        described = tag_attribute(frame.type)
        for key, scope in expansion.scopes.items():
            body = BodyAttributes(declared.body, declared.first.line, scope, instance.run.evaluate, declared.line_of)
            borne = _carriers(instance, frame.type, body, described)
            if not borne:
                yield None
                continue
            borne = tuple(_as_written(carrier, declared, body, downloaded=frame.downloaded) for carrier in borne)
            inherits = _inherits(instance, frame.type, body, described)
            yield replace(frame, address=with_key(frame.address, key), carriers=borne, inherits=inherits)


def _frame(instance: Instance, name: str, declared: Declared) -> Resource:
    """What is the same for all instances of a resource."""
    type_name = declared.first.labels[0]
    call = instance.call_of_download
    return Resource(
        provider=provider_of(type_name),
        type=type_name,
        address=inside(instance.address, name),
        action="declared",
        carriers=(),
        file=call.file if call else declared.file,
        line=call.first.line if call else declared.first.line,
        module=instance.address,
        path=instance.run.path,
        workspace=instance.run.workspace,
        downloaded=f"{declared.file}:{declared.first.line}" if call else "",
        remarks=tuple(replace(each, line=None) if call else each for each in _remarks(declared)),
        ignores=(*instance.ignores, *ignores_of(instance.module, declared)),
    )


def _as_written(carrier: Carrier, declared: Declared, body: BodyAttributes, *, downloaded: str) -> Carrier:
    """The carrier with how much of its attribute is written, and where, as a person would change it."""
    carrier = with_written(carrier, body)
    if downloaded:
        return replace(carrier, line=None)
    file, _ = declared.place_of(_TOP.get(carrier.attribute) or carrier.attribute.partition(".")[0])
    return replace(carrier, file=file) if file != declared.file else carrier


_TOP = {"tag block": "tag", "propagate_at_launch": "tag"}
"""What stands in the resource's body for a carrier's attribute, where that is not its first word."""


def _carriers(
    instance: Instance, type_name: str, body: BodyAttributes, described: TypeTags | Unlisted | None
) -> tuple[Carrier, ...]:
    """All that bears tags; empty for a resource that takes none."""
    if is_special(type_name):
        defaults = _provider(instance, type_name, body).defaults if _inheriting(described) else None
        return carriers(type_name, body, defaults) or ()
    name = _plain_attribute(body, described)
    if name is None:
        return ()
    own = Carrier(effective(instance, type_name, body, name), name, line=body.line(name))
    return (own, *_parts(instance, type_name, body)) if has_parts(type_name) else (own,)


def _plain_attribute(body: BodyAttributes, described: TypeTags | Unlisted | None) -> str | None:
    if isinstance(described, Unlisted):
        return next(
            (name for name in described.attributes if body.is_set(name) and _may_be_map(body.value(name))), None
        )
    return described.attribute if described is not None and described.kind == "map" else None


def _may_be_map(value: Value) -> bool:
    return isinstance(value.value if isinstance(value, Sensitive) else value, dict | OpenMap | Unknown)


def _parts(instance: Instance, type_name: str, body: BodyAttributes) -> tuple[Carrier, ...]:
    provider = _provider(instance, type_name, body)
    return parts(type_name, body, provider.defaults if reaches_volumes(provider.constraint) else None)


def _inherits(
    instance: Instance, type_name: str, body: BodyAttributes, described: TypeTags | Unlisted | None
) -> Inheritance | None:
    return _provider(instance, type_name, body).inheritance(provider_of(type_name)) if _inheriting(described) else None


def _inheriting(described: TypeTags | Unlisted | None) -> bool:
    return described is not None and described.inherits


def _provider(instance: Instance, type_name: str, body: BodyAttributes) -> Provider:
    return instance.providers.find(provider_name(type_name, body))


def _remarks(declared: Declared) -> Iterator[Remark]:
    """``ignore_changes`` that keeps tags from being corrected."""
    for lifecycle in blocks(declared.body, "lifecycle"):
        written = attribute(lifecycle.body, "ignore_changes")
        if written is not None:
            for text, key in filter(None, map(_ignored, items(written.value))):
                what = "all changes" if text == "all" else f"changes of {text}"
                message = f"lifecycle ignores {what}: what is wrong there stays wrong once the resource is created"
                yield Remark("ignored-changes", message, written.line, key)


def _ignored(item: Expression) -> tuple[str, str] | None:
    """An entry of ``ignore_changes`` as text, where it is about tags, and the key if it is about one tag alone."""
    text = _written(item)
    if text == "all":
        return text, ""
    *path, last = [part.strip('"]') for part in text.replace("[", ".").split(".")]
    if last in _TAGS:
        return text, ""
    return (text, last if last != _ANY_KEY else "") if path and path[-1] in _TAGS else None


_TAGS = frozenset(
    {
        "tags", "tags_all", "tag", "labels", "effective_labels", "terraform_labels", "resource_labels", "user_labels",
        "volume_tags", "tag_specifications",
    }
)  # fmt: skip


_ANY_KEY = "…"


def _written(item: Expression | None) -> str:
    """A reference as it is written: ``tags["tenant"]``."""
    if isinstance(item, Attr):
        return f"{_written(item.of)}.{item.name}"
    if isinstance(item, Index):
        key = item.key.value if isinstance(item.key, Literal) else None
        return f'{_written(item.of)}["{key}"]' if isinstance(key, str) else f"{_written(item.of)}[{_ANY_KEY}]"
    return reference(item) if item is not None else ""
