"""What becomes of a resource block: taggable or not, where its tags stand, remarks and ignores."""

import pytest

from policies.resource import InlineIgnore


def test_types_that_take_no_tags_are_counted(project, known):
    text = """
resource "aws_iam_role_policy" "p" {}
resource "aws_volume_attachment" "v" { count = 3 }
resource "kubernetes_namespace" "n" { metadata { labels = { a = "b" } } }
resource "google_compute_instance_group" "g" {}
resource "aws_s3_bucket" "b" {}
"""
    gathered = project({"main.tf": text}).read()
    assert known(gathered) == {"aws_s3_bucket.b": {}}
    assert gathered.not_taggable == 6


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('tags = { a = "b" }', {"a": "b"}),
        ('labels = { a = "b" }', {"a": "b"}),
        ('tags = merge(local.t, { a = "b" })', {"c": "d", "a": "b"}),
        ("tags = {}", {}),
        ('tags = ["a:b"]', None),
        ("tags = null", None),
        ("", None),
        ('tags {\n a = "b"\n}', None),
    ],
)
def test_a_type_that_no_table_holds_takes_tags_if_it_sets_a_map(project, known, body, found):
    text = f'locals {{ t = {{ c = "d" }} }}\nresource "example_thing" "t" {{\n  {body}\n}}\n'
    gathered = project({"main.tf": text}).read()
    assert known(gathered) == ({} if found is None else {"example_thing.t": found})
    assert gathered.not_taggable == (found is None)


def test_an_unknown_value_in_such_a_type_may_be_a_map(project, tags):
    gathered = project({"main.tf": 'variable "t" {}\nresource "example_thing" "t" { tags = var.t }'}).read()
    assert tags(gathered, "example_thing.t").rest == "var.t has no default and no value is given"


def test_blocks_that_are_no_resources_are_left_out(project):
    text = """
data "aws_s3_bucket" "d" { tags = {} }
moved {
  from = aws_s3_bucket.a
  to   = aws_s3_bucket.b
}
import {
  to = aws_s3_bucket.b
  id = "x"
}
removed {
  from = aws_s3_bucket.c
}
check "c" {
  data "aws_s3_bucket" "d" {}
}
ephemeral "aws_secret" "e" {}
"""
    gathered = project({"main.tf": text}).read()
    assert (gathered.resources, gathered.unread, gathered.notes) == ([], [], [])


def test_lines_point_at_what_to_change(project, by_address):
    text = """resource "aws_s3_bucket" "with" {
  bucket = "x"
  tags = {
    a = "b"
  }
}
resource "aws_s3_bucket" "without" {
  bucket = "x"
}
resource "aws_instance" "i" {
  root_block_device {
    size = 1
    tags = {}
  }
  ebs_block_device {
    size = 1
  }
}
resource "aws_autoscaling_group" "g" {
  name = "x"
  dynamic "tag" {
    for_each = {}
    content {}
  }
}
"""
    found = by_address(project({"main.tf": text}).read())
    lines = {address: [carrier.line for carrier in each.carriers] for address, each in found.items()}
    assert lines == {
        "aws_s3_bucket.with": [3],
        "aws_s3_bucket.without": [7],
        "aws_instance.i": [10, 13, 15],
        "aws_autoscaling_group.g": [21],
    }
    assert found["aws_s3_bucket.with"].line == 1


ASG = """
variable "names" { default = { tenant = "acme", env = "prod" } }
variable "unknown" {}
provider "aws" {
  default_tags { tags = { never = "reaches it" } }
}
"""


@pytest.mark.parametrize(
    ("body", "known", "launched", "rest"),
    [
        (
            'tag {\n key = "tenant"\n value = "acme"\n propagate_at_launch = true\n}',
            {"tenant": "acme"}, None, None,
        ),
        (
            'tag {\n key = "tenant"\n value = "acme"\n propagate_at_launch = false\n}',
            {"tenant": "acme"}, {}, None,
        ),
        (
            ('dynamic "tag" {\n for_each = var.names\n content {\n key = tag.key\n value = tag.value\n'
            'propagate_at_launch = tag.key == "tenant"\n}\n}'),
            {"tenant": "acme", "env": "prod"}, {"tenant": "acme"}, None,
        ),
        (
            ('dynamic "tag" {\n for_each = ["a", "b"]\n iterator = it\n content {\n key = it.value\n value = it.key\n'
            "propagate_at_launch = true\n}\n}"),
            {"a": "0", "b": "1"}, None, None,
        ),
        (
            ('dynamic "tag" {\n for_each = var.unknown\n content {\n key = tag.key\n value = tag.value\n'
            "propagate_at_launch = true\n}\n}"),
            {}, None, "var.unknown has no default and no value is given",
        ),
        (
            "tags = concat([for k, v in var.names : { key = k, value = v, propagate_at_launch = true }])",
            {"tenant": "acme", "env": "prod"}, None, None,
        ),
        (
            'tags = [{ key = "tenant", value = "acme", propagate_at_launch = true }]',
            {"tenant": "acme"}, None, None,
        ),
    ],
)  # fmt: skip
def test_auto_scaling_groups_are_read_by_their_tag_blocks(project, body, known, launched, rest):
    gathered = project({"main.tf": ASG + f'resource "aws_autoscaling_group" "g" {{\n{body}\n}}\n'}).read()
    (group,) = gathered.resources
    assert dict(group.carriers[0].tags.known) == known
    assert group.carriers[0].tags.rest == rest
    instances = [dict(carrier.tags.known) for carrier in group.carriers if carrier.part == "instances"]
    assert instances == ([] if launched is None else [launched])


