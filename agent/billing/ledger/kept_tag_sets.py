"""``tagsets.parquet``: every tag set any version of the ledger names, by id. Sets are added, never taken away.

An id is the md5 of its set's text, so each entry tells by itself whether it is still what was written.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent.billing.ledger.intact import MEND
from agent.billing.ledger.table import ROW_GROUP
from agent.billing.ledger.versions import LedgerVersion, tagsets_path
from agent.errors import ApportionError
from agent.store import write_file

_COLUMNS = ["x_TagSetId", "Tags"]


def keep_tag_sets(data: Path, texts: Mapping[str, str]) -> None:
    """Adds tag sets (id -> canonical JSON) to those kept; what of the file is damaged is left out. Sorted by id."""
    known = _whole(data)
    if texts.keys() <= known.keys():
        return
    merged = sorted((known | dict(texts)).items())
    columns = [pa.array(column, pa.string()) for column in zip(*merged, strict=True)]
    table = pa.table(dict(zip(_COLUMNS, columns, strict=True)))
    write_file(
        tagsets_path(data), lambda part: pq.write_table(table, part, compression="zstd", row_group_size=ROW_GROUP)
    )


def kept_for(data: Path, versions: Iterable[LedgerVersion]) -> bool:
    """Whether every tag set that these versions name is kept whole. Their own files must be intact."""
    known = _whole(data).keys()
    return all(known >= _named(path) for version in versions for path in version.files)


def read_tag_sets(data: Path, wanted: pa.Array) -> dict[str, dict[str, str]]:
    """Tag sets by id, only those wanted: raw keys and values as delivered.

    Raises ``ApportionError`` when one of them is missing or not what was written.
    """
    stored = _stored(tagsets_path(data))
    if stored is None:
        raise _damaged(data, "the tag sets of the ledger cannot be read")
    found = _entries(stored.filter(pc.is_in(stored["x_TagSetId"], value_set=wanted)))
    lost = set(wanted.to_pylist()) - found.keys()
    if lost:
        raise _damaged(data, f"{len(lost)} of the ledger's tag sets are missing or changed, first {min(lost)}")
    return {known: json.loads(text) for known, text in found.items()}


def _damaged(data: Path, found: str) -> ApportionError:
    return ApportionError(
        found, where=str(tagsets_path(data)), expected="every tag set that the ledger names", mend=MEND
    )


def _whole(data: Path) -> dict[str, str]:
    stored = _stored(tagsets_path(data))
    return {} if stored is None else _entries(stored)


def _stored(path: Path) -> pa.Table | None:
    """The file's two columns; None when it is missing or no such table."""
    if not path.is_file():
        return None
    try:
        table = pq.read_table(path, columns=_COLUMNS)
    except pa.ArrowInvalid:
        return None
    except OSError as error:
        # NOTE: Arrow raises damage within a page as an OSError without a number; those of the disk have one
        if error.errno is not None:
            raise
        return None
    texts = all(name in table.column_names and pa.types.is_string(table[name].type) for name in _COLUMNS)
    return table if texts else None


def _entries(table: pa.Table) -> dict[str, str]:
    pairs = zip(*(table[name].to_pylist() for name in _COLUMNS), strict=True)
    return {known: text for known, text in pairs if text is not None and _id(text) == known}


def _id(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _named(path: Path) -> set[str]:
    return set(pc.unique(pq.read_table(path, columns=["x_TagSetId"])["x_TagSetId"]).to_pylist())
