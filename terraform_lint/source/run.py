"""What all modules of one root have in common: functions, variables given, downloaded modules, and what went wrong."""

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from policies.finding import Unread
from policies.resource import BadIgnore, Gathered
from terraform_lint.source.bodies import literal_text
from terraform_lint.source.declarations import Module
from terraform_lint.source.evaluation.expressions import Evaluator
from terraform_lint.source.evaluation.functions import Functions
from terraform_lint.source.evaluation.knowledge import TooLargeError
from terraform_lint.source.evaluation.scope import Found, Scope
from terraform_lint.source.evaluation.steps import attribute_of
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Unknown, Value
from terraform_lint.source.installed import installed_modules
from terraform_lint.source.module_files import read_bytes
from terraform_lint.source.modules import Modules
from terraform_lint.source.options import SourceOptions
from terraform_lint.source.readable import CheckedFiles
from terraform_lint.source.roots import TERRAGRUNT, Root
from terraform_lint.source.syntax.faults import TemplateError
from terraform_lint.source.syntax.parse import parse, parse_template
from terraform_lint.source.syntax.tree import Expression
from terraform_lint.source.variables import given_variables

SELECTED = ".terraform/environment"
_MOST_INSTANCES = 10_000
_MOST_INSTANCES_OF_ALL = 20_000


class NoNames:
    """The scope of defaults, variable files and templates: nothing of a module is to be seen."""

    def find(self, name: str) -> Found:
        raise EvaluationError(f"{name} cannot be used here")


NO_NAMES = NoNames()


class _TemplateNames:
    """The names that ``templatefile()`` passes on."""

    def __init__(self, names: dict[str, Value] | OpenMap) -> None:
        self._names = names

    def find(self, name: str) -> Found:
        return attribute_of(self._names, name)


class Run:
    """Reading one root module."""

    def __init__(self, root: Root, module: Module, modules: Modules, options: SourceOptions) -> None:
        self.root = root.folder
        self.module = module
        self.modules = modules
        self.path = options.shown(root.folder)
        self._files = CheckedFiles(root.folder, (options.base, root.within))
        self.workspace = options.workspace_of(self._files.read(SELECTED))
        self.given = given_variables(root.folder, options, self._files)
        self.installed = installed_modules(root.folder, options.base)
        self.terragrunt = (root.folder / TERRAGRUNT).is_file()
        self.gathered = Gathered(unread=list(self.given.unread), notes=list(self.given.notes))
        self.shown = options.shown
        self._evaluator = Evaluator(Functions(self._files, self._template))
        self._misread: set[tuple[str, int]] = set()
        self._left = _MOST_INSTANCES_OF_ALL
        if (root.folder / SELECTED).is_symlink() and isinstance(problem := self._files.read(SELECTED), str):
            self.note(f"{self.path}: {problem}, so the workspace is taken for {self.workspace}")

    def evaluate(self, expression: Expression, scope: Scope) -> Value:
        """The expression's value; an ``Unknown`` for what is wrong or goes beyond bounds."""
        try:
            return self._evaluator.value(expression, scope)
        except (EvaluationError, TooLargeError) as error:
            return Unknown(f"it cannot be evaluated: {error}")
        except RecursionError:
            return Unknown("it cannot be evaluated: it is nested too deeply")

    def guarded(self, compute: Callable[[], Value], name: str) -> Value:
        """What ``compute`` gives; an ``Unknown`` that names ``name`` for what is wrong."""
        try:
            return compute()
        except (EvaluationError, TooLargeError) as error:
            return Unknown(f"{name} cannot be evaluated: {error}")

    @property
    def most_instances(self) -> int:
        """How many instances the next block may have."""
        return max(min(_MOST_INSTANCES, self._left), 0)

    def take(self, count: int) -> None:
        """Counts instances: all modules and resources of a root have a bound in common."""
        self._left -= count

    def note(self, text: str) -> None:
        """Says something about the run, once."""
        if text not in self.gathered.notes:
            self.gathered.notes.append(text)

    def report(self, unread: Unread) -> None:
        """Says what could not be read, once."""
        if unread not in self.gathered.unread:
            self.gathered.unread.append(unread)

    def misread(self, bad: BadIgnore) -> None:
        """Says what is wrong with a comment, once for all instances of its module."""
        if (bad.file, bad.line) not in self._misread:
            self._misread.add((bad.file, bad.line))
            self.gathered.bad_ignores.append(bad)

    def module_path(self, folder: Path) -> str:
        """``path.module``, as Terraform writes it: from the root's folder."""
        return Path(os.path.relpath(folder, self.root)).as_posix()

    def _template(self, text: str, variables: dict[str, Value] | OpenMap) -> Value:
        templates = self.modules.templates
        if text not in templates:
            try:
                templates[text] = parse_template(text)
            except TemplateError as error:
                raise EvaluationError(f"line {error.line} of the template: {error.message}") from error
        return self._evaluator.value(templates[text], _TemplateNames(variables))

    def constraint(self, provider: str) -> str:
        """Which versions of a provider may be in use: what the lock file chose, else what the root asks for."""
        locked = self._locked.get(provider.partition(".")[0])
        return f"= {locked}" if locked else self.module.versions.get(provider.partition(".")[0], "")

    @cached_property
    def _locked(self) -> dict[str, str]:
        content = read_bytes(self.root / ".terraform.lock.hcl")
        if isinstance(content, str):
            return {}
        chosen = parse(content, "lock.tf").body.blocks
        return {
            block.labels[0].rpartition("/")[2]: literal_text(block.body, "version") or ""
            for block in chosen
            if block.type == "provider" and len(block.labels) == 1
        }
