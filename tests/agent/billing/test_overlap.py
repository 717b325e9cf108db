"""Two downloads of one bill in a folder are refused, though they differ; honest parts of a bill are taken."""

from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from agent.billing.ledger.versions import periods
from agent.errors import SourceError
from tests.agent.billing.ledgers import ingest, rows
from tests.cur2_rows import cur2_table, write_cur2
from tests.focus_rows import write_focus


def day(number, *lines):
    """The lines, each on that day of October."""
    span = {"ChargePeriodStart": f"2026-10-{number:02}", "ChargePeriodEnd": f"2026-10-{number + 1:02}"}
    return [span | line for line in lines]


def to_date(last, *, lines=2, account="012345678901"):
    """October up to a day: each day its own costs, on resources that run all month."""
    return [
        line
        for number in range(1, last + 1)
        for line in day(
            number,
            *(
                {"SubAccountId": account, "ResourceId": f"i-{n}", "BilledCost": f"{number}.{n + 1}"}
                for n in range(lines)
            ),
        )
    ]


def write(folder, **files):
    for name, lines in files.items():
        write_focus(folder / f"{name}.csv", lines)


@pytest.fixture
def refused(tmp_path):
    def refused(kind="focus"):
        with pytest.raises(SourceError) as caught:
            ingest(tmp_path / "x", tmp_path / "data", kind=kind)
        assert periods(tmp_path / "data") == []
        return caught.value

    return refused


@pytest.fixture
def billed(tmp_path):
    return lambda: ingest(tmp_path / "x", tmp_path / "data")[0].billed_text


def test_a_second_download_of_the_month_to_date_is_refused(tmp_path, refused):
    write(tmp_path / "x", october=to_date(5), october_6=to_date(6))
    error = refused()
    assert error.message == (
        "october.csv and october_6.csv hold the same usage: 5 of the 5 account-days that are in both "
        "are equal line by line, such as 2026-10-01 of account 012345678901"
    )
    assert error.where == "october_6.csv"
    assert error.mend == (
        "keep the newer download and remove the other; if both are parts of one delivery, put the export's manifest "
        "beside them"
    )


def test_what_is_in_force_stays_so_when_a_second_download_comes_beside_it(tmp_path):
    write(tmp_path / "x", october=to_date(5))
    ingest(tmp_path / "x", tmp_path / "data")
    before = rows(tmp_path / "data")
    write(tmp_path / "x", october_6=to_date(6))
    with pytest.raises(SourceError, match=r"october\.csv and october_6\.csv"):
        ingest(tmp_path / "x", tmp_path / "data")
    assert rows(tmp_path / "data") == before


def test_the_last_day_may_have_grown_since_the_first_download(tmp_path, refused):
    write(tmp_path / "x", early=to_date(2)[:-1], later=to_date(3))
    assert "1 of the 2 account-days" in refused().message


def test_a_copy_is_found_in_another_order_format_and_with_tags_added(tmp_path, refused):
    write(tmp_path / "x", early=to_date(5))
    lines = [line | {"Tags": '{"tenant": "a"}', "InvoiceId": "7"} for line in reversed(to_date(6))]
    write_focus(tmp_path / "x" / "later.csv.gz", lines)
    assert "5 of the 5 account-days" in refused().message


def test_a_copy_is_found_where_only_one_file_holds_large_and_finely_priced_lines(tmp_path, refused):
    other = day(6, {"BilledCost": "98765432109.5"}, {"BilledCost": "0.1234567890123456"})
    write(tmp_path / "x", early=to_date(5), later=[*to_date(5), *other])
    assert "5 of the 5 account-days" in refused().message


def test_three_equal_days_of_a_single_line_are_a_copy(tmp_path, refused):
    write(tmp_path / "x", early=to_date(3, lines=1), later=to_date(4, lines=1))
    assert "3 of the 3 account-days" in refused().message


def test_of_many_files_the_two_that_repeat_are_named(tmp_path, refused):
    write(tmp_path / "x", a=to_date(2, account="1"), b=to_date(3, account="2"), c=to_date(4, account="2"))
    assert refused().message.startswith("b.csv and c.csv hold")


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_chunks_of_the_same_accounts_and_days_are_parts_of_one_bill(tmp_path, billed, parts):
    lines = to_date(5, lines=30)
    write(tmp_path / "x", **{f"part-{n}": lines[n::parts] for n in range(parts)})
    whole = sum(number * 30 + sum(float(f"0.{n + 1}") for n in range(30)) for number in range(1, 6))
    assert billed() == f"{whole:.6g} USD"


