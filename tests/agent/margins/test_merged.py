"""A customer that merged into another is told with what still names it."""

from tests.books import JULY, Company, company

CUSTOMERS = """\
id,name,kind,start,end,successor
acorn,Acorn,paying,2026-01-01,,
birch,Birch,paying,2026-01-01,{end},acorn
"""


def merged(books: Company, end: str) -> str:
    """The notes of July's report."""
    books.write("customers.csv", CUSTOMERS.format(end=end))
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    books.done("report", "--period", "2026-07")
    return next((books.results(JULY) / "report").glob("*.notes.txt")).read_text()


def test_what_still_names_it_is_told_and_counts_as_the_successors(tmp_path):
    books = company(tmp_path / "company", JULY)
    notes = merged(books, "2026-06-30")
    told = "birch merged into acorn after 2026-06-30, and is still named by cost of 30.00 USD, driver requests"
    assert f"{told}: it counts as acorn's" in notes
    assert (books.costs(JULY)["acorn"], books.costs(JULY)["birch"]) == ("140", "0")


def test_before_the_merger_nothing_is_told(tmp_path):
    books = company(tmp_path / "company", JULY)
    assert "merged" not in merged(books, "2026-07-31")
    assert books.costs(JULY)["birch"] != "0"
