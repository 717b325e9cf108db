"""Which module a ``module`` block calls: a folder beside it, one that was downloaded, or none that can be read."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from terraform_lint.source.bodies import attribute
from terraform_lint.source.declarations import Declared, Module
from terraform_lint.source.evaluation.conversion import as_text
from terraform_lint.source.evaluation.values import EvaluationError, Unknown
from terraform_lint.source.local_calls import is_local
from terraform_lint.source.roots import resolve_below

if TYPE_CHECKING:
    from terraform_lint.source.instance import Instance

_DEEPEST = 32
_DOWNLOAD = "run terraform init first, or lint the plan"
_GIT = ("git::", "git@", "github.com/", "bitbucket.org/", "ssh://")
_WEB = ("http://", "https://", "hg::", "s3::", "gcs::", "oci://", "file://", "/")


@dataclass(frozen=True, slots=True)
class Absent:
    """A called module that is not there to be read, or must not be.

    ``endless``: its calls lead back to it, or go on beyond all sense.
    """

    source: str
    reason: str
    mend: str
    endless: bool = False


def called_module(caller: "Instance", key: str, call: Declared) -> Module | Absent:
    """The module that is called. ``key``: what ``modules.json`` calls it."""
    source = _source(caller, call)
    if isinstance(source, Absent):
        return source
    run = caller.run
    if is_local(source):
        folder: Path | None = resolve_below(caller.module.folder, source)
    else:
        folder = run.installed.folders.get(key)
    if folder is None:
        return Absent(source, _why_not_downloaded(source, outside=key in run.installed.outside), _DOWNLOAD)
    if folder in caller.chain:
        return Absent(source, "the module calls itself, directly or through others", "break the ring of calls", True)
    if len(caller.chain) > _DEEPEST or run.most_instances == 0:
        return Absent(source, "there are too many modules, or too deep ones", "lint the plan", endless=True)
    module = run.modules.module(folder)
    if module is None:
        mend = "check the path" if is_local(source) else _DOWNLOAD
        return Absent(source, f"no Terraform source stands in {run.shown(folder)}", mend)
    return module


def _source(caller: "Instance", call: Declared) -> str | Absent:
    written = attribute(call.body, "source")
    if written is None:
        return Absent("", "the call names no source", "give it a source")
    try:
        source = as_text(caller.evaluate(written.value))
    except EvaluationError as error:
        return Absent("", f"its source is no text: {error}", "lint the plan")
    if isinstance(source, Unknown):
        return Absent("", f"its source is not known: {source.reason}", "lint the plan")
    return source or Absent("", "its source is empty", "give it a source")


def _why_not_downloaded(source: str, *, outside: bool) -> str:
    if outside:
        return "the module was downloaded to a folder outside the checked ones"
    if source.startswith(_GIT) or ".git" in source:
        return "git module not downloaded"
    return "module not downloaded" if source.startswith(_WEB) else "registry module not downloaded"
