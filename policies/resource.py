"""A cloud resource as the policy judges it: what it is, and the tags it will bear.

A Terraform plan, Terraform source and a live inventory all end here; ``policies.evaluate`` knows no other input.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Self

from policies.finding import Unread

Action = Literal["create", "update", "replace", "no-op", "declared", "delete", "forget", "read"]
"""What a plan does to the resource. ``declared``: from source, where only a plan could say; judged as a change.
``delete``, ``forget`` and ``read`` (a data source) are never judged."""

CHANGING: frozenset[Action] = frozenset({"create", "update", "replace", "declared"})
"""Actions that can block a merge; ``no-op`` is existing debt."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


def _nothing() -> Mapping[str, str]:
    # NOTE: Python 3.11 takes a mapping proxy for a mutable default
    return _NOTHING


@dataclass(frozen=True, slots=True)
class TagSet:
    """What is known of a set of tags.

    ``known``: values as they will stand; None is a null, which no provider stores. ``unknown``: keys whose value
    cannot be known yet, with the reason. ``rest``: why keys that are not listed may yet be there; None when the list
    is complete. ``sensitive``: values must not be printed.
    """

    known: Mapping[str, str | None] = field(default_factory=_nothing)
    unknown: Mapping[str, str] = field(default_factory=_nothing)
    rest: str | None = None
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Carrier:
    """One thing of a resource that bears tags: the resource itself, or a volume or an instance it will start.

    ``part`` is empty for the resource itself, else as a person would find it: ``root_block_device[0]``,
    ``volume_tags``, ``tag_specifications[volume]``, ``instances``. ``attribute`` is where a tag is written
    (``tags``, ``labels``, ``settings.user_labels``, ``tag block``). ``rule`` names the finding of a part
    (``untagged-volume``, ``untagged-launch``, ``not-propagated``); None: the rules of a resource's own tags.
    ``line`` is the 1-based line of the attribute to change, None where there is no source. ``file`` is where that line
    stands, empty where that is the resource's own file. ``written`` is how much of ``attribute`` stands there already:
    all of it, the block alone (``settings``), or nothing.
    """

    tags: TagSet
    attribute: str = "tags"
    part: str = ""
    rule: str | None = None
    line: int | None = None
    file: str = ""
    written: str = ""


@dataclass(frozen=True, slots=True)
class Inheritance:
    """The provider configuration that gives tags to all its resources at once.

    ``provider`` is its local name, ``alias`` is empty for the one without. ``setting``: ``default_tags`` or
    ``default_labels``; ``written``: whether it is set already. ``file`` and ``line``, 1-based: the provider block that
    sets it, or would; empty and None where nobody wrote one, or only the plan is known.
    """

    provider: str
    alias: str
    setting: str
    written: bool = False
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a person should know about a resource that is no missing tag, such as ``ignored-changes``.

    Always a warning. ``key``: the one tag it is about, whatever its case; empty: all of them.
    """

    rule: str
    message: str
    line: int | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class InlineIgnore:
    """``# apportion:ignore[rule] reason until=2027-01-31`` in the source of a resource.

    ``rules`` holds rule names, or ``*``; ``until`` is an ISO day, the last on which it counts.
    """

    rules: frozenset[str]
    reason: str
    until: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that can carry tags.

    ``address`` is Terraform's own (``module.a["x"].aws_s3_bucket.b[0]``), or the provider's id of a live resource.
    ``module`` is the address of its module (empty in the root). ``path`` is the folder of the root module, or of the
    plan file, relative to where the check runs, with ``/``. ``file`` is where a person would look, ``line`` 1-based.
    ``inherits``: what gives tags to all resources of its provider at once, None where nothing does. ``downloaded``:
    the ``file:line`` of a downloaded module that declares it, where ``file`` and ``line`` are those of the call.
    ``previous``: addresses that it had before it was moved.
    """

    provider: str
    type: str
    address: str
    action: Action
    carriers: tuple[Carrier, ...]
    file: str
    line: int | None = None
    module: str = ""
    path: str = ""
    workspace: str = ""
    account: str = ""
    inherits: Inheritance | None = None
    downloaded: str = ""
    previous: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    ignores: tuple[InlineIgnore, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class External:
    """A module that is not there to be read. ``source`` as written; ``reason`` and ``mend`` are for people."""

    address: str
    source: str
    file: str
    line: int | None
    path: str
    reason: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class BadIgnore:
    """An ``apportion:ignore`` that ignores nothing. ``address``: of the resource that it stands at, else empty.

    ``message`` says why; the rest as in ``Resource``.
    """

    address: str
    message: str
    file: str
    line: int
    path: str


@dataclass(slots=True)
class Gathered:
    """What a reader of plans, source or a cloud hands to the policy. Readers add up with ``+=``."""

    resources: list[Resource] = field(default_factory=list)
    externals: list[External] = field(default_factory=list)
    bad_ignores: list[BadIgnore] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    not_taggable: int = 0
    skipped: int = 0

    def __iadd__(self, other: "Gathered") -> Self:
        self.resources += other.resources
        self.externals += other.externals
        self.bad_ignores += other.bad_ignores
        self.unread += other.unread
        self.notes += other.notes
        self.not_taggable += other.not_taggable
        self.skipped += other.skipped
        return self
