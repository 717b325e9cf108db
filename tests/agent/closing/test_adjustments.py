"""What later deliveries change in closed months: posted to the earliest open one, once, and to the last digit."""

import hashlib
import json
import shutil
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.books import AUGUST, BILL, CUSTOMERS, JULY, POLICY, SEPTEMBER, Company
from tests.focus_rows import write_focus

UNTAGGED = BILL[2]


@pytest.fixture
def shut(books: Company) -> Company:
    """July closed, August open. Acorn came to 60 + 10 of the database + its part of the untagged 10."""
    return books.closed(JULY)


def adjusted(books: Company, month, origin: str = "2026-07") -> dict:
    return next(record for record in books.proof(month)["adjustments"] if record["origin"] == origin)


def memo(record: dict) -> dict[str, str]:
    return {row["customer"]: row["effective"] for row in record["attribution"]}


def total(amounts: dict[tuple[str, str], str]) -> Decimal:
    return sum(map(Decimal, amounts.values()), Decimal(0))


def test_without_a_later_delivery_nothing_is_posted(shut: Company):
    assert shut.posted(AUGUST) == {}
    assert shut.proof(AUGUST)["adjustments"] == []
    assert shut.proof(AUGUST)["totals"]["USD"]["EffectiveCost"]["adjustments"] == "0"


def test_a_late_line_posts_to_the_earliest_open_month(shut: Company):
    shut.deliver(JULY, [line for line in BILL if line != UNTAGGED] + [UNTAGGED, ("20", "vm-4", "birch")])
    amounts = shut.posted(AUGUST)
    assert total(amounts) == 20
    assert amounts["2026-07", "birch"] == "20.717948717949"
    assert amounts["2026-07", "acorn"] == "-0.717948717949"
    sums = shut.proof(AUGUST)["totals"]["USD"]["EffectiveCost"]
    assert (sums["source"], sums["adjustments"], sums["customer"]) == ("140", "20", "160")
    (tie, billed) = [check for check in shut.proof(AUGUST)["checks"] if check["check"].startswith("closed + posted")]
    assert (tie["check"], tie["left"], tie["right"]) == ("closed + posted == latest source (2026-07)", "160", "160")
    assert billed["difference"] == "0"
    assert shut.call("verify", "--period", "2026-08") == 0


def test_the_adjustment_has_a_column_of_its_own_and_is_no_run_cost(shut: Company):
    plain = shut.posted(AUGUST) or shut.costs(AUGUST)
    infra = shut.costs(AUGUST, "InfraMarginPct")
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    shut.posted(AUGUST)
    prior = shut.costs(AUGUST, "PriorPeriod")
    assert {name: prior[name] for name in ("acorn", "birch")} == {
        "acorn": "-0.717948717949",
        "birch": "20.717948717949",
    }
    for name, cost in shut.costs(AUGUST).items():
        assert Decimal(cost) == Decimal(plain[name]) + Decimal(prior[name])
    assert shut.costs(AUGUST, "InfraMarginPct") == infra
    assert shut.costs(AUGUST, "Direct")["birch"] == "30"


def test_the_report_lists_adjustments_by_month_and_customer(shut: Company):
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    shut.posted(AUGUST)
    shut.done("report", "--period", "2026-08")
    folder = shut.results(AUGUST) / "report"
    page = next(folder.glob("*.html")).read_text()
    assert "Adjustments of closed months" in page
    assert "20.72" in page
    notes = next(folder.glob("*.notes.txt")).read_text()
    assert "adjustment of 2026-07, which is closed: 20.00 USD" in notes
    assert (folder / "cost-per-customer-2026-08.xlsx").is_file()


def test_a_correction_downwards_is_posted_too(shut: Company):
    shut.deliver(JULY, [("50", "vm-1", "acorn"), *BILL[1:]])
    assert total(shut.posted(AUGUST)) == -10
    assert Decimal(shut.posted(AUGUST)["2026-07", "acorn"]) < -10


def test_a_month_is_adjusted_once_however_often_it_is_allocated(shut: Company):
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    first = shut.posted(AUGUST)
    assert shut.posted(AUGUST) == first
    shut.deliver(JULY)
    assert shut.posted(AUGUST) == {}


def test_only_the_earliest_open_month_takes_adjustments(shut: Company):
    shut.deliver(SEPTEMBER)
    shut.invoices(dict.fromkeys((JULY, AUGUST, SEPTEMBER), "140"))
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    assert shut.posted(SEPTEMBER) == {}
    assert total(shut.posted(AUGUST)) == 20


