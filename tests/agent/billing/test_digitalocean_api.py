import json
from decimal import Decimal
from pathlib import Path

import pytest

from agent.billing import ingest_source
from agent.config.application import SourceConfig
from agent.errors import SourceError, Unreachable
from agent.progress import Quiet
from agent.storage.locations import raw_folder
from tests.agent.billing.golden_ledgers import verified
from tests.agent.billing.ledgers import manifest, rows
from tests.digitalocean_server import DigitalOceanServer, Drop, Fail, Limit, Redirect, Say, invoice, item

ITEMS = "/v2/customers/my/invoices"


@pytest.fixture
def ocean(monkeypatch):
    with DigitalOceanServer() as server:
        monkeypatch.setenv("DIGITALOCEAN_TOKEN", server.token)
        yield server


@pytest.fixture
def taken_in(ocean, tmp_path):
    """Takes the account in, and checks verify on it; answers by period."""

    def taken_in():
        source = SourceConfig(name="bill", kind="digitalocean", location=ocean.location)
        found = ingest_source(source, tmp_path / "data", tmp_path, None, Quiet())
        told = verified(tmp_path / "data", raw_folder(tmp_path / "data", "bill"))
        assert told
        assert all(recomputed == recorded for recomputed, recorded in told.values())
        return {str(delivered.period): delivered for delivered in found}

    taken_in.data = tmp_path / "data"
    taken_in.raw = raw_folder(tmp_path / "data", "bill")
    return taken_in


