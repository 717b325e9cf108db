"""customers.csv: what is read, and which mistakes are told with their line."""

from datetime import date
from pathlib import Path

import pytest

from policies.faults import FaultsError
from policies.registry import Registry, read_registry

HEADER = "id,name,kind,tier,plan,segment,cohort,parent,start,end"


def registry(*lines: str, header: str = HEADER) -> Registry:
    return read_registry("\n".join((header, *lines)).encode())


def faults(*lines: str, header: str = HEADER) -> list[tuple[int, str]]:
    with pytest.raises(FaultsError) as caught:
        registry(*lines, header=header)
    assert {fault.file for fault in caught.value.faults} == {"customers.csv"}
    return [(fault.line, fault.message) for fault in caught.value.faults]


def test_only_the_id_is_required() -> None:
    (customer,) = registry("acme", header="id").customers
    assert (customer.id, customer.name, customer.kind, customer.tier) == ("acme", "acme", "paying", "")
    assert (customer.start, customer.end, customer.cohort) == (None, None, "")


def test_every_column_is_read_and_trimmed(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes(
        b"\xef\xbb\xbf" + HEADER.encode() + b"\r\n acme ,Acme Inc, Free,gold,p,s,,,2026-01-15,2026-03-31\r\n\r\n"
    )
    (customer,) = read_registry(path).customers
    assert (customer.id, customer.name, customer.kind, customer.tier) == ("acme", "Acme Inc", "free", "gold")
    assert (customer.start, customer.end, customer.cohort) == (date(2026, 1, 15), date(2026, 3, 31), "2026-01")


def test_ids_stand_in_bytewise_order() -> None:
    assert registry("é", "b", "Z", "a", header="id").ids == ("Z", "a", "b", "é")


def test_ids_may_hold_quotes_commas_and_line_feeds() -> None:
    found = registry('"a ""b"", c"', '"two\nlines"', header="id")
    assert found.ids == ('a "b", c', "two\nlines")


def test_lines_are_counted_past_quoted_line_feeds() -> None:
    assert faults('"two\nlines",', "x,bad", header="id,kind")[0][0] == 4


def test_a_value_is_folded_to_its_id() -> None:
    found = registry("Acme-Corp", header="id")
    assert found.fold(" ACME-corp ") == "Acme-Corp"
    assert found.fold("acme") is None


DATED = ("acme,,free,,,,,,2026-01-01,2026-01-31", "acme,,paying,,,,,,2026-03-01,")


@pytest.mark.parametrize(
    ("day", "valid", "shown", "active"),
    [
        ("2025-12-01", "free", "free", False),
        ("2026-01-01", "free", "free", True),
        ("2026-01-31", "free", "free", True),
        ("2026-02-10", "free", "free", False),
        ("2026-02-20", "paying", "free", False),
        ("2026-03-01", "paying", "paying", True),
        ("2030-01-01", "paying", "paying", True),
    ],
)
def test_dated_rows(day: str, valid: str, shown: str, active: bool) -> None:
    found, on = registry(*reversed(DATED)), date.fromisoformat(day)
    assert (found.valid_on("acme", on).kind, found.shown("acme", on).kind) == (valid, shown)
    assert found.active("acme", on) is active
    assert [row.kind for row in found.rows("acme")] == ["free", "paying"]


def test_the_cohort_is_the_month_of_the_first_start() -> None:
    assert [row.cohort for row in registry(*DATED).customers] == ["2026-01", "2026-01"]
    assert registry("a,,,,,,early,,2026-01-01,").customers[0].cohort == "early"


def test_a_row_ending_in_the_past_is_left_behind() -> None:
    assert registry("acme,,,,,,,,,2026-01-31").valid_on("acme", date(2026, 5, 1)).end == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("value", "nearest"),
    [
        ("acne", "acme"),
        ("amce", "acme"),
        ("acm", "acme"),
        ("acmee", "acme"),
        ("Globex_Corp", "globex-corp"),
        ("initech", None),
        ("", None),
        ("x", None),
        ("日", None),
    ],
)
def test_the_nearest_id_is_a_letter_off(value: str, nearest: str | None) -> None:
    assert registry("acme", "globex-corp", "ab", header="id").nearest(value) == nearest


def test_of_equally_near_ids_the_bytewise_first_is_named() -> None:
    assert registry("acme2", "acme1", header="id").nearest("acme3") == "acme1"


def test_parents() -> None:
    found = registry("child,,,,,,,group,,", "group,,,,,,,,,")
    assert found.rows("child")[0].parent == "group"


