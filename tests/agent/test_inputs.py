"""Inputs are kept as delivered, become current together, and are checked when read back."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from agent.config.loading import Settings, load_application
from agent.errors import ConfigError, InputError
from agent.inputs import current, take_in
from agent.money import units_from_text
from agent.period import Period
from agent.progress import Quiet

APPLICATION = """version: 1
customers: customers.csv
usage:
  - {name: calls, kind: csv, location: calls.csv}
  - {name: jobs, kind: csv, location: jobs}
revenue: {kind: csv, location: revenue.csv}
"""
FILES = {
    "apportion.yaml": APPLICATION,
    "customers.csv": "id\nacme\n",
    "calls.csv": "date,customer,quantity\n2026-10-01,acme,5\n",
    "jobs/b.csv": "date,customer,quantity\n2026-10-02,acme,2\n",
    "jobs/a.csv": "date,customer,quantity\n2026-10-01,acme,1\n",
    "jobs/notes.txt": "not a driver",
    "revenue.csv": "period,customer,amount,currency\n2026-10,acme,100,USD\n",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return write(tmp_path, FILES)


def write(folder: Path, files: Mapping[str, str]) -> Settings:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return load_application(folder / "apportion.yaml")


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_what_was_taken_in_is_read_back(settings: Settings) -> None:
    taken = take_in(settings, Quiet())
    again = current(settings.data)
    assert again == taken
    assert again.registry(settings).ids == ("acme",)
    calls, jobs = again.drivers(settings)
    assert (calls.name, calls.rows["quantity"].to_pylist()) == ("calls", [5])
    assert (jobs.name, jobs.rows["quantity"].to_pylist()) == ("jobs", [1, 2])
    revenue = again.revenue(settings)
    assert revenue is not None
    assert revenue.units(Period(2026, 10), "acme") == units_from_text("100")


def test_head_names_each_input_by_its_hash(settings: Settings) -> None:
    take_in(settings, Quiet())
    listing = "".join(f"{digest(FILES[f'jobs/{name}'])}  {name}\n" for name in ("a.csv", "b.csv"))
    assert json.loads((settings.data / "inputs/HEAD.json").read_text()) == {
        "version": 1,
        "usage": {
            "calls": {"sha256": digest(FILES["calls.csv"]), "path": "calls.csv", "rows": 1},
            "jobs": {"sha256": digest(listing), "path": "jobs", "rows": 2, "folder": True},
        },
        "revenue": {"sha256": digest(FILES["revenue.csv"]), "path": "revenue.csv", "rows": 1},
        "registry": {"sha256": digest(FILES["customers.csv"]), "path": "customers.csv", "rows": 1},
        "invoices": None,
    }
    assert (settings.data / "inputs/usage" / digest(FILES["calls.csv"])).read_text() == FILES["calls.csv"]


def test_taking_in_twice_changes_nothing(settings: Settings) -> None:
    take_in(settings, Quiet())
    before = {path: path.read_bytes() for path in settings.data.rglob("*") if path.is_file()}
    take_in(settings, Quiet())
    assert {path: path.read_bytes() for path in settings.data.rglob("*") if path.is_file()} == before


def test_earlier_content_stays_and_the_current_is_the_last(settings: Settings) -> None:
    take_in(settings, Quiet())
    newer = write(settings.root, {"calls.csv": "date,customer,quantity\n2026-10-01,acme,6\n"})
    take_in(newer, Quiet())
    assert current(settings.data).drivers(newer)[0].rows["quantity"].to_pylist() == [6]
    assert (settings.data / "inputs/usage" / digest(FILES["calls.csv"])).is_file()


def test_a_wrong_file_leaves_the_current_inputs_as_they_are(settings: Settings) -> None:
    take_in(settings, Quiet())
    before = current(settings.data)
    worse = write(
        settings.root,
        {"calls.csv": "date,customer,quantity\n", "revenue.csv": "period,customer,amount,currency\nx,y,z,USD\n"},
    )
    with pytest.raises(InputError, match="is not a month"):
        take_in(worse, Quiet())
    assert current(settings.data) == before


@pytest.mark.parametrize(
    ("kind", "name"), [("usage", "calls.csv"), ("usage", "jobs/a.csv"), ("revenue", "revenue.csv")]
)
def test_bytes_that_changed_or_went_are_noticed(settings: Settings, kind: str, name: str) -> None:
    take_in(settings, Quiet())
    kept = settings.data / "inputs" / kind / digest(FILES[name])
    kept.write_text("tampered")
    with pytest.raises(InputError, match=f"a kept {kind} file was changed"):
        _ = current(settings.data).drivers(settings), current(settings.data).revenue(settings)
    kept.unlink()
    with pytest.raises(InputError, match=f"a kept {kind} file is gone"):
        _ = current(settings.data).drivers(settings), current(settings.data).revenue(settings)
    take_in(settings, Quiet())
    assert len(current(settings.data).drivers(settings)) == 2


def test_before_the_first_time_each_input_is_asked_for(settings: Settings) -> None:
    nothing = current(settings.data)
    for ask, message in (
        (nothing.drivers, "the driver 'calls' was not taken in yet"),
        (nothing.registry, "customers.csv was not taken in yet"),
        (nothing.revenue, "the revenue file was not taken in yet"),
    ):
        with pytest.raises(InputError, match=message):
            ask(settings)


def test_what_is_not_configured_is_not_there(tmp_path: Path) -> None:
    settings = write(tmp_path, {"apportion.yaml": "version: 1\n"})
    taken = take_in(settings, Quiet())
    assert (taken.usage, taken.revenue(settings), taken.registry_file) == ({}, None, None)
    assert current(settings.data) == taken
    with pytest.raises(ConfigError):
        taken.registry(settings)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("calls.csv", "usage 'calls': the configured file cannot be read: No such file or directory"),
        ("revenue.csv", "revenue: the configured file cannot be read: No such file or directory"),
    ],
)
def test_a_configured_file_that_is_missing_is_named(settings: Settings, name: str, message: str) -> None:
    (settings.root / name).unlink()
    with pytest.raises(InputError) as caught:
        take_in(settings, Quiet())
    assert (caught.value.message, caught.value.where) == (message, str(settings.root / name))
    assert not (settings.data / "inputs/HEAD.json").exists()


def test_a_folder_without_csv_files_is_told(settings: Settings) -> None:
    for name in ("a.csv", "b.csv"):
        (settings.root / "jobs" / name).unlink()
    with pytest.raises(InputError, match=r"usage 'jobs': the folder holds no \.csv file"):
        take_in(settings, Quiet())


def test_a_registry_that_turned_wrong_after_loading_is_refused(settings: Settings) -> None:
    (settings.root / "customers.csv").write_text("id\n@x\n")
    with pytest.raises(InputError, match="starts with '@'"):
        take_in(settings, Quiet())


def test_inputs_may_lie_outside_the_configurations_folder(tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else/calls.csv").write_text(FILES["calls.csv"])
    (tmp_path / "home").mkdir()
    text = "version: 1\nusage: [{name: calls, kind: csv, location: ../else/calls.csv}]\n"
    settings = write(tmp_path / "home", {"apportion.yaml": text})
    assert take_in(settings, Quiet()).usage["calls"].rows == 1
