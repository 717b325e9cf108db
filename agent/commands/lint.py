"""``apportion lint``: Terraform plans and source before the merge. Imports neither engine nor cloud SDK."""

import errno
import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent import collector, installed
from agent.commands.interface import Answer
from agent.errors import ConfigError, NothingToDo, UsageError
from agent.progress import Progress
from policies import packs
from policies.baseline import Baseline
from policies.faults import Fault
from policies.finding import Report
from policies.formats import FORMATS, VERSIONED, render
from policies.formats.printable import one_line
from policies.formats.source import SourceFiles
from policies.nearest import did_you_mean
from policies.policy import PolicyFile
from policies.registry import Registry, read_registry
from policies.ruleset import Ruleset
from policies.source import Document, validate
from policies.value_check import quoted
from policies.yaml_tree import read_yaml
from terraform_lint.check import Checked, CheckOptions, check
from terraform_lint.costs import Costs

_PACK = "pack:"
_POLICY = "policy.yaml"
_CONFIG = "apportion.yaml"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_TOLD = ("violation", "unknown", "external")


def run(arguments: Namespace, progress: Progress) -> Answer:
    """Judges what the paths name, writes the outputs asked for, and answers with the exit code of the report."""
    _refuse_idle(arguments)
    outputs = _outputs(arguments.output)
    variables = _pairs(arguments.var, "--var")
    values = _pairs(arguments.set, "--set")
    collector.leave_at_exit()
    with collector.at_rest():  # a plan is a hundred thousand small objects that all live until the end
        options = _options(arguments, variables, progress)
        _refuse_wrong(values, options)
        checked = check(arguments.paths, options)
        if arguments.fix and checked.plans and not arguments.source:
            raise UsageError("--fix needs the source that the plan was made of", expected="--source DIR")
        if checked.found_nothing:
            raise NothingToDo(
                "there is neither a Terraform plan nor a root module here",
                where="; ".join(checked.gathered.notes) or ", ".join(arguments.paths),
                mend="name a folder with .tf files, or a file of `terraform show -json`",
            )
        checked, notes = _with_baseline_written(checked, options, arguments)
        text = _written(checked.report, arguments, outputs)
    for note in [*notes, *_fix(checked, options, arguments, values), *_comment(checked.report, arguments)]:
        print(one_line(note), file=sys.stderr)
    return Answer(text.removesuffix("\n"), exit_code=checked.report.exit_code, rendered=True)


def _refuse_idle(arguments: Namespace) -> None:
    """Options that only work together with another one."""
    if arguments.set and not arguments.fix:
        raise UsageError("--set does nothing without --fix", expected="--fix FILE --set …")


def _refuse_wrong(values: Mapping[str, str], options: CheckOptions) -> None:
    """Values of ``--set`` that the policy would refuse once they are in the source."""
    rules = {rule.name: rule for rule in options.ruleset.keys}
    for key, value in values.items():
        if key not in rules:
            hint = did_you_mean(key, rules)
            raise UsageError(f"--set {key}: the policy asks for no such tag{hint}", expected=", ".join(rules))
        if not value.strip():
            raise UsageError(f"--set {key}: the value is empty")
        if wrong := rules[key].values.wrong(value, options.today, lower=False):
            raise UsageError(f"--set {key}: {quoted(value)} {wrong.told}")


def _options(arguments: Namespace, variables: Mapping[str, str], progress: Progress) -> CheckOptions:
    today = datetime.now(UTC).date()
    return CheckOptions(
        ruleset=_ruleset(arguments),
        today=today,
        source=_existing(arguments.source, "--source"),
        workspace=arguments.workspace,
        variables=variables,
        variable_files=[Path(file) for file in arguments.var_file],
        environment=os.environ,
        baseline=_read_baseline(arguments),
        costs=Costs.read(Path(arguments.costs), arguments.account or None) if arguments.costs else None,
        cache=not arguments.no_cache,
        step=progress.step,
    )


def _ruleset(arguments: Namespace) -> Ruleset:
    """The policy and the customers: what the options name, else what apportion.yaml names, else ./policy.yaml."""
    config = Path(arguments.config)
    policy, customers, shared = arguments.policy, arguments.customers, list[str]()
    if config.is_file():
        from agent.config.loading import load_application
        from agent.period import Period

        today = datetime.now(UTC).date()
        settings = load_application(config)
        policy = policy or (str(settings.resolve(settings.app.policy)) if settings.app.policy else None)
        customers = customers or settings.registry_path
        shared = settings.allocation(Period(today.year, today.month)).shared_values
    elif arguments.config != _CONFIG:
        raise UsageError(f"--config: there is no {arguments.config}")
    else:
        beside = config.parent / "customers.csv"
        customers = customers or (beside if beside.is_file() else None)
    registry = _registry(Path(customers)) if customers else None
    return Ruleset.build(
        _policy(policy), registry, arguments.environment, account=arguments.account, shared_values=shared
    )