EXCEL = "id '1.23457E+11' looks like a number a spreadsheet has shortened; write the id in full, as text"


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (["@opex,,,,,,,,,"], 2, "id '@opex' starts with '@', which is reserved for rows such as @unallocated"),
        ([",x,,,,,,,,"], 2, "id is empty"),
        (['"a\tb",,,,,,,,,'], 2, "id 'a\\tb' holds a control character"),
        (["1.23457E+11,,,,,,,,,"], 2, EXCEL),
        (["a,,,,,,,,,", "A,,,,,,,,,"], 3, "id 'A' and 'a' (line 2) are the same id in bills"),
        (["a,,payin,,,,,,,"], 2, "kind 'payin' is not one of paying, free, trial, internal; did you mean 'paying'?"),
        (["a,,xx,,,,,,,"], 2, "kind 'xx' is not one of paying, free, trial, internal"),
        (["a,,,,,,,,9/9/2024,"], 2, "start '9/9/2024' is not a date; write it as YYYY-MM-DD"),
        (["a,,,,,,,,,20260101"], 2, "end '20260101' is not a date; write it as YYYY-MM-DD"),
        (["a,,,,,,,,2026-02-30,"], 2, "start '2026-02-30' is not a date; write it as YYYY-MM-DD"),
        (["a,,,,,,,,2026-02-02,2026-01-01"], 2, "end 2026-01-01 lies before start 2026-02-02"),
        (["a,,,,,,,,,", "a,,,,,,,,,"], 3, "id 'a' is listed on line 2 too, and the dates overlap"),
        (["a,,,,,,,,2026-02-01,", "a,,,,,,,,,2026-02-01"], 3, "id 'a' is listed on line 2 too, and the dates overlap"),
        (["a,,,,,,,b,,"], 2, "parent 'b' is not an id of this file"),
        (["a,,,,,,,a,,"], 2, "'a' is its own ancestor, through parent 'a'"),
        (["a,b"], 2, "2 cells, but the header has 10 columns"),
        (["a,,,,,,,,,,x"], 2, "11 cells, but the header has 10 columns"),
        (["a,,,,,,,,,", HEADER], 3, "the header is repeated; were two files joined?"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(lines: list[str], line: int, message: str) -> None:
    assert faults(*lines) == [(line, message)]


def test_every_parent_in_a_cycle_is_named() -> None:
    assert [line for line, _ in faults("a,b", "b,c", "c,a", "d,a", header="id,parent")] == [2, 3, 4]


def test_all_mistakes_are_told_at_once_in_order() -> None:
    assert [line for line, _ in faults("@a,,,,,,,,,", "b,,odd,,,,,,x,y", "short")] == [2, 3, 3, 3, 4]


@pytest.mark.parametrize(
    ("header", "messages"),
    [
        ("id,teir", ["unknown column 'teir'; did you mean 'tier'?"]),
        ("name,ID", ["unknown column 'ID'; did you mean 'id'?", "column 'id' is missing"]),
        ("name,zzz", ["unknown column 'zzz'", "column 'id' is missing"]),
        ("id,name,id", ["column 'id' is there twice"]),
        ("id;name", ["columns are separated by semicolons; separate them by commas"]),
    ],
)
def test_the_header_is_matched_exactly(header: str, messages: list[str]) -> None:
    assert faults("a,b", header=header) == [(1, message) for message in messages]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"", 1, f"the file is empty; the first line names the columns: {HEADER},successor"),
        (b"id\n", 0, "no customer is listed"),
        ("id\nacme".encode("utf-16"), 1, "the file is UTF-16; save it as CSV UTF-8"),
        (b"id\nacm\xe9\n", 2, "not UTF-8; save the file as CSV UTF-8"),
        (b'id\n"acme"x\n', 2, "the quoting of this row is broken: ',' expected after '\"'"),
        (b'id\nacme\n"open\n', 3, "the quoting of this row is broken: unexpected end of data"),
    ],
)
def test_what_cannot_be_read_at_all(content: bytes, line: int, message: str) -> None:
    with pytest.raises(FaultsError) as caught:
        read_registry(content)
    assert [(fault.line, fault.message) for fault in caught.value.faults] == [(line, message)]


# Mergers

MERGED = "id,start,end,successor"


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (["acme,,2026-03-31,"], 0, ""),
        (["acme,,,beta", "beta,,,"], 2, "successor 'beta' needs end, the last day on which 'acme' was a customer"),
        (["acme,,2026-03-31,betta", "beta,,,"], 2, "successor 'betta' is not an id of this file"),
        (["acme,,2026-03-31,acme"], 2, "successor 'acme' is the customer itself"),
        (["acme,,2026-03-31,beta", "beta,,2026-06-30,gamma", "gamma,,,"], 2, "successor 'beta' has a successor itself"),
        (["acme,,2026-03-31,beta", "beta,,2026-03-31,acme"], 2, "successor 'beta' has a successor itself (line 3)"),
        (["acme,,2026-03-31,beta", "acme,2026-05-01,,", "beta,,,"], 2, "not the last one of 'acme'"),
        (["acme,,2026-03-31,beta", "beta,2026-04-02,,"], 2, "is no customer on 2026-04-01, the day after end"),
    ],
)
def test_a_customer_merges_into_one_that_is_there_and_merges_into_nobody(lines, line, message):
    content = "\n".join([MERGED, *lines]).encode()
    if not message:
        assert read_registry(content).mergers == ()
        return
    with pytest.raises(FaultsError) as caught:
        read_registry(content)
    found = next(fault for fault in caught.value.faults if fault.line == line)
    assert message in found.message


def test_an_heir_is_one_from_the_day_after():
    known = read_registry(b"id,start,end,successor\nacme,,2026-03-31,beta\nbeta,,,\n")
    assert known.mergers == (("acme", date(2026, 3, 31), "beta"),)
    assert [known.heir("acme", date(2026, month, 1)) for month in (3, 4)] == ["acme", "beta"]
    assert (known.heir("acme", date(2026, 3, 31)), known.heir("beta", date(2026, 4, 1))) == ("acme", "beta")
