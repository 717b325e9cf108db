"""Lines of a CUR 2.0 export, column by column: what is fixed per resource, and the numbers per line."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.demo.clock import Clock, Integers
from agent.demo.fleet import Resource, digest
from agent.demo.lines import Charge, Commitment, Usage, priced, savings_rate
from agent.demo.tables import Account
from agent.period import Period

PLAN = "arn:aws:savingsplans::{payer}:savingsplan/7f3c2a10-5b7e-4d0a-9c61-2e8f10d4b6aa"
_PRODUCT_NAMES = {
    "AmazonEC2": "Amazon Elastic Compute Cloud",
    "AmazonEKS": "Amazon Elastic Container Service for Kubernetes",
    "AmazonRDS": "Amazon Relational Database Service",
    "AmazonS3": "Amazon Simple Storage Service",
    "AmazonApiGateway": "Amazon API Gateway",
    "AmazonCloudWatch": "AmazonCloudWatch",
    "AWSLambda": "AWS Lambda",
    "AWSSupportBusiness": "AWS Support (Business)",
}


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one kind: ``fixed`` has a row per template, the arrays a value per line."""

    fixed: list[dict[str, Any]]
    template: Integers
    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    numbers: dict[str, NDArray[np.float64]]
    """Metrics by column; nulls are NaN here and null in the file."""
    units: int
    """Sum of the unblended cost in 1e-12 dollars."""


def dollars(units: Integers, scale: int) -> NDArray[np.float64]:
    """The doubles nearest to integers of 10**-scale dollars; exact as text while below 2**53."""
    return units.astype(np.float64) / np.float64(10**scale)


def _account(account: Account, payer: Account, period: Period) -> dict[str, Any]:
    # An open month has no invoice yet.
    invoice = None if period.month == 10 else f"2093{digest(str(period) + account.id, 6).upper()}"
    return {
        "bill_billing_entity": "AWS",
        "bill_bill_type": "Anniversary",
        "bill_billing_period_start_date": datetime.combine(period.first_day, time()),
        "bill_billing_period_end_date": datetime.combine(period.next.first_day, time()),
        "bill_invoice_id": invoice,
        "bill_invoicing_entity": "Amazon Web Services, Inc.",
        "bill_payer_account_id": payer.id,
        "bill_payer_account_name": payer.name,
        "cost_category": {},
        "discount": {},
        "line_item_currency_code": "USD",
        "line_item_legal_entity": "Amazon Web Services, Inc.",
        "line_item_usage_account_id": account.id,
        "line_item_usage_account_name": account.name,
        "pricing_currency": "USD",
        "product": {},
        "product_region_code": account.region,
        "resource_tags": {},
    }


def _resource(resource: Resource, payer: Account, period: Period, line_type: str) -> dict[str, Any]:
    rate = format(Decimal(resource.rate_micros).scaleb(-6).normalize(), "f")
    instance = resource.usage_type.partition(":")[2]
    return _account(resource.account, payer, period) | {
        "identity_line_item_id": _line_id(f"{resource.name}{line_type}{period}"),
        "line_item_line_item_type": line_type,
        "line_item_line_item_description": f"${rate} per {resource.unit} {resource.usage_type}",
        "line_item_operation": resource.operation,
        "line_item_product_code": resource.product,
        "line_item_resource_id": resource.resource_id,
        "line_item_unblended_rate": rate,
        "line_item_usage_type": resource.usage_type,
        "pricing_public_on_demand_rate": rate,
        "pricing_term": "OnDemand",
        "pricing_unit": resource.unit,
        "product": {"product_name": _PRODUCT_NAMES.get(resource.product, resource.product)},
        "product_instance_type": instance if "." in instance else None,
        "product_servicecode": resource.product,
        "product_sku": digest(f"{resource.product}{resource.usage_type}", 16).upper(),
        "product_usagetype": resource.usage_type,
        "resource_tags": resource.tags,
    }


def _line_id(identity: str) -> str:
    return base64.b32encode(hashlib.sha256(identity.encode()).digest()).decode().lower().rstrip("=")


def usage_block(month: Usage, clock: Clock, payer: Account) -> Block:
    """On-demand usage, and usage covered by the savings plan at its on-demand price."""
    fixed = [
        _resource(r, payer, clock.period, "SavingsPlanCoveredUsage" if r.covered else "Usage")
        | (_plan(payer) if r.covered else {})
        for r in month.resources
    ]
    rates = [savings_rate(r) if r.covered else 0 for r in month.resources]
    effective = dollars(priced(month, rates), 12)
    covered = np.array([r.covered for r in month.resources])
    effective[~covered] = np.nan
    cost = month.cost()
    return _grid(
        fixed,
        month.quantity > 0,
        clock,
        {
            "line_item_usage_amount": dollars(month.quantity, 6),
            "line_item_unblended_cost": dollars(cost, 12),
            "line_item_blended_cost": dollars(cost, 12),
            "pricing_public_on_demand_cost": dollars(cost, 12),
            "savings_plan_savings_plan_effective_cost": effective,
            "savings_plan_savings_plan_rate": np.where(
                covered[:, None], dollars(np.array(rates), 6)[:, None] + np.zeros_like(effective), np.nan
            ),
        },
        int(cost.sum()),
    )


