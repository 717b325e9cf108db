"""Every trap that a check of Terraform tags is known to fall into, through the command a user types."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main
from tests.terraform_lint.case_files import MODES, NOT_JUDGED, PATHS, POLICY, Case, cases, stands_for, ways

CASES = tuple(cases())
BLOCKING = ("missing-tag", "empty-tag", "invalid-value", "unknown-customer", "wrong-case", "not-propagated")
"""Rules that block under the policy of the cases; the others warn."""
ROWS = (
    "hcl: provider default_tags",
    "hcl: default_tags only on an alias",
    "hcl: default_tags = merge(local.x, ..)",
    "hcl: nested modules, providers = { aws = aws.bare }",
    "hcl: module tags via var / merge",
    "hcl: for_each / count",
    "hcl: tags = { tenant = var.t } with null",
    "hcl: computed key (local.k)",
    "hcl: merge(..) with a format() local",
    "hcl: for-expression, merge(list...), conditional, coalesce / try, tomap + heredoc",
    'hcl: merge where a later "" overrides',
    "hcl: heredoc text containing tenant =",
    "hcl: unknown value (random_pet.id)",
    "hcl: variable without default",
    "hcl: terraform.tfvars < *.auto.tfvars",
    "hcl: .tf.json",
    "hcl: override files",
    "hcl: data / moved / import / removed blocks",
    "hcl: ignore_changes = [tags]",
    "hcl: registry / git module not downloaded",
    "hcl: terraform.workspace",
    "hcl: google default_labels",
    "hcl: google resource_labels (GKE), settings.user_labels (Cloud SQL)",
    "hcl: google network tags list",
    "hcl: tags = azurerm_resource_group.x.tags",
    "hcl: azapi_resource",
    "hcl: aws_autoscaling_group tag {} / dynamic tag",
    "hcl: launch template tag_specifications, volume_tags",
    "hcl: .tofu files, terragrunt inputs",
    "hcl: inline skip",
    "hcl: values converted as Terraform does",
    "hcl: file() / jsondecode() / yamldecode()",
    "hcl: roots below a folder",
    "plan: tags null, tags_all has tenant",
    "plan: tags_all unknown without default_tags",
    "plan: no-op, existing, untagged",
    "plan: deleted",
    "plan: forget (removed block)",
    "plan: tenant value in after_unknown",
    "plan: whole tags in after_unknown",
    "plan: key Tenant",
    "plan: value Acme Corp",
    "plan: ASG without tag blocks",
    "plan: new type not in a table, but tags: null present",
    "plan: google network tags list",
    "plan: GKE resource_labels",
    "peers: volume_tags, ebs_block_device, root_block_device",
    "peers: tag_specifications",
    "peers: propagate_at_launch = false",
    "peers: default_tags reach volumes only from 5.39.0",
    "peers: did-you-mean for values",
    "odd: UTF-16LE with BOM",
    "odd: code-page damage",
    "odd: CI wrapper text",
    "odd: no format_version",
    "odd: format versions 0.1 to 1.2",
    "odd: default_tags by constant_value",
    "odd: default_tags by references",
    "odd: one unknown tag makes tags_all unknown",
    "odd: lists named tags",
    "odd: UTF-8 BOM in HCL",
    "odd: sensitive values",
    "bad: truncated JSON",
    "bad: state file",
    "bad: binary plan",
    "bad: HCL syntax errors, other files still judged",
    "bad: recursive modules",
    "bad: control characters in names",
    "issue: checkov#2978",
    "issue: checkov#1402",
    "issue: checkov#507",
    "issue: checkov#5752",
    "issue: terraform-compliance#642",
    "issue: tflint-ruleset-aws#117",
    "issue: tflint-ruleset-aws#518",
    "issue: terraform-provider-aws#36377",
    "issue: terraform-provider-aws#19204",
    "issue: terraform-aws-autoscaling#162",
    "issue: infracost#2598",
    "issue: infracost#2611",
    "issue: infracost#3070",
    "issue: infracost#3307",
    "issue: regula#420",
)
EACH = [pytest.param(case, mode, id=f"{case.name}-{mode}") for case in CASES for mode in case.modes]

Lint = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str]) -> Lint:
    """Runs the command: exit code, what it printed, what it said on the side."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["lint", *arguments, "--quiet", "--no-cache"])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], tuple[int, dict[str, Any], str]]:
    """What was said of each case: several tests look at one run."""
    return {}


@pytest.fixture
def judged(
    lint: Lint, answers, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Case, str], tuple[int, dict[str, Any], str]]:
    """Runs a case once: exit code, the JSON report, everything that was said."""

    def run(case: Case, mode: str) -> tuple[int, dict[str, Any], str]:
        if (case.name, mode) not in answers:
            monkeypatch.chdir(case.folder)
            arguments = [PATHS[mode], "--policy", str(case.policy), "--format", "json"]
            if "workspace" in case.expected:
                arguments += ["--workspace", case.expected["workspace"]]
            code, out, err = lint(*arguments)
            answers[case.name, mode] = (code, json.loads(out), out + err)
        return answers[case.name, mode]

    return run


