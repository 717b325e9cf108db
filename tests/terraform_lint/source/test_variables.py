"""Where a root's variables get their values, and how they become the wanted type."""

from decimal import Decimal
from pathlib import Path

import pytest

from policies.resource import TagSet

BUCKET = 'resource "aws_s3_bucket" "b" { tags = { v = var.v } }\n'


def value(gathered):
    tags = gathered.resources[0].carriers[0].tags
    return tags.known["v"] if "v" in tags.known else tags.unknown["v"]


LAYERS = [
    ("environment", {"TF_VAR_v": "environment"}),
    ("terraform.tfvars", 'v = "terraform.tfvars"'),
    ("terraform.tfvars.json", '{"v": "terraform.tfvars.json"}'),
    ("a.auto.tfvars", 'v = "a.auto.tfvars"'),
    ("b.auto.tfvars.json", '{"v": "b.auto.tfvars.json"}'),
    ("c.auto.tfvars", 'v = "c.auto.tfvars"'),
    ("first.tfvars", 'v = "first.tfvars"'),
    ("second.vars", 'v = "second.vars"'),
    ("variables", {"v": "variables"}),
]


@pytest.mark.parametrize("strongest", range(len(LAYERS)))
def test_each_layer_is_stronger_than_the_one_before(project, strongest):
    layers = dict(LAYERS[: strongest + 1])
    files = {name: text for name, text in layers.items() if isinstance(text, str)}
    given = {name: text for name, text in layers.items() if isinstance(text, dict)}
    named = [Path(name) for name in ("first.tfvars", "second.vars") if name in layers]
    found = project({"main.tf": BUCKET + 'variable "v" { default = "default" }', **files})
    assert value(found.read(variable_files=named, **given)) == LAYERS[strongest][0]


def test_the_default_counts_where_nothing_is_given(project):
    assert value(project({"main.tf": BUCKET + 'variable "v" { default = 1.50 }'}).read()) == "1.5"


def test_a_given_variable_that_no_root_declares_is_told(project):
    found = project({"a/main.tf": 'variable "here" {}', "b/main.tf": ""})
    gathered = found.read(variables={"here": "x", "there": "y"})
    assert gathered.notes == ["no root module declares the variable there, which is given a value"]


def test_without_default_and_value_it_is_unknown(project):
    gathered = project({"main.tf": BUCKET + 'variable "v" {}', "never.tfvars": 'v = "x"'}).read()
    assert value(gathered) == "var.v has no default and no value is given"


def test_terragrunt_is_the_reason_where_it_gives_the_inputs(project):
    gathered = project({"main.tf": BUCKET + 'variable "v" {}', "terragrunt.hcl": 'inputs = { v = "x" }'}).read()
    assert value(gathered) == "var.v is an input from terragrunt.hcl, which is not read"
    assert gathered.notes == [".: inputs come from terragrunt.hcl, which is not read"]


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ('type = string\ndefault = "d"', "null", None),
        ('type = string\ndefault = "d"\nnullable = false', "null", "d"),
        ("type = string", "true", "true"),
        ("type = string", "1.50", "1.5"),
        ("type = number", '"1.50"', "1.5"),
        ("type = bool", '"true"', "true"),
        ('type = "string"', "true", "true"),
        ("", "true", "true"),
    ],
)
def test_a_value_takes_the_declared_type(project, declared, given, expected):
    found = project({"main.tf": BUCKET + f'variable "v" {{\n{declared}\n}}', "terraform.tfvars": f"v = {given}"})
    assert value(found.read()) == expected


MAP = 'resource "aws_s3_bucket" "b" { tags = var.v }\n'


