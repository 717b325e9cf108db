"""What is read again when a delivery changes, that it gives what a fresh ingest gives, and what still is refused."""

import gzip
import json
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from agent.billing import Delivered
from agent.billing.delivery.export import Delivery
from agent.billing.delivery.finding import find
from agent.billing.delivery.manifests import Found, Layout, ListedFile, Statement
from agent.billing.focus import Focus
from agent.billing.intake.ingest import Ingest
from agent.billing.ledger.versions import source_heads
from agent.billing.reading.raw_tags import TagSets
from agent.config.application import SourceConfig
from agent.errors import SourceError
from agent.period import Period
from agent.storage import Folder, LocalFolder
from agent.store import lock
from tests.agent.billing.ledgers import ingest as whole_ingest
from tests.agent.billing.ledgers import manifest
from tests.cur2_rows import write_cur2
from tests.focus_rows import focus_text, write_focus

MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10")


class Told:
    """A progress that keeps the steps, and calls back while files are read."""

    def __init__(self, reads: Callable[[str], None] = lambda _: None) -> None:
        self.steps: list[str] = []
        self.reads = reads

    def step(self, text: str) -> None:
        self.steps.append(text.removeprefix("bill: "))

    def advance(self, done: int, total: int | None, text: str) -> None:
        if self.steps[-1].startswith("reading"):
            self.reads(text)

    @property
    def read(self) -> list[str]:
        return [step for step in self.steps if step.startswith(("reading", "writing"))]


def take(
    location: Path, data: Path, told: Told, kind: type[Focus] = Focus, periods: set[Period] | None = None
) -> list[Delivered]:
    source = SourceConfig(name="bill", kind="focus", location=str(location))
    with lock(data):
        return Ingest(kind(source, TagSets()), source, data, periods, told).run(LocalFolder(location, str(location)))


def month(period: str, cost: str, **more: str) -> dict[str, str]:
    return {"BillingPeriodStart": f"{period}-01T00:00:00Z", "BilledCost": cost, **more}


def ledger(data: Path) -> dict[str, tuple[bytes, object]]:
    """By period what is in force and no file has left: bytes, and what its manifest says of its files."""
    found = {}
    for head in source_heads(data, "bill"):
        if not head.manifest.stale:
            files = [(file.path, file.sha256, file.rows, file.all_rows) for file in head.manifest.files]
            found[str(head.period)] = head.files[0].read_bytes(), files
    return found


def test_only_the_month_that_changed_is_read_and_written(tmp_path: Path):
    for period in MONTHS:
        write_focus(tmp_path / "x" / f"{period}.csv", [month(period, "1")])
    data, told = tmp_path / "data", Told()
    take(tmp_path / "x", data, told)
    assert told.read == ["reading 4 files", *(f"writing {period}" for period in MONTHS)]
    write_focus(tmp_path / "x" / "2026-09.csv", [month("2026-09", "2")])
    told = Told()
    assert [one.changed for one in take(tmp_path / "x", data, told)] == [False, False, True, False]
    assert told.read == ["reading 1 file", "writing 2026-09"]


def test_the_unchanged_files_of_a_changed_month_are_read_too_and_no_others(tmp_path: Path):
    write_focus(tmp_path / "x" / "a.csv", [month("2026-08", "1"), month("2026-09", "1")])
    write_focus(tmp_path / "x" / "b.csv", [month("2026-09", "2")])
    write_focus(tmp_path / "x" / "c.csv", [month("2026-10", "4")])
    data = tmp_path / "data"
    take(tmp_path / "x", data, Told())
    write_focus(tmp_path / "x" / "d.csv", [month("2026-09", "8")])
    told = Told()
    delivered = take(tmp_path / "x", data, told)
    assert told.read == ["reading 1 file", "reading 2 files", "writing 2026-09"]
    assert [(str(one.period), one.changed, one.billed_text) for one in delivered] == [
        ("2026-08", False, "1 USD"),
        ("2026-09", True, "11 USD"),
        ("2026-10", False, "4 USD"),
    ]


def test_a_file_that_leaves_takes_its_lines_out_of_its_months_only(tmp_path: Path):
    write_focus(tmp_path / "x" / "a.csv", [month("2026-09", "1")])
    extra = write_focus(tmp_path / "x" / "b.csv", [month("2026-09", "2"), month("2026-10", "3")])
    data = tmp_path / "data"
    take(tmp_path / "x", data, Told())
    extra.unlink()
    told = Told()
    assert [(str(one.period), one.billed_text) for one in take(tmp_path / "x", data, told)] == [("2026-09", "1 USD")]
    assert told.read == ["reading 1 file", "writing 2026-09"]
    assert manifest(data).stale
    told = Told()
    take(tmp_path / "x", data, told)
    assert told.read == []


