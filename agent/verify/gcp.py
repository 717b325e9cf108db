"""Google Cloud's usage cost export: nested Parquet, JSON lines and dotted CSV.

BilledCost of a line is its cost and all of its credits. EffectiveCost is the same, but for commitments: their fees
(regular lines whose SKU begins with Commitment, or that have an offset of such a fee, and no partner sells them) cost
nothing themselves, nor do discounts on them. What they come to on a day goes to the lines that commitments cover on
that day, at fees / covered amount cut to twelve decimals, each covered amount cut to twelve decimals too; what is left
is unused, and counted with the first file that has fees of that day. Fees with an offset cover nothing: it has been
taken off the price.
"""

import ast
import csv
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq

from agent.verify.exact import NULLS, ZERO, Costs, FileSums, add, number
from agent.verify.rawfile import BATCH, values

OFFSET = "FEE_UTILIZATION_OFFSET"
COVERS = {"COMMITTED_USAGE_DISCOUNT": "resource", "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE": "spend"}
GIVEN = frozenset({"PROMOTION", "FREE_TIER", "CREDIT_TYPE_UNSPECIFIED"})
"""Credits that are payments: they take nothing off the fee they stand on."""
PICO = Decimal("1e-12")
_GZIP = b"\x1f\x8b"
_NEEDED = (
    "billing_account_id", "invoice", "cost_type", "service", "sku", "usage_start_time", "cost", "currency", "credits",
    "transaction_type", "subscription",
)  # fmt: skip

Pot = tuple[str, str, str]
"""Billing account, currency, model."""
Key = tuple[Pot, str, str, str]
"""Pot, service, subscription ('' where none is stated), day."""
Day = tuple[Pot, str, str]
"""Pot, name, day."""


@dataclass(slots=True)
class GoogleLines:
    """Lines of one file in the period: what does not depend on other files, and what commitments need of it."""

    rows: int = 0
    costs: Costs = field(default_factory=dict)
    fees: dict[Key, Decimal] = field(default_factory=dict)
    covered: dict[Key, Decimal] = field(default_factory=dict)


def read_lines(path: Path, period: str) -> GoogleLines:
    """The lines of ``period``; ``ValueError`` for a credit that is no record."""
    found = GoogleLines()
    month = period.replace("-", "")
    for line in _lines(path):
        if str(_at(line, "invoice.month")) == month:
            _count(found, line)
    return found


def settle(files: Sequence[GoogleLines]) -> list[FileSums]:
    """The costs of each file, the files in the order of their paths."""
    _by_model(files)
    fee_names, names = _names(files)
    fees: dict[Day, Decimal] = {}
    covered: dict[Day, Decimal] = {}
    first: dict[Day, int] = {}
    for place, lines in enumerate(files):
        for key, amount in lines.fees.items():
            day = (key[0], fee_names[key], key[3])
            fees[day] = fees.get(day, ZERO) + amount
            first.setdefault(day, place)
        for key, amount in lines.covered.items():
            if key in names:
                day = (key[0], names[key], key[3])
                covered[day] = covered.get(day, ZERO) + amount
    rates = {day: _rate(amount, covered.get(day, ZERO)) for day, amount in fees.items()}
    spread: list[Costs] = [{} for _ in files]
    for day, place in first.items():
        rest = fees[day] - rates[day] * covered.get(day, ZERO)
        spread[place] = add(spread[place], {day[0][1]: (ZERO, rest)})
    for place, lines in enumerate(files):
        for key, amount in lines.covered.items():
            share = rates.get((key[0], names.get(key, ""), key[3]), ZERO) * amount
            spread[place] = add(spread[place], {key[0][1]: (ZERO, share)})
    return [FileSums(lines.rows, add(lines.costs, extra)) for lines, extra in zip(files, spread, strict=True)]


def _by_model(files: Sequence[GoogleLines]) -> None:
    """A subscription that has an offset anywhere lowers prices: all of its fees are of that model."""
    priced = {(key[0][:2], key[2]) for lines in files for key in lines.fees if key[0][2] == "priced" and key[2]}
    for lines in files:
        told: dict[Key, Decimal] = {}
        for key, amount in lines.fees.items():
            lowers = (key[0][:2], key[2]) in priced
            _to(told, ((*key[0][:2], "priced"), *key[1:]) if lowers else key, amount)
        lines.fees = told


def _names(files: Sequence[GoogleLines]) -> tuple[dict[Key, str], dict[Key, str]]:
    """Of fees and of covered amounts: what brings them together, in a month. A subscription both state, else a service.

    Fees that find nothing so keep their subscription's name.
    """
    fees = {key for lines in files for key in lines.fees}
    covered = {key for lines in files for key in lines.covered}
    both = {(key[0], key[2]) for key in fees if key[2]} & {(key[0], key[2]) for key in covered}
    services = {(key[0], key[1]) for key in fees if (key[0], key[2]) not in both}
    credit_names: dict[Key, str] = {}
    for key in covered:
        pot, service, subscription, _ = key
        if (pot, subscription) in both:
            credit_names[key] = subscription
        elif (pot, service) in services:
            credit_names[key] = f"service {service}"
        elif pot[2] == "spend" and (pot, "Compute Engine") in services:
            credit_names[key] = "service Compute Engine"
    taken = {(key[0], name) for key, name in credit_names.items()}
    fee_names: dict[Key, str] = {}
    for key in fees:
        pot, service, subscription, _ = key
        alone = (pot, subscription) in both or (pot, f"service {service}") not in taken
        fee_names[key] = subscription if subscription and alone else f"service {service}"
    return fee_names, credit_names


