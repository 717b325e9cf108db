"""Rules with dates: which charges they take, and what the lock of the quarter says of a rule that is ended."""

from tests.books import AUGUST, BILL, JULY, Company

RULE = '  - {account: {"222": birch}}\n'
TENANT = "  - {tag: tenant}\n"


def rules(books: Company, before: str, after: str) -> None:
    text = (books.root / "allocation.yaml").read_text()
    assert before in text
    books.write("allocation.yaml", text.replace(before, after))


def with_rule(books: Company) -> Company:
    """What has no tag in account 222 is birch's; July closed so."""
    rules(books, TENANT, TENANT + RULE)
    for month in (JULY, AUGUST):
        books.deliver(month, BILL, SubAccountId="222")
    return books.closed(JULY)


def test_a_rule_that_is_ended_within_the_month_takes_only_its_days(books: Company):
    """The lines of the bill are of the last day of the month."""
    rules(books, TENANT, TENANT + RULE.replace("}}", "}, until: 2026-08-31}"))
    books.deliver(AUGUST, BILL, SubAccountId="222")
    books.done("ingest")
    books.done("allocate", "--period", "2026-08")
    taken = books.costs(AUGUST, "Direct")
    rules(books, "until: 2026-08-31", "until: 2026-08-30")
    books.done("allocate", "--period", "2026-08")
    assert (taken["birch"], books.costs(AUGUST, "Direct")["birch"]) == ("80", "30")


def test_to_end_a_rule_is_a_change_of_the_method(books: Company, capsys):
    with_rule(books)
    rules(books, RULE, RULE.replace("}}", "}, until: 2026-08-10}"))
    assert books.call("allocate", "--period", "2026-08") == 2
    assert "customer[1].until: the default became 2026-08-10" in capsys.readouterr().err


def test_a_condition_with_dates_is_another_condition(books: Company, capsys):
    books.closed(JULY)
    rules(books, "match: {service: Database}", "match: {service: Database, from: 2026-08-10}")
    assert books.call("allocate", "--period", "2026-08") == 2
    assert "pools[0].match.from: the default became 2026-08-10" in capsys.readouterr().err


def test_a_rule_added_for_some_days_is_weighed_on_those_days_alone(books: Company, capsys):
    """On all days it would take the database from its pool; before the month it takes nothing."""
    books.deliver(AUGUST, BILL, SubAccountId="222")
    books.closed(JULY)
    rules(books, TENANT, TENANT + RULE.replace("}}", "}, until: 2026-07-31}"))
    books.done("allocate", "--period", "2026-08")
    assert books.proof(AUGUST)["methodology"]["mapped"] == {}
    rules(books, "until: 2026-07-31", "until: 2026-08-31")
    assert books.call("allocate", "--period", "2026-08") == 2
    assert "what was added takes 40 USD that had a customer" in capsys.readouterr().err
