"""Whatever a file holds, reading it ends, raises nothing and gives the same answer twice."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from terraform_lint.source.options import SourceOptions
from terraform_lint.source.project import read_source

EXPRESSIONS = (
    "null", "true", "1.50", '"acme"', '"${local.a}"', "local.a", "local.b", "var.v", "each.key", "each.value",
    "count.index", "module.m.out", "module.m", "module.m[0].out", "aws_s3_bucket.x.tags", "aws_s3_bucket.x[0].tags",
    'aws_s3_bucket.x["a"].tags_all', "aws_s3_bucket.x[*].tags", "data.aws_default_tags.d.tags", "random_pet.p.id",
    "[]", "[local.a]", "{}", "{ a = local.b }", "{ (local.a) = var.v }", "merge(local.a, var.v)", "toset([var.v])",
    "keys(local.b)", "[for k, v in local.a : v]", "{ for k, v in var.v : k => v }", 'file("../x")', "path.module",
    "aws.west", "aws", "all", "[tags]", '"./m"', '"../project"', "terraform.workspace", "local.a ? local.b : var.v",
)  # fmt: skip
expression = st.sampled_from(EXPRESSIONS)
name = st.sampled_from(
    ["tags", "count", "for_each", "provider", "providers", "source", "labels", "default", "type", "a"]
)
attributes = st.dictionaries(name, expression, max_size=4).map(
    lambda found: "".join(f"  {key} = {value}\n" for key, value in found.items())
)
block_head = st.sampled_from(
    [
        'resource "aws_s3_bucket" "x"', 'resource "aws_autoscaling_group" "g"', 'resource "aws_instance" "i"',
        'resource "random_pet" "p"', 'resource "example_thing" "t"', 'data "aws_default_tags" "d"', 'module "m"',
        'variable "v"', 'output "out"', "locals", 'provider "aws"', 'provider "google"', "terraform",
    ]
)  # fmt: skip
inner_head = st.sampled_from(
    ["lifecycle", "default_tags", 'dynamic "tag"', "tag", "content", "root_block_device", "required_providers"]
)
inner = st.lists(st.builds("  {} {{\n{}  }}\n".format, inner_head, attributes), max_size=2).map("".join)
block = st.builds("{} {{\n{}{}}}\n".format, block_head, attributes, inner)
text = st.lists(block, max_size=8).map("".join)


@given(main=text, override=text, child=text, values=attributes)
def test_reading_ends_and_repeats_itself(main, override, child, values):
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "project")
        (base / "m").mkdir(parents=True)
        for file, content in (
            ("main.tf", main), ("override.tf", override), ("m/main.tf", child), ("terraform.tfvars", values),
        ):  # fmt: skip
            (base / file).write_text(content)
        options = SourceOptions(base=base, environment={})
        first = read_source([base], options)
        assert read_source([base], options) == first
        for resource in first.resources:
            assert resource.carriers
            reasons = [reason for each in resource.carriers for reason in each.tags.unknown.values()]
            assert all(reasons), resource
