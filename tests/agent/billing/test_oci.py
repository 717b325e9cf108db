import csv
import gzip
import io

import pytest

from agent.errors import SourceError
from tests.agent.billing.golden_ledgers import GOLDEN
from tests.agent.billing.ledgers import ingest, manifest, rows

EXPORT = GOLDEN / "oci" / "corrections_and_late_hours" / "export"
HOUR = {
    "lineItem/referenceNo": "V2.1",
    "lineItem/tenantId": "ocid1.tenancy.oc1..t",
    "lineItem/intervalUsageStart": "2026-10-05T13:00Z",
    "lineItem/intervalUsageEnd": "2026-10-05T14:00Z",
    "product/service": "COMPUTE",
    "product/compartmentId": "ocid1.compartment.oc1..c",
    "product/resourceId": "ocid1.instance.oc1..i",
    "usage/billedQuantity": "1",
    "cost/productSku": "B1",
    "cost/myCost": "1",
    "cost/myCostOverage": "0",
    "cost/currencyCode": "EUR",
    "lineItem/isCorrection": "false",
    "lineItem/backreferenceNo": "",
}


def report(*lines, header=None):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, header or list(HOUR | {key: "" for line in lines for key in line}))
    writer.writeheader()
    writer.writerows(HOUR | line for line in lines)
    return stream.getvalue()


@pytest.fixture
def delivered(tmp_path):
    """Writes reports by name and takes them in."""

    def delivered(**reports):
        folder = tmp_path / "x" / "reports" / "cost-csv"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in reports.items():
            (folder / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        return ingest(tmp_path / "x", tmp_path / "data", kind="oci")

    delivered.data = tmp_path / "data"
    delivered.folder = tmp_path / "x" / "reports" / "cost-csv"
    return delivered


def test_a_late_hour_is_of_its_own_month_and_corrections_are_told(tmp_path):
    september, october = ingest(EXPORT, tmp_path / "data", kind="oci")
    assert (september.billed_text, october.billed_text) == ("0.05 EUR", "12.380123456789012345 EUR")
    assert october.notes == ("correction lines added to the lines they name: 1",)


def test_reports_that_arrive_later_add_to_the_month_they_bill(delivered):
    delivered(a=report({}))
    [again] = delivered(b=report({"lineItem/intervalUsageStart": "2026-10-05T14:00Z", "cost/myCost": "2E-1"}))
    assert (again.version, again.billed_text) == (2, "1.2 EUR")
    assert not delivered()[0].changed


def test_a_copy_that_sorts_the_reports_into_folders_is_read_as_one(delivered):
    delivered(a=report({}))
    (delivered.folder / "late").mkdir()
    later = report(
        {"lineItem/intervalUsageStart": "2026-10-05T15:00Z", "lineItem/intervalUsageEnd": "2026-10-05T16:00Z"}
    )
    (delivered.folder / "late" / "b.csv").write_text(later)
    assert delivered()[0].billed_text == "2 EUR"


def test_usage_and_focus_reports_beside_are_not_read(delivered):
    delivered(a=report({}), **{"reports_usage-csv_1": "lineItem/referenceNo,usage/consumedQuantity\n1,2\n"})
    assert manifest(delivered.data).notes == ("1 usage or FOCUS reports lie beside the cost reports and are not read",)


def test_a_folder_with_usage_reports_only_is_refused(delivered):
    with pytest.raises(SourceError, match="only usage or FOCUS reports"):
        delivered(**{"reports_usage-csv_1": "lineItem/referenceNo,usage/consumedQuantity\n1,2\n"})


def test_a_correction_that_names_no_line_is_counted(delivered):
    delivered(a=report({}, {"lineItem/isCorrection": "TRUE", "cost/myCost": "-1E-7"}))
    assert manifest(delivered.data).notes == ("correction lines added to the lines they name: 1; 1 of them name none",)
    assert [row["ChargeClass"] for row in rows(delivered.data)] == [None, "Correction"]


def test_overage_above_the_cost_that_should_include_it_is_said(delivered):
    delivered(a=report({"cost/myCostOverage": "1.5"}))
    [note] = manifest(delivered.data).notes
    assert note.startswith("cost/myCostOverage is more than cost/myCost")


def test_columns_are_found_in_any_case(delivered):
    delivered(a=report({}).replace("lineItem/tenantId", "lineItem/TenantId"))
    assert rows(delivered.data)[0]["BillingAccountId"] == "ocid1.tenancy.oc1..t"


def test_a_compartment_gives_way_to_a_tag_of_its_name(delivered):
    delivered(a=report({"product/compartmentName": "prod", "tags/compartment": "mine"}))
    assert rows(delivered.data)[0]["Tags"] == '{"compartment":"mine"}'


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        (
            report({}).replace("cost/myCost,", "cost/cost,", 1),
            "1 OCI cost report column is missing: cost/myCost",
            ":1",
        ),
        (report({}, {}) + "a,b\n", "a row has 2 cells, the header has 14", ":4"),
        (report({}, {"lineItem/isCorrection": "perhaps"}), "lineItem/isCorrection holds 'perhaps'", ":3"),
        (report({"cost/myCost": ""}), "cost/myCost is empty", ":2"),
        (report({"cost/myCost": "1,5"}), "cost/myCost holds '1,5', which is no number", ":2"),
        (report({"cost/myCost": "NaN"}), "cost/myCost holds 'NaN'", ":2"),
        (report({"cost/myCost": "1\x00"}), "cost/myCost holds '1\\\\x00'", ":2"),
        (report({"cost/currencyCode": "EURO"}), "cost/currencyCode holds 'EURO' in 1 rows", ":2"),
        (report({"lineItem/tenantId": "1.23E+11"}), "a spreadsheet has rounded this id", ":2"),
        (report({"lineItem/intervalUsageStart": "yesterday"}), "'yesterday', which is no date", ":2"),
        (report({}, header=[*HOUR, "tags/a", "tags/a"]), "the header names 'tags/a' twice", ":1"),
        ("", "the file is empty", ""),
    ],
)
def test_a_report_that_cannot_be_read_exactly_is_refused_and_named(delivered, text, message, where):
    with pytest.raises(SourceError, match=message) as refused:
        delivered(a=text)
    assert refused.value.where == f"reports/cost-csv/a.csv.gz{where}"
    assert not (delivered.data / "ledger").exists()


def test_a_report_delivered_under_two_names_is_refused(delivered):
    with pytest.raises(SourceError, match="hold the same rows"):
        delivered(a=report({}), b=report({}))


def test_a_report_cut_short_is_refused(delivered):
    delivered(a=report({}))
    (delivered.folder / "b.csv.gz").write_bytes(gzip.compress(report({}).encode())[:-12])
    with pytest.raises(SourceError, match="ends too early"):
        delivered()
    assert manifest(delivered.data).ledger_version == 1


def test_four_hundred_tag_columns_keep_what_is_in_them(delivered):
    tags = {f"tags/ns.key{number:03d}": str(number) if number % 100 == 0 else "" for number in range(400)}
    delivered(a=report(tags))
    assert rows(delivered.data)[0]["Tags"] == (
        '{"ns.key000":"0","ns.key100":"100","ns.key200":"200","ns.key300":"300"}'
    )
