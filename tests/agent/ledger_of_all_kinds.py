"""A month of the ledger with every kind of charge, from several sources, providers and currencies."""

from datetime import UTC, datetime
from pathlib import Path

from tests.agent.billing.golden_ledgers import GOLDEN
from tests.agent.billing.ledgers import ingest
from tests.cur2_rows import write_cur2
from tests.focus_rows import write_focus

OTHER_CASES = {
    "aws-cur": ("everything_else", "reservations", "savings_plan"),
    "azure": ("customer_agreement", "enterprise_agreement", "pay_as_you_go"),
    "csv": ("german_invoice", "hourly_export"),
    "digitalocean": ("fetched", "invoice_csv"),
    "oci": ("corrections_and_late_hours",),
}
"""Golden exports beside FOCUS's and Google's; those left out bill an account and day that another one bills."""
CUR2 = {"bill_payer_account_id": "222222222222", "line_item_usage_account_id": "099999999999"}
OTHERS = {"BillingAccountId": "small-1", "SubAccountId": "", "ProviderName": "SmallCloud", "InvoiceIssuerName": ""}


def fill(data: Path, place: Path) -> None:
    """Ingests five sources into ``data``; their files are written to ``place``."""
    for case in ("aws", "azure", "mongodb", "oracle"):
        ingest(GOLDEN / "focus" / case / "export", data, name=case)
    others = [
        {"ChargeCategory": "Purchase", "BilledCost": "20", "ServiceName": "Domains", "ConsumedQuantity": "1"},
        {"ChargeCategory": "Adjustment", "BilledCost": "-0.25", "ServiceName": "", "ConsumedQuantity": ""},
        {"ChargeCategory": "Adjustment", "ChargeDescription": "Rounding", "BilledCost": "0.004"},
        {"BilledCost": "0.1000000000000000000000006", "ResourceName": 'one\nname, "quoted"'},
        {"BilledCost": "0.1000000000000000000000006", "Tags": '{"tenant": "acmé", "note": "a\\": \\"b"}'},
        {"BilledCost": "0.0000000000000000000000008", "SkuId": "0042"},
    ]
    ingest(write_focus(place / "small.csv", [OTHERS | line for line in others]), data, name="small")
    lines = [
        {"line_item_unblended_cost": 0.1, "resource_tags": {"user_tenant": "acme"}},
        {"line_item_unblended_cost": 2.5e-7, "line_item_product_code": "AmazonS3"},
        {"line_item_unblended_cost": 1.0, "line_item_line_item_type": "Tax", "line_item_tax_type": "VAT"},
        {
            "line_item_unblended_cost": 3.0,
            "line_item_usage_start_date": datetime(2026, 10, 1, tzinfo=UTC),
            "line_item_usage_end_date": datetime(2026, 11, 1, tzinfo=UTC),
            "line_item_line_item_type": "Fee",
        },
    ]
    ingest(write_cur2(place / "cur2", [CUR2 | line for line in lines]), data, kind="aws-cur2", name="cur2")


def fill_from_every_kind_of_source(data: Path, place: Path) -> None:
    """As :func:`fill`, with the golden exports of every other kind of source."""
    fill(data, place)
    for kind, cases in OTHER_CASES.items():
        for case in cases:
            folder = GOLDEN / kind / case
            keys = {"columns": str(folder / "columns.yaml")} if kind == "csv" else {}
            ingest(folder / "export", data, kind=kind, name=f"{kind}-{case}", **keys)
    # NOTE: the golden exports of Google bill one account on the same days; here each has an account of its own
    for export in sorted((GOLDEN / "gcp").glob("*/export/october.csv")):
        name = export.parents[1].name
        own = place / name / "october.csv"
        own.parent.mkdir()
        own.write_text(export.read_text().replace("0ABCDE-123456-789012", f"account-of-{name}"))
        ingest(own.parent, data, kind="gcp", name=f"gcp-{name}")