def test_asking_for_one_month_leaves_a_file_of_two_to_be_taken_in_whole_later(tmp_path: Path):
    write_focus(tmp_path / "x" / "a.csv", [month("2026-09", "1"), month("2026-10", "2")])
    data = tmp_path / "data"
    assert [str(one.period) for one in take(tmp_path / "x", data, Told(), periods={Period(2026, 10)})] == ["2026-10"]
    delivered = take(tmp_path / "x", data, Told())
    assert [(str(one.period), one.changed, one.billed_text) for one in delivered] == [
        ("2026-09", True, "1 USD"),
        ("2026-10", False, "2 USD"),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_changes_gives_what_a_fresh_ingest_gives(tmp_path: Path, seed: int):
    chance = random.Random(seed)
    place, data = tmp_path / "x", tmp_path / "data"
    for step in range(12):
        name = f"{chance.choice('abcdef')}.csv{chance.choice(('', '.gz'))}"
        if chance.random() < 0.25 and len(list(place.glob("*"))) > 2:
            chance.choice(sorted(place.iterdir())).unlink()
        else:
            held = chance.sample(MONTHS, chance.choice((1, 1, 2)))
            cost = f"{chance.randint(1, 9)}.{chance.randint(1, 10**9)}"
            write_focus(
                place / name,
                [month(period, cost, ResourceId=f"vm-{seed}-{step}", Tags='{"a": "b"}') for period in held],
            )
        take(place, data, Told())
        fresh = tmp_path / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        take(place, fresh, Told())
        assert ledger(data) == ledger(fresh)


def test_months_of_a_manifest_are_read_alone_and_give_what_a_fresh_ingest_gives(tmp_path: Path):
    """In October a private discount begins: net costs are decided by month, so September does not undo them."""
    from datetime import UTC, datetime

    def rows(at: int, gross: float, **net: float) -> list[Mapping[str, object]]:
        start = datetime(2026, at, 1, tzinfo=UTC)
        return [
            {
                "bill_billing_period_start_date": start,
                "line_item_usage_start_date": start,
                "line_item_unblended_cost": gross,
                **net,
            }
        ]

    write_cur2(tmp_path / "x", rows(9, 10.0), period="2026-09")
    write_cur2(tmp_path / "x", rows(10, 10.0, line_item_net_unblended_cost=7.0), period="2026-10")
    data = tmp_path / "data"
    first = whole_ingest(tmp_path / "x", data, kind="aws-cur2")
    assert [one.billed_text for one in first] == ["10 USD", "7 USD"]
    write_cur2(tmp_path / "x", rows(9, 11.0), period="2026-09")
    changed = whole_ingest(tmp_path / "x", data, kind="aws-cur2")
    assert [(one.changed, one.billed_text) for one in changed] == [(True, "11 USD"), (False, "7 USD")]
    whole_ingest(tmp_path / "x", tmp_path / "fresh", kind="aws-cur2")
    assert ledger(data) == ledger(tmp_path / "fresh")


def lines(cost: str = "1", days: int = 5) -> list[dict[str, str]]:
    return [
        month(
            "2026-10",
            cost,
            ChargePeriodStart=f"2026-10-{day:02d}T00:00:00Z",
            ChargePeriodEnd=f"2026-10-{day + 1:02d}T00:00:00Z",
            ResourceId=f"vm-{line}",
        )
        for day in range(1, days + 1)
        for line in range(2)
    ]


def beside_it_arrives(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    """What is refused when everything is read is refused when only the new file had to be."""
    write_focus(tmp_path / "x" / "one" / "a.csv", lines())
    write_focus(tmp_path / "x" / "one" / "b.csv", [month("2026-09", "5")])
    data = tmp_path / "data"
    take(tmp_path / "x", data, Told())
    kept = ledger(data)
    (tmp_path / "x" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "x" / name).write_bytes(content)
    for place in (data, tmp_path / "fresh"):
        with pytest.raises(SourceError, match=expected):
            take(tmp_path / "x", place, Told())
    assert ledger(data) == kept


def test_the_same_bytes_again_are_refused(tmp_path: Path):
    beside_it_arrives(tmp_path, "one/copy.csv", focus_text(lines()).encode(), "hold the same rows")


def test_the_same_rows_packed_are_refused(tmp_path: Path):
    beside_it_arrives(tmp_path, "one/copy.csv.gz", gzip.compress(focus_text(lines()).encode()), "hold the same rows")


def test_days_that_repeat_are_refused(tmp_path: Path):
    beside_it_arrives(tmp_path, "one/later.csv", focus_text(lines(days=6)).encode(), "hold the same usage")


def test_two_exports_of_one_account_are_refused(tmp_path: Path):
    other = [line | {"ResourceId": "other"} for line in lines("2")]
    beside_it_arrives(tmp_path, "two/c.csv", focus_text(other).encode(), "two exports bill account")


class Counting(Layout):
    """A manifest that says how many rows there are: ``manifest.json`` with ``files`` and ``rows``."""

    def recognise(self, shown: str) -> Found | None:
        return Found(shown, "") if shown.endswith("manifest.json") else None

    def read(self, content: object, shown: str) -> Statement:
        assert isinstance(content, dict)
        files = tuple(ListedFile(name, None, count) for name, count in content["files"].items())
        return Statement(files, None, content.get("rows"))


class CountedFocus(Focus):
    def find(self, folder: Folder) -> Delivery:
        return find(folder, (".csv",), "FOCUS", (Counting(),))


def counted(folder: Path, files: Mapping[str, int | None], rows: int | None = None) -> None:
    (folder / "manifest.json").write_text(json.dumps({"files": files, "rows": rows}))


def test_row_counts_of_a_manifest_are_held_against_what_was_read(tmp_path: Path):
    place, data = tmp_path / "x", tmp_path / "data"
    write_focus(place / "a.csv", [month("2026-09", "1"), month("2026-09", "2", ResourceId="b")])
    write_focus(place / "b.csv", [month("2026-10", "4")])
    counted(place, {"a.csv": 2, "b.csv": 1}, rows=3)
    take(place, data, Told(), CountedFocus)
    kept = ledger(data)

    write_focus(place / "b.csv", [month("2026-10", "4"), month("2026-10", "8", ResourceId="c")])
    with pytest.raises(SourceError, match=r"b\.csv holds 2 rows, the manifest says 1"):
        take(place, data, Told(), CountedFocus)
    counted(place, {"a.csv": 2, "b.csv": None}, rows=3)
    with pytest.raises(SourceError, match="its files hold 4 rows, the manifest says 3"):
        take(place, data, Told(), CountedFocus)
    assert ledger(data) == kept
    counted(place, {"a.csv": 2, "b.csv": 2}, rows=4)
    assert [one.billed_text for one in take(place, data, Told(), CountedFocus)] == ["3 USD", "12 USD"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"files": {"a.csv": 1', "only half of it is there"),
        ('{"files": {"a.csv": 1, "z.csv": 1}}', r"the manifest lists z\.csv, which is not here"),
    ],
)
def test_a_half_written_manifest_or_one_naming_a_missing_file_leaves_the_old_version(
    tmp_path: Path, text: str, expected: str
):
    place, data = tmp_path / "x", tmp_path / "data"
    write_focus(place / "a.csv", [month("2026-10", "1")])
    counted(place, {"a.csv": 1})
    take(place, data, Told(), CountedFocus)
    kept = ledger(data)
    write_focus(place / "a.csv", [month("2026-10", "2")])
    (place / "manifest.json").write_text(text)
    with pytest.raises(SourceError, match=expected):
        take(place, data, Told(), CountedFocus)
    assert ledger(data) == kept


@pytest.mark.parametrize("what", ["manifest", "data", "other"])
def test_what_changes_while_it_is_read_is_refused_unless_it_is_no_part_of_it(tmp_path: Path, what: str):
    place, data = tmp_path / "x", tmp_path / "data"
    write_focus(place / "a.csv", [month("2026-10", "1")])
    counted(place, {"a.csv": 1})
    take(place, data, Told(), CountedFocus)
    kept = ledger(data)
    write_focus(place / "a.csv", [month("2026-10", "2")])
    counted(place, {"a.csv": 1}, rows=1)

    def meanwhile(_: str) -> None:
        if what == "manifest":
            counted(place, {"a.csv": 1, "b.csv": 1})
        elif what == "data":
            with (place / "a.csv").open("a") as out:
                out.write("\n")
        else:
            write_focus(place / "next.csv", [month("2026-10", "8")])

    if what == "other":  # no manifest lists it: it belongs to what is being delivered next
        assert take(place, data, Told(meanwhile), CountedFocus)[0].billed_text == "2 USD"
        return
    with pytest.raises(SourceError, match="changed while it was read") as caught:
        take(place, data, Told(meanwhile), CountedFocus)
    assert "run again" in caught.value.mend
    assert ledger(data) == kept


def test_without_a_manifest_a_file_that_arrives_meanwhile_is_refused_and_a_note_beside_it_is_not(tmp_path: Path):
    place, data = tmp_path / "x", tmp_path / "data"
    write_focus(place / "a.csv", [month("2026-10", "1")])
    with pytest.raises(SourceError, match=r"changed while it was read: b\.csv"):
        take(place, data, Told(lambda _: write_focus(place / "b.csv", [month("2026-10", "2")]) and None))
    assert take(place, data, Told(lambda _: (place / "copy.log").write_text("done") and None))[0].billed_text == "3 USD"
