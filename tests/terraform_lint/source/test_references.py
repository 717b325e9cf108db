"""What names mean: locals, resources, data sources, paths, files."""

import pytest


def reference(project, tags, expression, more="", **options):
    """The tag ``a`` whose value is the expression: its text, or why it is unknown."""
    text = f'resource "aws_s3_bucket" "it" {{ tags = {{ a = {expression} }} }}\n{more}'
    found = tags(project({"main.tf": text}).read(**options), "aws_s3_bucket.it")
    assert found.rest is None
    return found.unknown["a"] if "a" in found.unknown else found.known["a"]


OTHERS = """
locals {
  one  = local.two
  two  = "2"
  ring = local.gnir
  gnir = local.ring
  self = [local.self]
}
resource "azurerm_resource_group" "rg" {
  name = "rg-${local.two}"
  tags = { tenant = "acme", n = 1 }
  lock { level = "x" }
}
resource "azurerm_resource_group" "bare" { name = "x" }
resource "azurerm_resource_group" "many" {
  count = 2
  tags  = { n = count.index }
}
resource "azurerm_resource_group" "each" {
  for_each = { x = "one" }
  tags     = { v = each.value }
}
resource "azurerm_resource_group" "loop" { tags = azurerm_resource_group.loop.tags }
resource "aws_vpc" "v" {}
data "aws_ami" "i" { owners = ["self"] }
provider "aws" {
  alias = "tagged"
  default_tags { tags = { tenant = "acme" } }
}
resource "aws_vpc" "tagged" {
  provider = aws.tagged
  tags     = { own = "x" }
}
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("local.one", "2"),
        ("local.ring", "local.ring refers to itself"),
        ("local.self[0]", "local.self refers to itself"),
        ("local.none", "local.none is not declared"),
        ("azurerm_resource_group.rg.tags.tenant", "acme"),
        ('azurerm_resource_group.rg.tags["n"]', "1"),
        ("azurerm_resource_group.rg.name", "rg-2"),
        ("azurerm_resource_group.many[1].tags.n", "1"),
        ('azurerm_resource_group.each["x"].tags.v', "one"),
        ('join(",", azurerm_resource_group.many[*].tags.n)', "0,1"),
        ('join(",", [for k, g in azurerm_resource_group.each : "${k}${g.tags.v}"])', "xone"),
        ("azurerm_resource_group.rg.id", "azurerm_resource_group.rg.id is known only after apply"),
        ("azurerm_resource_group.rg.lock", "azurerm_resource_group.rg.lock is a block, which is not looked into"),
        ('lookup(azurerm_resource_group.rg.tags, "x", "none")', "none"),
        ("azurerm_resource_group.bare.tags", None),
        ("azurerm_resource_group.loop.tags", "azurerm_resource_group.loop.tags refers to itself"),
        ("azurerm_resource_group.none.tags", "azurerm_resource_group.none is not declared"),
        ("aws_thing.none.tags", "aws_thing is not declared"),
        ("aws_vpc.tagged.tags_all.tenant", "acme"),
        ("aws_vpc.tagged.tags.own", "x"),
        ("aws_vpc.v.arn", "aws_vpc.v.arn is known only after apply"),
        ("data.aws_ami.i.name", "data.aws_ami.i is read at plan time"),
        ("data.aws_ami.none.name", "data.aws_ami.none is not declared"),
        ("var.none", "var.none is not declared"),
        ("module.none.x", "module.none is not declared"),
        ("each.key", "each has no meaning here"),
        ("path.module", "."),
        ("path.root", "."),
        ("basename(path.cwd)", "project"),
        ("terraform.workspace", "default"),
    ],
)
def test_a_reference_means_what_it_means_to_terraform(project, tags, expression, expected):
    assert reference(project, tags, expression, OTHERS) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "azurerm_resource_group.many.tags",
        "azurerm_resource_group.many[2].tags",
        'azurerm_resource_group.each["y"].tags',
    ],
)
def test_what_terraform_would_refuse_makes_the_whole_map_unknown(project, tags, expression):
    text = f'resource "aws_s3_bucket" "it" {{ tags = {{ a = {expression} }} }}\n{OTHERS}'
    found = tags(project({"main.tf": text}).read(), "aws_s3_bucket.it")
    assert found.rest.startswith("it cannot be evaluated: azurerm_resource_group.")


def test_tags_of_another_resource_as_a_whole(project, known):
    text = """
