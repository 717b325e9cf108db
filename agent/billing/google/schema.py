"""The columns of Google's standard and detailed usage cost tables that the ledger is made from, by dotted name."""

from agent.billing.reading.header_names import missing_columns

SCALARS = (
    "billing_account_id",
    "invoice.month",
    "cost_type",
    "service.description",
    "sku.id",
    "sku.description",
    "usage_start_time",
    "usage_end_time",
    "project.id",
    "cost",
    "currency",
)
LISTS = ("credits", "labels")
OPTIONAL_SCALARS = (
    "invoice.publisher_type",
    "location.region",
    "location.location",
    "resource.name",
    "resource.global_name",
    "usage.amount",
    "usage.unit",
    "cost_at_list",
    "transaction_type",
    "seller_name",
    "subscription.instance_id",
    "adjustment_info.id",
    "adjustment_info.type",
)
OPTIONAL_LISTS = ("project.labels", "system_labels", "tags")
FIELDS = {
    "credits": ("type", "amount"),
    "labels": ("key", "value"),
    "project.labels": ("key", "value"),
    "system_labels": ("key", "value"),
    "tags": ("key", "value", "namespace"),
}
"""What is read of each repeated record."""
COMMITMENT_SCALARS = (
    "billing_account_id",
    "invoice.month",
    "invoice.publisher_type",
    "transaction_type",
    "cost_type",
    "service.description",
    "sku.description",
    "usage_start_time",
    "cost",
    "currency",
    "subscription.instance_id",
)
"""What commitments are worked out from, beside the credits."""
ALL = (*SCALARS, *LISTS, *OPTIONAL_SCALARS, *OPTIONAL_LISTS)
FOR_COMMITMENTS = (*COMMITMENT_SCALARS, "credits")


def refuse_missing(found: frozenset[str], where: str) -> None:
    """Raises ``SourceError`` naming every needed column that is missing; newer and detailed ones may be."""
    missing = [name for name in (*SCALARS, *LISTS) if name not in found]
    if missing:
        raise missing_columns(
            "Google Cloud export",
            missing,
            where=where,
            expected="the standard or the detailed usage cost export of Google Cloud, with at least these columns",
            mend="export all columns (`SELECT *`), or choose the source kind that matches this file",
        )