@pytest.mark.parametrize(("case", "mode"), EACH)
def test_every_resource_of_a_case_has_its_verdict(case: Case, mode: str, judged) -> None:
    _, report, _ = judged(case, mode)
    found: dict[str, set[tuple[str, str]]] = {}
    for finding in report["findings"]:
        found.setdefault(finding["address"], set()).add((finding["verdict"], finding["rule"]))
    wrong = [
        f"{address}: expected {verdict}, found {sorted(_at(address, found)) or 'nothing'}"
        for address, verdict in case.verdicts(mode).items()
        if not _right(verdict, _at(address, found))
    ]
    listed = [*case.verdicts(mode)]
    if not case.expected.get("partial"):
        wrong += [
            f"{address}: expected nothing, found {sorted(verdicts)}"
            for address, verdicts in found.items()
            if not any(stands_for(pattern, address) for pattern in listed)
        ]
    assert not wrong, case.expected["why"]


def _at(pattern: str, found: dict[str, set[tuple[str, str]]]) -> set[tuple[str, str]]:
    return {each for address, verdicts in found.items() if stands_for(pattern, address) for each in verdicts}


def _right(expected: str, found: set[tuple[str, str]]) -> bool:
    """Whether all that was found at an address is what is expected there, and something was."""
    for verdict, rule in ways(expected):
        if verdict in ("ok", "not_taggable", "skipped"):
            if not found:
                return True
        elif found and all(kind == verdict and rule in ("", name) for kind, name in found):
            return True
    return False


@pytest.mark.parametrize(("case", "mode"), EACH)
def test_no_resource_of_a_case_is_dropped(case: Case, mode: str, judged) -> None:
    _, report, _ = judged(case, mode)
    verdicts = case.verdicts(mode)
    kinds = Counter(ways(verdict)[0][0] for address, verdict in verdicts.items() if not address.endswith("*"))
    least = len(verdicts) - sum(kinds[kind] for kind in NOT_JUDGED)
    summary = report["summary"]
    assert summary["not_taggable"] >= kinds["not_taggable"]
    if mode == "plan":
        assert summary["skipped"] == case.expected.get("skipped", kinds["skipped"])
    if case.expected.get("partial"):
        assert summary["checked"] >= least
    else:
        assert summary["checked"] == least


@pytest.mark.parametrize(("case", "mode"), EACH)
def test_the_exit_code_of_a_case_follows_from_its_verdicts(case: Case, mode: str, judged) -> None:
    code, report, _ = judged(case, mode)
    codes = case.expected.get("exit", {}).get(mode)
    if codes is None:
        kinds = [ways(verdict) for verdict in case.verdicts(mode).values()]
        wrong = any(all(kind == "violation" and rule in BLOCKING for kind, rule in each) for each in kinds)
        codes = 1 if wrong or report["summary"]["blocking"] else 0
    assert code in (codes if isinstance(codes, list) else [codes])


@pytest.mark.parametrize(("case", "mode"), EACH)
def test_a_case_says_what_it_must_and_keeps_what_it_must_not_say(case: Case, mode: str, judged) -> None:
    _, report, said = judged(case, mode)
    for wish in case.of("mentions", mode):
        assert any(word.lower() in said.lower() for word in wish.split("|")), wish
    for secret in case.of("silent", mode):
        assert secret not in said
    unread = [error["file"] for error in report["errors"]]
    assert [Path(file).name for file in unread] == case.of("unread", mode)
    for finding in report["findings"]:
        assert finding["message"]
        assert finding["verdict"] != "unknown" or finding["reason"]


@pytest.mark.parametrize("case", [case for case in CASES if case.modes == MODES], ids=lambda case: case.name)
def test_plan_and_source_of_a_case_agree_where_both_know(case: Case, judged) -> None:
    verdicts = {mode: _by_address(judged(case, mode)[1]) for mode in MODES}
    open_in_source = {
        pattern for pattern, verdict in case.verdicts("source").items() if verdict in ("unknown", "external")
    }
    differing = {
        address: (verdicts["source"].get(address), verdicts["plan"].get(address))
        for address in verdicts["source"].keys() | verdicts["plan"].keys()
        if not any(address == pattern or address.startswith(f"{pattern}.") for pattern in open_in_source)
        and verdicts["source"].get(address) != verdicts["plan"].get(address)
    }
    assert not differing


def _by_address(report: dict[str, Any]) -> dict[str, set[tuple[str, str]]]:
    """Without what only source can tell."""
    found: dict[str, set[tuple[str, str]]] = {}
    for finding in report["findings"]:
        if finding["rule"] != "ignored-changes":
            found.setdefault(finding["address"], set()).add((finding["verdict"], finding["rule"]))
    return found


