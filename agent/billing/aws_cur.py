"""Source ``aws-cur``: AWS's legacy Cost and Usage Report, CSV (plain or gzip) or Parquet, with its manifests.

The columns vary by month and are spelled ``lineItem/UnblendedCost`` or ``line_item_unblended_cost``; each tag and cost
category has a column of its own. CUR 2.0 of the same bill gives the same ledger (:mod:`agent.billing.aws_cur2`).
"""

from agent.billing.aws.report import SUFFIXES, CostAndUsageReport
from agent.billing.delivery.aws_cur import AwsCur as Manifests
from agent.billing.delivery.export import Delivery
from agent.billing.delivery.finding import find
from agent.storage import Folder


class AwsCur(CostAndUsageReport):
    """A Cost and Usage Report as AWS delivers it to a bucket; without manifests the folder is the whole report."""

    kind = "aws-cur"
    report = "Cost and Usage Report"

    def find(self, folder: Folder) -> Delivery:
        return find(folder, SUFFIXES, self.report, (Manifests(),))