def test_results_made_before_a_late_delivery_cannot_be_closed(shut: Company, capsys):
    shut.posted(AUGUST)
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    shut.done("ingest")
    assert shut.call("close", "2026-08") == 2
    assert "made from something else than what is there now" in capsys.readouterr().err
    shut.posted(AUGUST)
    shut.done("close", "2026-08", "--by", "Ada")


def test_a_run_takes_adjustments_up_by_itself(shut: Company):
    shut.deliver(SEPTEMBER)
    shut.posted(AUGUST)
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    shut.done("run")
    assert total(shut.posted(AUGUST, allocate=False)) == 20


def test_what_was_posted_is_not_posted_again_in_the_next_month(shut: Company):
    """A chain: July closed, August closed with an adjustment of July, July changes again, and August too."""
    shut.deliver(SEPTEMBER)
    shut.invoices(dict.fromkeys((JULY, AUGUST, SEPTEMBER), "140"))
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    assert total(shut.posted(AUGUST)) == 20
    shut.done("close", "2026-08", "--by", "Ada")
    assert shut.posted(SEPTEMBER) == {}
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch"), ("5", "vm-5", "acorn")])
    shut.deliver(AUGUST, [*BILL, ("3", "vm-6", "acorn")])
    amounts = shut.posted(SEPTEMBER)
    by_month = {
        origin: total({key: amount for key, amount in amounts.items() if key[0] == origin})
        for origin in ("2026-07", "2026-08")
    }
    assert by_month == {"2026-07": 5, "2026-08": 3}
    record = adjusted(shut, SEPTEMBER)
    assert record["posted_before"]["USD"]["EffectiveCost"] == "20"
    assert record["posted"]["USD"]["EffectiveCost"] == "5"
    shut.invoices({JULY: "165", AUGUST: "143", SEPTEMBER: "140"})
    shut.done("ingest")
    assert shut.call("verify") == 0
    shut.done("close", "2026-09", "--by", "Ada")
    assert shut.call("verify") == 0


def test_a_month_that_goes_back_to_what_it_was_takes_back_what_was_posted(shut: Company):
    shut.deliver(SEPTEMBER)
    shut.invoices(dict.fromkeys((JULY, AUGUST, SEPTEMBER), "140"))
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    shut.posted(AUGUST)
    shut.done("close", "2026-08", "--by", "Ada")
    shut.deliver(JULY)
    assert shut.posted(SEPTEMBER) == {("2026-07", "acorn"): "0.717948717949", ("2026-07", "birch"): "-20.717948717949"}
    assert shut.call("verify", "--period", "2026-09") == 0


def test_tags_that_came_later_change_no_figure_and_are_told(shut: Company):
    shut.deliver(JULY, [BILL[0], BILL[1], ("10", "vm-3", "birch"), BILL[3]])
    assert shut.posted(AUGUST) == {}
    record = adjusted(shut, AUGUST)
    assert record["amounts"] == []
    assert memo(record) == {"acorn": "-5.384615384615", "birch": "5.384615384615"}
    shut.done("report", "--period", "2026-08")
    notes = next((shut.results(AUGUST) / "report").glob("*.notes.txt")).read_text()
    assert "5.38 USD of 2026-07 changed hands by later tags and is not posted" in notes
    assert "apportion close 2026-07 --accept-attribution REASON" in notes


def test_attribution_that_is_accepted_posts_and_sums_to_zero(shut: Company, capsys):
    shut.deliver(JULY, [BILL[0], BILL[1], ("10", "vm-3", "birch"), BILL[3]])
    shut.posted(AUGUST)
    shut.done("close", "2026-07", "--accept-attribution", "ticket 42", "--by", "Grace")
    entry = json.loads((shut.entry(JULY, 2) / "close.json").read_text())
    assert (entry["action"], entry["reasons"], entry["by"]) == ("attribution", {"attribution": "ticket 42"}, "Grace")
    amounts = shut.posted(AUGUST)
    assert amounts == {("2026-07", "acorn"): "-5.384615384615", ("2026-07", "birch"): "5.384615384615"}
    assert adjusted(shut, AUGUST)["attribution"] == []
    shut.deliver(SEPTEMBER)
    shut.invoices(dict.fromkeys((JULY, AUGUST, SEPTEMBER), "140"))
    shut.posted(AUGUST)
    shut.done("close", "2026-08", "--by", "Ada")
    assert shut.posted(SEPTEMBER) == {}
    assert shut.call("verify") == 0


