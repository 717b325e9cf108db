"""The doctor on rules with days: those that ended long ago, and pools that never hold together."""

from pathlib import Path

from agent.doctor import examine
from tests.books import AUGUST, JULY, Company, company

RULES = """\
version: 1
customer:
  - {tag: tenant}
  - {account: {"222": birch}, until: UNTIL}
pools:
  - {name: before, match: {service: Database, until: 2026-08-14}, method: even}
  - {name: after, match: {service: Database, from: FROM}, method: even}
"""


def told(books: Company, until: str, begins: str) -> str:
    books.write("allocation.yaml", RULES.replace("UNTIL", until).replace("FROM", begins))
    return "\n".join(found.text for found in examine(books.settings, AUGUST.last_day))


def test_a_rule_that_ended_before_every_open_month_is_named(tmp_path: Path) -> None:
    books = company(tmp_path / "company", JULY, AUGUST)
    books.done("ingest")
    assert "customer[1] ended on 2026-06-30, before every open month" in told(books, "2026-06-30", "2026-08-15")
    assert "ended on" not in told(books, "2026-07-01", "2026-08-15")


def test_pools_that_follow_one_another_in_time_do_not_overlap(tmp_path: Path) -> None:
    books = company(tmp_path / "company", JULY, AUGUST)
    books.done("ingest")
    assert "2, none overlapping" in told(books, "2026-12-31", "2026-08-15")
    assert "before and after match the same charges" in told(books, "2026-12-31", "2026-08-14")
