"""Several files that are one module: overrides, OpenTofu's twins, files that are broken."""

import pytest

BROKEN = 'resource "aws_s3_bucket" "x" {\n  tags = {\n'


def test_an_override_replaces_attributes_and_blocks_as_a_whole(project, by_address):
    gathered = project(
        {
            "main.tf": """
resource "aws_autoscaling_group" "g" {
  name = "a"
  tag {
    key                 = "tenant"
    value               = "acme"
    propagate_at_launch = true
  }
  tag {
    key                 = "env"
    value               = "prod"
    propagate_at_launch = true
  }
}
resource "aws_s3_bucket" "b" {
  bucket = local.name
  tags   = { tenant = "acme", env = local.env }
}
locals {
  name = "n"
  env  = "prod"
}
""",
            "a_override.tf": 'resource "aws_s3_bucket" "b" {\n  tags = { tenant = "globex", env = local.env }\n}\n',
            "override.tf": """
resource "aws_autoscaling_group" "g" {
  tag {
    key                 = "tenant"
    value               = "globex"
    propagate_at_launch = true
  }
}
locals { env = "dev" }
""",
        }
    ).read()
    found = by_address(gathered)
    assert dict(found["aws_autoscaling_group.g"].carriers[0].tags.known) == {"tenant": "globex"}
    assert dict(found["aws_s3_bucket.b"].carriers[0].tags.known) == {"tenant": "globex", "env": "dev"}
    assert (found["aws_s3_bucket.b"].file, found["aws_s3_bucket.b"].line) == ("main.tf", 15)
    (carrier,) = found["aws_s3_bucket.b"].carriers
    assert (carrier.file, carrier.line) == ("a_override.tf", 2)
    (group,) = found["aws_autoscaling_group.g"].carriers
    assert (group.file, group.line) == ("override.tf", 3)


@pytest.mark.parametrize(
    ("override", "place"),
    [("  tags = {}", ("z_override.tf", 2)), ("  location = 1", ("", 2)), ("", ("", 2))],
)
def test_what_is_not_overridden_is_changed_in_its_own_file(project, override, place):
    main = 'resource "azurerm_key_vault" "k" {\n  tags = { a = "b" }\n}\n'
    gathered = project(
        {"main.tf": main, "z_override.tf": f'resource "azurerm_key_vault" "k" {{\n{override}\n}}\n'}
    ).read()
    (resource,) = gathered.resources
    assert (resource.file, resource.line) == ("main.tf", 1)
    assert (resource.carriers[0].file, resource.carriers[0].line) == place


def test_the_last_override_wins(project, known):
    files = {"main.tf": 'resource "aws_s3_bucket" "b" {}'}
    for name in ("a", "b", "z"):
        files[f"{name}_override.tf"] = f'resource "aws_s3_bucket" "b" {{ tags = {{ tenant = "{name}" }} }}'
    files["override.tf.json"] = '{"resource": {"aws_s3_bucket": {"b": {"tags": {"tenant": "json"}}}}}'
    assert known(project(files).read()) == {"aws_s3_bucket.b": {"tenant": "z"}}


def test_variables_outputs_providers_and_module_calls_are_overridden_too(project, known):
    gathered = project(
        {
            "main.tf": """
variable "v" {
  type    = string
  default = "main"
}
provider "aws" {
  region = "x"
  default_tags { tags = { p = "main" } }
}
module "m" {
  source = "./m"
  in     = "main"
}
resource "aws_s3_bucket" "b" { tags = { v = var.v, out = module.m.out } }
""",
            "m/main.tf": 'variable "in" {}\noutput "out" { value = "main" }\n',
            "m/override.tf": 'output "out" { value = var.in }\n',
            "override.tf": """
variable "v" { default = "over" }
provider "aws" {
  default_tags { tags = { p = "over" } }
}
module "m" { in = "over" }
""",
        }
    ).read()
    assert known(gathered) == {"aws_s3_bucket.b": {"v": "over", "out": "over", "p": "over"}}


def test_lifecycle_is_merged_by_attribute(project, by_address):
    gathered = project(
        {
            "main.tf": 'resource "aws_s3_bucket" "b" {\n  lifecycle { ignore_changes = [tags] }\n}\n',
            "override.tf": 'resource "aws_s3_bucket" "b" {\n  lifecycle { prevent_destroy = true }\n}\n',
        }
    ).read()
    assert [remark.rule for remark in by_address(gathered)["aws_s3_bucket.b"].remarks] == ["ignored-changes"]


def test_an_override_of_nothing_is_judged_and_told(project, known):
    gathered = project({"main.tf": "", "override.tf": 'resource "aws_s3_bucket" "b" { tags = { a = "b" } }'}).read()
    assert known(gathered) == {"aws_s3_bucket.b": {"a": "b"}}
    assert gathered.notes == ["override.tf:1: resource aws_s3_bucket.b overrides nothing"]


