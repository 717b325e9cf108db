"""``count`` and ``for_each`` of resources, and how Terraform prints the keys."""

import pytest

from terraform_lint.source.addresses import with_key


def addresses(gathered):
    return [resource.address for resource in gathered.resources]


@pytest.mark.parametrize(
    ("key", "printed"),
    [
        (0, "a.b[0]"),
        (None, "a.b"),
        ("x", 'a.b["x"]'),
        ("", 'a.b[""]'),
        ('q"t', r'a.b["q\"t"]'),
        ("back\\slash", r'a.b["back\\slash"]'),
        ("new\nline\ttab\rreturn", r'a.b["new\nline\ttab\rreturn"]'),
        ("${x} %{y} $x 5% $", 'a.b["$${x} %%{y} $x 5% $"]'),
        ("é ü 日本", 'a.b["é ü 日本"]'),
        ("bell\x07", r'a.b["bell\u0007"]'),
        ("\U000e0001", r'a.b["\U000e0001"]'),
        ("a.b/c d", 'a.b["a.b/c d"]'),
    ],
)
def test_keys_are_printed_as_terraform_does(key, printed):
    assert with_key("a.b", key) == printed


def test_count_expands_and_zero_is_not_there(project, known):
    text = """
resource "aws_s3_bucket" "two" {
  count = 2
  tags  = { n = count.index }
}
resource "aws_s3_bucket" "none" { count = 0 }
resource "aws_s3_bucket" "no" { count = false ? 1 : 0 }
resource "aws_iam_policy_attachment" "none" { count = 0 }
"""
    gathered = project({"main.tf": text}).read()
    assert known(gathered) == {"aws_s3_bucket.two[0]": {"n": "0"}, "aws_s3_bucket.two[1]": {"n": "1"}}
    assert (gathered.not_taggable, gathered.skipped) == (0, 0)


def test_for_each_over_maps_and_sets_goes_by_key(project, known):
    text = """
resource "aws_s3_bucket" "m" {
  for_each = { z = { t = "one" }, "a b" = { t = "two" } }
  tags     = { k = each.key, v = each.value.t }
}
resource "aws_s3_bucket" "s" {
  for_each = toset(["b", "a", "b"])
  tags     = { k = each.key, v = each.value }
}
resource "aws_s3_bucket" "none" { for_each = {} }
"""
    gathered = project({"main.tf": text}).read()
    assert known(gathered) == {
        'aws_s3_bucket.m["a b"]': {"k": "a b", "v": "two"},
        'aws_s3_bucket.m["z"]': {"k": "z", "v": "one"},
        'aws_s3_bucket.s["a"]': {"k": "a", "v": "a"},
        'aws_s3_bucket.s["b"]': {"k": "b", "v": "b"},
    }


@pytest.mark.parametrize(
    ("argument", "reference", "reason"),
    [
        ("count = var.n", "count.index", "count is not known: var.n has no default and no value is given"),
        ("for_each = var.n", "each.key", "for_each is not known: var.n has no default and no value is given"),
        ("for_each = var.n", "each.value.x", "for_each is not known: var.n has no default and no value is given"),
        ("count = -1", "count.index", "count is not known: it is no whole number"),
        ("count = null", "count.index", "count is not known: it is no whole number"),
        ('count = "x"', "count.index", 'count is not known: the string "x" is not a number'),
        ("for_each = 5", "each.key", "for_each is not known: it is neither a map nor a set"),
        ("for_each = null", "each.key", "for_each is not known: it is neither a map nor a set"),
    ],
)
def test_what_cannot_be_counted_is_judged_once(project, tags, argument, reference, reason):
    text = (
        f'variable "n" {{}}\nresource "aws_s3_bucket" "b" {{\n  {argument}\n  tags = {{ a = {reference}, b = "c" }}\n}}'
    )
    gathered = project({"main.tf": text}).read()
    assert addresses(gathered) == ["aws_s3_bucket.b"]
    found = tags(gathered, "aws_s3_bucket.b")
    assert dict(found.known) == {"b": "c"}
    assert found.unknown == {"a": reason}


def test_known_keys_of_a_map_that_may_have_more_are_judged_and_so_are_the_others(project):
    text = """
variable "more" {}
resource "aws_s3_bucket" "b" {
  for_each = merge(var.more, { a = "x" })
  tags     = { k = each.key }
}
"""
    gathered = project({"main.tf": text}).read()
    assert addresses(gathered) == ['aws_s3_bucket.b["a"]', "aws_s3_bucket.b"]


def test_too_many_instances_are_judged_as_one_and_told(project):
    text = 'resource "aws_s3_bucket" "b" {\n  count = 10001\n  tags = { n = count.index }\n}\n'
    gathered = project({"main.tf": text}).read()
    assert addresses(gathered) == ["aws_s3_bucket.b"]
    assert gathered.notes == ["main.tf:1: there are too many instances to look at each; they are judged as one"]


def test_all_instances_of_a_root_have_a_bound_in_common(project):
    text = "".join(f'resource "aws_s3_bucket" "b{n}" {{ count = 9000 }}\n' for n in range(5))
    gathered = project({"main.tf": text}).read()
    assert len(gathered.resources) == 2 * 9000 + 3
    assert len(gathered.notes) == 3


def test_a_huge_count_is_no_trouble(project):
    gathered = project({"main.tf": 'resource "aws_s3_bucket" "b" {\n  count = 1e300\n}\n'}).read()
    assert addresses(gathered) == ["aws_s3_bucket.b"]


def test_a_repetition_that_needs_itself_ends(project):
    text = 'resource "aws_s3_bucket" "b" {\n  for_each = aws_s3_bucket.b\n}\nlocals { n = length(aws_s3_bucket.c) }\n'
    text += 'resource "aws_s3_bucket" "c" { count = local.n }\n'
    assert addresses(project({"main.tf": text}).read()) == ["aws_s3_bucket.b", "aws_s3_bucket.c"]


def test_opentofu_can_switch_a_resource_off(project):
    text = 'resource "aws_s3_bucket" "b" {\n  lifecycle { enabled = false }\n}\n'
    assert addresses(project({"main.tofu": text}).read()) == []


@pytest.mark.parametrize(
    "repeated",
    [
        "for_each = toset([var.v])",
        "for_each = { (var.v) = 1 }",
        "for_each = sensitive(toset([nonsensitive(var.v)]))",
        'count = var.v == "hunter2" ? 3 : 1',
    ],
)
def test_a_sensitive_value_never_becomes_a_part_of_an_address(project, repeated):
    text = f'variable "v" {{ sensitive = true }}\nresource "aws_s3_bucket" "b" {{\n {repeated}\n}}'
    gathered = project({"main.tf": text}).read(environment={"TF_VAR_v": "hunter2"})
    [resource] = gathered.resources
    assert "hunter2" not in str(gathered)
    assert resource.address in ("aws_s3_bucket.b", "aws_s3_bucket.b[*]")
