"""apportion.yaml and the files it names, read together: one call, every mistake of all of them at once."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from agent.config.addresses import address_faults
from agent.config.allocation import AllocationFile
from agent.config.application import ApplicationFile, SourceConfig
from agent.config.checks import Files, application_faults, cross_faults, version_faults
from agent.config.columns import ColumnsFile
from agent.config.methods import Methods, Version
from agent.errors import ConfigError, UsageError
from agent.period import Period
from policies.faults import Fault, FaultsError
from policies.nearest import did_you_mean
from policies.policy import PolicyFile
from policies.registry import Registry, read_registry
from policies.source import Document, validate
from policies.strict import Strict
from policies.yaml_tree import YamlTree, read_yaml

Model = TypeVar("Model", bound=Strict)


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration without mistakes. Relative paths are resolved from the folder of apportion.yaml."""

    path: Path
    """apportion.yaml, as it was named."""
    root: Path
    """The absolute folder that holds it."""
    app: ApplicationFile
    _policy: PolicyFile = field(repr=False)
    methods: Methods = field(repr=False)
    """The allocation rules, version by version."""
    _registry: Registry | None = field(repr=False)

    def policy(self) -> PolicyFile:
        """policy.yaml; without one, a policy that asks for nothing."""
        return self._policy

    def allocation(self, period: Period) -> AllocationFile:
        """allocation.yaml as it is in force for ``period``.

        Without one there are no rules: every charge is untagged and spread pro rata.
        """
        return self.methods.in_force(period).rules

    def registry(self) -> Registry:
        """customers.csv as it is now; raises ``ConfigError`` where none is configured."""
        self.need("customers")
        assert self._registry is not None  # noqa: S101  # need() has just said so
        return self._registry

    @property
    def registry_path(self) -> Path | None:
        """Where customers.csv is, or None."""
        return self.resolve(self.app.customers) if self.app.customers else None

    @property
    def data(self) -> Path:
        """The folder of ledger, inputs and results."""
        return self.resolve(self.app.data)

    def config_files(self, period: Period) -> dict[str, Path]:
        """The configuration files that decide the figures of ``period``, by their name as configured."""
        named = (self.app.policy, self.methods.in_force(period).name)
        return {self.path.name: self.path, **{name: self.resolve(name) for name in named if name}}

    @property
    def file_names(self) -> list[str]:
        """Every configuration file there is, as configured: of a folder of versions each."""
        named = (self.path.name, self.app.policy, *(version.name for version in self.methods.versions))
        return [name for name in named if name]

    def resolve(self, relative: str | Path) -> Path:
        """A path of the configuration as an absolute one; it may lie outside the configuration's folder."""
        return self.root / relative

    def with_rules(self, rules: AllocationFile) -> "Settings":
        """This configuration with other allocation rules, in force for every month."""
        return replace(self, methods=Methods([Version("", rules)]))

    def source(self, name: str) -> SourceConfig:
        """The source of that name; ``UsageError`` for one that is not configured."""
        found = next((source for source in self.app.sources if source.name == name), None)
        if found is None:
            known = [source.name for source in self.app.sources]
            raise UsageError(f"no source {name!r}{did_you_mean(name, known)}", expected=", ".join(known))
        return found

    def need(self, key: str) -> Any:
        """The value of a top-level key of apportion.yaml; ``ConfigError`` names it where it is not set."""
        value = getattr(self.app, key)
        if value is None or value in ("", []):
            raise ConfigError([Fault(str(self.path), 0, f"this command needs the key {key!r}, which is not set")])
        return value


def load_application(path: Path) -> Settings:
    """Reads apportion.yaml, policy.yaml, allocation.yaml and customers.csv, and checks them against each other.

    ``allocation`` may be a folder: every .yaml file in it is a version of the method.

    Raises ``ConfigError`` with every fault of the four, each with file and line.
    """
    if not path.is_file():
        raise ConfigError(
            [Fault(str(path), 0, "there is no such file; `apportion init` writes one, --config names one")]
        )
    reader = _Reader(path)
    app = reader.yaml(path, ApplicationFile)
    policy = reader.named("policy", PolicyFile)
    allocation = reader.allocation()
    registry = reader.customers()
    if app is not None:
        reader.faults += application_faults(app, path.parent)
        reader.column_maps(app.value)
    if app is not None and policy is not None and allocation is not None:
        for document in allocation.values():
            reader.faults += cross_faults(Files(app, policy, document, registry))
        if not reader.faults:
            methods = Methods.of(Version(name, document.value) for name, document in allocation.items())
            return Settings(path, path.parent.resolve(), app.value, policy.value, methods, registry)
    raise ConfigError(list(dict.fromkeys(reader.faults)))


