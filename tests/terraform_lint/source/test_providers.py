"""Which provider configuration a resource uses, and what that adds to its tags."""

import pytest

from policies.resource import Inheritance

BARE_AND_TAGGED = """
provider "aws" {
  default_tags { tags = { tenant = "acme", env = "prod" } }
}
provider "aws" {
  alias = "bare"
}
provider "aws" {
  alias = "west"
  default_tags { tags = { tenant = "west" } }
}
"""


def test_default_tags_go_by_alias(project, known, by_address):
    gathered = project(
        {
            "main.tf": BARE_AND_TAGGED
            + """
resource "aws_s3_bucket" "plain" {}
resource "aws_s3_bucket" "own" { tags = { env = "dev", x = "y" } }
resource "aws_s3_bucket" "bare" { provider = aws.bare }
resource "aws_s3_bucket" "west" { provider = aws.west }
resource "aws_s3_bucket" "legacy" { provider = "aws.west" }
resource "aws_s3_bucket" "named" { provider = aws }
"""
        }
    ).read()
    assert known(gathered) == {
        "aws_s3_bucket.plain": {"tenant": "acme", "env": "prod"},
        "aws_s3_bucket.own": {"tenant": "acme", "env": "dev", "x": "y"},
        "aws_s3_bucket.bare": {},
        "aws_s3_bucket.west": {"tenant": "west"},
        "aws_s3_bucket.legacy": {"tenant": "west"},
        "aws_s3_bucket.named": {"tenant": "acme", "env": "prod"},
    }
    found = by_address(gathered)
    plain, west = found["aws_s3_bucket.plain"].inherits, found["aws_s3_bucket.west"].inherits
    assert (plain.provider, plain.alias, plain.setting, plain.written) == ("aws", "", "default_tags", True)
    assert (west.provider, west.alias, west.file) == ("aws", "west", "main.tf")
    assert not found["aws_s3_bucket.bare"].inherits.written
    written = (found["aws_s3_bucket.plain"].carriers[0].written, found["aws_s3_bucket.own"].carriers[0].written)
    assert written == ("", "tags")


def test_providers_are_passed_through_nested_modules(project, known):
    bucket = 'resource "aws_s3_bucket" "b" {}\n'
    gathered = project(
        {
            "main.tf": BARE_AND_TAGGED
            + """
module "inherits" { source = "./outer" }
module "bare" {
  source    = "./outer"
  providers = { aws = aws.bare }
}
module "aliased" {
  source    = "./aliased"
  providers = { aws.other = aws.west }
}
""",
            "outer/main.tf": bucket + 'module "inner" { source = "../inner" }\n',
            "inner/main.tf": bucket,
            "aliased/main.tf": """
terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      configuration_aliases = [aws.other]
    }
  }
}
resource "aws_s3_bucket" "default" {}
resource "aws_s3_bucket" "other" { provider = aws.other }
module "inner" {
  source    = "../inner"
  providers = { aws = aws.other }
}
""",
        }
    ).read(".")
    default, west = {"tenant": "acme", "env": "prod"}, {"tenant": "west"}
    assert known(gathered) == {
        "module.inherits.aws_s3_bucket.b": default,
        "module.inherits.module.inner.aws_s3_bucket.b": default,
        "module.bare.aws_s3_bucket.b": {},
        "module.bare.module.inner.aws_s3_bucket.b": {},
        "module.aliased.aws_s3_bucket.default": default,
        "module.aliased.aws_s3_bucket.other": west,
        "module.aliased.module.inner.aws_s3_bucket.b": west,
    }


def test_an_alias_that_a_caller_passes_leaves_the_tags_of_a_module_alone_open(project, tags):
    aliases = "terraform {\n  required_providers {\n    aws = { configuration_aliases = [aws.other] }\n  }\n}\n"
    gathered = project(
        {
            "main.tf": aliases
            + 'resource "aws_s3_bucket" "b" {\n  provider = aws.other\n  tags = { a = "b" }\n}\n'
            + 'resource "aws_s3_bucket" "c" {}\n'
            + 'resource "aws_s3_bucket" "d" { provider = aws.nowhere }\n'
        }
    ).read()  # fmt: skip
    assert tags(gathered, "aws_s3_bucket.b").rest == "provider aws.other is passed by whoever calls the module"
    assert tags(gathered, "aws_s3_bucket.c").rest is None
    assert tags(gathered, "aws_s3_bucket.d").rest == "provider aws.nowhere is not declared"


@pytest.mark.parametrize(
    "written",
    [
        'default_tags {\n tags = merge(local.base, { env = "prod" })\n}',
        """dynamic "default_tags" {
          for_each = [local.base]
          content { tags = merge(default_tags.value, { env = "prod" }) }
        }""",
        'default_tags {\n tags = { for k, v in { TENANT = local.base.tenant, ENV = "prod" } : lower(k) => v }\n}',
    ],
)
def test_default_tags_are_evaluated(project, known, written):
    text = 'locals { base = { tenant = "acme" } }\nresource "aws_s3_bucket" "b" {}\n'
    gathered = project({"main.tf": text + f'provider "aws" {{\n{written}\n}}'}).read()
    assert known(gathered) == {"aws_s3_bucket.b": {"tenant": "acme", "env": "prod"}}


def test_default_tags_that_are_unknown_leave_the_tags_open(project, tags):
    text = 'variable "t" {}\nprovider "aws" {\n  default_tags { tags = var.t }\n}\n'
    gathered = project({"main.tf": text + 'resource "aws_s3_bucket" "b" { tags = { a = "b" } }'}).read()
    found = tags(gathered, "aws_s3_bucket.b")
    assert dict(found.known) == {"a": "b"}
    assert found.rest == "var.t has no default and no value is given"