@pytest.mark.parametrize("row", ROWS)
def test_every_known_trap_has_a_case(row: str) -> None:
    assert [case.name for case in CASES if row in case.expected["rows"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_says_why_and_lists_the_addresses_of_its_plan(case: Case) -> None:
    assert case.expected["why"]
    assert case.modes
    if "plan" in case.modes and "plan" not in case.expected.get("unread", {}):
        content = (case.folder / "plan.json").read_bytes()
        text = content.decode("utf-16" if content[:2] == b"\xff\xfe" else "utf-8-sig")
        plan, _ = json.JSONDecoder().raw_decode(text[text.index("{") :])
        for change in plan.get("resource_changes", []):
            assert any(stands_for(pattern, change["address"]) for pattern in case.verdicts("plan"))


HOSTILE = "aws_s3_bucket.a\x1b]0;owned\x07\x1b[2J\u202e"


@pytest.mark.parametrize("form", ["text", "github", "gitlab", "markdown", "junit", "sarif", "json"])
def test_control_characters_of_a_plan_never_reach_the_terminal(form: str, lint: Lint, tmp_path: Path) -> None:
    change = {"actions": ["create"], "before": None, "after": {"tags": {"tenant": "\x1b[31mX\r\n::error::y"}}}
    resource = {"address": HOSTILE, "mode": "managed", "type": "aws_s3_bucket", "name": "a\x1b[2J", "change": change}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"format_version": "1.2", "resource_changes": [resource]}))
    code, out, err = lint(str(plan), "--policy", str(POLICY), "--format", form)
    assert code == 1
    assert not {"\x1b", "\x07", "\r"} & set(out + err)
    assert "\n::error::y" not in out


@pytest.mark.parametrize("form", ["text", "github", "markdown"])
def test_control_characters_of_source_never_reach_the_terminal(form: str, lint: Lint, tmp_path: Path) -> None:
    folder = tmp_path / "mod\x1b[31mule"
    folder.mkdir()
    (folder / "main.tf").write_text('resource "aws_s3_bucket" "a" {\n  tags = { tenant = "\x1b[2J" }\n}\n')
    code, out, err = lint(str(folder), "--policy", str(POLICY), "--format", form)
    assert code in (1, 2)
    assert "\x1b" not in out + err


def test_a_loop_of_symbolic_links_ends(lint: Lint, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "deep").mkdir(parents=True)
    (root / "main.tf").write_text('resource "aws_s3_bucket" "a" {\n}\n')
    (root / "deep" / "back").symlink_to(root, target_is_directory=True)
    (root / "self").symlink_to(root / "self")
    code, out, _ = lint(str(root), "--policy", str(POLICY), "--format", "json")
    assert code == 1
    assert [finding["address"] for finding in json.loads(out)["findings"]] == ["aws_s3_bucket.a"]


def test_an_empty_folder_is_nothing_to_do(lint: Lint, tmp_path: Path) -> None:
    code, _, err = lint(str(tmp_path), "--policy", str(POLICY))
    assert code == 3
    assert str(tmp_path) in err


def test_a_folder_without_terraform_is_nothing_to_do(lint: Lint, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "x"}')
    code, _, _ = lint(str(tmp_path), "--policy", str(POLICY))
    assert code == 3


@pytest.mark.parametrize("name", ["plan.json", "main.tf", "folder"])
def test_a_path_that_is_not_there_is_named(name: str, lint: Lint, tmp_path: Path) -> None:
    code, out, err = lint(str(tmp_path / name), "--policy", str(POLICY))
    assert code == 2
    assert name in out + err
    assert "Traceback" not in out + err


def test_all_mistakes_of_a_policy_are_told_at_once_with_their_lines(lint: Lint, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        'version: 1\ntags:\n  - key: tenant\n    values: {pattern: "^[a-z"}\n    mode: blok\n'
        "exemptions:\n  - {match: {type: x}, keys: [tenant], reason: r, owner: o, until: soon}\n"
    )
    code, out, err = lint(str(POLICY.parent / "for-each-and-count" / "plan.json"), "--policy", str(policy))
    assert code == 2
    assert not out
    for line in (4, 5, 7):
        assert f"policy.yaml:{line}" in err
    assert "Traceback" not in err


def test_a_policy_that_is_not_there_is_named(lint: Lint, tmp_path: Path) -> None:
    code, _, err = lint(
        str(POLICY.parent / "for-each-and-count" / "plan.json"), "--policy", str(tmp_path / "none.yaml")
    )
    assert code == 2
    assert "none.yaml" in err


def test_several_inputs_are_judged_together_and_one_bad_one_hides_nothing(lint: Lint) -> None:
    folder = POLICY.parent
    code, out, _ = lint(
        str(folder / "for-each-and-count" / "plan.json"), str(folder / "truncated-json" / "plan.json"),
        str(folder / "json-syntax" / "source"), "--policy", str(POLICY), "--format", "json",
    )  # fmt: skip
    report = json.loads(out)
    assert code == 2
    assert report["summary"]["violations"] == 4
    assert len(report["errors"]) == 1
