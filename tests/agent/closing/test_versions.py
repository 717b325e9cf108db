"""Versions of the method in a folder: each month by its own, and the quarter's lock over them."""

from agent.basis import out_of_date
from tests.books import AUGUST, JULY, Company


def versions(books: Company, **files: str) -> Company:
    """The rules of ``tests.books`` as the first version of a folder; ``files`` by the name of the version."""
    first = (books.root / "allocation.yaml").read_text()
    (books.root / "methods").mkdir()
    for name, text in {"h2": first, **files}.items():
        books.write(f"methods/{name}.yaml", text)
    books.config.write_text(books.config.read_text().replace("allocation: allocation.yaml", "allocation: methods"))
    return books


SECOND = "{id: v2, from: 2026-08, reason: fairer, approved_by: CFO}"


def second(books: Company, named: str = SECOND) -> str:
    """A version that leaves untagged cost apart, under the given name."""
    text = (books.root / "allocation.yaml").read_text().replace("{id: 2026-H2, from: 2026-07}", named)
    return text.replace("pools:", "untagged: {method: bucket}\npools:")


def test_each_month_is_allocated_by_the_version_in_force(books: Company):
    versions(books, v2=second(books)).closed(JULY)
    books.done("allocate", "--period", "2026-08")
    assert (books.proof(JULY)["methodology"]["id"], books.proof(AUGUST)["methodology"]["id"]) == ("2026-H2", "v2")
    assert books.proof(AUGUST)["methodology"]["reason"] == "fairer"
    assert (books.costs(JULY)["@unallocated"], books.costs(AUGUST)["@unallocated"]) == ("0", "10")
    assert (books.entry(JULY) / "config" / "allocation.yaml").read_text() == (
        books.root / "methods/h2.yaml"
    ).read_text()


def test_the_lock_holds_for_a_version_without_its_approval(books: Company, capsys):
    versions(books, v2=second(books, "{id: v2, from: 2026-08}")).closed(JULY)
    assert books.call("allocate", "--period", "2026-08") == 2
    told = capsys.readouterr().err
    assert "the method changes inside a quarter of which 2026-07 is closed" in told
    assert f"{books.root / 'methods' / 'v2.yaml'}" in told


def test_a_version_of_a_later_month_leaves_this_one_as_it_is(books: Company):
    versions(books).closed(JULY)
    books.done("allocate", "--period", "2026-08")
    before = books.proof(AUGUST)
    books.write("methods/v3.yaml", second(books, "{id: v3, from: 2026-10}"))
    assert not out_of_date(books.settings, AUGUST)
    assert books.proof(AUGUST) == before


def test_a_month_before_the_first_version_takes_it_and_says_so(books: Company):
    text = (books.root / "allocation.yaml").read_text().replace("from: 2026-07", "from: 2026-08")
    books.write("allocation.yaml", text)
    versions(books)
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    books.done("report", "--period", "2026-07")
    notes = next((books.results(JULY) / "report").glob("*.notes.txt")).read_text()
    assert "this methodology is meant from 2026-08 on; no version begins earlier, so it holds here too" in notes
