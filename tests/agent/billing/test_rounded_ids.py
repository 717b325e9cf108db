"""An id that a spreadsheet has turned into a number has lost its last digits: every source refuses it by its line."""

import pytest

from agent.errors import SourceError
from tests.agent.billing.bills import bills
from tests.agent.billing.ledgers import ingest

IDS = [
    *(("focus", name) for name in ("InvoiceId", "ResourceId", "SkuId", "CommitmentDiscountId")),
    *(
        ("aws-cur", name)
        for name in (
            "bill/InvoiceId",
            "lineItem/ResourceId",
            "product/sku",
            "reservation/ReservationARN",
            "savingsPlan/SavingsPlanARN",
        )
    ),
    *(("azure", name) for name in ("SubscriptionId", "InvoiceId", "ResourceId", "MeterId", "benefitId")),
    *(
        ("gcp", name)
        for name in (
            "billing_account_id",
            "project.id",
            "sku.id",
            "resource.name",
            "resource.global_name",
            "subscription.instance_id",
        )
    ),
    *(("oci", name) for name in ("product/compartmentId", "product/resourceId", "cost/productSku")),
    ("csv", "resource"),
    *(("digitalocean", name) for name in ("resource_uuid", "resource_id")),
]
FILE = "DigitalOcean Invoice 2026 Oct (6173678-418071234).csv"
"""DigitalOcean's files tell their month by their name; the others may be called anything."""


@pytest.mark.parametrize(("kind", "name"), IDS)
def test_an_id_that_a_spreadsheet_has_rounded_is_refused(kind, name, tmp_path):
    bill = bills(tmp_path)[kind]
    lines = [dict(line) for line in bill.lines]
    lines[1][name] = "1.23457E+11"
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / FILE).write_text(bill.text(lines))
    with pytest.raises(SourceError, match=r"holds '1.23457E\+11': a spreadsheet has rounded this id") as caught:
        ingest(tmp_path / "export", tmp_path / "data", kind=kind, **bill.keys)
    assert caught.value.where == f"{FILE}:3"