def test_money_and_tags_that_change_together_are_parted(shut: Company):
    """vm-3 becomes birch's, and dearer by 5: the 5 are an amount, under the old tags, the 10 changed hands."""
    shut.deliver(JULY, [BILL[0], BILL[1], ("15", "vm-3", "birch"), BILL[3]])
    amounts = shut.posted(AUGUST)
    assert total(amounts) == 5
    moved = memo(adjusted(shut, AUGUST))
    assert sum(map(Decimal, moved.values())) == 0
    assert Decimal(moved["birch"]) > 5


def test_a_closed_month_is_recomputed_with_its_own_rules_registry_and_drivers(shut: Company):
    shut.write("allocation.yaml", "version: 1\ncustomer: [{tag: tenant}]\nidle: {method: bucket}\n")
    shut.write("requests.csv", "date,customer,quantity\n2026-07-31,acorn,1\n2026-08-31,acorn,1\n")
    shut.config.write_text(shut.config.read_text().replace("close: {", "close: {fiscal_year_start: 2, "))
    shut.deliver(JULY, [BILL[0], BILL[1], UNTAGGED, ("80", "db-1", "")])
    # acorn 60 + 20 + 80/170 of 10, birch 30 + 60 + 90/170 of 10, less what they came to when July was closed
    assert shut.posted(AUGUST) == {("2026-07", "acorn"): "9.321266968326", ("2026-07", "birch"): "30.678733031674"}


def test_money_of_a_customer_that_is_registered_no_more_is_unallocated_by_name(shut: Company):
    shut.write("customers.csv", "".join(line for line in CUSTOMERS.splitlines(keepends=True) if "birch" not in line))
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    shut.deliver(AUGUST, [("60", "vm-1", "acorn")])
    shut.invoices({JULY: "160", AUGUST: "60"})
    amounts = shut.posted(AUGUST)
    assert amounts["2026-07", "@unallocated"] == "20.717948717949"
    assert Decimal(shut.costs(AUGUST)["@unallocated"]) == Decimal("20.717948717949")
    assert shut.call("verify", "--period", "2026-08") == 0


def test_a_closed_month_whose_ledger_was_lost_is_not_taken_for_one_that_cost_nothing(shut: Company, capsys):
    shutil.rmtree(shut.data / "ledger" / "cloud" / "2026-07")
    assert shut.call("allocate", "--period", "2026-08") == 4
    assert "the ledger holds no version of it any more" in capsys.readouterr().err


def test_a_source_that_came_later_is_an_amount_of_the_closed_month(shut: Company):
    shut.config.write_text(
        shut.config.read_text().replace(
            "usage:\n", "  - {name: edge, kind: focus, location: edge, cogs: third_party}\nusage:\n"
        )
    )
    month = {"BillingPeriodStart": "2026-07-01T00:00:00Z", "BillingAccountId": "other", "SubAccountId": "other"}
    day = {"ChargePeriodStart": "2026-07-31T00:00:00Z", "ChargePeriodEnd": "2026-08-01T00:00:00Z"}
    row = {"BilledCost": "7", "Tags": '{"tenant": "acorn"}', "InvoiceId": "E-1"}
    write_focus(shut.root / "edge" / "july.csv", [month | day | row])
    assert shut.posted(AUGUST) == {("2026-07", "acorn"): "7"}
    assert shut.costs(AUGUST, "ThirdParty")["acorn"] == "0"
    assert shut.call("verify", "--period", "2026-08") == 0


def test_nothing_of_a_forged_posting_verifies(shut: Company, capsys):
    """The proof and every hash rewritten around a smaller adjustment: the raw files still say otherwise."""
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    shut.posted(AUGUST)
    place = shut.results(AUGUST)
    rows = pq.read_table(place / "allocation.parquet")
    kept = [origin == "2026-08" for origin in rows["OriginPeriod"].to_pylist()]
    pq.write_table(rows.filter(pa.array(kept)), place / "allocation.parquet")
    proof = shut.proof(AUGUST)
    for sums in proof["totals"]["USD"].values():
        sums.update(adjustments="0", customer="140")
    proof["results"]["allocation.parquet"] = hashlib.sha256((place / "allocation.parquet").read_bytes()).hexdigest()
    (place / "proof.json").write_text(json.dumps(proof))
    capsys.readouterr()
    assert shut.call("verify", "--period", "2026-08") == 1
    assert "FAIL  2026-07: closed + posted == latest ledger, USD EffectiveCost" in capsys.readouterr().out


def test_a_policy_that_is_not_about_customers_is_no_part_of_the_method(shut: Company):
    shut.write("policy.yaml", POLICY + "  - {key: owner, mode: warn}\n")
    shut.posted(AUGUST)
    method = shut.proof(AUGUST)["methodology"]
    assert (method["id"], method["in_force_since"]) == ("2026-H2", "2026-07")
    assert "additions" not in method
