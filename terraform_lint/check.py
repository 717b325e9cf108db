"""The check before a merge, from paths to a report. This page and the policy's ``judge`` are the whole of it.

paths ─▶ plans and root modules ─▶ resources with the tags they will bear ─▶ the policy's verdicts ─▶ a report
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from policies.baseline import Baseline
from policies.evaluate import judge
from policies.finding import Report
from policies.resource import Gathered
from policies.ruleset import Ruleset
from terraform_lint.advice import advise
from terraform_lint.costs import Costs, with_costs
from terraform_lint.inputs import STDIN, Inputs, sort_out
from terraform_lint.places import place
from terraform_lint.plan.read import read_plan

_NOWHERE = "."
"""The folder of a plan of which only the content is known."""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How to check.

    ``today`` decides dated rules. ``source`` is where a plan's resources are written, for lines and inline comments.
    ``base`` is the folder that file names are relative to, and below which ``file()`` may read. ``cache``: whether
    parsed source is kept between runs. ``step`` is told what begins. The rest as Terraform knows it; ``workspace``
    None: the one that is selected in the folder.
    """

    ruleset: Ruleset
    today: date
    source: Path | None = None
    base: Path = field(default_factory=Path.cwd)
    workspace: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    variable_files: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    baseline: Baseline | None = None
    costs: Costs | None = None
    cache: bool = True
    step: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Checked:
    """The report, and the resources it is about.

    ``found_nothing``: no path held a plan or a root module. ``plans``: whether a path held a plan. ``sources``: folders
    of source that were read, those of the plans too.
    """

    report: Report
    gathered: Gathered
    found_nothing: bool = False
    plans: bool = False
    sources: Sequence[Path] = ()

    def again(self, options: CheckOptions) -> "Checked":
        """The same resources, judged by other options."""
        return replace(self, report=_judged(self.gathered, options))

    def with_files(self, changed: Mapping[str, bytes], options: CheckOptions) -> Report:
        """The report on the source alone, with other contents of files; these are named from ``base``."""
        return _judged(_source(self.sources, options, changed) or Gathered(), options)


def check(paths: Sequence[str], options: CheckOptions) -> Checked:
    """Judges every plan and root module that ``paths`` name. Raises nothing for a bad input: that is in the report."""
    inputs = sort_out(paths)
    gathered = gather(inputs, options)
    nothing = not (inputs.plans or inputs.sources or inputs.unread)
    sources = (*inputs.sources, *([options.source] if inputs.plans and options.source else []))
    return Checked(_judged(gathered, options), gathered, nothing, bool(inputs.plans), sources)


def _judged(gathered: Gathered, options: CheckOptions) -> Report:
    report = judge(gathered, options.ruleset, today=options.today, advice=advise, baseline=options.baseline)
    return with_costs(report, options.costs, options.ruleset.customer_keys) if options.costs else report


def gather(inputs: Inputs, options: CheckOptions) -> Gathered:
    """Every resource of the inputs, with the tags it will bear."""
    gathered = Gathered(unread=list(inputs.unread), notes=list(inputs.notes))
    homes = {name: home for name in inputs.plans if (home := _home_of(name, options.base)) is not None}
    for name, content in inputs.plans.items():
        gathered += read_plan(content, name, path=homes.get(name, _NOWHERE))
    workspace = options.workspace or options.environment.get("TF_WORKSPACE")
    if workspace:  # NOTE: a plan does not say which it is of
        gathered.resources = [replace(resource, workspace=workspace) for resource in gathered.resources]
    if inputs.plans and options.source is not None:
        source = _source([options.source], options)
        if source is not None:
            place(gathered, source, homes)
            gathered.bad_ignores += source.bad_ignores
            gathered.unread += source.unread
            gathered.notes += source.notes
        else:
            gathered.notes.append(f"--source {options.source}: there is no Terraform source, so lines are not known")
    if inputs.sources and (source := _source(inputs.sources, options)) is not None:
        gathered += source
    return gathered


def _home_of(plan: str, base: Path) -> str | None:
    """The folder of a plan's file as seen from ``base``; None for standard input and a file that lies elsewhere."""
    folder, below = Path(plan).parent.resolve(), base.resolve()
    return folder.relative_to(below).as_posix() if plan != STDIN and folder.is_relative_to(below) else None


def _source(
    folders: Sequence[Path], options: CheckOptions, changed: Mapping[str, bytes] = MappingProxyType({})
) -> Gathered | None:
    """None where the folders hold no source."""
    from terraform_lint.source.options import SourceOptions
    from terraform_lint.source.project import read_source
    from terraform_lint.source.roots import discover
    from terraform_lint.source.syntax.cache import Cache, default_cache_folder

    roots = discover(folders)
    if not roots:
        return None
    if len(roots) > 1:
        options.step(f"reading {len(roots)} root modules")
    return read_source(
        roots,
        SourceOptions(
            base=options.base,
            workspace=options.workspace,
            variables=options.variables,
            variable_files=options.variable_files,
            environment=options.environment,
            changed={options.base.resolve() / name: content for name, content in changed.items()},
            cache=Cache(default_cache_folder()) if options.cache else None,
        ),
    )
