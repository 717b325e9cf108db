"""A month of the ledger with every kind of charge, from several sources, providers and currencies."""

from datetime import UTC, datetime
from pathlib import Path

from tests.agent.billing.ledgers import ingest
from tests.cur2_rows import write_cur2
from tests.focus_rows import write_focus

GOLDEN = Path(__file__).parent / "billing" / "golden" / "focus"
CUR2 = {"bill_payer_account_id": "222222222222", "line_item_usage_account_id": "099999999999"}
OTHERS = {"BillingAccountId": "small-1", "SubAccountId": "", "ProviderName": "SmallCloud", "InvoiceIssuerName": ""}


def fill(data: Path, place: Path) -> None:
    """Ingests five sources into ``data``; their files are written to ``place``."""
    for case in ("aws", "azure", "mongodb", "oracle"):
        ingest(GOLDEN / case / "export", data, name=case)
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
