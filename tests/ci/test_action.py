"""The GitHub action: its steps run with bash, as GitHub would run them."""

import json
import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.recipes import ROOT
from tests.ci.sandbox import Sandbox
from tests.terraform_lint.comments.comment_server import TOKEN, CommentServer

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


class Runner:
    """Evaluates the expressions that action.yml uses, and runs its steps."""

    def __init__(self, folder: Path, *, tagged: bool) -> None:
        self.sandbox = Sandbox(folder, tagged=tagged)
        self.output, self.summary, self.event = folder / "output", folder / "summary", folder / "event.json"
        self.event.write_text(json.dumps({"pull_request": {"number": 7}}))
        self.environment = {
            "GITHUB_ACTION_PATH": "/the/action",
            "RUNNER_TEMP": str(self.sandbox.temp),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_EVENT_PATH": str(self.event),
            "GITHUB_REPOSITORY": "acme/infra",
            "GITHUB_API_URL": "http://127.0.0.1:1",
        }
        self.log = ""

    def run(self, **given: str) -> int:
        """The exit code of the first step that fails, or 0."""
        inputs = {name: self._value(each["default"], {}) for name, each in ACTION["inputs"].items()}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        for step in ACTION["runs"]["steps"]:
            environment = {name: self._value(value, inputs) for name, value in step["env"].items()}
            folder = self._value(step.get("working-directory", "."), inputs)
            done = self.sandbox.shell(f"cd '{folder}'\n{step['run']}", **self.environment, **environment)
            self.log += done.stdout + done.stderr
            if done.returncode:
                return done.returncode
        return 0

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())

    def _value(self, text: str, inputs: dict[str, str]) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: str(self._expression(found[1], inputs) or ""), str(text))

    def _expression(self, text: str, inputs: dict[str, str]) -> Any:
        if " || " in text:
            left, right = text.rsplit(" || ", 1)
            return self._expression(left, inputs) or self._expression(right, inputs)
        if " && " in text:
            left, right = text.split(" && ", 1)
            return self._expression(left, inputs) and self._expression(right, inputs)
        if " == " in text:
            left, right = text.split(" == ")
            return self._expression(left, inputs) == self._expression(right, inputs)
        if text.startswith("'"):
            return text.strip("'")
        context, name = text.split(".", 1)
        return inputs[name] if context == "inputs" else {"token": TOKEN}[name]


@pytest.fixture
def bad(tmp_path: Path) -> Runner:
    return Runner(tmp_path, tagged=False)


@pytest.mark.parametrize(("tagged", "code"), [(True, 0), (False, 1)])
def test_the_step_ends_as_the_check_does(tagged: bool, code: int, tmp_path: Path) -> None:
    runner = Runner(tmp_path, tagged=tagged)
    assert runner.run() == code
    assert runner.outputs["exit-code"] == str(code)
    assert runner.sandbox.installed == ["/the/action"]


def test_annotations_summary_sarif_and_markdown_are_written(bad: Runner) -> None:
    bad.run(paths="infra")
    assert re.search(r"^::error .*file=infra/main\.tf", bad.log, re.MULTILINE)
    assert "aws_s3_bucket.logs" in bad.summary.read_text()
    assert json.loads(Path(bad.outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert "aws_s3_bucket.logs" in Path(bad.outputs["markdown"]).read_text()


def test_files_go_where_the_inputs_say(bad: Runner) -> None:
    bad.run(sarif="out/tags.sarif", markdown="out/tags.md", working_directory="infra", policy="../policy.yaml")
    assert (bad.sandbox.root / "infra" / "out" / "tags.sarif").is_file()
    assert bad.outputs["markdown"] == "out/tags.md"


def test_findings_alone_need_not_fail_the_step(bad: Runner) -> None:
    assert bad.run(fail_on="error") == 0
    assert bad.outputs["exit-code"] == "1"


def test_a_wrong_input_always_fails_the_step(bad: Runner) -> None:
    assert bad.run(fail_on="error", policy="gone.yaml") == 2
    assert bad.outputs["exit-code"] == "2"
    assert bad.run(fail_on="never") == 2
    assert "takes blocking or error" in bad.log


def test_several_paths_and_more_options(bad: Runner) -> None:
    (bad.sandbox.root / "with space").mkdir()
    (bad.sandbox.root / "with space" / "main.tf").write_text('resource "aws_sqs_queue" "jobs" {}\n')
    assert bad.run(paths="infra\nwith space\n", args="--no-cache --all") == 1
    found = Path(bad.outputs["markdown"]).read_text()
    assert "aws_s3_bucket.logs" in found
    assert "aws_sqs_queue.jobs" in found


@pytest.mark.parametrize(
    "name", ["paths", "policy", "customers", "source", "baseline", "args", "comment-name", "sarif"]
)
def test_an_input_is_never_run_as_a_command(bad: Runner, name: str) -> None:
    assert not re.search(r"\$\{\{", "".join(step["run"] for step in ACTION["runs"]["steps"]))
    bad.run(**{name: "$(touch owned) `touch owned`; touch owned\n"})
    assert not list(bad.sandbox.root.rglob("owned"))


def test_a_path_that_looks_like_an_option_is_a_path(bad: Runner) -> None:
    assert bad.run(paths="--write-baseline") == 2


def test_the_version_input_says_what_is_installed(bad: Runner) -> None:
    bad.run(version="apportion==1.2.0")
    assert bad.sandbox.installed == ["apportion==1.2.0"]


def test_a_python_that_is_too_old_is_named(bad: Runner) -> None:
    bad.sandbox.program("python3.9", f'#!/bin/sh\n[ "$1" = -c ] && exit 1\nexec {sys.executable} "$@"\n')
    assert bad.run(python="python3.9") == 2
    assert "needs Python 3.11 or newer" in bad.log


def test_the_comment_is_written_only_when_asked_for(bad: Runner) -> None:
    with CommentServer() as server:
        bad.environment["GITHUB_API_URL"] = server.url
        assert bad.run() == 1
        assert server.calls == []
        assert bad.run(comment="true", comment_name="infra") == 1
        (body,) = server.bodies
        assert body.startswith("<!-- apportion:lint:infra -->\n")
        assert "aws_s3_bucket.logs" in body
        (bad.sandbox.root / "main.tf").unlink()
        (bad.sandbox.root / "infra" / "main.tf").write_text('resource "random_pet" "x" {}\n')
        assert bad.run(comment="true", comment_name="infra") == 0
        assert len(server.bodies) == 1
        assert "aws_s3_bucket.logs" not in server.bodies[0]
    assert TOKEN not in bad.log


def test_a_comment_that_cannot_be_written_changes_no_exit_code(bad: Runner) -> None:
    with CommentServer(read_only=True) as server:
        bad.environment["GITHUB_API_URL"] = server.url
        assert bad.run(comment="true") == 1
    assert "the token may not write on acme/infra#7" in bad.log


def test_nothing_found_ever_means_no_comment(tmp_path: Path) -> None:
    runner = Runner(tmp_path, tagged=True)
    with CommentServer() as server:
        runner.environment["GITHUB_API_URL"] = server.url
        assert runner.run(comment="true") == 0
        assert server.comments == []


@pytest.mark.slow
def test_the_action_installs_itself_and_runs(tmp_path: Path) -> None:
    runner = Runner(tmp_path, tagged=False)
    runner.sandbox.program("python3", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    runner.environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    runner.environment["HOME"] = os.environ.get("HOME", "")
    assert runner.run(version=str(ROOT)) == 1
    assert "aws_s3_bucket.logs" in runner.summary.read_text()
