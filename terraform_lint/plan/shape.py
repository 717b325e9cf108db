"""What is read of a plan. Everything else in the file is skipped without making Python objects of it."""

from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType


class Fields(msgspec.Struct, gc=False):
    """Those attributes of a resource that bear tags, or lead to what bears them; UNSET: the type has none such.

    The same shape holds the values (``after``), what of them is unknown (true in place of a value) and what is
    sensitive. ``body`` may be large: it stays undecoded, empty where there is none.
    """

    tags: Any = UNSET
    tags_all: Any = UNSET
    labels: Any = UNSET
    effective_labels: Any = UNSET
    terraform_labels: Any = UNSET
    resource_labels: Any = UNSET
    user_labels: Any = UNSET
    freeform_tags: Any = UNSET
    tag: Any = UNSET
    settings: Any = UNSET
    metadata: Any = UNSET
    node_config: Any = UNSET
    launch_template: Any = UNSET
    tag_specifications: Any = UNSET
    volume_tags: Any = UNSET
    root_block_device: Any = UNSET
    ebs_block_device: Any = UNSET
    body: Raw = msgspec.field(default_factory=Raw)


Marks: TypeAlias = Fields | bool | None
"""``after_unknown`` and ``after_sensitive``: by attribute, or one answer for all."""


class Change(msgspec.Struct, gc=False):
    """What happens to a resource. ``after`` is None where it will be gone."""

    actions: tuple[str, ...] = ()
    after: Fields | None = None
    after_unknown: Marks = None
    after_sensitive: Marks = None


class ResourceChange(msgspec.Struct, gc=False):
    """An entry of ``resource_changes``."""

    address: str
    type: str
    change: Change
    mode: str = "managed"
    module_address: str | None = None
    provider_name: str | None = None
    previous_address: str | None = None


class Plan(msgspec.Struct):
    """The file. The fields from ``values`` on tell other files of Terraform from a plan."""

    format_version: Any = UNSET
    terraform_version: Any = None
    resource_changes: list[ResourceChange] | UnsetType | None = UNSET
    planned_values: Raw = Raw()
    configuration: Raw = Raw()
    errored: bool | None = None
    complete: bool | None = None
    deferred_changes: list[Raw] | None = None
    values: Raw = Raw()
    lineage: Raw = Raw()
    data: Raw = Raw()
    run_id: Raw = Raw()
    provider_schemas: Raw = Raw()
    level: Raw = msgspec.field(default=Raw(), name="@level")


class ConfiguredResource(msgspec.Struct):
    """A resource block as written: constants and references."""

    address: str
    provider_config_key: str = ""
    expressions: Raw = Raw()


class ModuleCall(msgspec.Struct):
    """A module block; ``module`` is None where the plan does not hold what it calls."""

    module: "Module | None" = None


class Module(msgspec.Struct):
    """A module as written."""

    resources: list[ConfiguredResource] | None = None
    module_calls: dict[str, ModuleCall] | None = None


class ProviderConfig(msgspec.Struct):
    """A provider block as written. ``name``: its local name (``aws``)."""

    name: str = ""
    full_name: str = ""
    module_address: str = ""
    version_constraint: str = ""
    expressions: Any = None


class ConfiguredProviders(msgspec.Struct):
    """The providers of the section ``configuration``."""

    provider_config: dict[str, ProviderConfig] | None = None


class ConfiguredModules(msgspec.Struct):
    """The modules of the section ``configuration``."""

    root_module: Module | None = None