def read_rules(settings: Settings, path: Path) -> AllocationFile:
    """An allocation.yaml that is not the configured one, checked against the other files as they are now.

    Raises ``ConfigError`` with every fault.
    """
    try:
        document = validate(read_yaml(path), AllocationFile)
    except FaultsError as error:
        raise ConfigError(error.faults) from error
    app = Document.default(settings.app, str(settings.path))
    policy = Document.default(settings.policy(), str(settings.path))
    registry = settings.registry() if settings.app.customers else None
    if found := cross_faults(Files(app, policy, document, registry)):
        raise ConfigError(found)
    return document.value


class _Reader:
    """Reads one file after another and keeps the faults of all; apportion.yaml may be wrong in other keys."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tree: YamlTree | None = None
        self.faults: list[Fault] = []

    def yaml(self, path: Path, model: type[Model]) -> Document[Model] | None:
        """The file as a document, or None where it has faults."""
        try:
            tree = read_yaml(path)
            if self._tree is None:
                self._tree = tree
                self._refuse_secrets(tree)
            return validate(tree, model)
        except FaultsError as error:
            self.faults += error.faults
            return None

    def _refuse_secrets(self, tree: YamlTree) -> None:
        """NOTE: at once and alone, because other faults repeat what is written."""
        if found := address_faults(tree):
            raise ConfigError(found)

    def named(self, key: str, model: type[Model]) -> Document[Model] | None:
        """The file that ``key`` of apportion.yaml names; where it names none, the model's defaults."""
        if self._name(key) is None:
            return Document.default(model.model_validate({"version": "1"}), str(self._path))
        return self.yaml(file, model) if (file := self._file(key)) is not None else None

    def allocation(self) -> dict[str, Document[AllocationFile]] | None:
        """The rules by the name of their file, '' where none is configured; of a folder what can be read."""
        name = self._name("allocation")
        folder = self._path.parent / name if name is not None else None
        if folder is None or not folder.is_dir():
            single = self.named("allocation", AllocationFile)
            return None if single is None else {name or "": single}
        files = sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml") and file.is_file())
        read = {f"{name}/{file.name}": self._version(file) for file in files}
        if not read and self._tree is not None:
            message = f"allocation: the folder {name!r} holds no .yaml file"
            self.faults.append(Fault(self._tree.name, self._tree.line("allocation"), message))
        found = {file: version for file, version in read.items() if version is not None}
        self.faults += version_faults(list(found.values()))
        return found or None

    def _version(self, file: Path) -> Document[AllocationFile] | None:
        if file.suffix == ".yaml":
            return self.yaml(file, AllocationFile)
        self.faults.append(Fault(str(file), 0, "a version of the method ends in .yaml: rename the file, or move it"))
        return None

    def customers(self) -> Registry | None:
        """The registry, or None where none is configured or it is wrong."""
        if (file := self._file("customers")) is None:
            return None
        try:
            return read_registry(file, str(file))
        except FaultsError as error:
            self.faults += error.faults
            return None

    def column_maps(self, app: ApplicationFile) -> None:
        """The column maps that sources of kind csv name; one that is not there is told of by the checks."""
        for name in dict.fromkeys(source.columns for source in app.sources if source.kind == "csv"):
            if name is not None and (file := self._path.parent / name).is_file():
                self.yaml(file, ColumnsFile)

    def _name(self, key: str) -> str | None:
        written = self._tree.value if self._tree is not None else None
        name = written.get(key) if isinstance(written, dict) else None
        return name if isinstance(name, str) else None

    def _file(self, key: str) -> Path | None:
        name = self._name(key)
        if name is None or self._tree is None:
            return None
        file = self._path.parent / name
        if file.is_file():
            return file
        self.faults.append(Fault(self._tree.name, self._tree.line(key), f"{key}: there is no file {name!r}"))
        return None
