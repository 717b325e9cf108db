import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent import cli
from agent.commands.catalogue import COMMANDS
from agent.commands.interface import Answer, Command
from agent.errors import NothingToDo, PartialRun, ProofError, SourceError
from policies.faults import Fault, FaultsError

VERBS = ["init", "demo", "doctor", "lint", "ingest", "allocate", "report", "digest", "run", "close"]
VERBS += ["explain", "infer", "verify", "diff", "export", "serve", "schema"]
HEAVY = ["pydantic", "yaml", "duckdb", "pyarrow", "numpy", "sqlalchemy", "slack_sdk", "jinja2", "rich", "apscheduler"]


@pytest.fixture
def outcome_of(monkeypatch):
    """Runs a command that answers or raises what is given; returns the exit code."""

    def call(outcome, *options):
        class Saying(Command):
            def runner(self):
                return self

            def run(self, arguments, progress):
                if isinstance(outcome, BaseException):
                    raise outcome
                return outcome

        monkeypatch.setattr(cli, "COMMANDS", (Saying("say", "", "", "", ""),))
        return cli.main(["say", *options])

    return call


def test_every_command_of_the_design_is_there_in_order():
    assert [command.name for command in COMMANDS] == VERBS


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_says_what_a_command_does_shows_an_example_and_its_exit_codes(command, capsys):
    assert cli.main([command.name, "--help"]) == 0
    told = capsys.readouterr().out
    assert " ".join(command.about.split()) in " ".join(told.split())
    assert f"apportion {command.name}" in command.example
    assert "example:" in told
    assert "exit codes:" in told
    assert "\n  2 " in told


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_module_that_runs(command):
    assert callable(command.runner().run)


def test_building_the_parser_imports_nothing_heavy():
    code = f"import sys, agent.cli; agent.cli.parser().format_help(); print([m for m in {HEAVY} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["alocate"], "no command 'alocate'; did you mean allocate?"),
        (["xyzzy"], "choose from init, demo"),
        (["run", "--format", "jsn"], "did you mean json?"),
        (["run", "--period", "2026-13"], "'2026-13' is not a month; write it as YYYY-MM"),
        (["run", "--perod", "2026-10"], "unrecognized arguments"),
        ([], "COMMAND"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_2(argv, said, capsys):
    assert cli.main(argv) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert "--help" in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize("argv", [["--config", "a.yaml", "run"], ["run", "--config", "a.yaml"]])
def test_general_options_stand_before_or_after_the_command(argv):
    arguments = cli.parser().parse_args(argv)
    assert (arguments.config, arguments.format, arguments.quiet, arguments.debug) == ("a.yaml", "text", False, False)


def test_version_names_the_program(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("apportion ")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ProofError("the sums differ", where="aws, 2026-10-03"), 1),
        (SourceError("bills.csv is cut off", mend="deliver it again"), 2),
        (NothingToDo("no data for 2026-10"), 3),
        (PartialRun("the digest was not posted"), 4),
        (FaultsError([Fault("policy.yaml", 3, "unknown key"), Fault("policy.yaml", 9, "not a number")]), 2),
        (ModuleNotFoundError("No module named 'duckdb'", name="duckdb"), 2),
        (ZeroDivisionError("division by zero"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_code_and_no_traceback(error, code, outcome_of, capsys):
    assert outcome_of(error) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("apportion")
    assert "Traceback" not in told.err


def test_every_fault_is_told_with_its_line(outcome_of, capsys):
    outcome_of(FaultsError([Fault("policy.yaml", 3, "unknown key"), Fault("policy.yaml", 9, "not a number")]))
    told = capsys.readouterr().err
    assert "2 mistakes" in told
    assert "policy.yaml:3: unknown key" in told
    assert "policy.yaml:9: not a number" in told


def test_a_missing_part_is_told_with_the_command_that_installs_it(outcome_of, capsys):
    outcome_of(ModuleNotFoundError("No module named 'duckdb'", name="duckdb"))
    assert "pip install 'apportion[engine]'" in capsys.readouterr().err


def test_our_own_failure_is_one_sentence_and_a_hint(outcome_of, capsys):
    outcome_of(ZeroDivisionError("division by zero\nsecond line"))
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "apportion failed: ZeroDivisionError: division by zero"
    assert "--debug" in told[1]
    assert len(told) == 2


def test_debug_shows_the_traceback_and_keeps_the_exit_code(outcome_of, capsys):
    assert outcome_of(SourceError("bills.csv is cut off"), "--debug") == 2
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "bills.csv is cut off" in told


def test_text_and_json_say_the_same_answer(outcome_of, capsys):
    answer = Answer("acme 12.50", {"customers": [{"customer": "acme", "cost": "12.5"}]}, exit_code=1)
    assert outcome_of(answer) == 1
    assert capsys.readouterr().out == "acme 12.50\n"
    assert outcome_of(answer, "--format", "json") == 1
    assert json.loads(capsys.readouterr().out) == {"version": 1, "customers": [{"customer": "acme", "cost": "12.5"}]}


def test_escape_sequences_in_data_never_reach_the_terminal(outcome_of, capsys):
    hostile = "acme\x1b]0;owned\x07\x9b31m\u202egro"
    outcome_of(Answer(hostile, {"customer": hostile}))
    outcome_of(Answer(hostile, {"customer": hostile}), "--format", "json")
    outcome_of(SourceError(hostile))
    told = capsys.readouterr()
    assert not set("\x1b\x07\x9b\u202e") & set(told.out + told.err)


def test_json_keeps_what_was_escaped(outcome_of, capsys):
    outcome_of(Answer("", {"customer": "a\x9b\x1bb"}), "--format", "json")
    assert json.loads(capsys.readouterr().out)["customer"] == "a\x9b\x1bb"


def test_a_reader_that_leaves_is_no_error():
    code = "import sys; from agent.cli import main; sys.exit(main(['schema']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        told = process.stderr.read()
        assert (process.wait(), told) == (0, b"")


def test_a_terminal_that_knows_ascii_only_gets_everything_else_escaped():
    code = (
        "import sys; from agent import cli; from agent.commands.interface import Answer\n"
        "cli._print(Answer('M\\u00fcller \\udcff'), 'text')"
    )
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert told.stdout == "M\\xfcller \\udcff\n"


def test_a_foreign_package_in_front_of_ours_is_named(tmp_path: Path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "__init__.py").touch()
    home = Path(cli.__file__).parent.parent
    code = "import sys; from agent.cli import main; sys.exit(main(['schema']))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(home)])}
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert ended.returncode == 4
    assert "the package 'policies' of apportion is hidden" in ended.stderr
    assert "pipx install" in ended.stderr
