"""The JSON Schemas say what the models say, in the types that YAML writes."""

from typing import Any

import pytest

from agent.config.schemas import schemas

CONFIGURATION = ["allocation.yaml", "apportion.yaml", "columns.yaml", "policy.yaml"]


def test_there_is_one_for_each_file() -> None:
    assert sorted(schemas()) == sorted([*CONFIGURATION, "findings.json"])


@pytest.mark.parametrize("name", CONFIGURATION)
def test_a_schema_names_itself_and_refuses_unknown_keys(name: str) -> None:
    schema = schemas()[name]
    assert (schema["title"], schema["additionalProperties"]) == (name, False)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == (["version", "columns"] if name == "columns.yaml" else ["version"])


@pytest.mark.parametrize("name", CONFIGURATION)
def test_the_version_may_be_written_without_quotes(name: str) -> None:
    assert schemas()[name]["properties"]["version"]["enum"] == ["1", 1]


def test_text_may_be_written_as_a_number_and_words_stay_words() -> None:
    defs: dict[str, Any] = schemas()["allocation.yaml"]["$defs"]
    assert defs["Methodology"]["properties"]["id"]["type"] == ["string", "number"]
    assert defs["Methodology"]["properties"]["from"]["pattern"] == r"^\d{4}-\d{2}$"
    assert defs["Pool"]["properties"]["method"]["enum"] == ["usage", "even", "fixed", "cost", "sampled"]
    assert defs["Pool"]["properties"]["method"]["type"] == "string"


def test_a_whole_number_may_be_quoted() -> None:
    schedule = schemas()["apportion.yaml"]["$defs"]["ScheduleConfig"]["properties"]["report_day"]
    assert (schedule["type"], schedule["minimum"], schedule["maximum"]) == (["integer", "string"], 1, 28)


def test_every_object_is_described() -> None:
    undescribed = [
        f"{file}: {name}"
        for file, schema in schemas().items()
        for name, part in schema["$defs"].items()
        if "description" not in part
    ]
    assert undescribed == []