def kept(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_invoices_are_final_and_the_month_to_date_is_an_estimate(ocean, taken_in):
    ocean.invoices = [invoice("2026-09", item("Droplets", "10.00")), invoice("2026-10", item("Droplets", "12.34"))]
    day = {"start_time": "2026-11-02T00:00:00Z", "end_time": "2026-11-03T00:00:00Z"}
    ocean.preview = invoice("2026-11", item("Droplets", "1.00", **day), amount="1.00")
    found = taken_in()
    assert {period: one.billed_text for period, one in found.items()} == {
        "2026-09": "10 USD",
        "2026-10": "12.34 USD",
        "2026-11": "1 USD",
    }
    assert (found["2026-10"].estimated_until, found["2026-11"].estimated_until) == (None, "2026-12-01")
    assert manifest(taken_in.data).invoices == {ocean.invoices[1]["invoice_uuid"]: {"USD": "12.34"}}
    [row] = rows(taken_in.data)
    assert (row["ProviderName"], row["BillingAccountId"], row["ConsumedQuantity"], row["ConsumedUnit"]) == (
        "DigitalOcean",
        "team-1",
        Decimal(24),
        "Hours",
    )


def test_every_page_is_read(ocean, taken_in):
    ocean.page = 2
    ocean.invoices = [invoice(f"2026-0{month}", *[item("Droplets", "0.01")] * month) for month in range(1, 8)]
    found = taken_in()
    assert [one.lines for one in found.values()] == [1, 2, 3, 4, 5, 6, 7]
    assert found["2026-07"].billed_text == "0.07 USD"


def test_an_invoice_is_fetched_once_and_the_same_again_changes_nothing(ocean, taken_in):
    ocean.invoices = [invoice("2026-10", item("Droplets", "12.34"))]
    taken_in()
    before = kept(taken_in.raw)
    ocean.calls.clear()
    assert not taken_in()["2026-10"].changed
    assert [call for call in ocean.calls if ocean.invoices[0]["invoice_uuid"] in call] == []
    assert kept(taken_in.raw) == before


def test_the_month_to_date_becomes_an_invoice(ocean, taken_in):
    ocean.preview = invoice("2026-10", item("Droplets", "5.00"))
    assert taken_in()["2026-10"].version == 1
    ocean.preview = invoice("2026-10", item("Droplets", "6.00"))
    assert taken_in()["2026-10"].billed_text == "6 USD"
    ocean.invoices, ocean.preview = [invoice("2026-10", item("Droplets", "12.00"))], None
    final = taken_in()["2026-10"]
    assert (final.version, final.billed_text, final.estimated_until) == (3, "12 USD", None)
    assert not (taken_in.raw / "preview.json").exists()


def test_a_month_that_is_invoiced_already_is_not_counted_to_date_as_well(ocean, taken_in):
    ocean.invoices = [invoice("2026-10", item("Droplets", "12.00"))]
    ocean.preview = invoice("2026-10", item("Droplets", "12.00"), item("Volumes", "1.00"))
    found = taken_in()["2026-10"]
    assert found.billed_text == "12 USD"
    assert found.notes == ("2026-10 is invoiced; what was known of it to date is not used",)


def test_items_have_the_tags_and_the_project_of_their_resource(ocean, taken_in):
    ocean.lists["/v2/droplets"] = [{"id": 101, "tags": ["tenant:acme", "web", "k8s:c-1:node"]}]
    ocean.lists["/v2/snapshots"] = [{"id": "101", "tags": ["tenant:globex"]}, {"id": "102", "tags": []}]
    ocean.lists["/v2/databases"] = [{"id": "uuid-9", "tags": ["env:prod"], "connection": {"password": "secret"}}]
    ocean.projects = {"shop": ["do:droplet:101"], "data": ["do:dbaas:uuid-9"]}
    ocean.invoices = [
        invoice(
            "2026-10",
            item("Droplets", "1", resource_id="101"),
            item("Snapshots", "2", resource_id="101"),
            item("Database Clusters", "3", resource_uuid="uuid-9", project_name="named", group_description="pg"),
            item("Spaces Subscription", "4"),
        )
    ]
    taken_in()
    assert {row["ServiceName"]: json.loads(row["Tags"]) for row in rows(taken_in.data)} == {
        "Droplets": {"tenant": "acme", "web": "", "k8s": "c-1:node", "project": "shop"},
        "Snapshots": {"tenant": "globex"},
        "Database Clusters": {"env": "prod", "project": "named", "group": "pg"},
        "Spaces Subscription": {},
    }
    assert not any(b"secret" in content or b"example.com" in content for content in kept(taken_in.raw).values())


def test_a_key_given_twice_keeps_both_values(ocean, taken_in):
    ocean.lists["/v2/droplets"] = [{"id": 1, "tags": ["tenant:acme", "tenant:globex", "project:mine"]}]
    ocean.invoices = [invoice("2026-10", item("Droplets", "1", resource_id="1", project_name="shop"))]
    taken_in()
    assert json.loads(rows(taken_in.data)[0]["Tags"]) == {
        "tenant": "acme",
        "tenant ": "globex",
        "project": "shop",
        "project ": "mine",
    }


def test_what_was_deleted_within_the_month_keeps_the_tags_last_seen(ocean, taken_in):
    ocean.lists["/v2/droplets"] = [{"id": 1, "tags": ["tenant:acme"]}]
    ocean.preview = invoice("2026-10", item("Droplets", "1", resource_id="1"))
    taken_in()
    ocean.lists["/v2/droplets"] = []
    ocean.invoices, ocean.preview = [invoice("2026-10", item("Droplets", "2", resource_id="1"))], None
    taken_in()
    assert rows(taken_in.data)[0]["Tags"] == '{"tenant":"acme"}'


def test_tags_changed_later_do_not_change_an_invoice_but_the_month_to_date(ocean, taken_in):
    ocean.lists["/v2/droplets"] = [{"id": 1, "tags": ["tenant:acme"]}]
    ocean.invoices = [invoice("2026-09", item("Droplets", "1", resource_id="1"))]
    ocean.preview = invoice("2026-10", item("Droplets", "2", resource_id="1"))
    taken_in()
    ocean.lists["/v2/droplets"] = [{"id": 1, "tags": ["tenant:globex"]}]
    found = taken_in()
    assert {period: one.changed for period, one in found.items()} == {"2026-09": False, "2026-10": True}
    assert rows(taken_in.data)[0]["Tags"] == '{"tenant":"globex"}'


def test_a_token_for_billing_only_takes_the_bill_in_and_says_what_is_missing(ocean, taken_in):
    ocean.scopes = {"billing:read"}
    ocean.invoices = [invoice("2026-10", item("Droplets", "1", resource_id="1"))]
    found = taken_in()["2026-10"]
    assert found.billed_text == "1 USD"
    assert found.notes[0] == (
        "/v2/databases could not be read, so its resources have the tags last seen: the token may not read this (403)"
    )
    assert len(found.notes) == 7
    assert rows(taken_in.data)[0]["BillingAccountId"] is None


def test_taxes_and_credits_of_the_summary_alone_become_rows(ocean, taken_in):
    ocean.invoices = [
        invoice("2026-10", item("Droplets", "12.34"), overages="3.45", taxes="2.56", credits_and_adjustments="-6.78")
    ]
    found = taken_in()["2026-10"]
    assert found.billed_text == "11.57 USD"
    assert [(row["x_Kind"], row["ChargeCategory"], row["Billed"], row["x_Lines"]) for row in rows(taken_in.data)] == [
        ("credit", "Credit", "-6.78", 0),
        ("usage", "Usage", "12.34", 1),
        ("usage", "Usage", "3.45", 0),
        ("tax", "Tax", "2.56", 0),
    ]
    [note] = found.notes
    assert note.endswith(
        "no items for Overages 3.45, Taxes 2.56, Credits and adjustments -6.78 USD; booked from its summary"
    )


def test_items_that_hold_the_taxes_leave_the_summarys_alone(ocean, taken_in):
    ocean.invoices = [invoice("2026-10", item("Droplets", "10"), item("Taxes", "1.90"), amount="11.90")]
    ocean.invoices[0]["summary"]["taxes"] = {"name": "Taxes", "amount": "1.90"}
    taken_in()
    assert [(row["x_Kind"], row["Billed"], row["x_TaxType"]) for row in rows(taken_in.data)] == [
        ("usage", "10", None),
        ("tax", "1.9", "Taxes of a test"),
    ]


def test_cents_that_rounding_hid_are_booked_as_rounding(ocean, taken_in):
    ocean.invoices = [invoice("2026-10", *[item("Droplets", "0.01")] * 4, amount="0.05")]
    assert taken_in()["2026-10"].billed_text == "0.05 USD"
    assert ("rounding", "0.01") in {(row["x_Kind"], row["Billed"]) for row in rows(taken_in.data)}


def test_an_invoice_that_does_not_add_up_is_refused(ocean, taken_in):
    ocean.invoices = [invoice("2026-10", item("Droplets", "10.00"), amount="12.00")]
    with pytest.raises(SourceError, match=r"sum to 10.00 USD, its amount is 12.00 USD") as refused:
        taken_in()
    assert refused.value.where == f"invoices/{ocean.invoices[0]['invoice_uuid']}.json"
    assert not (taken_in.data / "ledger").exists()


def test_a_month_to_date_need_not_add_up(ocean, taken_in):
    ocean.preview = invoice("2026-10", item("Droplets", "10.00"), amount="12.00")
    found = taken_in()["2026-10"]
    assert found.billed_text == "10 USD"
    assert found.notes[0].endswith("its amount is 12.00 USD: the month to date is an estimate")


@pytest.mark.parametrize(
    "trouble",
    [Limit(), Limit("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT"), Limit("ratelimit-reset", "1"), Fail(503), Drop()],
)
def test_what_passes_is_asked_again(ocean, taken_in, trouble):
    ocean.invoices = [invoice("2026-10", item("Droplets", "12.34"))]
    ocean.then(ITEMS, trouble)
    ocean.then(f"{ITEMS}/{ocean.invoices[0]['invoice_uuid']}", trouble)
    assert taken_in()["2026-10"].billed_text == "12.34 USD"


def test_an_error_in_the_middle_of_the_pages_leaves_everything_as_it_was(ocean, taken_in):
    ocean.page = 1
    ocean.invoices = [invoice("2026-09", item("Droplets", "1"))]
    taken_in()
    before = kept(taken_in.data / "ledger"), kept(taken_in.raw)
    ocean.invoices.append(invoice("2026-10", item("Droplets", "1"), item("Volumes", "2")))
    path = f"{ITEMS}/{ocean.invoices[1]['invoice_uuid']}"
    ocean.then(path, None, *[Fail(500)] * 5)
    with pytest.raises(Unreachable, match=r"DigitalOcean answers 500 \(500\)") as refused:
        taken_in()
    assert refused.value.where == f"{ocean.location}{path}?page=2&per_page=200"
    assert (kept(taken_in.data / "ledger"), kept(taken_in.raw)) == before
    assert taken_in()["2026-10"].billed_text == "3 USD"


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (Fail(401), r"does not accept the token \(401\)"),
        (Fail(403), r"the token may not read this \(403\)"),
        (Fail(404), r"DigitalOcean knows nothing here \(404\)"),
        (Limit(), r"the limit of requests is used up \(429\)"),
        (Redirect("http://127.0.0.1:9/elsewhere"), "the answer sends elsewhere, which is not followed with a token"),
        (Say("<html>"), "the answer is no JSON object"),
        (Say("[]"), "the answer is no JSON object"),
        (Say('{"invoices": {}}'), "invoices is no list"),
        (Say('{"invoices": [], "meta": {"total": 2}}'), "0 of 2 invoices came"),
        (Say('{"invoices": [], "links": {"pages": {"next": "x"}}}'), "a page is empty, and another is said to follow"),
        (Say('{"invoices": [{"invoice_uuid": "../../x"}]}'), r"an invoice has the id '\.\./\.\./x'"),
    ],
)
def test_what_does_not_pass_is_named_and_the_token_never_told(ocean, taken_in, trouble, message):
    ocean.always(ITEMS, trouble)
    with pytest.raises(Unreachable, match=message) as refused:
        taken_in()
    assert ocean.token not in "".join(refused.value.lines())
    assert not (taken_in.data / "ledger").exists()


