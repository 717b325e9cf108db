"""Names that turn the direction of writing turn themselves at most, never the figures beside them."""

import io
import re
import unicodedata
from dataclasses import replace

import openpyxl
import pytest

from agent.margins.records import Note
from reports import digest, html, xlsx
from tests.reports.example_report import PEOPLE, example_report
from tests.reports.test_digest import said

CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
TURNED = f"A{CONTROLS}emca"


@pytest.fixture(scope="module")
def report():
    people = tuple(
        replace(person, id=f"{person.id}{CONTROLS}", name=TURNED, tier=TURNED, plan=TURNED) for person in PEOPLE[:3]
    )
    made = example_report(people=people)
    return replace(
        made,
        summary=replace(made.summary, company=TURNED),
        notes=(Note("missing", f"{TURNED} is unknown"),),
        untagged=tuple(replace(line, name=TURNED, account=TURNED, hint=TURNED) for line in made.untagged),
    )


def test_no_control_reaches_slack(report):
    assert not set(CONTROLS) & set(said(digest.blocks(report).blocks))


def test_no_control_reaches_a_cell_of_the_workbook(report):
    book = openpyxl.load_workbook(io.BytesIO(xlsx.render(report)))
    words = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any("emca" in word for word in words)
    assert not set(CONTROLS) & set("".join(words))
    feet = "".join(str(sheet.oddFooter.left.text) for sheet in book)
    assert not set(CONTROLS) & set(str(book.properties.title) + feet)


def test_every_control_of_the_page_is_kept_within_an_isolated_name(report):
    page = html.render(report)
    body = page.partition("<body>")[2].partition('<script type="application/json"')[0]
    outside = re.sub(r"<bdi>.*?</bdi>", "", body)
    assert [sign for sign in outside if unicodedata.category(sign) == "Cf"] == []
    assert not set(CONTROLS) & set(page.partition("<title>")[2].partition("</title>")[0])