def test_a_null_tag_lets_the_default_through(project, known):
    gathered = project(
        {"main.tf": BARE_AND_TAGGED + 'resource "aws_s3_bucket" "b" { tags = { tenant = null, own = null } }'}
    ).read()
    assert known(gathered) == {"aws_s3_bucket.b": {"tenant": "acme", "env": "prod"}}


def test_a_null_tag_without_any_default_stays_to_be_seen(project, known):
    gathered = project({"main.tf": 'resource "aws_s3_bucket" "b" { tags = { tenant = null } }'}).read()
    assert known(gathered) == {"aws_s3_bucket.b": {"tenant": None}}


def test_google_default_labels_reach_labels(project, known):
    gathered = project(
        {
            "main.tf": """
provider "google" {
  default_labels                  = { tenant = "acme" }
  add_terraform_attribution_label = true
}
provider "google-beta" {
  default_labels = { tenant = "beta" }
}
resource "google_storage_bucket" "b" { labels = { env = "prod" } }
resource "google_storage_bucket" "beta" { provider = google-beta }
resource "google_container_cluster" "c" { resource_labels = { env = "prod" } }
"""
        }
    ).read()
    assert known(gathered) == {
        "google_storage_bucket.b": {"tenant": "acme", "env": "prod"},
        "google_storage_bucket.beta": {"tenant": "beta"},
        "google_container_cluster.c": {"tenant": "acme", "env": "prod"},
    }


def test_azure_inherits_nothing(project, known, by_address):
    text = 'provider "azurerm" {\n  features {}\n}\nresource "azurerm_resource_group" "rg" { tags = { a = "b" } }\n'
    gathered = project({"main.tf": text}).read()
    assert known(gathered) == {"azurerm_resource_group.rg": {"a": "b"}}
    assert by_address(gathered)["azurerm_resource_group.rg"].inherits is None


def test_the_default_tags_data_source_is_known(project, known):
    text = (
        'data "aws_default_tags" "t" {}\nresource "azurerm_resource_group" "rg" { tags = data.aws_default_tags.t.tags }'
    )
    gathered = project({"main.tf": BARE_AND_TAGGED + text}).read()
    assert known(gathered) == {"azurerm_resource_group.rg": {"tenant": "acme", "env": "prod"}}


@pytest.mark.parametrize(
    ("settings", "lock", "reached"),
    [
        ("", None, True),
        ('terraform {\n required_providers {\n aws = { version = "~> 4.0" }\n}\n}\n', None, False),
        ('terraform {\n required_providers {\n aws = { version = ">= 4.0" }\n}\n}\n', "5.100.0", True),
        ('terraform {\n required_providers {\n aws = { version = ">= 4.0" }\n}\n}\n', "5.10.0", False),
    ],
)
def test_default_tags_reach_volumes_by_the_version_in_use(project, by_address, settings, lock, reached):
    files = {"main.tf": settings + BARE_AND_TAGGED + 'resource "aws_instance" "i" {}\n'}
    if lock:
        files[".terraform.lock.hcl"] = f'provider "registry.terraform.io/hashicorp/aws" {{\n  version = "{lock}"\n}}\n'
    carriers = by_address(project(files).read())["aws_instance.i"].carriers
    assert dict(carriers[0].tags.known) == {"tenant": "acme", "env": "prod"}
    assert bool(carriers[1].tags.known) is reached


def test_a_provider_for_each_region_of_opentofu(project, tags):
    gathered = project(
        {
            "main.tf": """
provider "aws" {
  alias    = "by_region"
  for_each = toset(["a", "b"])
  region   = each.key
  default_tags { tags = { tenant = "acme", region = each.key } }
}
resource "aws_s3_bucket" "b" {
  for_each = toset(["a"])
  provider = aws.by_region[each.key]
}
"""
        }
    ).read()
    found = tags(gathered, 'aws_s3_bucket.b["a"]')
    assert dict(found.known) == {"tenant": "acme"}
    assert found.unknown == {"region": "provider aws.by_region has for_each"}


def test_the_provider_block_that_sets_default_tags_is_known_by_its_place(project, by_address):
    gathered = project(
        {
            "main.tf": 'module "m" { source = "./m" }\nresource "aws_vpc" "v" {}\nresource "google_x_y" "g" {\n}\n',
            "m/main.tf": 'resource "aws_vpc" "v" {}\n',
            "p.tf": '\nprovider "aws" {\n  region = "x"\n}\n',
            "override.tf": '\n\nprovider "aws" {\n  default_tags { tags = { a = "b" } }\n}\n',
        }
    ).read()
    expected = Inheritance("aws", "", "default_tags", True, "override.tf", 3)
    assert {resource.inherits for resource in gathered.resources} == {expected}


def test_a_provider_that_nobody_wrote_has_no_place(project, by_address):
    gathered = project({"main.tf": 'resource "aws_vpc" "v" {}\nresource "google_storage_bucket" "b" {}\n'}).read()
    found = by_address(gathered)
    assert found["aws_vpc.v"].inherits == Inheritance("aws", "", "default_tags")
    assert found["google_storage_bucket.b"].inherits == Inheritance("google", "", "default_labels")


def test_default_tags_of_azapi_are_a_map(project, tags):
    gathered = project(
        {
            "main.tf": 'provider "azapi" {\n  default_tags = { tenant = "acme" }\n}\n'
            'resource "azapi_resource" "a" {}\nresource "azapi_resource" "b" {\n  tags = { a = "b" }\n}\n'
        }
    ).read()
    assert dict(tags(gathered, "azapi_resource.a").known) == {"tenant": "acme"}
    assert dict(tags(gathered, "azapi_resource.b").known) == {"a": "b"}