def test_without_a_token_nothing_is_asked(ocean, taken_in, monkeypatch):
    for token, message in (("", "is not set"), ("a\nb", "holds no token")):
        monkeypatch.setenv("DIGITALOCEAN_TOKEN", token)
        with pytest.raises(Unreachable, match=f"DIGITALOCEAN_TOKEN {message}"):
            taken_in()
    assert ocean.calls == []


def test_the_token_is_sent_by_https_only(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "dop_v1_x")
    source = SourceConfig(name="bill", kind="digitalocean", location="http://api.example.com")
    with pytest.raises(Unreachable, match="sent by https only"):
        ingest_source(source, tmp_path / "data", tmp_path, None, Quiet())


def test_an_address_where_nobody_listens_is_unreachable(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "dop_v1_x")
    source = SourceConfig(name="bill", kind="digitalocean", location="http://127.0.0.1:9")
    with pytest.raises(Unreachable, match="DigitalOcean cannot be reached"):
        ingest_source(source, tmp_path / "data", tmp_path, None, Quiet())


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([item("Droplets", "1,5")], "amount holds '1,5', which is no amount"),
        ([item("Droplets", "1"), item("Droplets", "NaN")], "amount holds 'NaN', which is no amount"),
        ([item("Droplets", "1", start_time="soon")], "start_time holds 'soon', which is no date"),
        ([item("", "1")], "product is empty"),
    ],
)
def test_an_item_that_cannot_be_read_exactly_is_refused_with_its_number(ocean, taken_in, items, message):
    ocean.invoices = [invoice("2026-10", item("Droplets", "1")) | {"items": items}]
    with pytest.raises(SourceError, match=message) as refused:
        taken_in()
    assert refused.value.where == f"invoices/{ocean.invoices[0]['invoice_uuid']}.json, item {len(items)}"


def test_amounts_keep_every_digit(ocean, taken_in):
    amount = "0.1234567890123456789012"
    ocean.invoices = [invoice("2026-10", item("Functions", amount))]
    assert taken_in()["2026-10"].billed_text == f"{amount} USD"


@pytest.mark.parametrize("text", ["{}", '{"version": "1"}', "not JSON", '{"version": "2", "answers": []}'])
def test_a_file_that_was_not_fetched_is_refused(ocean, taken_in, text):
    ocean.invoices = [invoice("2026-10", item("Droplets", "1"))]
    taken_in()
    (taken_in.raw / "invoices" / "other.json").write_text(text)
    with pytest.raises(SourceError, match="no invoice as it was fetched"):
        taken_in()