@pytest.mark.parametrize(
    ("wanted", "given", "expected"),
    [
        ("map(string)", "{ a = 1, b = true }", {"a": "1", "b": "true"}),
        ("map(any)", '{ a = 1, b = "x" }', {"a": "1", "b": "x"}),
        ("map", '{ a = "x" }', {"a": "x"}),
        ("any", "{ a = 1 }", {"a": "1"}),
        ("object({ a = string, b = optional(string) })", '{ a = 1, c = "dropped" }', {"a": "1", "b": None}),
        ('object({ a = string, b = optional(string, "d") })', "{ a = 1 }", {"a": "1", "b": "d"}),
        ('object({ a = optional(string, "d") })', "{ a = null }", {"a": "d"}),
        ('object({ a = optional(number, "2") })', "{}", {"a": "2"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["file", "text"])
def test_maps_and_objects_take_the_declared_type(project, known, wanted, given, expected, where):
    files = {"main.tf": MAP + f'variable "v" {{\n  type = {wanted}\n}}'}
    if where == "file":
        gathered = project(files | {"terraform.tfvars": f"v = {given}"}).read()
    else:
        gathered = project(files).read(variables={"v": given})
    assert known(gathered) == {"aws_s3_bucket.b": expected}


@pytest.mark.parametrize(
    ("wanted", "given", "part"),
    [
        ("map(string)", '["a"]', "a map is wanted"),
        ("object({ a = string })", "{}", "the attribute a is missing"),
        ("map(number)", '{ a = "x" }', "not a number"),
        ("tuple([string, string])", '["a"]', "a tuple of 2"),
    ],
)
def test_a_value_of_the_wrong_type_is_unknown_and_says_why(project, wanted, given, part):
    files = {"main.tf": MAP + f'variable "v" {{ type = {wanted} }}', "terraform.tfvars": f"v = {given}"}
    (resource,) = project(files).read().resources
    assert part in resource.carriers[0].tags.rest
    assert "var.v" in resource.carriers[0].tags.rest


def test_text_that_is_no_expression_is_unknown(project):
    (resource,) = project({"main.tf": MAP + 'variable "v" { type = map(string) }'}).read(variables={"v": "{"}).resources
    assert resource.carriers[0].tags == TagSet(rest="the text given for var.v is no expression")


def test_a_sensitive_variable_is_used_and_never_shown(project, tags):
    found = project({"main.tf": BUCKET + 'variable "v" {\n  sensitive = true\n  default = "secret"\n}'}).read()
    assert tags(found, "aws_s3_bucket.b").sensitive
    assert tags(found, "aws_s3_bucket.b").known == {"v": "secret"}


def test_a_broken_variable_file_is_unread_and_what_it_may_set_is_unknown(project):
    files = {"main.tf": BUCKET + 'variable "v" { default = "d" }', "terraform.tfvars": "v = ="}
    gathered = project(files).read()
    assert [each.file for each in gathered.unread] == ["terraform.tfvars"]
    assert value(gathered) == "var.v may be set in terraform.tfvars, which could not be read"
    assert value(project(files).read(variables={"v": "given"})) == "given"


def test_a_variable_file_that_is_not_there_is_unread(project):
    gathered = project({"main.tf": BUCKET + 'variable "v" {}'}).read(variable_files=[Path("none.tfvars")])
    assert [(each.file, each.message) for each in gathered.unread] == [("none.tfvars", "is not there")]


def test_a_list_variable_given_as_text_is_an_expression(project, by_address):
    text = 'variable "v" { type = set(string) }\nresource "aws_s3_bucket" "b" {\n  for_each = var.v\n}'
    gathered = project({"main.tf": text}).read(environment={"TF_VAR_v": '["b", "a", "b"]'})
    assert list(by_address(gathered)) == ['aws_s3_bucket.b["a"]', 'aws_s3_bucket.b["b"]']


@pytest.mark.parametrize(
    ("options", "selected", "expected"),
    [
        ({}, None, "default"),
        ({}, "staging\n", "staging"),
        ({"environment": {"TF_WORKSPACE": "qa"}}, "staging", "qa"),
        ({"workspace": "prod", "environment": {"TF_WORKSPACE": "qa"}}, "staging", "prod"),
    ],
)
def test_the_workspace_is_the_one_that_terraform_would_use(project, known, options, selected, expected):
    files = {"main.tf": 'resource "aws_s3_bucket" "b" { tags = { w = terraform.workspace } }'}
    if selected is not None:
        files[".terraform/environment"] = selected
    gathered = project(files).read(**options)
    assert known(gathered) == {"aws_s3_bucket.b": {"w": expected}}
    assert gathered.resources[0].workspace == expected


def test_numbers_in_variables_stay_exact(project):
    text = 'variable "v" { default = 1e3 }\nresource "aws_s3_bucket" "b" { tags = { v = var.v } }'
    assert value(project({"main.tf": text}).read()) == str(Decimal(1000))


@pytest.mark.parametrize("name", ["terraform.tfvars.json", "x.auto.tfvars.json"])
def test_a_variable_file_that_links_to_elsewhere_on_the_machine_is_not_read(project, tmp_path, name):
    found = project({"main.tf": BUCKET + 'variable "v" {}'})
    (tmp_path / "credentials.json").write_text('{"v": "hunter2"}')
    (found.folder / name).symlink_to(tmp_path / "credentials.json")
    gathered = found.read()
    assert "could not be read" in value(gathered)
    assert [each.file for each in gathered.unread] == [name]
    assert "outside the checked folders" in gathered.unread[0].message


def test_a_variable_file_may_link_to_one_in_the_checked_folders(project):
    found = project({"a/main.tf": BUCKET + 'variable "v" {}', "common.tfvars": 'v = "common"'})
    (found.folder / "a" / "common.auto.tfvars").symlink_to("../common.tfvars")
    assert value(found.read("a")) == "common"


def test_a_variable_file_that_links_to_nothing_is_not_passed_over(project):
    found = project({"main.tf": BUCKET + 'variable "v" { default = "default" }'})
    (found.folder / "x.auto.tfvars").symlink_to("nowhere")
    gathered = found.read()
    assert "could not be read" in value(gathered)
    assert gathered.notes == ["x.auto.tfvars links to a file that is not there, so what it would set is unknown"]


def test_the_selected_workspace_is_not_read_from_elsewhere_on_the_machine(project, tmp_path):
    found = project({"main.tf": 'resource "aws_s3_bucket" "b" { tags = { w = terraform.workspace } }'})
    (tmp_path / "token").write_text("hunter2")
    (found.folder / ".terraform").mkdir()
    (found.folder / ".terraform" / "environment").symlink_to(tmp_path / "token")
    gathered = found.read()
    assert gathered.resources[0].workspace == "default"
    assert [note for note in gathered.notes if ".terraform/environment" in note]


def test_a_standard_variable_file_that_links_to_nothing_is_passed_over_as_by_terraform(project):
    found = project({"main.tf": BUCKET + 'variable "v" { default = "default" }'})
    (found.folder / "terraform.tfvars").symlink_to("nowhere")
    gathered = found.read()
    assert (value(gathered), gathered.unread) == ("default", [])
