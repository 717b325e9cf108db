"""Terraform source as resources: every root module, with all that it calls."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from policies.finding import Unread
from policies.resource import External, Gathered
from terraform_lint.source.addresses import inside
from terraform_lint.source.calls import Absent
from terraform_lint.source.comments import bad_ignores
from terraform_lint.source.installed import installed_modules
from terraform_lint.source.instance import Instance
from terraform_lint.source.modules import Modules
from terraform_lint.source.moves import Moves, previous_addresses, with_moves
from terraform_lint.source.options import SourceOptions
from terraform_lint.source.resources import resources_of
from terraform_lint.source.roots import TERRAGRUNT, Root, discover, run_by_terragrunt
from terraform_lint.source.run import Run


def read_source(roots: Sequence[Root | Path], options: SourceOptions) -> Gathered:
    """The resources of the root modules. A path stands for the roots that are found there.

    Raises nothing for bad source: what cannot be read is ``unread``, what cannot be known has its reason.
    """
    paths = [each for each in roots if isinstance(each, Path)]
    by_folder: dict[Path, Root] = {}
    for root in (*(each for each in roots if isinstance(each, Root)), *discover(paths)):
        by_folder.setdefault(root.folder, root)
    found = list(by_folder.values())
    modules = Modules(options, [Path(os.path.realpath(each)) for each in (options.base, *(r.within for r in found))])
    modules.load(_all_folders(found, options))
    gathered = Gathered()
    undeclared = dict.fromkeys(options.variables)
    for root in found:
        module = modules.module(root.folder)
        if module is not None:
            undeclared = {name: None for name in undeclared if name not in module.variables}
            gathered += _gathered(Run(root, module, modules, options))
    gathered.notes += _terragrunt_notes(found, options)
    if found:
        gathered.notes += [
            f"no root module declares the variable {name}, which is given a value" for name in undeclared
        ]
    gathered.unread = list(dict.fromkeys(gathered.unread))
    gathered.notes = list(dict.fromkeys(gathered.notes))
    by_place = {(each.file, each.line): each for each in reversed(gathered.bad_ignores)}
    gathered.bad_ignores = [*reversed(by_place.values())]
    return gathered


def _all_folders(roots: Sequence[Root], options: SourceOptions) -> Iterator[Path]:
    for root in roots:
        yield root.folder
        yield from installed_modules(root.folder, options.base).folders.values()


def _terragrunt_notes(roots: Sequence[Root], options: SourceOptions) -> Iterator[str]:
    for within in dict.fromkeys(root.within for root in roots):
        for folder in run_by_terragrunt(within):
            yield f"{options.shown(folder)}: {TERRAGRUNT} is not read, and no source stands beside it"


def _gathered(run: Run) -> Gathered:
    if run.terragrunt:
        run.note(f"{run.path}: inputs come from {TERRAGRUNT}, which is not read")
    if run.installed.problem:
        run.note(f"{run.path}: {run.installed.problem}")
    _walk(Instance(run, run.module), {})
    return run.gathered


def _walk(instance: Instance, moves: Moves) -> None:
    """Adds up what the module declares itself, then the modules it calls, depth first.

    ``moves``: those of the modules around it.
    """
    run = instance.run
    moves = with_moves(moves, instance.module.moved, instance.address)
    _say_what_is_wrong(instance)
    for resource in resources_of(instance):
        if resource is None:
            run.gathered.not_taggable += 1
        else:
            previous = previous_addresses(resource.address, moves)
            run.gathered.resources.append(replace(resource, previous=previous) if previous else resource)
    for name, children in instance.all_children():
        if isinstance(children, Absent):
            _report_absent(instance, name, children)
        else:
            for child in children.values():
                _walk(child, moves)


def _say_what_is_wrong(instance: Instance) -> None:
    module = instance.module
    for unread in module.unread:
        instance.run.report(unread)
    for note in module.notes:
        instance.run.note(note)
    for bad in bad_ignores(module, instance.address, instance.run.path):
        instance.run.misread(bad)


def _report_absent(instance: Instance, name: str, absent: Absent) -> None:
    call = instance.module.calls[name]
    address = inside(instance.address, f"module.{name}")
    if not instance.expansion(call).scopes:
        return
    if absent.endless:
        instance.run.report(Unread(call.file, call.first.line, f"module {name}: {absent.reason}", absent.mend))
        return
    instance.run.gathered.externals.append(
        External(address, absent.source, call.file, call.first.line, instance.run.path, absent.reason, absent.mend)
    )
