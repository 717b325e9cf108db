import numpy as np
import pytest

from agent.billing.reading.batch import Words
from agent.billing.reading.kinds import kinds_of

PLAIN = {
    "ChargeCategory": "Usage",
    "ProviderName": "AWS",
    "PublisherName": "Amazon Web Services, Inc.",
    "ServiceName": "Amazon EC2",
}


@pytest.mark.parametrize(
    ("charge", "billed", "kind"),
    [
        ({}, 1, "usage"),
        ({}, -1, "usage"),
        ({"ChargeCategory": "usage"}, 1, "usage"),
        ({"ChargeCategory": "Tax"}, 1, "tax"),
        ({"ChargeCategory": "Credit"}, -1, "credit"),
        ({"ChargeCategory": "Purchase"}, 1, "fee"),
        ({"ChargeCategory": "Purchase", "CommitmentDiscountId": "sp-1"}, 1, "commitment_purchase"),
        ({"CommitmentDiscountId": "sp-1", "CommitmentDiscountStatus": "Used"}, 1, "usage"),
        ({"CommitmentDiscountId": "sp-1", "CommitmentDiscountStatus": "unused"}, 1, "commitment_unused"),
        ({"ServiceName": "AWS Support (Business)"}, 1, "support"),
        ({"ServiceName": "AWSSupportBusiness"}, 1, "support"),
        ({"ServiceName": "Microsoft.Support", "ChargeCategory": "Purchase"}, 1, "support"),
        ({"ServiceName": "Other", "ServiceSubcategory": "Support"}, 1, "support"),
        ({"ServiceName": "Supportive Analytics"}, 1, "usage"),
        ({"PublisherName": "Red Hat Inc."}, 1, "marketplace"),
        ({"PublisherName": "Amazon Web Services EMEA SARL"}, 1, "usage"),
        ({"PublisherName": None}, 1, "usage"),
        ({"ProviderName": "Microsoft Azure", "PublisherName": "Datadog"}, 1, "marketplace"),
        ({"ProviderName": "SmallCloud", "PublisherName": "Somebody"}, 1, "usage"),
        ({"ChargeCategory": "Adjustment", "ChargeDescription": "Refund of fees"}, -1, "refund"),
        ({"ChargeCategory": "Adjustment", "ChargeDescription": "Rounding"}, 1, "rounding"),
        ({"ChargeCategory": "Adjustment"}, 1, "correction"),
        ({"ChargeCategory": "Tax", "ChargeClass": "Correction"}, -1, "tax"),
        ({"ChargeDescription": "Enterprise Discount Program discount"}, -1, "discount"),
        ({"ChargeDescription": "EDP"}, -1, "discount"),
        ({"ChargeDescription": "Private Rate Card"}, -1, "discount"),
        ({"ChargeDescription": "Bundled data transfer"}, -1, "discount"),
        ({"ChargeDescription": "Bundled data transfer"}, 1, "usage"),
    ],
)
def test_kind_of_a_charge(charge, billed, kind):
    words = {name: Words.same(value) for name, value in (PLAIN | charge).items()}
    found = kinds_of(words, np.array([billed]))
    assert found.values[found.codes[0]] == kind