def test_volumes_and_launch_templates_are_parts(project, by_address):
    text = """
resource "aws_instance" "v" {
  tags        = { a = "b" }
  volume_tags = { v = "w" }
}
resource "aws_launch_template" "t" {
  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])
    content {
      resource_type = tag_specifications.key
      tags          = { for = tag_specifications.value }
    }
  }
}
"""
    found = by_address(project({"main.tf": text}).read())
    parts = {
        address: {carrier.part: dict(carrier.tags.known) for carrier in resource.carriers}
        for address, resource in found.items()
    }
    assert parts == {
        "aws_instance.v": {"": {"a": "b"}, "volume_tags": {"v": "w"}},
        "aws_launch_template.t": {
            "": {},
            "tag_specifications[instance]": {"for": "instance"},
            "tag_specifications[volume]": {"for": "volume"},
        },
    }


def test_labels_inside_blocks_of_google(project, known):
    text = """
resource "google_sql_database_instance" "s" {
  settings {
    tier        = "x"
    user_labels = { tenant = "sql" }
  }
}
resource "google_cloud_run_service" "r" {
  metadata { labels = { tenant = "run" } }
}
resource "google_compute_instance" "i" {
  tags   = ["web"]
  labels = { tenant = "vm" }
}
"""
    assert known(project({"main.tf": text}).read()) == {
        "google_sql_database_instance.s": {"tenant": "sql"},
        "google_cloud_run_service.r": {"tenant": "run"},
        "google_compute_instance.i": {"tenant": "vm"},
    }


@pytest.mark.parametrize(
    ("ignored", "told"),
    [
        ("[tags]", [("tags", "")]),
        ("all", [("all changes", "")]),
        ('["tags"]', [("tags", "")]),
        ('[tags["tenant"]]', [('tags["tenant"]', "tenant")]),
        ("[tags.tenant, bucket, labels]", [("tags.tenant", "tenant"), ("labels", "")]),
        ("[settings[0].user_labels]", [("user_labels", "")]),
        ("[tag]", [("tag", "")]),
        ("[bucket, policy]", []),
        ("[]", []),
    ],
)
def test_ignored_changes_of_tags_are_remarked(project, ignored, told):
    text = f'resource "aws_s3_bucket" "b" {{\n  lifecycle {{\n    ignore_changes = {ignored}\n  }}\n}}\n'
    (resource,) = project({"main.tf": text}).read().resources
    assert [(remark.rule, remark.line, remark.key) for remark in resource.remarks] == [
        ("ignored-changes", 3, key) for _, key in told
    ]
    for remark, (what, _) in zip(resource.remarks, told, strict=True):
        assert what in remark.message


IGNORE = "apportion:ignore[missing-tag]"


def test_comments_above_on_and_inside_a_block_are_its_ignores(project, by_address):
    text = f"""resource "aws_s3_bucket" "none" {{}}
# {IGNORE} legacy until=2027-01-31
// apportion:ignore[*] all of it
resource "aws_s3_bucket" "above" {{}}
resource "aws_s3_bucket" "on" {{ # {IGNORE} same line
}}
resource "aws_s3_bucket" "inside" {{
  tags = {{
    # {IGNORE} inside
    a = "b"
  }}
}}
"""
    gathered = project({"main.tf": text}).read()
    found = {address: resource.ignores for address, resource in by_address(gathered).items()}
    assert found == {
        "aws_s3_bucket.none": (),
        "aws_s3_bucket.above": (
            InlineIgnore(frozenset({"missing-tag"}), "legacy", "2027-01-31", 2),
            InlineIgnore(frozenset({"*"}), "all of it", None, 3),
        ),
        "aws_s3_bucket.on": (InlineIgnore(frozenset({"missing-tag"}), "same line", None, 5),),
        "aws_s3_bucket.inside": (InlineIgnore(frozenset({"missing-tag"}), "inside", None, 9),),
    }
    assert gathered.bad_ignores == []


def test_a_comment_at_the_end_of_a_block_is_not_about_the_next(project, by_address):
    text = f'resource "aws_s3_bucket" "a" {{\n}} # {IGNORE} mine\nresource "aws_s3_bucket" "b" {{}}\n'
    found = by_address(project({"main.tf": text}).read())
    assert [bool(found[f"aws_s3_bucket.{name}"].ignores) for name in "ab"] == [True, False]


