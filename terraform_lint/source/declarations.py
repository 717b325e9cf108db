"""What a module declares: its files merged into one, override files laid over the others as Terraform does."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from policies.finding import Unread
from terraform_lint.source.bodies import attribute, blocks, items, reference
from terraform_lint.source.syntax.tree import Attribute, Block, Body, Comment, Literal, Object, ParsedFile

_LABELS = {"resource": 2, "data": 2, "module": 1, "provider": 1, "variable": 1, "output": 1}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one block of a declaration stands; ``file`` as people write it."""

    file: str
    block: Block


@dataclass(frozen=True, slots=True)
class Declared:
    """One declaration. ``body`` is what counts, ``first`` the block that is overridden, if any, by the others."""

    body: Body
    places: tuple[Place, ...]

    @property
    def first(self) -> Block:
        return self.places[0].block

    @property
    def file(self) -> str:
        return self.places[0].file

    def line_of(self, name: str) -> int | None:
        """The line of an attribute or nested block, in the file that has the say of it; None: it is not written."""
        return _line_in(self.body, name)

    def place_of(self, name: str) -> tuple[str, int]:
        """File and line of the block that has the say of an attribute or nested block, or would."""
        writers = [place for place in self.places if _line_in(place.block.body, name) is not None]
        last = writers[-1] if writers else self.places[0]
        return last.file, last.block.line


def _line_in(body: Body, name: str) -> int | None:
    written = attribute(body, name)
    if written is not None:
        return written.line
    return next((block.line for block in body.blocks if name in (block.type, *block.labels)), None)


@dataclass(frozen=True, slots=True)
class Local:
    """A local value and the file that sets it."""

    written: Attribute
    file: str


@dataclass(slots=True)
class Module:
    """A module as it is written, before any call of it.

    Names map to declarations; a provider's is ``aws`` or ``aws.west``, a resource's ``type.name``.
    ``expected_providers``: ``configuration_aliases``. ``versions``: provider names to version constraints.
    ``broken``: files whose declarations are missing, with what could be read of them at all.
    """

    folder: Path
    variables: dict[str, Declared] = field(default_factory=dict)
    locals: dict[str, Local] = field(default_factory=dict)
    outputs: dict[str, Declared] = field(default_factory=dict)
    resources: dict[str, Declared] = field(default_factory=dict)
    data: dict[str, Declared] = field(default_factory=dict)
    calls: dict[str, Declared] = field(default_factory=dict)
    moved: list[Block] = field(default_factory=list)
    providers: dict[str, Declared] = field(default_factory=dict)
    expected_providers: set[str] = field(default_factory=set)
    versions: dict[str, str] = field(default_factory=dict)
    comments: dict[str, tuple[Comment, ...]] = field(default_factory=dict)
    broken: dict[str, bytes] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    resource_types: set[str] = field(default_factory=set)

    def missing(self, what: str) -> str:
        """Why a name may be there although no file that could be read declares it; empty where it certainly is not.

        ``what``: ``var.x``, ``provider aws``. A broken file may declare it if its last word stands in the text.
        """
        words = [re.split(r"[ .]", what)[-1].encode(), *([b"provider"] if what.startswith("provider ") else [])]
        for file, text in self.broken.items():
            if not text or b"\0" in text or all(re.search(rb"\b%s\b" % re.escape(word), text) for word in words):
                return f"{what} may be declared in {file}, which could not be read"
        return ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a module; ``shown`` is its name as people write it."""

    shown: str
    parsed: ParsedFile
    text: bytes
    override: bool


def declare(folder: Path, files: Iterable[SourceFile]) -> Module:
    """Merges the files of a module, given in Terraform's order."""
    module = Module(folder)
    for source in files:
        file, parsed = source.shown, source.parsed
        if parsed.comments:
            module.comments[file] = parsed.comments
        if parsed.problem is not None:
            module.broken[file] = source.text
            module.unread.append(Unread(file, parsed.problem.line, parsed.problem.message, "mend the syntax"))
        for block in parsed.body.blocks:
            _add(module, Place(file, block), override=source.override)
    module.resource_types = {declared.first.labels[0] for declared in module.resources.values()}
    return module


