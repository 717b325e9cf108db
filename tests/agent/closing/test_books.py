"""The books on disk: what was changed shows, a kill leaves a month closed or open, and two cannot close at once."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.closing import closed_month, faults
from agent.closing.books import hash_of
from tests.books import AUGUST, JULY, Company, company

CLOSE = "import sys; from agent.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Companies to copy: July ready to be closed, and July and August closed."""
    root = tmp_path_factory.mktemp("books")
    ready = company(root / "open", JULY)
    ready.done("ingest")
    ready.done("allocate", "--period", "2026-07")
    company(root / "closed", JULY, AUGUST).closed(JULY, AUGUST)
    return root


@pytest.fixture
def ready(made: Path, tmp_path: Path) -> Company:
    return Company(Path(shutil.copytree(made / "open", tmp_path / "company")))


@pytest.fixture
def shut(made: Path, tmp_path: Path) -> Company:
    return Company(Path(shutil.copytree(made / "closed", tmp_path / "company")))


def closing(books: Company, by: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CLOSE, "--config", str(books.config), "--quiet", "close", "2026-07", "--by", by]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def edit(path: Path, change: Callable[[dict], object]) -> None:
    path.chmod(0o644)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def append(path: Path) -> None:
    path.chmod(0o644)
    with path.open("ab") as file:
        file.write(b" ")


TAMPERED = {
    "a figure": lambda books: append(books.entry(JULY) / "cost_per_customer.csv"),
    "the rules": lambda books: append(books.entry(JULY) / "config" / "allocation.yaml"),
    "the list of inputs": lambda books: append(books.entry(JULY) / "inputs.json"),
    "a file gone": lambda books: (books.entry(JULY) / "details.json").unlink(),
    "who closed it": lambda books: edit(books.entry(JULY) / "close.json", lambda entry: entry.update(by="Eve")),
    "a total": lambda books: edit(
        books.entry(JULY) / "close.json", lambda entry: entry["totals"]["USD"]["BilledCost"].update(source="1")
    ),
    "an entry gone": lambda books: shutil.rmtree(books.entry(JULY)),
    "an entry that cannot be read": lambda books: edit(
        books.entry(JULY) / "close.json", lambda entry: entry.pop("period")
    ),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED.keys())
def test_what_was_changed_after_the_close_is_found(shut: Company, change, capsys):
    assert faults(shut.data) == []
    change(shut)
    assert len(faults(shut.data)) == 1
    assert shut.call("verify", "--period", "2026-08") == 1
    capsys.readouterr()
    assert shut.call("report", "--period", "2026-08") == 1
    told = capsys.readouterr().err
    assert "the books were changed after they were closed" in told or "an entry of the books cannot be read" in told
    assert "bring data/closed back from a backup" in told
    assert shut.call("doctor") == 2
    assert "missing  closed months" in capsys.readouterr().out


def test_nothing_is_closed_on_top_of_changed_books(shut: Company, capsys):
    shut.deliver(AUGUST.next)
    shut.done("ingest")
    append(shut.entry(JULY) / "cost_per_customer.csv")
    assert shut.call("allocate", "--period", "2026-09") == 1
    assert shut.call("close", "2026-09") in (1, 2)
    assert not shut.entry(AUGUST.next).exists()


def test_an_entry_written_anew_with_a_hash_of_its_own_breaks_the_chain(shut: Company):
    def forge(entry: dict) -> None:
        entry["by"] = "Eve"
        entry["hash"] = hash_of(entry)

    edit(shut.entry(JULY) / "close.json", forge)
    assert faults(shut.data) == ["2026-08 v1 does not follow the entry before it"]


def test_verify_counts_every_closed_file(shut: Company, capsys):
    assert shut.call("verify") == 0
    text = capsys.readouterr().out
    assert "closed 2026-07 v1: files" in text
    assert "closed 2026-08 v1: entry before it" in text


def test_results_that_were_replaced_after_the_close_do_not_verify(shut: Company, capsys):
    path = shut.results(JULY) / "details.json"
    path.write_text(path.read_text() + " ")
    assert shut.call("verify", "--period", "2026-07") == 1
    assert "published details.json == closed" in capsys.readouterr().out


def test_a_close_that_is_killed_leaves_the_month_closed_or_open(made: Path, tmp_path: Path):
    def fresh(number: int) -> Company:
        return Company(Path(shutil.copytree(made / "open", tmp_path / str(number))))

    begun = time.monotonic()
    with closing(fresh(0), "Ada") as process:
        assert process.communicate() == (None, "")
    whole = time.monotonic() - begun
    left_open = 0
    for number in range(1, 11):
        books = fresh(number)
        with closing(books, "Ada") as process:
            time.sleep(whole * number / 10)
            process.kill()
            process.communicate()
        assert faults(books.data) == []
        if closed_month(books.data, JULY) is None:
            left_open += 1
            books.done("close", "--by", "Ada")
        assert [path.name for path in (books.data / "closed" / "2026-07").iterdir()] == ["v1"]
        assert faults(books.data) == []
    assert left_open


def test_of_two_closes_at_once_one_closes_and_the_other_is_told(ready: Company):
    both = [closing(ready, by) for by in ("Ada", "Bob")]
    told = [process.communicate()[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 2]
    assert "2026-07 was closed by" in "".join(told)
    assert [path.name for path in (ready.data / "closed" / "2026-07").iterdir()] == ["v1"]
    assert faults(ready.data) == []
