"""Which part of a tax line comes back: the tables ``tax_rule`` and ``tax_weight``."""

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from agent.allocation.tables import TEXT, UNITS, table
from agent.config.allocation import RecoverableTax
from agent.engine import Engine

_SUBJECTS = """
select distinct TaxType, InvoiceIssuerName, BillingAccountId, SubAccountId
from line where Kind = 'tax' order by TaxType, InvoiceIssuerName, BillingAccountId, SubAccountId
"""


def tax_tables(engine: Engine, rules: Sequence[RecoverableTax]) -> dict[str, pa.Table]:
    """The first rule that matches a tax line's type, issuer and account says which part of it is balance sheet."""
    subjects = engine.fetch(_SUBJECTS).to_pylist()
    numbered = [(at, s, rule) for at, s in enumerate(subjects) if (rule := _first(rules, s)) is not None]
    weights = [(at, key, weight) for at, _, rule in numbered for key, weight in _parts(rule.rate) if weight]
    columns = {"WeightSet": pa.int64(), "TaxType": TEXT, "InvoiceIssuerName": TEXT}
    columns |= {"BillingAccountId": TEXT, "SubAccountId": TEXT}
    return {
        "tax_rule": table(columns, [(at, *subject.values()) for at, subject, _ in numbered]),
        "tax_weight": table({"WeightSet": pa.int64(), "Key": TEXT, "Weight": UNITS}, weights),
    }


def _first(rules: Sequence[RecoverableTax], subject: dict[str, str]) -> RecoverableTax | None:
    accounts = (subject["SubAccountId"], subject["BillingAccountId"])
    for rule in rules:
        same_type = rule.type is None or rule.type.casefold() == subject["TaxType"].casefold()
        same_issuer = rule.issuer is None or rule.issuer.casefold() == subject["InvoiceIssuerName"].casefold()
        if same_type and same_issuer and (rule.account is None or rule.account in accounts):
            return rule
    return None


def _parts(rate: Decimal) -> list[tuple[str, Decimal]]:
    numerator, denominator = rate.as_integer_ratio()
    return [("balance_sheet", Decimal(numerator)), ("cost", Decimal(denominator - numerator))]
