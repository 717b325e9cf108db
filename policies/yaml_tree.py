"""YAML as written: every value keeps its line, scalars stay text, and nothing is resolved behind the user's back.

PyYAML would read ``NO`` as false, ``012`` as 10 (account ids!), ``1.10`` as a float and a date as an object, and let
the last of two equal keys win. Here only ``true``, ``false`` and ``null`` are values, and a key twice is a fault.
"""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from policies.faults import Fault, FaultsError
from policies.strict import Steps
from policies.yaml_depth import DEEPEST, first_too_deep

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Value = dict[str, "Value"] | list["Value"] | str | bool | None
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None, "~": None, "": None}
_MOST_NODES = 200_000


@dataclass(slots=True)
class YamlTree:
    """One document: its plain ``value``, the nodes it came from, and the faults found while building it."""

    name: str
    root: yaml.Node | None
    value: Value = None
    faults: list[Fault] = field(default_factory=list)

    def line(self, *steps: str | int) -> int:
        """The 1-based line of the deepest step that is there: of a key for mappings, of an item for lists."""
        return self.walk(steps)[1]

    def walk(self, steps: Steps) -> tuple[Steps, int]:
        """The steps that are there, and the line they end on; others (tags of a union) are passed over."""
        node, line, found = self.root, int(self.root is not None), list[str | int]()
        for step in steps:
            inner = _child(node, step)
            if inner is not None:
                at, node = inner
                line = at.start_mark.line + 1
                found.append(step)
        return tuple(found), line


def read_yaml(path: Path) -> YamlTree:
    """Reads one YAML document. Raises ``FaultsError`` where the syntax is broken; an empty file is an empty mapping."""
    name = str(path)
    try:
        return yaml_tree(path.read_bytes(), name)
    except FileNotFoundError:
        raise FaultsError([Fault(name, 0, "there is no such file")]) from None
    except OSError as error:
        raise FaultsError([Fault(name, 0, f"cannot be read: {error.strerror}")]) from error


def yaml_tree(content: bytes, name: str) -> YamlTree:
    """The document that these bytes of the file ``name`` are. Raises as :func:`read_yaml` does."""
    try:
        text = content.decode("utf-8-sig")
        if line := first_too_deep(text, _Loader):
            raise FaultsError([Fault(name, line, f"nested deeper than {DEEPEST} levels")])
        root = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as error:
        raise FaultsError([Fault(name, 0, "not UTF-8; save the file as UTF-8")]) from error
    except yaml.YAMLError as error:
        raise FaultsError([_broken(name, error)]) from error
    tree = YamlTree(name, root)
    tree.value = {} if root is None else _Builder(tree).build(root, ())
    return tree


def _broken(name: str, error: yaml.YAMLError) -> Fault:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        context = f"{error.context}, " if error.context else ""
        return Fault(name, error.problem_mark.line + 1, f"not YAML: {context}{error.problem}")
    return Fault(name, 0, f"not YAML: {' '.join(str(error).split())}")


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """(where the step stands, what it leads to), or None."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


class _Builder:
    """Turns nodes into plain values; faults go to the tree."""

    def __init__(self, tree: YamlTree) -> None:
        self._tree = tree
        self._nodes = 0

    def build(self, node: yaml.Node, above: tuple[int, ...]) -> Value:
        self._nodes += 1
        if id(node) in above or self._nodes > _MOST_NODES:
            # NOTE: an alias inside its own anchor never ends, and nested aliases grow without bound
            problem = "an alias holds itself" if id(node) in above else "the aliases of this file grow too large"
            raise FaultsError([Fault(self._tree.name, node.start_mark.line + 1, problem)])
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, (*above, id(node)))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*above, id(node))) for item in node.value]
        quoted = isinstance(node, yaml.ScalarNode) and node.style
        return str(node.value) if quoted or node.value not in _WORDS else _WORDS[node.value]

    def _mapping(self, node: yaml.MappingNode, above: tuple[int, ...]) -> Value:
        built: dict[str, Value] = {}
        first: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._tree.faults.append(Fault(self._tree.name, line, "a key is a word, not a list or a mapping"))
            elif key.value in built:
                problem = f"key {key.value!r} is there twice, first on line {first[key.value]}"
                self._tree.faults.append(Fault(self._tree.name, line, problem))
            else:
                first[key.value] = line
                built[key.value] = self.build(value, above)
        return built
