"""focus-validator judges an export of every kind of charge and source; what it finds has a reason, or is a fault."""

import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from agent.focus_export import export
from agent.progress import Quiet
from tests.agent.billing.ledgers import OCTOBER
from tests.agent.ledger_of_all_kinds import fill_from_every_kind_of_source

ACCEPTED = Path(__file__).parents[1] / "judges" / "focus-validator-accepted.yaml"
MODEL = "1.2.0.1"
MADE = 368
"""Of 578; the validator has no means to make the others."""


@pytest.mark.slow
def test_focus_validator_finds_nothing_that_is_not_accepted_with_a_reason(judge, tmp_path):
    program = Path(judge("focus-validator", "bin/focus-validator"))
    fill_from_every_kind_of_source(tmp_path / "data", tmp_path)
    export(tmp_path / "data", OCTOBER, "focus-1.2", tmp_path / "focus.parquet", Quiet())
    found, made = judged(program, tmp_path)
    accepted = yaml.safe_load(ACCEPTED.read_text())
    assert all(accepted.values()), "an exception without a reason"
    assert made == MADE
    assert found == set(accepted)


@pytest.mark.slow
def test_the_judge_sees_a_fault(judge, tmp_path):
    program = Path(judge("focus-validator", "bin/focus-validator"))
    fill_from_every_kind_of_source(tmp_path / "data", tmp_path)
    export(tmp_path / "data", OCTOBER, "focus-1.2", tmp_path / "focus.parquet", Quiet())
    table = pq.read_table(tmp_path / "focus.parquet")
    place = table.schema.get_field_index("ChargeCategory")
    lower = pc.utf8_lower(table["ChargeCategory"].cast("string"))
    pq.write_table(table.set_column(place, "ChargeCategory", lower), tmp_path / "focus.parquet")
    found, _ = judged(program, tmp_path)
    assert any(name.startswith("ChargeCategory-") for name in found)


def judged(program, place):
    """The checks that failed, leaving out those that only sum others up; and how many were made."""
    [package] = (program.parents[1] / "lib").glob("python3.*/site-packages/focus_validator")
    run = place / "run"
    run.mkdir()
    # NOTE: it opens its list of currencies by a path below the working directory
    (run / "focus_validator").symlink_to(package)
    options = ["--focus-dataset", "CostAndUsage", "--validate-version", MODEL, "--block-download"]
    options += ["--applicability-criteria", "ALL", "--output-type", "unittest", "--output-destination", "f.xml"]
    subprocess.run(
        [program, "--data-file", place / "focus.parquet", *options],
        cwd=run,
        check=True,
        capture_output=True,
        timeout=300,
    )
    # NOTE: its exit code is 0 whatever it finds
    root = ET.parse(run / "f.xml").getroot()
    assert root.attrib["errors"] == "0"
    failed = [case.attrib["name"] for case in root.iter("testcase") if case.find("failure") is not None]
    leaves = {name.split(" ")[0] for name in failed if not name.endswith("Composite")}
    sums = {name.split("-")[0] for name in failed if name.endswith("Composite")} - {"CostAndUsage"}
    assert sums <= {name.split("-")[0] for name in leaves}
    return leaves, int(root.attrib["tests"]) - int(root.attrib["skipped"])