def _add(module: Module, place: Place, *, override: bool) -> None:
    block = place.block
    if block.type == "locals":
        _set_locals(module, place)
    elif block.type == "terraform":
        _read_settings(module, block.body)
    elif block.type == "moved":
        module.moved.append(block)
    elif block.type in _LABELS:
        wanted = _LABELS[block.type]
        if len(block.labels) == wanted:
            _declare_one(module, place, override=override)
        else:
            message = f"a {block.type} block has {wanted} label{'s' if wanted > 1 else ''}, not {len(block.labels)}"
            module.unread.append(Unread(place.file, block.line, message, "mend the syntax"))


def _set_locals(module: Module, place: Place) -> None:
    for written in place.block.body.attributes:
        module.locals[written.name] = Local(written, place.file)


def _declare_one(module: Module, place: Place, *, override: bool) -> None:
    block = place.block
    kind, name = _kind(module, block.type), _name(block)
    earlier = kind.get(name)
    if earlier is None:
        kind[name] = Declared(block.body, (place,))
        if override:
            module.notes.append(f"{place.file}:{block.line}: {block.type} {name} overrides nothing")
    elif override:
        kind[name] = _laid_over(earlier, place)
    else:
        message = f"{block.type} {name} is declared twice, first at {earlier.file}:{earlier.first.line}"
        module.unread.append(Unread(place.file, block.line, message, "keep one of the two"))


def _kind(module: Module, block_type: str) -> dict[str, Declared]:
    return {
        "resource": module.resources,
        "data": module.data,
        "module": module.calls,
        "provider": module.providers,
        "variable": module.variables,
        "output": module.outputs,
    }[block_type]


def _name(block: Block) -> str:
    if block.type == "provider":
        alias = attribute(block.body, "alias")
        return f"{block.labels[0]}.{reference(alias.value)}" if alias is not None else block.labels[0]
    return ".".join(block.labels)


def _laid_over(under: Declared, place: Place) -> Declared:
    """An override's attributes take the place of those of the same name, its blocks of all those of their type."""
    over = place.block.body
    attributes = {written.name: written for written in under.body.attributes}
    attributes |= {written.name: written for written in over.attributes}
    replaced = {_block_type(block) for block in over.blocks} - {"lifecycle"}
    kept = [block for block in under.body.blocks if _block_type(block) not in replaced]
    merged = _with_lifecycle([*kept, *over.blocks])
    for name in replaced - {written.name for written in over.attributes}:
        attributes.pop(name, None)
    return Declared(Body(tuple(attributes.values()), tuple(merged)), (*under.places, place))


def _block_type(block: Block) -> str:
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type


def _with_lifecycle(found: Sequence[Block]) -> list[Block]:
    """``lifecycle`` alone is merged by attribute."""
    others = [block for block in found if block.type != "lifecycle"]
    lifecycles = [block for block in found if block.type == "lifecycle"]
    if len(lifecycles) < 2:
        return [*others, *lifecycles]
    attributes = {written.name: written for block in lifecycles for written in block.body.attributes}
    first = lifecycles[0]
    body = Body(tuple(attributes.values()), first.body.blocks)
    return [*others, Block("lifecycle", (), body, first.line, first.end_line, first.span)]


def _read_settings(module: Module, body: Body) -> None:
    for required in blocks(body, "required_providers"):
        for written in required.body.attributes:
            if isinstance(written.value, Literal) and isinstance(written.value.value, str):
                module.versions[written.name] = written.value.value
            elif isinstance(written.value, Object):
                _read_requirement(module, written.name, written.value)


def _read_requirement(module: Module, name: str, written: Object) -> None:
    for key, value in written.items:
        entry = key.value if isinstance(key, Literal) else reference(key)
        if entry == "version" and isinstance(value, Literal) and isinstance(value.value, str):
            module.versions[name] = value.value
        elif entry == "configuration_aliases":
            module.expected_providers |= {reference(alias) for alias in items(value)}
