"""Source ``aws-cur2``: AWS Data Exports' Cost and Usage Report 2.0 in Parquet or CSV, with its manifests.

BilledCost is the unblended (or net unblended) cost to the last digit; EffectiveCost is amortised as
:mod:`agent.billing.aws.line_types` says.
"""

from agent.billing.aws.report import SUFFIXES, CostAndUsageReport
from agent.billing.delivery.aws_data_exports import AwsDataExports
from agent.billing.delivery.export import Delivery
from agent.billing.delivery.finding import find
from agent.storage import Folder


class AwsCur2(CostAndUsageReport):
    """CUR 2.0 as AWS Data Exports delivers it."""

    kind = "aws-cur2"
    report = "CUR 2.0"

    def find(self, folder: Folder) -> Delivery:
        return find(folder, SUFFIXES, self.report, (AwsDataExports(),))
