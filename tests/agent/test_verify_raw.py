"""Raw exports read afresh: the same exact sums whatever the file's form."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.verify import raw
from agent.verify.exact import FileSums, month, number, plain
from tests.focus_rows import focus_text, write_focus

NAIVE = datetime(2026, 10, 1)  # noqa: DTZ001 -- exports store times without a zone
ROWS = [
    {"BilledCost": "1.10", "EffectiveCost": "5.2E-9"},
    {"BilledCost": " -3 ", "EffectiveCost": "NULL"},
    {"BilledCost": "2", "BillingCurrency": "EUR"},
    {"BilledCost": "9", "BillingPeriodStart": "2026-09-01T00:00:00Z"},
]
SUMS = {"USD": (Decimal("-1.9"), Decimal("5.2E-9")), "EUR": (Decimal(2), Decimal(2))}


def read(path, kind):
    found = raw.sums([path], kind, "2026-10")[path]
    assert isinstance(found, FileSums)
    return found


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_focus_text_is_summed_exactly_for_its_period_and_currency(tmp_path, name):
    found = read(write_focus(tmp_path / name, ROWS), "focus")
    assert found.rows == 3
    assert found.costs == SUMS


def test_sums_keep_every_digit(tmp_path):
    rows = [{"BilledCost": "123456789012345"}, {"BilledCost": f"0.{'3' * 40}"}]
    found = read(write_focus(tmp_path / "a.csv", rows), "focus").costs["USD"][0]
    assert plain(found) == f"123456789012345.{'3' * 40}"


def test_what_no_sum_can_hold_exactly_is_refused(tmp_path):
    path = write_focus(tmp_path / "a.csv", [{"BilledCost": "1"}, {"BilledCost": "1E-9999"}])
    assert isinstance(raw.sums([path], "focus", "2026-10")[path], raw.Unread)


def test_headers_may_have_a_mark_other_case_spaces_and_older_names(tmp_path):
    text = focus_text(ROWS).replace("EffectiveCost", " amortizedCOST").replace("BilledCost", "Kosten (BilledCost)")
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read(path, "focus").costs == SUMS


def test_a_missing_column_is_named(tmp_path):
    path = write_focus(tmp_path / "a.csv", ROWS, without=["EffectiveCost"])
    assert raw.sums([path], "focus", "2026-10") == {path: raw.Unread("no column EffectiveCost")}


def test_doubles_count_by_their_shortest_text(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table(
        {
            "BillingPeriodStart": pa.array([NAIVE] * 3, pa.timestamp("us")),
            "BillingCurrency": ["USD"] * 3,
            "BilledCost": [0.1, 0.2, 1e-7],
            "EffectiveCost": pa.array([Decimal("0.10"), None, Decimal("-1.00")], pa.decimal128(38, 2)),
        }
    )
    pq.write_table(table, path)
    assert read(path, "focus").costs == {"USD": (Decimal("0.3000001"), Decimal("-0.9"))}


AWS = {
    "Usage": ("3", "3"),
    "DiscountedUsage": ("0", "0.4"),
    "SavingsPlanCoveredUsage": ("2", "1.5"),
    "SavingsPlanNegation": ("-2", "0"),
    "SavingsPlanRecurringFee": ("10", "4"),
    "SavingsPlanUpfrontFee": ("100", "0"),
    "RIFee": ("7", "0.75"),
    "Tax": ("1", "1"),
    "Credit": ("-1", "-1"),
    "EdpDiscount": ("-0.5", "-0.5"),
    "Refund": ("-0.25", "-0.25"),
    "Fee": ("5", "5"),
}
"""LineItemType -> unblended cost, and the effective cost that follows from the columns below."""


def aws_columns(kinds: list[str]) -> dict[str, pa.Array]:
    def doubles(values):
        return pa.array(values, pa.float64())

    def where(kind, value):
        return doubles([value if known == kind else None for known in kinds])

    return {
        "bill_billing_period_start_date": pa.array([NAIVE] * len(kinds), pa.timestamp("ms")),
        "line_item_currency_code": pa.array(["USD"] * len(kinds)),
        "line_item_line_item_type": pa.array(kinds),
        "line_item_unblended_cost": doubles([float(AWS[kind][0]) for kind in kinds]),
        "reservation_effective_cost": where("DiscountedUsage", 0.4),
        "savings_plan_savings_plan_effective_cost": where("SavingsPlanCoveredUsage", 1.5),
        "savings_plan_total_commitment_to_date": where("SavingsPlanRecurringFee", 10.0),
        "savings_plan_used_commitment": where("SavingsPlanRecurringFee", 6.0),
        "reservation_unused_amortized_upfront_fee_for_billing_period": where("RIFee", 0.5),
        "reservation_unused_recurring_fee": where("RIFee", 0.25),
        "reservation_reservation_a_r_n": pa.array([""] * len(kinds)),
    }


@pytest.mark.parametrize("kind", AWS)
def test_effective_cost_by_line_type(tmp_path, kind):
    path = tmp_path / "cur.parquet"
    pq.write_table(pa.table(aws_columns([kind])), path)
    billed, effective = AWS[kind]
    assert read(path, "aws-cur2").costs == {"USD": (Decimal(billed), Decimal(effective))}


def test_a_reservation_bought_up_front_is_billed_now_and_used_later(tmp_path):
    path = tmp_path / "cur.parquet"
    bought = {"reservation_reservation_a_r_n": pa.array(["arn:aws:ec2::1:reserved-instances/x"])}
    pq.write_table(pa.table(aws_columns(["Fee"]) | bought), path)
    assert read(path, "aws-cur2").costs == {"USD": (Decimal(5), Decimal(0))}


def write_net(path, kinds, net):
    columns = aws_columns(kinds) | {"line_item_net_unblended_cost": pa.array(net, pa.float64())}
    pq.write_table(pa.table(columns), path)
    return path


def test_net_costs_count_where_the_delivery_has_them(tmp_path):
    path = write_net(tmp_path / "cur.parquet", ["Usage", "Tax"], [2.5, 1.0])
    assert read(path, "aws-cur2").costs == {"USD": (Decimal("3.5"), Decimal("3.5"))}


@pytest.mark.parametrize("net", [[2.5, None, 1.0], [0.0, 0.0, 0.0], [None, None, None]], ids=["part", "zero", "empty"])
def test_net_costs_that_are_filled_in_part_or_never_are_not_used(tmp_path, net):
    path = write_net(tmp_path / "cur.parquet", ["Usage", "Usage", "Tax"], net)
    assert read(path, "aws-cur2").costs == {"USD": (Decimal(7), Decimal(7))}


def test_one_file_of_a_delivery_without_net_costs_makes_all_of_it_gross(tmp_path):
    net = write_net(tmp_path / "1.parquet", ["Usage"], [2.5])
    gross = tmp_path / "2.parquet"
    pq.write_table(pa.table(aws_columns(["Usage"])), gross)
    found = raw.sums([net, gross], "aws-cur2", "2026-10")
    assert [sums.costs["USD"][0] for sums in found.values()] == [3, 3]


@pytest.mark.parametrize(
    "value",
    [
        "2026-10-01T00:00:00Z",
        "2026-10-01T00:00:00.000Z",
        "2026-10-01T00:00Z",
        "2026-10-01 00:00:00",
        "2026-10-01 00:00:00 UTC",
        "2026-10-01T00:00:00+02:00",
        "2026-10-01",
        "10/1/2026",
        "10/01/2026 00:00:00",
        date(2026, 10, 1),
        NAIVE,
        datetime(2026, 10, 1, tzinfo=UTC),
    ],
)
def test_periods_in_every_form_providers_write(value):
    assert month(value) == "2026-10"


@pytest.mark.parametrize("value", ["October", "1/2026", ""])
def test_a_period_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match=r"\w"):
        month(value)


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "0"), ("null", "0"), (0.1, "0.1"), (7, "7"), ("1e+05", "100000"), ("1.50", "1.5")]
)
def test_numbers_of_raw_files(value, expected):
    assert plain(number(value)) == expected


def test_what_is_no_number_is_refused():
    with pytest.raises(TypeError, match="not a number"):
        number(date(2026, 10, 1))
