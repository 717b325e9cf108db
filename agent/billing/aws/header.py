"""Which column of a Cost and Usage Report is which: slashes, underscores or CUR 2.0's names, all by the last.

``lineItem/UnblendedCost``, ``line_item_unblended_cost``: only letters and digits tell columns apart. Tags keep their
keys as delivered, but for the word before them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.billing.reading.header_names import missing_columns, twice

COST = "line_item_unblended_cost"
PARENT = "split_line_item_parent_resource_id"
SPLIT_COST, UNUSED_COST = "split_line_item_split_cost", "split_line_item_unused_cost"
NET_OF = {
    COST: "line_item_net_unblended_cost",
    "reservation_effective_cost": "reservation_net_effective_cost",
    "reservation_unused_amortized_upfront_fee_for_billing_period": (
        "reservation_net_unused_amortized_upfront_fee_for_billing_period"
    ),
    "reservation_unused_recurring_fee": "reservation_net_unused_recurring_fee",
    "savings_plan_savings_plan_effective_cost": "savings_plan_net_savings_plan_effective_cost",
    SPLIT_COST: "split_line_item_net_split_cost",
    UNUSED_COST: "split_line_item_net_unused_cost",
}
"""Amounts, and the same after private discounts."""
REQUIRED = (
    "bill_payer_account_id",
    "bill_billing_period_start_date",
    "line_item_usage_account_id",
    "line_item_line_item_type",
    "line_item_usage_start_date",
    "line_item_usage_end_date",
    "line_item_product_code",
    "line_item_currency_code",
    COST,
)
"""Without one of these a bill cannot be split; a file that lacks some is refused, all of them named."""
OPTIONAL = (
    "bill_invoice_id",
    "bill_invoicing_entity",
    "bill_billing_entity",
    "bill_bill_type",
    "line_item_resource_id",
    "line_item_usage_amount",
    "line_item_tax_type",
    "line_item_legal_entity",
    "product_sku",
    "product_region_code",
    "pricing_unit",
    "pricing_public_on_demand_cost",
    "reservation_reservation_a_r_n",
    "savings_plan_savings_plan_a_r_n",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
    PARENT,
    *(name for name in NET_OF if name != COST),
    *NET_OF.values(),
)
LINE_ID = ("identity_line_item_id", "identity_time_interval")
"""Together the name of a line; read only where two files may repeat each other."""
USAGE_TYPE = "line_item_usage_type"
"""Read only where the parents of split costs are looked for."""
FALLBACKS = {"product_region_code": "product_region"}
"""Columns of older reports that say the same, taken where the column itself is absent."""
TAG_MAPS = ("tags", "resource_tags")
"""The map read as tags: the first that is there. ``tags`` repeats the resource tags and the cost categories."""
CATEGORY_MAP, PRODUCT_MAP = "cost_category", "product"
CATEGORY = "costCategory/"
"""What a cost category's name bears before it among the tags, as AWS writes it in the column ``tags``."""
_TAG_COLUMNS = re.compile(r"(resourceTags/|resource_tags_)(.+)", re.IGNORECASE | re.DOTALL)
_CATEGORY_COLUMNS = re.compile(r"(costCategory/|cost_category_)(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Header:
    """Places of the known columns, and the tag's key of each place whose column is one tag; keys may come twice."""

    places: Mapping[str, int]
    tags: Mapping[int, str] = field(default_factory=dict)

    def having(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of ``names`` that the file has."""
        return tuple(name for name in names if name in self.places)


def resolve(names: Sequence[str], shown: str, report: str) -> Header:
    """The header of a file. Raises ``SourceError`` naming the columns that are missing, or there twice."""
    places: dict[str, int] = {}
    tags: dict[int, str] = {}
    for place, name in enumerate(names):
        key = _tag_key(name)
        if key is not None:
            tags[place] = key
        elif (known := _KNOWN.get(_folded(name))) is None:
            continue
        elif known in places:
            raise twice(name, f"{shown}:1")
        else:
            places[known] = place
    for name, older in FALLBACKS.items():
        if name not in places and older in places:
            places[name] = places[older]
    missing = [name for name in REQUIRED if name not in places]
    if missing:
        raise missing_columns(
            report,
            missing,
            where=shown,
            expected=f"a {report} with at least these columns",
            mend="add the columns to the export's column selection, or choose the source kind that matches this file",
        )
    return Header(places, tags)


def _tag_key(name: str) -> str | None:
    if match := _TAG_COLUMNS.fullmatch(name):
        return match[2]
    if match := _CATEGORY_COLUMNS.fullmatch(name):
        return CATEGORY + match[2]
    return None


def _folded(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.casefold())


_KNOWN = {
    _folded(name): name
    for name in (*REQUIRED, *OPTIONAL, USAGE_TYPE, *LINE_ID, *FALLBACKS.values(), *TAG_MAPS, CATEGORY_MAP, PRODUCT_MAP)
}
