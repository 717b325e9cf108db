"""A patch is counted by what a real check finds once it is applied."""

import json
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from policies.finding import Report
from policies.policy import PolicyFile
from policies.ruleset import Ruleset
from terraform_lint.check import CheckOptions, check
from terraform_lint.fix import Proposal, propose

OPEN = ("violation", "unknown")


class Folder:
    """Source in a folder, checked for the tag ``tenant``, also known as ``TenantID``."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        tag = {"key": "tenant", "aliases": ["TenantID"]}
        policy = PolicyFile.model_validate({"version": "1", "tags": [tag], "unknown": "block"})
        self.options = CheckOptions(Ruleset(policy), date(2027, 1, 1), base=folder, cache=False)

    def report(self) -> Report:
        return check([str(self.folder)], self.options).report

    def proposal(self) -> Proposal:
        checked = check([str(self.folder)], self.options)
        return propose(
            checked.report,
            checked.gathered.resources,
            base=self.folder,
            values={"tenant": "acme"},
            recheck=lambda files: checked.with_files(files, self.options),
        )

    def mended(self) -> tuple[Proposal, Report]:
        """The proposal, and the report once it is applied: it says what the proposal counted."""
        before, proposal = self.report(), self.proposal()
        (self.folder / "p.patch").write_text(proposal.patch)
        if proposal.patch:
            apply = ["git", "apply", "--unsafe-paths", "p.patch"]
            subprocess.run(apply, cwd=self.folder, check=True, capture_output=True)
        after = self.report()
        assert not after.unread
        assert len(before.findings) - proposal.fixed == len([each for each in after.findings if each.verdict in OPEN])
        return proposal, after


def left(proposal: Proposal) -> str:
    (reason,) = proposal.left
    return reason


def test_a_tag_that_an_override_file_takes_away_is_left(tmp_path):
    folder = Folder(
        tmp_path,
        {
            "main.tf": 'resource "azurerm_key_vault" "k" {\n  tags = { tenant = "acme" }\n}\n',
            "z_override.tf": 'resource "azurerm_key_vault" "k" {\n  tags = {}\n}\n',
        },
    )
    (finding,) = folder.report().findings
    assert (finding.file, finding.line) == ("z_override.tf", 2)
    proposal, _ = folder.mended()
    assert (proposal.patch, proposal.fixed) == ("", 0)
    assert left(proposal) == "azurerm_key_vault.k: tags is overridden in z_override.tf, which is for a person to edit"


def test_a_downloaded_module_is_left_and_found_at_its_call(tmp_path):
    listed = {"Modules": [{"Key": "reg", "Source": "x/y/z", "Dir": ".terraform/modules/reg"}]}
    folder = Folder(
        tmp_path,
        {
            "main.tf": '\nmodule "reg" {\n  source = "x/y/z"\n}\n',
            ".terraform/modules/reg/main.tf": 'resource "azurerm_key_vault" "k" {\n  tags = {}\n}\n',
            ".terraform/modules/modules.json": json.dumps(listed),
        },
    )
    (finding,) = folder.report().findings
    assert (finding.file, finding.line) == ("main.tf", 2)
    assert "(declared at .terraform/modules/reg/main.tf:1)" in finding.message
    proposal, _ = folder.mended()
    assert (proposal.patch, proposal.fixed) == ("", 0)
    assert ".terraform/modules/reg/main.tf:1 is a downloaded module" in left(proposal)


def test_default_tags_mend_a_downloaded_module_too(tmp_path):
    listed = {"Modules": [{"Key": "reg", "Source": "x/y/z", "Dir": ".terraform/modules/reg"}]}
    folder = Folder(
        tmp_path,
        {
            "main.tf": 'provider "aws" {\n}\nmodule "reg" {\n  source = "x/y/z"\n}\n',
            ".terraform/modules/reg/main.tf": 'resource "aws_vpc" "v" {}\nresource "aws_s3_bucket" "b" {}\n',
            ".terraform/modules/modules.json": json.dumps(listed),
        },
    )
    proposal, after = folder.mended()
    assert (proposal.fixed, proposal.left, after.findings) == (2, (), ())
    assert ".terraform" not in proposal.patch


def test_a_module_outside_the_checked_folder_is_left(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "main.tf").write_text('resource "azurerm_key_vault" "k" {}\n')
    inner = tmp_path / "live"
    folder = Folder(inner, {"main.tf": 'module "m" {\n  source = "../shared"\n}\n'})
    assert "../shared/main.tf lies outside" in left(folder.proposal())


@pytest.mark.parametrize(
    ("tags", "reasons"),
    [
        ('true ? {} : { tenant = "acme" }', ["tenant is written there already, and still does not count"]),
        ('merge({ tenant = "" }, {})', []),
        ('{ for k, v in { tenant = "b" } : k => v if k == "a" }', ["tenant is written there already"]),
    ],
)
def test_a_key_is_never_written_twice(tmp_path, tags, reasons):
    folder = Folder(tmp_path, {"main.tf": f'resource "azurerm_key_vault" "k" {{\n  tags = {tags}\n}}\n'})
    proposal, _ = folder.mended()
    assert (tmp_path / "main.tf").read_text().count("tenant") == 1
    assert len(proposal.left) == len(reasons)
    assert all(reason in left for reason, left in zip(reasons, proposal.left, strict=True))


def test_a_tag_block_of_that_key_is_not_written_twice(tmp_path):
    tag = '  tag {\n    key = "tenant"\n    value = null\n    propagate_at_launch = true\n  }\n'
    folder = Folder(tmp_path, {"main.tf": f'resource "aws_autoscaling_group" "g" {{\n{tag}}}\n'})
    proposal, _ = folder.mended()
    assert (proposal.patch, proposal.fixed) == ("", 0)


DYNAMIC = """{start}
  dynamic "{name}" {{
    for_each = [1]
    content {{
      tier = 1
    }}
  }}
}}
"""


@pytest.mark.parametrize(
    "source",
    [
        DYNAMIC.format(start='resource "aws_vpc" "v" {}\nprovider "aws" {', name="default_tags"),
        DYNAMIC.format(start='resource "google_sql_database_instance" "d" {', name="settings"),
    ],
)
def test_a_block_that_an_expression_makes_gets_no_twin(tmp_path, source):
    folder = Folder(tmp_path, {"main.tf": source})
    proposal, _ = folder.mended()
    assert (proposal.patch, proposal.fixed) == ("", 0)
    assert "made by an expression" in left(proposal)


def test_an_edit_that_mends_nothing_is_no_part_of_the_patch(tmp_path):
    twice = 'tags = false ? { TenantID = "acme" } : { TenantID = "acme" }'
    source = f'resource "azurerm_key_vault" "k" {{\n  {twice}\n}}\nresource "azurerm_key_vault" "l" {{\n}}\n'
    folder = Folder(tmp_path, {"main.tf": source})
    proposal, _ = folder.mended()
    assert proposal.fixed == 1
    assert left(proposal).startswith("azurerm_key_vault.k: an edit does not mend it: azurerm_key_vault.k has tag")
    assert twice in (tmp_path / "main.tf").read_text()


def test_of_instances_that_an_edit_mends_in_part_the_others_are_left(tmp_path):
    source = (
        'resource "azurerm_key_vault" "k" {\n  count = 2\n'
        '  tags  = count.index == 0 ? { TenantID = "acme" } : { TenantID = "acme" }\n}\n'
    )
    proposal, _ = Folder(tmp_path, {"main.tf": source}).mended()
    assert proposal.fixed == 1
    assert left(proposal).startswith("azurerm_key_vault.k[1]: an edit does not mend it")


def test_one_edit_mends_all_instances_and_a_wrong_key_is_renamed(tmp_path):
    source = 'resource "azurerm_key_vault" "k" {\n  count = 2\n  tags = { team = "x", TenantID = "acme" }\n}\n'
    folder = Folder(tmp_path, {"main.tf": source})
    proposal, after = folder.mended()
    assert (proposal.fixed, proposal.left, after.findings) == (2, (), ())
    assert (tmp_path / "main.tf").read_text() == source.replace("TenantID", "tenant")


def test_a_tag_block_is_corrected_where_it_stands(tmp_path):
    source = (
        'resource "aws_autoscaling_group" "g" {\n  tag {\n    key = "TenantID"\n    value = "acme"\n'
        "    propagate_at_launch = true\n  }\n}\n"
    )
    proposal, after = Folder(tmp_path, {"main.tf": source}).mended()
    assert (proposal.fixed, proposal.left, after.findings) == (1, (), ())
    assert (tmp_path / "main.tf").read_text() == source.replace("TenantID", "tenant")


def test_a_provider_that_nobody_wrote_is_read_by_the_second_check(tmp_path):
    folder = Folder(tmp_path, {"live/main.tf": 'resource "aws_vpc" "v" {}\n'})
    proposal, after = folder.mended()
    assert (proposal.fixed, proposal.left, after.findings) == (1, (), ())
    assert 'provider "aws"' in (tmp_path / "live" / "providers.tf").read_text()


def test_what_is_told_only_once_the_resource_has_its_tag_is_mended_too(tmp_path):
    source = (
        'provider "aws" {\n}\nresource "aws_vpc" "v" {\n}\n'
        'resource "aws_instance" "i" {\n  root_block_device {\n    volume_size = 1\n  }\n}\n'
    )
    lock = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.0.0"\n}\n'
    folder = Folder(tmp_path, {"main.tf": source, ".terraform.lock.hcl": lock})
    before, proposal = folder.report(), folder.proposal()
    assert len(before.findings) == proposal.fixed == 2
    assert proposal.left == ()
    (tmp_path / "p.patch").write_text(proposal.patch)
    subprocess.run(["git", "apply", "--unsafe-paths", "p.patch"], cwd=tmp_path, check=True, capture_output=True)
    assert folder.report().findings == ()


def test_what_is_found_only_after_the_patch_and_cannot_be_mended_is_said(tmp_path):
    source = (
        'provider "aws" {\n}\nresource "aws_launch_template" "t" {\n  dynamic "tag_specifications" {\n'
        '    for_each = [1]\n    content {\n      resource_type = "instance"\n    }\n  }\n}\n'
    )
    proposal = Folder(tmp_path, {"main.tf": source}).proposal()
    assert proposal.fixed == 1
    assert proposal.left == tuple(
        f"aws_launch_template.t: tag_specifications[{kind}] has no tag tenant (found once the patch is applied): "
        "its tag_specifications blocks are made by an expression"
        for kind in ("volume", "instance")
    )


def test_a_label_of_google_is_written_without_capitals(tmp_path):
    folder = Folder(tmp_path, {"main.tf": 'resource "google_storage_bucket" "b" {\n  labels = { a = "b" }\n}\n'})
    policy = PolicyFile.model_validate({"version": "1", "tags": [{"key": "TenantID"}]})
    options = CheckOptions(Ruleset(policy), date(2027, 1, 1), base=tmp_path, cache=False)
    checked = check([str(tmp_path)], options)
    proposal = propose(
        checked.report,
        checked.gathered.resources,
        base=folder.folder,
        values={"TenantID": "acme"},
        recheck=lambda files: checked.with_files(files, options),
    )
    assert (proposal.fixed, proposal.left) == (1, ())
    assert 'tenantid = "acme"' in proposal.patch


def test_a_link_is_left(tmp_path):
    folder = Folder(tmp_path, {"shared/all.txt": 'resource "azurerm_key_vault" "k" {}\n', "main.tf": ""})
    (tmp_path / "link.tf").symlink_to("shared/all.txt")
    assert "link.tf is no HCL source that can be edited" in left(folder.proposal())


def test_a_plan_is_mended_in_its_source(tmp_path):
    folder = Folder(tmp_path, {"main.tf": 'provider "aws" {\n}\nresource "aws_vpc" "v" {\n  count = 2\n}\n'})
    change = {"actions": ["create"], "after": {"tags": None, "tags_all": {}}, "after_unknown": {}}
    planned = [
        {"address": f"aws_vpc.v[{at}]", "mode": "managed", "type": "aws_vpc", "name": "v", "change": change}
        for at in (0, 1)
    ]
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"format_version": "1.2", "resource_changes": planned}))
    options = CheckOptions(folder.options.ruleset, date(2027, 1, 1), base=tmp_path, cache=False, source=tmp_path)
    checked = check([str(plan)], options)
    proposal = propose(
        checked.report,
        checked.gathered.resources,
        base=tmp_path,
        values={"tenant": "acme"},
        recheck=lambda files: checked.with_files(files, options),
    )
    assert (proposal.fixed, proposal.left) == (2, ())
    assert proposal.patch.count("default_tags") == 1
