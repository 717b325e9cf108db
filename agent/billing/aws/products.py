"""SKU and region from the map ``product`` of CUR 2.0, where an export has not selected the columns of their own."""

import pyarrow as pa

from agent.billing.aws.header import PRODUCT_MAP
from agent.billing.reading.columns import Columns
from agent.billing.reading.raw_tags import DistinctMaps, TagFault, parse

_KEYS = {"product_sku": ("sku",), "product_region_code": ("region_code", "region")}


def with_products(columns: Columns) -> Columns:
    """The columns, with those that the map tells and that are missing."""
    missing = [name for name in _KEYS if name not in columns.arrays]
    if PRODUCT_MAP not in columns.arrays or not missing:
        return columns
    distinct, codes = _distinct(columns)
    told = {name: _texts([_first(tags, _KEYS[name]) for tags in distinct], codes) for name in missing}
    return Columns(columns.arrays | told, columns.rows, columns.first)


def _distinct(columns: Columns) -> tuple[list[dict[str, str]], pa.Array]:
    """The distinct maps and, for each row, the place of its own."""
    maps = columns.key_values(PRODUCT_MAP)
    if maps is not None:
        found = DistinctMaps(maps)
        return [*(found.tags(place) for place in range(len(found.offsets) - 1)), {}], pa.array(found.codes)
    words = columns.words(PRODUCT_MAP)
    return [_parsed(text) for text in words.values], pa.array(words.coded(columns.rows))


def _parsed(text: str | None) -> dict[str, str]:
    try:
        return parse(text)
    except TagFault:
        # NOTE: what a product is called decides nothing; a text that cannot be read tells nothing
        return {}


def _first(product: dict[str, str], keys: tuple[str, ...]) -> str | None:
    return next((product[key] for key in keys if product.get(key)), None)


def _texts(values: list[str | None], codes: pa.Array) -> pa.Array:
    return pa.array(values, pa.string()).take(codes).dictionary_encode()
