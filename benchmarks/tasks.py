"""One task a process, so that its CPU time and memory are its own: ``python -m benchmarks.tasks TASK CONFIG``."""

import shutil
import sys
from pathlib import Path

import duckdb

_CUR2_TEXTS = (
    "bill_payer_account_id", "bill_billing_entity", "bill_invoicing_entity", "bill_invoice_id",
    "line_item_usage_account_id", "line_item_line_item_type", "line_item_product_code", "line_item_currency_code",
    "line_item_resource_id", "line_item_tax_type", "line_item_legal_entity", "product_sku", "product_region_code",
    "pricing_unit",
)  # fmt: skip
_FOCUS_KEPT = (
    "BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodStart", "ChargeCategory", "ChargeClass",
    "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountId", "CommitmentDiscountStatus", "ConsumedQuantity",
    "ConsumedUnit", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ProviderName", "RegionId",
    "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SubAccountId", "Tags",
)  # fmt: skip


def ingest(config: Path) -> None:
    """Export to ledger, from nothing."""
    from agent import pipeline
    from agent.config.loading import load_application
    from agent.progress import Quiet

    shutil.rmtree(config.parent / "data", ignore_errors=True)
    pipeline.ingest(load_application(config), None, Quiet())


def allocate(config: Path) -> None:
    """Ledger to published, proven results."""
    from agent import pipeline
    from agent.config.loading import load_application
    from agent.period import Period
    from agent.progress import Quiet
    from benchmarks.bills import PERIOD

    pipeline.allocate(load_application(config), Period.parse(PERIOD), Quiet())


def read_parquet(config: Path) -> None:
    """``max()`` of every text column that the ledger keeps, ``sum()`` of the costs, and the tag map read."""
    texts = ", ".join(f"max({name})" for name in _CUR2_TEXTS)
    _query(
        f"select {texts}, max(cardinality(resource_tags)), sum(line_item_unblended_cost), "
        f"sum(pricing_public_on_demand_cost), sum(line_item_usage_amount) from {_parquet(config)}"
    )


def read_csv(config: Path) -> None:
    """The same file as all-VARCHAR with ``max()`` of the columns that the ledger keeps."""
    files = sorted((config.parent / "exports").glob("*.csv.gz"))
    names = ", ".join(f"'{path}'" for path in files)
    kept = ", ".join(f"max({name})" for name in _FOCUS_KEPT)
    _query(f"select {kept} from read_csv([{names}], all_varchar = true, header = true, delim = ',', quote = '\"')")


def group_by_tag(config: Path) -> None:
    """The bare question: cost by tenant tag, over the raw files, in doubles."""
    _query(f"select resource_tags['user_tenant'], sum(line_item_unblended_cost) from {_parquet(config)} group by 1")


def _parquet(config: Path) -> str:
    names = ", ".join(f"'{path}'" for path in sorted((config.parent / "exports").rglob("*.parquet")))
    return f"read_parquet([{names}])"


def _query(text: str) -> None:
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    connection.execute(text).fetchall()


TASKS = {task.__name__: task for task in (ingest, allocate, read_parquet, read_csv, group_by_tag)}

if __name__ == "__main__":
    TASKS[sys.argv[1]](Path(sys.argv[2]))