def _rate(fees: Decimal, covered: Decimal) -> Decimal:
    if covered <= 0:
        return ZERO
    return Decimal(int(Fraction(fees) / Fraction(covered) * 10**12)) * PICO


def _count(found: GoogleLines, line: Mapping[str, Any]) -> None:
    found.rows += 1
    currency, cost = _at(line, "currency"), number(line["cost"])
    credits_ = [(str(entry["type"]), number(entry["amount"])) for entry in _records(line["credits"])]
    billed = sum((amount for _, amount in credits_), cost)
    regular = _at(line, "cost_type") == "regular"
    if regular and _is_fee(line, credits_):
        given = sum((amount for kind, amount in credits_ if kind in GIVEN), ZERO)
        model = "spend" if "dollar based" in _at(line, "sku.description") else "resource"
        model = "priced" if any(kind == OFFSET for kind, _ in credits_) else model
        _to(found.fees, _key(line, model), billed - given)
        effective = given
    else:
        effective = billed
        for kind, amount in credits_ if regular else ():
            if kind in COVERS:
                _to(found.covered, _key(line, COVERS[kind]), -_cut(amount))
    found.costs = add(found.costs, {currency: (billed, effective)})


def _cut(amount: Decimal) -> Decimal:
    """Cut to twelve decimals, towards zero."""
    return Decimal(int(amount.scaleb(12))).scaleb(-12)


def _to(sums: dict[Key, Decimal], key: Key, amount: Decimal) -> None:
    sums[key] = sums.get(key, ZERO) + amount


def _is_fee(line: Mapping[str, Any], credits_: Sequence[tuple[str, Decimal]]) -> bool:
    if _at(line, "invoice.publisher_type") == "PARTNER" or _at(line, "transaction_type").startswith("THIRD_PARTY"):
        return False
    return _at(line, "sku.description").startswith("Commitment") or any(kind == OFFSET for kind, _ in credits_)


def _key(line: Mapping[str, Any], model: str) -> Key:
    pot = (_at(line, "billing_account_id"), _at(line, "currency"), model)
    return pot, _at(line, "service.description"), _at(line, "subscription.instance_id"), _day(line["usage_start_time"])


def _day(start: object) -> str:
    if isinstance(start, datetime):
        return f"{start.astimezone(UTC) if start.tzinfo else start:%Y-%m-%d}"
    moment = datetime.fromisoformat(str(start).strip().removesuffix("UTC").rstrip())
    return f"{moment.astimezone(UTC) if moment.tzinfo else moment:%Y-%m-%d}"


def _at(line: Mapping[str, Any], name: str) -> str:
    """A text by its dotted name; '' for a null, a missing one, and the words a CSV writes for null."""
    found: Any = line
    if name in line:
        found = line[name]
    else:
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    text = "" if found is None else str(found)
    return "" if text.casefold() in NULLS else text


def _records(cell: Any) -> Sequence[Mapping[str, Any]]:
    """Repeated records: nested, nested as Parquet's older lists are, or text."""
    if isinstance(cell, str):
        cell = _parsed(cell) if cell.strip() else []
    if isinstance(cell, Mapping):
        cell = cell["list"]
    if cell is None:
        return []
    if not isinstance(cell, list):
        raise ValueError(f"no list of credits: {cell!r}")  # noqa: TRY004  # a file that cannot be read, by ValueError
    return [entry.get("element", entry) for entry in cell]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        return _printed(ast.parse(text.strip(), mode="eval").body, text.strip())


def _printed(node: ast.expr, text: str) -> Any:
    """What Python prints for a list; a number is what its digits say, not the float nearest to it."""
    match node:
        case ast.List(elts=elements):
            return [_printed(element, text) for element in elements]
        case ast.Dict(keys=keys, values=values):
            named = [ast.literal_eval(key) for key in keys if key is not None]
            return {key: _printed(value, text) for key, value in zip(named, values, strict=True)}
        case ast.Constant(value=float()) | ast.UnaryOp(operand=ast.Constant(value=float())):
            return Decimal(str(ast.get_source_segment(text, node)))
        case _:
            return ast.literal_eval(node)


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    name = path.name.lower()
    if name.endswith(".parquet"):
        yield from _parquet(path)
        return
    with _open(path) as stream:
        if ".csv" in name:
            yield from csv.DictReader(stream, strict=True)
        else:
            yield from (_object(text) for text in stream if text.strip())


def _object(text: str) -> Mapping[str, Any]:
    """A line of JSON. BigQuery leaves out what is null, and writes an empty list as ``[]``."""
    line: Mapping[str, Any] = json.loads(text, parse_float=Decimal)
    if line.get("credits") is None:
        raise ValueError("a line has no credits, not even an empty list")
    return line


def _parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    with pq.ParquetFile(path) as file:
        picked = [name for name in file.schema_arrow.names if name.split(".")[0] in _NEEDED]
        for batch in file.iter_batches(batch_size=BATCH, columns=picked):
            columns = [values(batch.column(name)) for name in picked]
            yield from (dict(zip(picked, row, strict=True)) for row in zip(*columns, strict=True))


def _open(path: Path) -> IO[str]:
    with path.open("rb") as raw:
        packed = raw.read(len(_GZIP)) == _GZIP
    if packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
