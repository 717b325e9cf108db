"""One module as it is called: what its names mean. Everything is computed when asked for, once."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from policies.resource import InlineIgnore
from terraform_lint.source.addresses import Key, inside, with_key
from terraform_lint.source.bodies import attribute
from terraform_lint.source.calls import Absent, called_module
from terraform_lint.source.comments import ignores_of
from terraform_lint.source.declarations import Declared, Module
from terraform_lint.source.evaluation.scope import Found, Scope
from terraform_lint.source.evaluation.values import UNSHOWN, EvaluationError, Sensitive, Unknown, Value
from terraform_lint.source.expansion import Expansion, expand
from terraform_lint.source.names import meaning
from terraform_lint.source.namespaces import Instances
from terraform_lint.source.provider_defaults import Providers
from terraform_lint.source.run import NO_NAMES, Run
from terraform_lint.source.syntax.tree import Expression, Literal
from terraform_lint.source.type_constraints import converted, variable_type


class _NotGiven:
    """Nothing sets the variable, not even to null."""


_NOT_GIVEN = _NotGiven()


class Instance:
    """A module instance. ``address`` is empty for the root; ``key`` is its key in ``modules.json``.

    ``chain``: the folders of the modules around it, itself last.
    """

    run: Run
    module: Module
    providers: Providers

    def __init__(
        self,
        run: Run,
        module: Module,
        *,
        address: str = "",
        key: str = "",
        caller: "Instance | None" = None,
        call: Declared | None = None,
        scope: Scope = NO_NAMES,
    ) -> None:
        self.run = run
        self.module = module
        self.address = address
        self.key = key
        self.chain: tuple[Path, ...] = (*(caller.chain if caller else ()), module.folder)
        self._caller = caller
        self._call = call
        self._call_scope = scope
        self._values: dict[str, Value] = {}
        self._under_way: set[str] = set()
        self._expansions: dict[int, Expansion] = {}
        self._instances: dict[int, tuple[Expansion, Instances]] = {}
        self._children: dict[str, tuple[Expansion, Mapping[Key, Instance] | Absent]] = {}
        passed = attribute(call.body, "providers") if call else None
        self.providers = Providers(self, passed.value if passed else None, caller.providers if caller else None)
        self.ignores: tuple[InlineIgnore, ...] = ()
        """What comments at the calls that lead here ask for: they speak about every resource of the module."""
        if caller is not None and call is not None:
            self.ignores = (*caller.ignores, *ignores_of(caller.module, call))

    @cached_property
    def call_of_download(self) -> Declared | None:
        """The project's own call that leads to this module, where it was downloaded; None where it was not."""
        outer = self._caller.call_of_download if self._caller is not None else None
        if outer is not None:
            return outer
        return self._call if ".terraform" in Path(self.run.shown(self.module.folder)).parts else None

    def find(self, name: str) -> Found:
        """What the first step of a traversal means in this module."""
        return meaning(self, name)

    def evaluate(self, expression: Expression, scope: Scope | None = None) -> Value:
        """An expression in this module, or in a scope inside it."""
        return self.run.evaluate(expression, scope or self)

    def variable(self, name: str) -> Value:
        """``var.name``."""
        return self.once(f"var.{name}", lambda: self._variable(name))

    def local(self, name: str) -> Value:
        """``local.name``."""
        written = self.module.locals.get(name)
        if written is None:
            return self.undeclared(f"local.{name}")
        return self.once(f"local.{name}", lambda: self.evaluate(written.written.value))

    def output(self, name: str) -> Value:
        """An output, for the module that calls."""
        declared = self.module.outputs.get(name)
        shown = f"{self.address or 'the root'}.{name}"
        if declared is None:
            return self.undeclared(shown)
        return self.once(f"output {name}", lambda: self._output(declared), shown)

    def expansion(self, declared: Declared) -> Expansion:
        """The instances of a resource or module call in this module."""
        identity = id(declared)
        if identity not in self._expansions:
            ring = Unknown("how often it is there depends on itself")
            self._expansions[identity] = Expansion({None: self}, ring, repeated=True)
            self._expansions[identity] = self._expanded(declared)
        return self._expansions[identity]

    def instances(self, declared: Declared, address: str, each: Callable[[Key, Scope], Found]) -> Instances:
        """A block with all its instances, as an expression sees it; ``each`` makes one."""
        expansion = self.expansion(declared)
        kept = self._instances.get(id(declared))
        if kept is None or kept[0] is not expansion:
            found = {key: each(key, scope) for key, scope in expansion.scopes.items()}
            kept = expansion, Instances(address, found, expansion.doubt, repeated=expansion.repeated)
            self._instances[id(declared)] = kept
        return kept[1]

    def children(self, name: str) -> "Mapping[Key, Instance] | Absent":
        """The instances of a called module, by key."""
        expansion = self.expansion(self.module.calls[name])
        kept = self._children.get(name)
        if kept is None or kept[0] is not expansion:  # a ring that was seen from inside is not the last word
            kept = self._children[name] = expansion, self._called(name, self.module.calls[name], expansion)
        return kept[1]

    def all_children(self) -> "Iterator[tuple[str, Mapping[Key, Instance] | Absent]]":
        """Each call's name, and what it leads to."""
        for name in self.module.calls:
            yield name, self.children(name)

    def once(self, name: str, compute: Callable[[], Value], shown: str = "") -> Value:
        """Computes a value at first, and keeps it. A value that needs itself is unknown."""
        if name in self._values:
            return self._values[name]
        if name in self._under_way:
            return Unknown(f"{shown or name} refers to itself")
        self._under_way.add(name)
        try:
            value = self.run.guarded(compute, shown or name)
        finally:
            self._under_way.discard(name)
        self._values[name] = value
        return value

    def undeclared(self, what: str) -> Unknown:
        """A name that no file declares, as far as the files could be read."""
        return Unknown(self.module.missing(what) or f"{what} is not declared")

    def _variable(self, name: str) -> Value:
        declared = self.module.variables.get(name)
        if declared is None:
            return self.undeclared(f"var.{name}")
        given = self._given(name, declared)
        default = attribute(declared.body, "default")
        if isinstance(given, _NotGiven) or (given is None and not _flag(declared, "nullable", default=True)):
            if default is None:
                return self._without_value(name)
            given = self.run.evaluate(default.value, NO_NAMES)
        sensitive = _flag(declared, "sensitive", default=False)
        try:
            value = converted(given, variable_type(declared.body), lambda inner: self.run.evaluate(inner, NO_NAMES))
        except EvaluationError:
            if sensitive or isinstance(given, Sensitive):
                return Unknown(UNSHOWN)
            raise
        return Sensitive(value) if sensitive and not isinstance(value, Unknown | Sensitive) else value

    def _given(self, name: str, declared: Declared) -> "Value | _NotGiven":
        if self._caller is not None and self._call is not None:
            written = attribute(self._call.body, name)
            return _NOT_GIVEN if written is None else self._caller.evaluate(written.value, self._call_scope)
        given = self.run.given.expression(name, declared.body)
        if given is None:
            return _NOT_GIVEN
        return given if isinstance(given, str | Unknown) else self.run.evaluate(given, NO_NAMES)

    def _without_value(self, name: str) -> Unknown:
        if self._caller is not None:
            return Unknown(f"var.{name} has no default and {self.address} does not set it")
        if self.run.terragrunt:
            return Unknown(f"var.{name} is an input from terragrunt.hcl, which is not read")
        return Unknown(f"var.{name} has no default and no value is given")

    def _output(self, declared: Declared) -> Value:
        written = attribute(declared.body, "value")
        value = self.evaluate(written.value) if written is not None else None
        return Sensitive(value) if _flag(declared, "sensitive", default=False) else value

    def _expanded(self, declared: Declared) -> Expansion:
        expansion = expand(declared.body, self, self.run.evaluate, self.run.most_instances)
        self.run.take(len(expansion.scopes))
        if expansion.too_many:
            place = f"{declared.file}:{declared.first.line}"
            self.run.note(f"{place}: there are too many instances to look at each; they are judged as one")
        return expansion

    def _called(self, name: str, declared: Declared, expansion: Expansion) -> "Mapping[Key, Instance] | Absent":
        key = f"{self.key}.{name}" if self.key else name
        target = called_module(self, key, declared)
        if isinstance(target, Absent):
            return target
        address = inside(self.address, f"module.{name}")
        return {
            each: Instance(
                self.run, target, address=with_key(address, each), key=key, caller=self, call=declared, scope=scope
            )
            for each, scope in expansion.scopes.items()
        }


def _flag(declared: Declared, name: str, *, default: bool) -> bool:
    """``nullable = false``, ``sensitive = true``: written out, never computed."""
    written = attribute(declared.body, name)
    if written is None or not isinstance(written.value, Literal) or not isinstance(written.value.value, bool):
        return default
    return written.value.value