def test_ignores_count_for_every_instance_and_every_call(project, by_address):
    text = f'resource "aws_s3_bucket" "b" {{\n  count = 2\n  # {IGNORE} why\n}}\n'
    files = {"main.tf": 'module "m" {\n  count = 2\n  source = "./m"\n}\n', "m/main.tf": text}
    assert [len(each.ignores) for each in by_address(project(files).read()).values()] == [1] * 4


TWIN_HCL = """
terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = "~> 5.50"
      configuration_aliases = [aws.outside]
    }
  }
}
provider "aws" {
  default_tags {
    tags = { tenant = var.tenant }
  }
}
provider "aws" {
  alias = "bare"
}
variable "tenant" {
  type    = string
  default = "acme"
}
variable "more" {
  type = map(object({ env = optional(string, "prod") }))
  default = { x = {} }
}
locals {
  name = "n-${var.tenant}"
}
resource "aws_s3_bucket" "b" {
  for_each = var.more
  bucket   = local.name
  tags     = { env = each.value.env, name = "${local.name}-${each.key}" }
  lifecycle {
    ignore_changes = [tags["env"]]
  }
}
resource "aws_s3_bucket" "bare" {
  provider = aws.bare
}
resource "aws_s3_bucket" "outside" {
  provider = aws.outside
}
resource "aws_autoscaling_group" "g" {
  tag {
    key                 = "tenant"
    value               = "acme"
    propagate_at_launch = false
  }
  dynamic "tag" {
    for_each = { env = "prod" }
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }
}
resource "aws_instance" "i" {
  root_block_device {
    tags = { root = "yes" }
  }
}
module "m" {
  source    = "./m"
  count     = 2
  providers = { aws = aws.bare }
  tags      = { n = count.index }
}
data "aws_default_tags" "d" {}
resource "azurerm_resource_group" "rg" {
  tags = merge(data.aws_default_tags.d.tags, module.m[1].out)
}
"""
TWIN_JSON = """
{
  "//": "the same, as JSON",
  "terraform": {"required_providers": {"aws": {
    "source": "hashicorp/aws", "version": "~> 5.50", "configuration_aliases": ["aws.outside"]
  }}},
  "provider": {"aws": [
    {"default_tags": {"tags": {"tenant": "${var.tenant}"}}},
    {"alias": "bare"}
  ]},
  "variable": {
    "tenant": {"type": "string", "default": "acme"},
    "more": {"type": "map(object({ env = optional(string, \\"prod\\") }))", "default": {"x": {}}}
  },
  "locals": {"name": "n-${var.tenant}"},
  "resource": {
    "aws_s3_bucket": {
      "b": {
        "for_each": "${var.more}",
        "bucket": "${local.name}",
        "tags": {"env": "${each.value.env}", "name": "${local.name}-${each.key}"},
        "lifecycle": {"ignore_changes": ["tags[\\"env\\"]"]}
      },
      "bare": {"provider": "aws.bare"},
      "outside": {"provider": "aws.outside"}
    },
    "aws_autoscaling_group": {"g": {
      "tag": {"key": "tenant", "value": "acme", "propagate_at_launch": false},
      "dynamic": {"tag": {
        "for_each": {"env": "prod"},
        "content": {"key": "${tag.key}", "value": "${tag.value}", "propagate_at_launch": true}
      }}
    }},
    "aws_instance": {"i": {"root_block_device": [{"tags": {"root": "yes"}}]}},
    "azurerm_resource_group": {"rg": {"tags": "${merge(data.aws_default_tags.d.tags, module.m[1].out)}"}}
  },
  "module": {"m": {
    "source": "./m", "count": 2, "providers": {"aws": "aws.bare"}, "tags": {"n": "${count.index}"}
  }},
  "data": {"aws_default_tags": {"d": {}}}
}
"""


def test_json_is_the_same_as_hcl(project):
    def face(gathered):
        return sorted(
            (
                resource.address,
                resource.inherits and (resource.inherits.provider, resource.inherits.alias, resource.inherits.written),
                [(carrier.part, carrier.attribute, carrier.tags) for carrier in resource.carriers],
                [(remark.rule, remark.message, remark.key) for remark in resource.remarks],
            )
            for resource in gathered.resources
        ), (gathered.not_taggable, gathered.externals, gathered.unread, gathered.notes)

    child = {
        "m/main.tf": 'variable "tags" {}\nresource "aws_s3_bucket" "b" { tags = var.tags }\n'
        'output "out" { value = aws_s3_bucket.b.tags }\n'
    }
    hcl = project({"main.tf": TWIN_HCL, **child})
    first = face(hcl.read())
    (hcl.folder / "main.tf").unlink()
    second = face(hcl.write({"main.tf.json": TWIN_JSON}).read())
    assert len(first[0]) == 8
    assert second == first