def test_a_name_declared_twice_is_unread_with_both_places(project):
    gathered = project(
        {"a.tf": 'resource "aws_s3_bucket" "b" {}\n', "b.tf": '\nresource "aws_s3_bucket" "b" {}\n'}
    ).read()
    assert len(gathered.resources) == 1
    assert [(each.file, each.line) for each in gathered.unread] == [("b.tf", 2)]
    assert "a.tf:1" in gathered.unread[0].message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('resource "aws_s3_bucket" {}', "a resource block has 2 labels, not 1"),
        ('module {\n source = "./m"\n}', "a module block has 1 label, not 0"),
        ('variable "a" "b" {}', "a variable block has 1 label, not 2"),
    ],
)
def test_a_block_with_a_wrong_number_of_labels_is_unread(project, text, message):
    gathered = project({"main.tf": f"\n{text}\n"}).read()
    assert [(each.file, each.line, each.message) for each in gathered.unread] == [("main.tf", 2, message)]


def test_a_tofu_file_takes_the_place_of_its_terraform_twin(project, known):
    gathered = project(
        {
            "main.tf": 'resource "aws_s3_bucket" "b" { tags = { by = "terraform" } }',
            "main.tofu": 'resource "aws_s3_bucket" "b" { tags = { by = "tofu" } }',
            "other.tf": 'resource "aws_s3_bucket" "c" { tags = { by = "terraform" } }',
        }
    ).read()
    assert known(gathered) == {"aws_s3_bucket.b": {"by": "tofu"}, "aws_s3_bucket.c": {"by": "terraform"}}
    assert gathered.notes == [".: .tofu files take the place of main.tf, as in OpenTofu"]


def test_files_of_editors_are_no_source(project):
    found = project({"main.tf": "", ".hidden.tf": BROKEN, "#main.tf": BROKEN, "main.tf~": BROKEN}).read()
    assert (found.unread, found.resources) == ([], [])


def test_a_broken_file_is_named_and_the_others_are_judged(project, known):
    gathered = project(
        {"good.tf": 'resource "aws_s3_bucket" "b" { tags = { a = "b" } }', "sub/broken.tf": BROKEN, "broken.tf": BROKEN}
    ).read()
    assert known(gathered) == {"aws_s3_bucket.b": {"a": "b"}}
    assert sorted(each.file for each in gathered.unread) == ["broken.tf", "sub/broken.tf"]
    assert all(each.line and each.message for each in gathered.unread)


@pytest.mark.parametrize(
    ("broken", "expression", "reason"),
    [
        ('variable "t" {', "var.t", "var.t may be declared in broken.tf, which could not be read"),
        ("locals {\n t =", "local.t", "local.t may be declared in broken.tf, which could not be read"),
        ('module "t" {', "module.t.x", "module.t may be declared in broken.tf, which could not be read"),
        ('data "x" "t" {', "data.x.t.y", "data.x.t may be declared in broken.tf, which could not be read"),
        ('resource "x_y" "t" {', "x_y.t.z", "x_y may be declared in broken.tf, which could not be read"),
        ("locals {\n other =", "local.t", "local.t is not declared"),
    ],
)
def test_what_a_broken_file_may_declare_is_unknown(project, tags, broken, expression, reason):
    gathered = project(
        {"main.tf": f'resource "aws_s3_bucket" "b" {{ tags = {{ a = {expression} }} }}', "broken.tf": broken}
    ).read()
    assert tags(gathered, "aws_s3_bucket.b").unknown == {"a": reason}


def test_a_provider_that_a_broken_file_may_configure_leaves_tags_open(project, tags):
    gathered = project(
        {"main.tf": 'resource "aws_s3_bucket" "b" { tags = { a = "b" } }', "broken.tf": 'provider "aws" {'}
    ).read()
    found = tags(gathered, "aws_s3_bucket.b")
    assert dict(found.known) == {"a": "b"}
    assert found.rest == "provider aws may be declared in broken.tf, which could not be read"


def test_a_link_that_leads_out_is_not_read(project, tmp_path):
    found = project({"main.tf": ""})
    (tmp_path / "secret.tf").write_text('resource "aws_s3_bucket" "b" {}')
    (found.folder / "link.tf").symlink_to(tmp_path / "secret.tf")
    gathered = found.read()
    assert gathered.resources == []
    assert [each.file for each in gathered.unread] == ["link.tf"]
    assert "leads out" in gathered.unread[0].message


def test_a_link_to_a_shared_file_inside_is_read(project, known):
    found = project({"a/main.tf": "", "shared/all.tf": 'resource "aws_s3_bucket" "b" { tags = { x = "y" } }'})
    (found.folder / "a" / "all.tf").symlink_to("../shared/all.tf")
    assert known(found.read("a")) == {"aws_s3_bucket.b": {"x": "y"}}


@pytest.mark.parametrize("target", ["nowhere", "b.tf", "/dev/zero"])
def test_a_file_of_source_that_links_to_no_file_is_not_passed_over(project, target):
    found = project({"a.tf": 'resource "aws_s3_bucket" "b" {}'})
    (found.folder / "b.tf").symlink_to(target)
    (found.folder / ".#a.tf").symlink_to("user@host.1234")
    gathered = found.read()
    assert len(gathered.resources) == 1
    assert [each.file for each in gathered.unread] == ["b.tf"]