def test_chunks_of_equal_costs_on_other_resources_are_parts_of_one_bill(tmp_path, billed):
    for part in range(2):
        lines = [line for number in range(1, 6) for line in day(number, *({"ResourceId": f"{part}-{n}"} for n in "ab"))]
        write(tmp_path / "x", **{f"part-{part}": lines})
    assert billed() == "20 USD"


def test_a_file_an_hour_of_a_steady_fleet_is_a_part_of_one_bill(tmp_path, billed):
    for hour in range(4):
        span = {"ChargePeriodStart": f"2026-10-05T0{hour}:00:00Z", "ChargePeriodEnd": f"2026-10-05T0{hour + 1}:00:00Z"}
        fleet = [span | {"SubAccountId": account, "ResourceId": f"i-{n}"} for account in "123" for n in range(2)]
        write(tmp_path / "x", **{f"hour-{hour}": fleet})
    assert billed() == "24 USD"


@pytest.mark.parametrize("column", ["ServiceName", "RegionId", "SkuId"])
def test_a_file_a_service_region_or_price_is_a_part_of_one_bill(tmp_path, billed, column):
    for value in ("one", "two"):
        lines = [line for number in range(1, 6) for line in day(number, {column: value}, {column: value})]
        write(tmp_path / "x", **{value: [*lines, *day(7, {"ResourceId": value})]})
    assert billed() == "22 USD"


def test_a_file_a_day_is_a_part_of_one_bill(tmp_path, billed):
    fleet = [{"ResourceId": "i-1"}, {"ResourceId": "i-2"}]
    write(tmp_path / "x", **{f"day-{number}": day(number, *fleet) for number in range(1, 6)})
    assert billed() == "10 USD"


def test_a_file_an_account_is_a_part_of_one_bill(tmp_path, billed):
    write(tmp_path / "x", one=to_date(2, account="1"), two=to_date(2, account="2"))
    assert billed() == "13.2 USD"


def test_equal_lines_one_a_file_are_parts_of_one_bill(tmp_path, billed):
    for part in range(3):
        write(tmp_path / "x", **{f"part-{part}": [*day(5, {}), *day(6 + part, {"ResourceId": "i-1"})]})
    assert billed() == "6 USD"


def test_a_few_equal_account_days_among_many_are_chance(tmp_path, billed):
    same = day(1, {}, {})
    for part in range(2):
        other = [line | {"ResourceId": f"{part}"} for number in (2, 3) for line in day(number, {}, {})]
        write(tmp_path / "x", **{f"part-{part}": [*same, *other]})
    assert billed() == "12 USD"


def test_equal_lines_that_cost_nothing_are_no_copy(tmp_path, billed):
    for part in range(2):
        free = [line for number in range(1, 6) for line in day(number, *[{"BilledCost": "0"}] * 3)]
        write(tmp_path / "x", **{f"part-{part}": [*free, *day(9 + part, {})]})
    assert billed() == "2 USD"


def cur2_to_date(last):
    return [
        {
            "line_item_usage_start_date": datetime(2026, 10, number, hour, tzinfo=UTC),
            "line_item_unblended_cost": 0.1 * number,
            "line_item_resource_id": f"i-{n}",
        }
        for number in range(1, last + 1)
        for hour in (3, 4)
        for n in range(2)
    ]


def test_a_second_download_of_a_cur_without_manifest_is_refused(tmp_path, refused):
    (tmp_path / "x").mkdir()
    for last in (5, 6):
        pq.write_table(cur2_table(cur2_to_date(last)), tmp_path / "x" / f"to-{last}.parquet")
    assert refused("aws-cur2").message.startswith("to-5.parquet and to-6.parquet hold the same usage: 5 of the 5")


def test_files_a_manifest_lists_are_parts_of_one_bill_whatever_they_hold(tmp_path):
    line = {"line_item_unblended_cost": 1.0}
    write_cur2(tmp_path / "x", [line] * 6, parts=2)
    path = next((tmp_path / "x").rglob("*00002*"))
    pq.write_table(cur2_table([*[line] * 3, {"line_item_usage_start_date": datetime(2026, 10, 6, tzinfo=UTC)}]), path)
    assert ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")[0].billed_text == "6 USD"


