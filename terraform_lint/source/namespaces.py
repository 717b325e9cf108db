"""What a traversal passes through that is no value yet, whatever it stands for."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from decimal import Decimal

from terraform_lint.source.addresses import Key, with_key
from terraform_lint.source.evaluation.conversion import as_text
from terraform_lint.source.evaluation.knowledge import bare
from terraform_lint.source.evaluation.scope import Found
from terraform_lint.source.evaluation.steps import attribute_of, whole
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value


class Steps(ABC):
    """Names after a dot. An index by text is the same, any other is an error."""

    @abstractmethod
    def attribute(self, name: str) -> Found:
        """``this.name``."""

    def index(self, key: Value) -> Found:
        text = as_text(key)
        if text is None:
            raise EvaluationError("a key is null")
        return text if isinstance(text, Unknown) else self.attribute(text)

    def whole(self) -> Value:
        return Unknown("it is no value by itself")


class Named(Steps):
    """Names that a function gives a meaning to; ``names`` are all of them, where ``whole`` makes sense."""

    def __init__(self, shown: str, look_up: Callable[[str], Found], names: Mapping[str, object] | None = None) -> None:
        self._shown = shown
        self._look_up = look_up
        self._names = names

    def attribute(self, name: str) -> Found:
        return self._look_up(name)

    def whole(self) -> Value:
        if self._names is None:
            return Unknown(f"{self._shown} is no value by itself")
        return {name: whole(self._look_up(name)) for name in self._names}


class Instances(Steps):
    """A block with all its instances: of a resource, of a data source, or of a module call."""

    def __init__(self, address: str, instances: Mapping[Key, Found], doubt: Unknown | None, *, repeated: bool) -> None:
        self._address = address
        self._instances = instances
        self._doubt = doubt
        self._repeated = repeated

    def attribute(self, name: str) -> Found:
        if self._repeated:
            raise EvaluationError(f"{self._address} has several instances, and {name} is asked of all at once")
        single = self._instances.get(None)
        if single is None:
            return Unknown(f"{self._address} is not there")
        return attribute_of(single, name)

    def index(self, key: Value) -> Found:
        if not self._repeated:
            return super().index(key)
        key = bare(key)
        if isinstance(key, Unknown):
            return Unknown(f"which of {self._address} is not known: {key.reason}", key.external)
        wanted: Key = int(key) if isinstance(key, Decimal) else str(as_text(key))
        if wanted in self._instances:
            return self._instances[wanted]
        if None in self._instances:
            return self._instances[None]
        raise EvaluationError(f"{with_key(self._address, wanted)} is not there")

    def whole(self) -> Value:
        if self._doubt is not None:
            return self._doubt
        if not self._repeated:
            return whole(self._instances[None]) if None in self._instances else None
        if all(isinstance(key, int) for key in self._instances):
            return [whole(each) for each in self._instances.values()]
        return {str(key): whole(each) for key, each in self._instances.items()}
