"""Golden cases: a small export as delivered, and the ledger a person worked out for it on paper.

``golden/<kind>/<case>/export`` holds the files, ``expected_ledger.csv`` the rows with the columns that matter, in any
order; an empty cell is null. What verify reads from the same files must agree as well.
"""

import csv
from decimal import Decimal
from pathlib import Path

from agent.billing.ledger.versions import source_heads
from agent.storage.folder import LocalFolder
from agent.verify.exact import FileSums
from agent.verify.raw import sums
from tests.agent.billing.ledgers import ingest, rows

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted((kind.name, case.name) for kind in GOLDEN.iterdir() if kind.is_dir() for case in kind.iterdir())
MAP = "columns.yaml"


def taken_in(kind, case, data):
    """The export of a case in the ledger at ``data``, by the case's column map where it has one."""
    folder = GOLDEN / kind / case
    keys = {"columns": str(folder / MAP)} if (folder / MAP).exists() else {}
    return ingest(folder / "export", data, kind=kind, **keys)


def agreed(kind, case, data):
    """Whether verify reads each file of a case as the manifests say; there is at least one."""
    folder = GOLDEN / kind / case
    configured = {"columns": (folder / MAP).read_bytes()} if (folder / MAP).exists() else None
    told = verified(data, folder / "export", configured=configured)
    return bool(told) and all(recomputed == recorded for recomputed, recorded in told.values())


def expected(kind, case):
    with (GOLDEN / kind / case / "expected_ledger.csv").open(newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def shown(row, columns):
    """A ledger row as the expected file writes it."""
    return {name: _text(row[name]) for name in columns}


def found(data, columns, name="bill"):
    """All rows in force, of every period."""
    versions = source_heads(data, name)
    return [shown(row, columns) for version in versions for row in rows(data, version.period, name)]


def in_order(lines):
    return sorted(lines, key=lambda line: tuple(line.values()))


def verified(data, location, source=None, name="bill", configured=None):
    """Period and file -> what verify reads afresh, and what the manifest says: rows, sums, and what is left out."""
    told = {}
    for version in source_heads(data, name):
        folder = LocalFolder(location, str(location))
        paths = {folder.path(file.path): file for file in version.manifest.files}
        datasets = {path: file.dataset for path, file in paths.items()}
        read = sums(list(paths), version.manifest.kind, str(version.period), source, configured, datasets)
        for path, file in paths.items():
            recomputed = read[path]
            assert isinstance(recomputed, FileSums), recomputed
            recorded = {
                currency: (Decimal(by["BilledCost"]), Decimal(by["EffectiveCost"]))
                for currency, by in file.sums.items()
            }
            afresh = recomputed.rows, recomputed.costs, recomputed.left_out_rows, recomputed.left_out
            said = file.rows, recorded, file.left_out_rows, _left_out(file)
            told[str(version.period), file.path] = afresh, said
    return told


def _left_out(file):
    sums = {}
    for by_currency in file.left_out.values():
        for currency, text in by_currency.items():
            sums[currency] = sums.get(currency, Decimal(0)) + Decimal(text)
    return sums


def _text(value):
    if value is None:
        return ""
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return str(value)
