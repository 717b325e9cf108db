"""Files that ``apportion export`` wrote: what the ledger knew beyond FOCUS stands in their ``x_`` columns."""

import json
from collections.abc import Mapping

import numpy as np

from agent.billing.focus_dataset.values import known
from agent.billing.reading.batch import Words
from agent.billing.reading.columns import Columns
from agent.config.columns import KINDS


def is_own(columns: Columns) -> bool:
    """Whether these rows come from an export of apportion; another tool's ``x_Kind`` says nothing here."""
    return {"x_Kind", "x_Source", "x_FilledColumns"} <= columns.arrays.keys()


def kinds(columns: Columns) -> Words:
    """The ledger's kinds as exported."""
    return columns.required("x_Kind", known(columns, "x_Kind", KINDS, "a kind of apportion's ledger"))


def emptied(columns: Columns, words: Mapping[str, Words]) -> dict[str, Words]:
    """The columns with null again where the export had to fill in a value that FOCUS demands."""
    filled = columns.words("x_FilledColumns")
    lists = [frozenset(json.loads(value)) if value is not None else frozenset[str]() for value in filled.values]
    result = dict(words)
    for name in sorted(frozenset[str]().union(*lists) & words.keys()):
        table = np.array([name in columns_filled for columns_filled in lists])
        result[name] = words[name].only(~table[filled.coded(columns.rows)])
    return result