resource "azurerm_resource_group" "rg" { tags = { tenant = "acme" } }
resource "azurerm_storage_account" "s" { tags = azurerm_resource_group.rg.tags }
resource "azurerm_storage_account" "m" { tags = merge(azurerm_resource_group.rg.tags, { x = "y" }) }
"""
    gathered = project({"main.tf": text}).read()
    assert known(gathered)["azurerm_storage_account.s"] == {"tenant": "acme"}
    assert known(gathered)["azurerm_storage_account.m"] == {"tenant": "acme", "x": "y"}


def test_files_below_the_checked_folders_are_read(project, known):
    gathered = project(
        {
            "root/main.tf": """
resource "aws_s3_bucket" "json" { tags = jsondecode(file("${path.module}/tags.json")) }
resource "aws_s3_bucket" "yaml" { tags = yamldecode(file("../shared/tags.yaml")) }
resource "aws_s3_bucket" "template" { tags = yamldecode(templatefile("t.tftpl", { name = "acme" })) }
module "m" { source = "../m" }
""",
            "root/tags.json": '{"tenant": "acme"}',
            "root/t.tftpl": 'tenant: ${name}\n%{ if name == "acme" }env: prod\n%{ endif }',
            "shared/tags.yaml": "tenant: globex\n",
            "m/main.tf": 'resource "aws_s3_bucket" "b" { tags = jsondecode(file("${path.module}/tags.json")) }',
            "m/tags.json": '{"tenant": "initech"}',
        }
    ).read("root")
    assert known(gathered) == {
        "aws_s3_bucket.json": {"tenant": "acme"},
        "aws_s3_bucket.yaml": {"tenant": "globex"},
        "aws_s3_bucket.template": {"tenant": "acme", "env": "prod"},
        "module.m.aws_s3_bucket.b": {"tenant": "initech"},
    }


@pytest.mark.parametrize("path", ["/etc/hostname", "../../outside/secret", "link", "linked/secret", "~/.ssh/id_rsa"])
def test_nothing_else_of_the_machine_is_read(project, tmp_path, path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("hunter2")
    text = f'resource "aws_s3_bucket" "b" {{ tags = {{ a = file(pathexpand("{path}")) }} }}\n'
    text += f'resource "aws_s3_bucket" "c" {{ tags = {{ a = file("{path}") }} }}\n'
    found = project({"root/main.tf": text})
    (found.folder / "root" / "link").symlink_to(tmp_path / "outside" / "secret")
    (found.folder / "root" / "linked").symlink_to(tmp_path / "outside")
    for resource in found.read("root").resources:
        assert not resource.carriers[0].tags.known
        (reason,) = resource.carriers[0].tags.unknown.values()
        assert "hunter2" not in reason


def test_a_template_sees_only_what_it_is_given(project, tags):
    gathered = project(
        {
            "main.tf": 'variable "x" { default = "y" }\n'
            'resource "aws_s3_bucket" "b" { tags = { a = templatefile("t", {}), b = "c" } }\n',
            "t": "${var.x}",
        }
    ).read()
    assert "var" in (tags(gathered, "aws_s3_bucket.b").rest or "")


def test_very_long_chains_of_locals_come_to_an_end(project, tags):
    text = "locals {\n" + "".join(f"  n{i} = local.n{i + 1}\n" for i in range(5000)) + '  n5000 = "end"\n}\n'
    gathered = project({"main.tf": text + 'resource "aws_s3_bucket" "b" { tags = { a = local.n0 } }'}).read()
    found = tags(gathered, "aws_s3_bucket.b")
    assert found.known.get("a") == "end" or "too deep" in str(found)
