"""The workbook in a real spreadsheet: it opens, its sums are recomputed to the same cents, it prints."""

import csv
import io
import os
import subprocess
from decimal import Decimal

import pytest

from reports import xlsx
from tests.reports.example_report import example_report

pytestmark = pytest.mark.slow

SECOND_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2"


@pytest.fixture
def convert(tool, tmp_path):
    """Has LibreOffice write the example workbook in another format; gives the files it made."""
    office = tool("soffice")
    (tmp_path / "report.xlsx").write_bytes(xlsx.render(example_report()))

    def run(form):
        command = [
            office,
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            form,
        ]
        command += ["--outdir", str(tmp_path), str(tmp_path / "report.xlsx")]
        environment = os.environ | {"HOME": str(tmp_path)}
        subprocess.run(command, capture_output=True, timeout=180, check=True, env=environment)
        return sorted(tmp_path.glob("report*"))

    return run


def test_a_spreadsheet_computes_the_same_totals(convert):
    made = next(path for path in convert(SECOND_SHEET) if path.suffix == ".csv")
    rows = list(csv.reader(io.StringIO(made.read_text(), newline="")))
    heads = next(row for row in rows if row[0] == "Customer")
    total = dict(zip(heads, next(row for row in rows if row[0] == "Total"), strict=True))
    assert Decimal(total["Cost, USD"]) == Decimal("163588.48")
    assert Decimal(total["Shared"]) == Decimal("40344.39")


def test_the_workbook_prints_on_few_pages(convert, tool):
    made = next(path for path in convert("pdf") if path.suffix == ".pdf")
    info = subprocess.run([tool("pdfinfo"), made], capture_output=True, text=True, check=True).stdout
    assert int(info.split("Pages:")[1].split()[0]) <= 12
