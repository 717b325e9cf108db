"""What an untagged resource will cost, from last month's bill: no price list, but what such resources did cost.

``costs_by_type.json`` is written by ``apportion run`` next to a month's results, so that the check needs no engine.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

import msgspec

from policies.faults import Fault, FaultsError
from policies.finding import Finding, Report

_CENT = Decimal("0.01")
_FILE = "costs_by_type.json"
_WRONG = frozenset(
    {"missing-tag", "empty-tag", "invalid-value", "unknown-customer", "conflicting-tags", "untagged-volume"}
)
"""Findings after which nobody can be charged for the resource."""
_VOLUME = "untagged-volume"


class _Row(msgspec.Struct, frozen=True):
    provider: str
    service: str
    currency: str
    resources: int
    effective: str
    kind: str = ""
    account: str = ""


class _File(msgspec.Struct, frozen=True):
    version: int
    period: str
    types: list[_Row]


class Selector(msgspec.Struct, frozen=True):
    """Which lines of the bill are resources of one Terraform type: any of ``kinds``, else any of ``services``.

    A service alone is named only where it bills one type of resource.
    """

    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Costs:
    """A month's effective cost by kind of resource."""

    period: str
    _rows: tuple[_Row, ...]
    _amounts: Mapping[str, Decimal]
    _selectors: Mapping[str, Selector]

    @classmethod
    def read(cls, path: Path, account: str | None = None) -> "Costs":
        """The file, or the latest month's below a data folder; with ``account``, of that account alone.

        ``FaultsError`` where there is none, or where it is no such file.
        """
        file = path if path.is_file() else _latest(path)
        try:
            content = msgspec.json.decode(file.read_bytes(), type=_File)
            amounts = {row.effective: _amount(row.effective) for row in content.types}
        except (OSError, msgspec.DecodeError, ValueError) as error:
            raise FaultsError([Fault(str(file), 0, f"not a {_FILE} as `apportion run` writes it: {error}")]) from None
        rows = (row for row in content.types if account is None or row.account == account)
        return cls(content.period, tuple(rows), amounts, _selectors())

    def monthly(self, type_name: str) -> tuple[Decimal, str] | None:
        """What one resource of the type cost in the month, on average, to the cent, and in which currency.

        None where the bill has none, where its type is not in our table, or where several currencies would mix.
        """
        selector = self._selectors.get(type_name)
        rows = self._matching(selector) if selector is not None else []
        count = sum(row.resources for row in rows)
        if count == 0 or len({row.currency for row in rows}) != 1:
            return None
        mean = sum((self._amounts[row.effective] for row in rows), Decimal(0)) / count
        return (mean.quantize(_CENT), rows[0].currency) if mean > 0 else None

    def _matching(self, selector: Selector) -> list[_Row]:
        by_kind = [row for row in self._rows if row.kind.casefold() in selector.kinds]
        return by_kind or [row for row in self._rows if row.service in selector.services]


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite():
        raise ValueError(f"{text!r} is not an amount")
    return amount


def _latest(folder: Path) -> Path:
    found = sorted([*folder.glob(f"results/*/{_FILE}"), *folder.glob(f"data/results/*/{_FILE}"), *folder.glob(_FILE)])
    if not found:
        message = f"there is no {_FILE} here or in results below; `apportion run` writes one a month"
        raise FaultsError([Fault(str(folder), 0, message)])
    return max(found, key=lambda file: file.parent.name)


def _selectors() -> dict[str, Selector]:
    content = Path(__file__).with_name("costs.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, Selector])


def with_costs(report: Report, costs: Costs, keys: Collection[str]) -> Report:
    """The report with what each resource will cost a month that names no customer, where the bill tells.

    ``keys``: the tags that name the customer.
    """
    monthly = cache(costs.monthly)

    def priced(finding: Finding) -> Finding:
        if finding.rule not in _WRONG or finding.key not in keys or finding.verdict not in ("violation", "existing"):
            return finding
        price = monthly("aws_ebs_volume" if finding.rule == _VOLUME else finding.type)
        return finding if price is None else replace(finding, cost=str(price[0]), currency=price[1])

    return replace(report, findings=tuple(map(priced, report.findings)))
