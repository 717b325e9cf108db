"""The patch: applied, the source parses, says what was wanted, and every other byte is as it was."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.finding import Finding, Report, Summary
from policies.resource import Carrier, Inheritance, Resource, TagSet
from terraform_lint.fix import propose
from terraform_lint.fix.patch import unified


def resource(
    address: str, line: int, *, file: str = "main.tf", inherits: Inheritance | None = None, part: str = ""
) -> Resource:
    carriers = (Carrier(TagSet(), part=part),)
    return Resource(
        "aws", address.split(".", maxsplit=1)[0], address, "declared", carriers, file, line, inherits=inherits
    )


def provider(line: int | None, alias: str = "") -> Inheritance:
    return Inheritance("aws", alias, "default_tags", file="main.tf" if line else "", line=line)


def mends_all(_files: Mapping[str, bytes]) -> Report:
    """A second check that finds nothing; that it is a real one is tested with real ones."""
    return Report((), Summary())


def finding(on: Resource, rule: str = "missing-tag", key: str = "tenant", **more: object) -> Finding:
    return Finding(
        rule,
        key,
        "violation",
        "block",
        "aws",
        on.type,
        on.address,
        on.action,
        "wrong",
        file=on.file,
        line=on.line,
        **more,
    )


def mended(folder: Path, source: str, *found: tuple[Resource, Finding], file: str = "main.tf", **values: str) -> str:
    """The file after ``git apply``; that the patch applies is part of every test."""
    (folder / file).write_bytes(source.encode())
    resources = [one for one, _ in found]
    report = Report(tuple(one for _, one in found), Summary())
    proposal = propose(report, resources, base=folder, values=values or {"tenant": "acme"}, recheck=mends_all)
    assert proposal.left == ()
    assert proposal.fixed == len(found)
    patch = folder / "fix.patch"
    patch.write_bytes(proposal.patch.encode())
    subprocess.run(["git", "apply", "--unsafe-paths", "-p1", patch.name], cwd=folder, check=True, capture_output=True)
    return (folder / file).read_bytes().decode()


def one(address: str, line: int = 1, rule: str = "missing-tag", **more: object) -> tuple[Resource, Finding]:
    on = resource(address, line, part=str(more.get("part", "")))
    return on, finding(on, rule, **more)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            'resource "azurerm_key_vault" "a" {\n  name = "a" # ours\n}\n',
            'resource "azurerm_key_vault" "a" {\n  name = "a" # ours\n  tags = { tenant = "acme" }\n}\n',
            id="no tags yet",
        ),
        pytest.param(
            'resource "a" "a" {}\n', 'resource "a" "a" {\n  tags = { tenant = "acme" }\n}\n', id="an empty block"
        ),
        pytest.param(
            'resource "a" "a" { name = "x" }\n',
            'resource "a" "a" {\n  name = "x"\n  tags = { tenant = "acme" }\n}\n',
            id="a block on one line",
        ),
        pytest.param(
            'resource "a" "a" {\n  tags = { env = "prod" }\n}\n',
            'resource "a" "a" {\n  tags = { env = "prod", tenant = "acme" }\n}\n',
            id="a map on one line",
        ),
        pytest.param(
            'resource "a" "a" {\n  tags = { env = "prod", }\n}\n',
            'resource "a" "a" {\n  tags = { env = "prod", tenant = "acme" }\n}\n',
            id="a trailing comma",
        ),
        pytest.param(
            'resource "a" "a" {\n  tags = {\n    env = "prod" # why\n    # last\n  }\n}\n',
            'resource "a" "a" {\n  tags = {\n    env = "prod" # why\n    # last\n    tenant = "acme"\n  }\n}\n',
            id="a map over several lines",
        ),
        pytest.param(
            'resource "a" "a" {\n  tags = {}\n}\n',
            'resource "a" "a" {\n  tags = { tenant = "acme" }\n}\n',
            id="empty map",
        ),
        pytest.param(
            'resource "a" "a" {\n  tags = var.tags\n}\n',
            'resource "a" "a" {\n  tags = merge(var.tags, { tenant = "acme" })\n}\n',
            id="a map from elsewhere",
        ),
        pytest.param(
            'resource "a" "a" {\n  tags = merge(local.a, {\n    b = 1\n  })\n}\n',
            'resource "a" "a" {\n  tags = merge(local.a, {\n    b = 1\n  }, { tenant = "acme" })\n}\n',
            id="a merge gets one more argument",
        ),
        pytest.param(
            'resource "a" "a" {\n  tags = merge(local.all...)\n}\n',
            'resource "a" "a" {\n  tags = merge(merge(local.all...), { tenant = "acme" })\n}\n',
            id="a merge of a list is merged once more",
        ),
        pytest.param(
            'resource "a" "a" {\n  tags = null\n}\n', 'resource "a" "a" {\n  tags = { tenant = "acme" }\n}\n', id="null"
        ),
        pytest.param(
            'resource "a" "a" {\r\n  x = 1\r\n}\r\n',
            'resource "a" "a" {\r\n  x = 1\r\n  tags = { tenant = "acme" }\r\n}\r\n',
            id="windows line ends",
        ),
        pytest.param(
            'resource "a" "a" {\n\tx = 1\n}',
            'resource "a" "a" {\n\tx = 1\n\ttags = { tenant = "acme" }\n}',
            id="no newline",
        ),
    ],
)
def test_a_missing_tag_is_added(tmp_path, before, after):
    assert mended(tmp_path, before, one("a.a")) == after


def test_a_provider_with_defaults_mends_all_its_resources_at_once(tmp_path):
    source = (
        'provider "aws" {\n  region = "x"\n  default_tags {\n    tags = { env = "prod" }\n  }\n}\n'
        'resource "aws_s3_bucket" "a" {}\nresource "aws_s3_bucket" "b" {}\n'
    )
    found = [(on := resource(f"aws_s3_bucket.{name}", line, inherits=provider(1)), finding(on)) for name, line in
             (("a", 7), ("b", 8))]  # fmt: skip
    after = mended(tmp_path, source, *found)
    assert after == source.replace('{ env = "prod" }', '{ env = "prod", tenant = "acme" }')


def test_a_provider_without_defaults_gets_them_and_two_keys_go_together(tmp_path):
    source = 'provider "aws" {\n  alias = "west"\n}\nprovider "aws" {\n  region = "x"\n}\nresource "aws_vpc" "a" {}\n'
    on = resource("aws_vpc.a", 7, inherits=provider(1, "west"))
    after = mended(tmp_path, source, (on, finding(on)), (on, finding(on, key="env")), tenant="acme", env="prod")
    added = '  alias = "west"\n  default_tags {\n    tags = { tenant = "acme", env = "prod" }\n  }\n'
    assert after == source.replace('  alias = "west"\n', added)


def test_a_provider_that_nobody_wrote_gets_a_file(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_vpc" "a" {}\n')
    on = resource("aws_vpc.a", 1, inherits=provider(None))
    proposal = propose(
        Report((finding(on),), Summary()), [on], base=tmp_path, values={"tenant": "acme"}, recheck=mends_all
    )
    (tmp_path / "fix.patch").write_text(proposal.patch)
    subprocess.run(["git", "apply", "--unsafe-paths", "fix.patch"], cwd=tmp_path, check=True)
    expected = 'provider "aws" {\n  default_tags {\n    tags = { tenant = "acme" }\n  }\n}\n'
    assert (tmp_path / "providers.tf").read_text() == expected


@pytest.mark.parametrize(
    ("attribute", "part", "before", "after"),
    [
        ("tag block", "", "  x = 1\n", None),
        ("settings.user_labels", "", "  settings {\n    tier = 1\n  }\n", 'user_labels = { tenant = "acme" }'),
        ("settings.user_labels", "", "", 'settings {\n    user_labels = { tenant = "acme" }\n  }'),
        ("root_block_device.tags", "root_block_device[0]", "  x = 1\n", "root_block_device {\n    tags = "),
        ("tag_specifications.tags", "tag_specifications[volume]", "", 'resource_type = "volume"'),
    ],
)
def test_tags_in_unusual_places_are_added_there(tmp_path, attribute, part, before, after):
    on = resource("a.a", 1, part=part)
    rule = "untagged-volume" if part else "missing-tag"
    text = mended(
        tmp_path, f'resource "a" "a" {{\n{before}}}\n', (on, finding(on, rule, attribute=attribute, part=part))
    )
    assert (after or "propagate_at_launch = true\n  }\n}") in text


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ('{ Tenant = "acme" }', '{ tenant = "acme" }', {"spelling": "Tenant", "value": "acme"}),
        ('{ "Tenant" = var.t }', '{ "tenant" = var.t }', {"spelling": "Tenant", "value": "acme"}),
        ('merge(x, { TenantID = "ACME" })', 'merge(x, { tenant = "acme" })',
         {"spelling": "TenantID", "value": "ACME", "proposal": "acme"}),
        ('{ tenant = "ACME" }', '{ tenant = "acme" }', {"value": "ACME", "proposal": "acme"}),
    ],
)  # fmt: skip
def test_a_wrong_spelling_is_corrected_where_it_stands(tmp_path, before, after, more):
    source = 'resource "a" "a" {\n  tags = %s\n}\n'
    assert mended(tmp_path, source % before, one("a.a", 1, "wrong-case", **more)) == source % after


def test_a_spelling_in_the_defaults_is_corrected_there(tmp_path):
    source = 'provider "aws" {\n  default_tags {\n    tags = { Tenant = "acme" }\n  }\n}\nresource "aws_vpc" "a" {}\n'
    on = resource("aws_vpc.a", 6, inherits=provider(1))
    after = mended(tmp_path, source, (on, finding(on, "wrong-case", spelling="Tenant", value="acme")))
    assert after == source.replace("Tenant", "tenant")


def test_a_group_propagates_its_tag(tmp_path):
    source = (
        'resource "a" "a" {\n  tag {\n    key                 = "tenant"\n    value               = "acme"\n'
        "    propagate_at_launch = false\n  }\n}\n"
    )
    after = mended(tmp_path, source, one("a.a", 1, "not-propagated", part="instances"))
    assert after == source.replace("false", "true")


@pytest.mark.parametrize(
    ("source", "rule", "more", "reason"),
    [
        ('resource "a" "a" {}\n', "missing-tag", {"values": {}}, "--set tenant=VALUE"),
        ('resource "a" "a" {}\n', "unknown-customer", {"value": "acm"}, "for a person to say"),
        (
            'resource "a" "a" {\n tags = var.t\n}\n',
            "wrong-case",
            {"spelling": "Tenant", "value": "a"},
            "is not written in",
        ),
        ('resource "a" "a" {\n', "missing-tag", {}, "no HCL source that can be edited"),
    ],
)
def test_what_cannot_be_mended_is_said(tmp_path, source, rule, more, reason):
    (tmp_path / "main.tf").write_text(source)
    values = more.pop("values", {"tenant": "acme"})
    on, wrong = one("a.a", 1, rule, **more)
    proposal = propose(Report((wrong,), Summary()), [on], base=tmp_path, values=values, recheck=mends_all)
    assert (proposal.patch, proposal.fixed) == ("", 0)
    assert reason in proposal.left[0]


def test_a_list_of_tags_is_left_to_a_person(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_autoscaling_group" "a" {\n  tags = []\n}\n')
    on, wrong = one("aws_autoscaling_group.a", attribute="tags")
    proposal = propose(Report((wrong,), Summary()), [on], base=tmp_path, values={"tenant": "acme"}, recheck=mends_all)
    assert (proposal.patch, proposal.fixed) == ("", 0)
    assert "its tags are a list" in proposal.left[0]


@given(st.lists(st.sampled_from(["a", "b\r", "", "\f", "  x = 1", "é"]), max_size=8), st.integers(0, 7), st.booleans())
def test_a_patch_turns_the_old_bytes_into_the_new_ones(tmp_path_factory, lines, at, newline):
    folder = tmp_path_factory.mktemp("patch")
    before = "\n".join([*lines, "end"]) + ("\n" if newline else "")
    split = before.split("\n")
    after = "\n".join([*split[:at], "new line", *split[at:]])
    (folder / "main.tf").write_bytes(before.encode())
    (folder / "p").write_bytes(unified("main.tf", before.encode(), after.encode()).encode())
    subprocess.run(["git", "apply", "--unsafe-paths", "p"], cwd=folder, check=True)
    assert (folder / "main.tf").read_bytes().decode() == after
