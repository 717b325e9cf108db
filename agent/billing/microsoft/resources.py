"""Names and types of resources, where a file has them and else by their ids, on distinct ids at once."""

import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.reading.batch import Words
from agent.billing.reading.columns import Columns

_LAST = r"^.*/([^/]*)$"
_TYPE = r"^.*/providers/(?P<space>[^/]+)/(?P<one>[^/]+)/[^/]+(?:/(?P<two>[^/]+)/[^/]+)?(?:/(?P<three>[^/]+)/[^/]+)?$"


def names(columns: Columns) -> Words:
    """As written: ResourceName, else the last part of the resource id."""
    return columns.words("ResourceName").otherwise(columns.words("ResourceId", _last_part))


def types(columns: Columns) -> Words:
    """Lower case, such as ``microsoft.compute/virtualmachines``; null where the id is no resource's."""
    if "ResourceType" in columns.arrays:
        return columns.words("ResourceType", pc.utf8_lower)
    return columns.words("ResourceId", _type)


def _last_part(ids: pa.Array) -> pa.Array:
    return pc.if_else(pc.ends_with(ids, "/"), None, pc.replace_substring_regex(ids, _LAST, r"\1"))


def _type(ids: pa.Array) -> pa.Array:
    parts = pc.extract_regex(pc.utf8_lower(ids), _TYPE)
    named = [pc.struct_field(parts, name) for name in ("space", "one", "two", "three")]
    joined = pc.binary_join_element_wise(*named, "/")
    return pc.utf8_rtrim(joined, characters="/")
