"""The credits of a line: every type Google documents, and what each one is to the ledger.

A discount reduces the line it stands on. A promotion or a free tier is a credit: cost before credits leaves it out.
A type that is not listed is an error: a credit skipped in silence would overstate the bill.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pyarrow as pa

from agent.billing.google.rows import Records, Rows
from agent.billing.google.texts import Record, RecordFault, records
from agent.billing.reading.batch import Codes, Ints, Numbers, Words
from agent.billing.reading.columns import Columns, ReadFault


class Credit(Enum):
    """What a type of credit is."""

    REDUCES = "a discount: of the kind of its line, 'discount' on usage"
    GIVEN = "a credit"
    SPEND = "the covered part of a line, of a commitment to spend"
    RESOURCE = "the covered part of a line, of a commitment to resources"


TYPES = {
    "SUSTAINED_USAGE_DISCOUNT": Credit.REDUCES,
    "DISCOUNT": Credit.REDUCES,
    "SUBSCRIPTION_BENEFIT": Credit.REDUCES,
    "RESELLER_MARGIN": Credit.REDUCES,
    "FEE_UTILIZATION_OFFSET": Credit.REDUCES,
    "COMMITTED_USAGE_DISCOUNT": Credit.RESOURCE,
    "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE": Credit.SPEND,
    "PROMOTION": Credit.GIVEN,
    "FREE_TIER": Credit.GIVEN,
    "CREDIT_TYPE_UNSPECIFIED": Credit.GIVEN,
}
NAMES = tuple(TYPES)
OFFSET = NAMES.index("FEE_UTILIZATION_OFFSET")
GIVEN = np.array([treatment is Credit.GIVEN for treatment in TYPES.values()])
COVERING = np.array([treatment in (Credit.SPEND, Credit.RESOURCE) for treatment in TYPES.values()])
MODELS: tuple[str | None, ...] = tuple(
    {Credit.SPEND: "spend", Credit.RESOURCE: "resource"}.get(treatment) for treatment in TYPES.values()
)
"""The model of commitment that a type of credit tells of."""


@dataclass(frozen=True, slots=True)
class Credits:
    """All credits of a block, in the order of their lines: row of the block, place in :data:`NAMES`, amount."""

    rows: Ints
    types: Codes
    amounts: Numbers


def credits_of(found: Rows) -> Credits:
    """The credits of these rows. Raises ``ReadFault`` for an unknown type and for what is no amount."""
    if "credits" in found.texts:
        return _from_texts(found.texts["credits"], found.columns)
    return _from_records(found.records["credits"], found.columns)


def _from_records(listed: Records, columns: Columns) -> Credits:
    count = int(listed.offsets[-1])
    rows = np.repeat(np.arange(columns.rows), np.diff(listed.offsets))
    if not count:
        return _credits(rows, Words.same(None), Numbers.zero(0), columns)
    types = Columns(listed.fields, count, 0).words("type")
    return _credits(rows, types, _amounts(listed.fields, rows, columns), columns)


def _from_texts(words: Words, columns: Columns) -> Credits:
    """Each distinct text is read once; its credits are then laid out row by row."""
    read = [_read(text, words, code, columns) for code, text in enumerate(words.values)]
    counts = np.array([len(each) for each in read], np.int64)
    starts = np.cumsum(counts) - counts
    codes = words.coded(columns.rows)
    rows = np.repeat(np.arange(columns.rows), counts[codes])
    before = np.cumsum(counts[codes]) - counts[codes]
    places = np.arange(len(rows)) - np.repeat(before - starts[codes], counts[codes])
    entries = [record for each in read for record in each]
    if not len(rows):
        return _credits(rows, Words.same(None), Numbers.zero(0), columns)
    indices = pa.array(places, pa.int32())
    fields = {
        name: pa.DictionaryArray.from_arrays(indices, pa.array([entry.get(name) for entry in entries], pa.string()))
        for name in ("type", "amount")
    }
    types = Words([entry.get("type") for entry in entries], places.astype(np.int32))
    return _credits(rows, types, _amounts(fields, rows, columns), columns)


def _read(text: str | None, words: Words, code: int, columns: Columns) -> list[Record]:
    try:
        return list(records(text))
    except RecordFault as error:
        row = 0 if words.codes is None else int(np.argmax(words.codes == code))
        raise columns.fault(
            "the credits cannot be read",
            row,
            "a list of credits, as JSON or as Python prints it",
            "deliver the export itself, not a copy saved by a spreadsheet",
        ) from error


def _amounts(fields: Mapping[str, pa.Array], rows: Ints, columns: Columns) -> Numbers:
    name = "credits.amount"
    try:
        return Columns({name: _plain(fields["amount"])}, len(rows), 0).cost(name)
    except ReadFault as fault:
        raise columns.fault(fault.message, int(rows[fault.row]), fault.expected, fault.mend) from fault


def _plain(column: pa.Array) -> pa.Array:
    """NOTE: a dictionary may hold a null among its values, which Arrow does not count as a null of the column."""
    if pa.types.is_dictionary(column.type) and column.dictionary.null_count:
        return column.dictionary_decode()
    return column


def _credits(rows: Ints, types: Words, amounts: Numbers, columns: Columns) -> Credits:
    def unknown(entries: int, name: str | None, first: int) -> ReadFault:
        return columns.fault(
            f"{entries} credits are of a type that is not known, such as {name!r}",
            int(rows[first]),
            "a type that Google documents: " + ", ".join(NAMES),
            "please report the type: leaving its credits out would overstate the bill",
        )

    places = types.places(lambda name: NAMES.index(name) if name in NAMES else -1, len(rows), unknown)
    return Credits(rows, places, amounts)