@pytest.mark.parametrize("column", ["ServiceName", "RegionId"])
def test_files_that_differ_by_service_or_region_alone_are_not_the_same_rows(tmp_path, column):
    one, other = ([line | {column: name} for line in day(5, {"BilledCost": "1"})] for name in ("first", "second"))
    write(tmp_path / "x", one=one, other=other)
    ingest(tmp_path / "x", tmp_path / "data")
    assert sum(row["x_Lines"] for row in rows(tmp_path / "data")) == 2


def test_two_equal_lines_on_two_days_are_a_copy(tmp_path, refused):
    write(tmp_path / "x", early=to_date(2, lines=1), later=to_date(3, lines=1))
    assert refused().message == (
        "early.csv and later.csv hold the same usage: 2 of the 2 lines of early.csv on account-days that are in both "
        "are in later.csv too, such as on 2026-10-01 of account 012345678901"
    )


def test_the_only_day_of_both_may_have_grown(tmp_path, refused):
    write(tmp_path / "x", early=to_date(1), later=to_date(1, lines=3))
    assert "2 of the 2 lines of early.csv" in refused().message


def test_a_grown_day_whose_last_lines_have_changed_is_a_copy(tmp_path, refused):
    early = [*to_date(1, lines=3), *day(1, {"ResourceId": "i-9", "BilledCost": "0.5"})]
    write(tmp_path / "x", early=early, later=[*early[:-1], *day(1, {"ResourceId": "i-9", "BilledCost": "0.9"}, {})])
    assert "3 of the 4 lines of early.csv" in refused().message


def test_lines_that_differ_by_tags_or_quantity_alone_are_no_copy(tmp_path, billed):
    for part in range(2):
        tagged = day(5, *({"Tags": f'{{"node": "{part}-{n}"}}'} for n in range(3)), {"ResourceId": f"{part}"})
        counted = day(6, *({"ConsumedQuantity": f"{part}.{n}"} for n in range(3)), {"ResourceId": f"{part}"})
        write(tmp_path / "x", **{f"part-{part}": [*tagged, *counted]})
    assert billed() == "16 USD"


def by_hour(number):
    """A day of a resource of each of two services by hours, and the same day as one line a service."""
    hours = [
        {
            "ChargePeriodStart": f"2026-10-{number:02}T{hour:02}:00:00Z",
            "ChargePeriodEnd": f"2026-10-{number:02}T{hour + 1:02}:00:00Z",
            "ServiceName": service,
            "ResourceId": f"i-{hour}",
            "BilledCost": f"0.{hour + 1}",
        }
        for service in ("one", "two")
        for hour in range(3)
    ]
    whole = [
        hours[place] | {"ChargePeriodEnd": hours[place + 2]["ChargePeriodEnd"], "ResourceId": "", "BilledCost": "0.6"}
        for place in (0, 3)
    ]
    return hours, whole


def test_the_same_days_by_finer_lines_are_refused(tmp_path, refused):
    (fine, coarse), (more_fine, more_coarse) = by_hour(1), by_hour(2)
    write(tmp_path / "x", fine=[*fine, *more_fine], coarse=[*coarse, *more_coarse])
    error = refused()
    assert error.message == (
        "coarse.csv and fine.csv bill the same cost by lines of another number: the sums of 2 of the 2 account-days "
        "that are in both are equal to the last digit, such as 2026-10-01 of account 012345678901"
    )
    assert error.expected == "one export of each account and day"
    assert error.mend == "keep one of the two exports in this location"


def test_chunks_of_a_steady_fleet_by_hour_are_parts_of_one_bill(tmp_path, billed):
    fleet = [
        {
            "ChargePeriodStart": f"2026-10-{number:02}T{hour:02}:00:00Z",
            "ChargePeriodEnd": f"2026-10-{number:02}T{hour + 1:02}:00:00Z",
            "ResourceId": f"i-{n}",
        }
        for number in range(1, 5)
        for hour in range(4)
        for n in range(3)
    ]
    write(tmp_path / "x", one=fleet[:17], two=fleet[17:31], three=fleet[31:])
    assert billed() == "48 USD"


def test_a_copy_that_was_cut_into_files_elsewhere_is_refused(tmp_path, refused):
    lines = to_date(1, lines=6)
    write(tmp_path / "x", a=lines[:3], b=lines[3:], c=lines[::2], d=lines[1::2])
    assert "3 of the 3 lines of a.csv" in refused().message
    assert "are in other files too, 2 of them in c.csv, such as on 2026-10-01" in refused().message
