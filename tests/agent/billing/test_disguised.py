"""A file that is no CSV, under a CSV's name, is called what it is."""

import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.billing.ledger.versions import periods
from agent.errors import SourceError
from tests.agent.billing.ledgers import ingest
from tests.focus_rows import focus_text

TEXT = focus_text([{}, {}])


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"BilledCost": ["1"]}), out)
    return out.getvalue()


def packed() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("bill.csv", TEXT)
    return out.getvalue()


@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz"])
@pytest.mark.parametrize("wrap", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("content", "called", "mend"),
    [
        (parquet(), "Parquet", ".parquet"),
        (packed(), "zip", "unpack"),
        (TEXT.encode("utf-16"), "UTF-16", "UTF-8"),
        (TEXT.encode("utf-16-le"), "UTF-16", "UTF-8"),
        (TEXT.encode("utf-16-be"), "UTF-16", "UTF-8"),
        (TEXT.encode("utf-32"), "UTF-32", "UTF-8"),
    ],
    ids=["parquet", "zip", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_the_real_format_is_named(tmp_path, name, wrap, content, called, mend):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / name).write_bytes(wrap(content))
    with pytest.raises(SourceError) as caught:
        ingest(tmp_path / "x", tmp_path / "data")
    assert called in caught.value.message
    assert mend in caught.value.mend
    assert caught.value.where == name
    assert periods(tmp_path / "data") == []