def negation_block(month: Usage, clock: Clock, payer: Account) -> Block:
    """The negative twin of each covered line: together with it, unblended cost is zero."""
    chosen = [index for index, resource in enumerate(month.resources) if resource.covered]
    fixed = [_resource(month.resources[i], payer, clock.period, "SavingsPlanNegation") | _plan(payer) for i in chosen]
    cost = -month.cost()[chosen]
    numbers = {"line_item_unblended_cost": dollars(cost, 12), "line_item_blended_cost": dollars(cost, 12)}
    return _grid(fixed, month.quantity[chosen] > 0, clock, numbers, int(cost.sum()))


def _plan(payer: Account) -> dict[str, Any]:
    return {
        "savings_plan_end_time": "2027-06-01T00:00:00.000Z",
        "savings_plan_offering_type": "ComputeSavingsPlans",
        "savings_plan_payment_option": "No Upfront",
        "savings_plan_purchase_term": "1yr",
        "savings_plan_savings_plan_a_r_n": PLAN.format(payer=payer.id),
        "savings_plan_start_time": "2026-06-01T00:00:00.000Z",
    }


def fee_block(plan: Commitment, clock: Clock, payer: Account) -> Block:
    """The savings plan's recurring fee, bought by the payer, one line a step."""
    fixed = _account(payer, payer, clock.period) | _plan(payer)
    fixed |= {
        "identity_line_item_id": _line_id(f"fee{clock.period}"),
        "line_item_line_item_type": "SavingsPlanRecurringFee",
        "line_item_line_item_description": "1 year No Upfront Compute Savings Plan",
        "line_item_product_code": "ComputeSavingsPlans",
        "line_item_resource_id": PLAN.format(payer=payer.id),
        "line_item_usage_type": "ComputeSP:1yrNoUpfront",
        "product": {"product_name": "Savings Plans for Compute usage"},
        "product_servicecode": "ComputeSavingsPlans",
    }
    bought = np.full_like(plan.used, plan.bought)[None, :]
    numbers = {
        "line_item_usage_amount": np.full(bought.shape, float(clock.step)),
        "line_item_unblended_cost": dollars(bought, 12),
        "line_item_blended_cost": dollars(bought, 12),
        "savings_plan_recurring_commitment_for_billing_period": dollars(bought, 12),
        "savings_plan_total_commitment_to_date": dollars(bought, 12),
        "savings_plan_used_commitment": dollars(plan.used[None, :], 12),
    }
    return _grid([fixed], np.ones(bought.shape, dtype=bool), clock, numbers, int(bought.sum()))


def _grid(
    fixed: list[dict[str, Any]],
    present: NDArray[np.bool_],
    clock: Clock,
    numbers: dict[str, NDArray[np.float64]],
    units: int,
) -> Block:
    template, step = np.nonzero(present)
    starts = clock.starts()[step]
    ends = starts + np.timedelta64(clock.step * 3_600_000, "ms")
    return Block(fixed, template, starts, ends, {name: grid[present] for name, grid in numbers.items()}, units)


def charge_block(charges: list[Charge], period: Period, payer: Account) -> Block:
    """Charges that are no usage of a resource; amounts have at most six decimals."""
    first = np.datetime64(period.first_day.isoformat(), "ms")
    day = np.timedelta64(86_400_000, "ms")
    starts = first + np.array([charge.first_day - 1 for charge in charges]) * day
    ends = starts + np.array([charge.days for charge in charges]) * day
    micros = np.array([charge.micros for charge in charges], dtype=np.int64)
    cost = dollars(micros, 6)
    return Block(
        [_charge(charge, payer, period) for charge in charges],
        np.arange(len(charges)),
        starts,
        ends,
        {"line_item_unblended_cost": cost, "line_item_blended_cost": cost},
        sum(charge.micros for charge in charges) * 10**6,
    )


def _charge(charge: Charge, payer: Account, period: Period) -> dict[str, Any]:
    seller = "Lantern Observability Ltd." if charge.entity == "AWS Marketplace" else "Amazon Web Services, Inc."
    return _account(charge.account, payer, period) | {
        "bill_bill_type": charge.bill_type,
        "bill_billing_entity": charge.entity,
        "bill_invoicing_entity": seller,
        "identity_line_item_id": _line_id(f"{charge}{period}"),
        "line_item_legal_entity": seller,
        "line_item_line_item_description": charge.description,
        "line_item_line_item_type": charge.type,
        "line_item_product_code": charge.product,
        "line_item_tax_type": charge.tax_type,
        "line_item_usage_type": charge.usage_type or None,
        "product": {"product_name": _PRODUCT_NAMES.get(charge.product, charge.product)},
        "product_servicecode": charge.product,
    }