def _registry(path: Path) -> Registry:
    try:
        return read_registry(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise ConfigError([Fault(str(path), 0, "there is no such file")]) from None
    except OSError as error:
        raise ConfigError([Fault(str(path), 0, f"cannot be read: {error.strerror}")]) from None


def _policy(named: str | None) -> Document[PolicyFile]:
    if named and named.startswith(_PACK):
        pack = named.removeprefix(_PACK)
        if pack not in packs.names():
            shipped = ", ".join(packs.names())
            raise UsageError(f"no policy pack {pack!r}{did_you_mean(pack, packs.names())}", expected=shipped)
        return validate(read_yaml(packs.path(pack)), PolicyFile)
    path = Path(named or _POLICY)
    if not path.is_file():
        wish = f"write one (`apportion init`), name one with --policy FILE, or take --policy {_PACK}tenant"
        raise ConfigError([Fault(str(path), 0, f"there is no such file: {wish}")])
    return validate(read_yaml(path), PolicyFile)


def _existing(named: str | None, option: str) -> Path | None:
    path = Path(named) if named else None
    if path is not None and not path.exists():
        raise UsageError(f"{option}: there is no {named}")
    return path


def _read_baseline(arguments: Namespace) -> Baseline | None:
    path = Path(arguments.baseline) if arguments.baseline else None
    if arguments.write_baseline and path is None:
        raise UsageError("--write-baseline needs --baseline FILE", expected="--baseline FILE --write-baseline")
    if path is None or (arguments.write_baseline and not path.exists()):
        return None
    return Baseline.read(path)


def _pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` options as a mapping; the last one of a name wins, as in Terraform."""
    pairs = [text.partition("=") for text in texts]
    for name, equals, value in pairs:
        if not name or not equals:
            raise UsageError(f"{option} {name}{equals}{value}: a value is missing", expected=f"{option} NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _outputs(texts: Sequence[str]) -> dict[str, Path]:
    """``FORMAT=FILE`` options."""
    outputs = _pairs(texts, "--output")
    for form in outputs:
        if sum(text.startswith(f"{form}=") for text in texts) > 1:
            raise UsageError(f"--output {form} is given twice")
        if form not in FORMATS:
            raise UsageError(f"no format {form!r}{did_you_mean(form, FORMATS)}", expected=", ".join(FORMATS))
    return {form: Path(file) for form, file in outputs.items()}


def _with_baseline_written(
    checked: Checked, options: CheckOptions, arguments: Namespace
) -> tuple[Checked, list[str]]:  # fmt: skip
    """``--write-baseline``: the first time everything goes in and is judged by it, later mended entries go out."""
    if not arguments.write_baseline:
        return checked, []
    path, before = Path(arguments.baseline), options.baseline
    baseline = before.shrunk(checked.report) if before else Baseline.of(checked.report, options.today)
    with _writing(path):
        baseline.write(path)
    kept = f"{path}: {len(baseline.entries)} accepted finding{'s' if len(baseline.entries) != 1 else ''}"
    if before is not None:
        return checked, [f"{kept}, {len(before.entries) - len(baseline.entries)} taken out"]
    return checked.again(replace(options, baseline=baseline)), [kept]


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """A file that a user names and that cannot be written is a wrong option; a full disk is not."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def _written(report: Report, arguments: Namespace, outputs: Mapping[str, Path]) -> str:
    """The text to print; every ``--output`` is in its file."""
    source = SourceFiles(Path.cwd())
    version = installed.version() if VERSIONED & {arguments.format, *outputs} else ""
    for form, path in outputs.items():
        told = render(report, form, source=source, tool_version=version)
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(told, encoding="utf-8", newline="\n")
    if arguments.format == "github" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(render(report, "github-summary", source=source, tool_version=version))
    color = arguments.format == "text" and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return render(
        report, arguments.format, source=source, tool_version=version, color=color, all_findings=arguments.all
    )


def _fix(checked: Checked, options: CheckOptions, arguments: Namespace, values: Mapping[str, str]) -> list[str]:
    """Writes the patch of ``--fix``: files of the checkout are never touched."""
    if not arguments.fix:
        return []
    from terraform_lint.fix import propose

    proposal = propose(
        checked.report,
        checked.gathered.resources,
        base=Path.cwd(),
        values=values,
        recheck=lambda files: checked.with_files(files, options),
    )
    with _writing(Path(arguments.fix)):
        Path(arguments.fix).write_text(proposal.patch, encoding="utf-8", newline="\n")
    written = f"{arguments.fix}: mends {proposal.fixed} finding{'s' if proposal.fixed != 1 else ''}"
    return [f"{written}; look at it, then: git apply {arguments.fix}" if proposal.patch else written, *proposal.left]


def _comment(report: Report, arguments: Namespace) -> list[str]:
    """Posts the comment of ``--comment``; where there is nothing to say, only one that was posted before changes."""
    if not arguments.comment:
        return []
    from terraform_lint.comments import post

    markdown = render(report, "markdown", source=SourceFiles(Path.cwd()), tool_version="")
    clean = not report.unread and not any(finding.verdict in _TOLD for finding in report.findings)
    return [post(arguments.comment, markdown, os.environ, update_only=clean)]
