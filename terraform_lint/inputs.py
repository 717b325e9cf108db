"""What the paths on the command line are: plans, root modules of source, or nothing we can read."""

import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from policies.finding import Unread

_DASH = "-"
STDIN = "standard input"
"""The name of the plan that is piped in."""
SOURCE_ENDINGS = (".tf", ".tofu", ".tf.json", ".tofu.json", ".tfvars", ".tfvars.json", ".hcl")
_BESIDE_SOURCE = (".tfvars", ".tfvars.json", ".hcl")
LARGEST = 1 << 30
"""Bytes of a plan that is read at most; the largest that were seen have a quarter of that."""
_CHUNK = 1 << 20
_PLAN_SHOWN = "name a folder of Terraform source, a file of `terraform show -json`, or - for standard input"


@dataclass(slots=True)
class Inputs:
    """The paths sorted out, each in the order given. ``plans``: name to content; ``sources``: folders.

    ``notes``: files that were passed over, and why.
    """

    plans: dict[str, bytes] = field(default_factory=dict)
    sources: list[Path] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sort_out(paths: Sequence[str]) -> Inputs:
    """Reads the plans, and names the folders of source. A ``.tf`` file stands for the folder it lies in."""
    inputs = Inputs()
    for text in dict.fromkeys(paths):
        path = Path(text)
        if text == _DASH:
            _take(STDIN, _piped(sys.stdin.buffer), inputs)
        elif not text.strip():  # an empty variable of a script would else name the current folder
            inputs.unread.append(Unread("", None, "a path is empty", _PLAN_SHOWN))
        elif _is(path, stat.S_IFDIR):
            _folder(path, inputs)
        elif path.name.endswith(SOURCE_ENDINGS) and _is(path, stat.S_IFREG):
            _beside(path, inputs)
        else:
            _file(path, inputs)
    inputs.sources = list(dict.fromkeys(inputs.sources))
    return inputs


def _beside(file: Path, inputs: Inputs) -> None:
    """The folder of a file of source; a file of variables may lie apart from what it is for."""
    from terraform_lint.source.roots import discover

    if file.name.endswith(_BESIDE_SOURCE) and not discover([file.parent]):
        inputs.notes.append(f"{file.as_posix()}: no source stands beside it, so nothing was judged")
    else:
        inputs.sources.append(file.parent)


def _folder(path: Path, inputs: Inputs) -> None:
    """Source where there is some; else the plans that lie in it."""
    from terraform_lint.plan.read import looks_like_plan
    from terraform_lint.source.roots import discover

    if discover([path]):
        inputs.sources.append(path)
        for file in sorted(path.glob("*.json")):
            if not file.name.endswith(SOURCE_ENDINGS) and looks_like_plan(_head(file)):
                inputs.notes.append(f"{file.as_posix()}: a plan beside the source was not judged; name it to judge it")
        return
    for file in sorted(path.glob("*.json")):
        if _is(file, stat.S_IFDIR):
            continue
        content = "is no file" if _is(file, stat.S_IFIFO) else _content(file)
        if isinstance(content, str) or looks_like_plan(content):
            _take(file.as_posix(), content, inputs)


def _file(path: Path, inputs: Inputs) -> None:
    _take(path.as_posix(), _content(path), inputs)


def _take(name: str, content: bytes | str, inputs: Inputs) -> None:
    if isinstance(content, bytes):
        inputs.plans[name] = content
    else:
        inputs.unread.append(Unread(name, None, content, _PLAN_SHOWN))


def _is(path: Path, kind: int) -> bool:
    try:
        return stat.S_IFMT(path.stat().st_mode) == kind
    except (OSError, ValueError):
        return False


def _content(path: Path) -> bytes | str:
    """A file's bytes; or, as text, why it is not read. A pipe is read as it comes: a shell may name one."""
    try:
        known = path.stat()
        if stat.S_ISCHR(known.st_mode) or stat.S_ISBLK(known.st_mode):
            return "is a device, no file"
        if known.st_size > LARGEST:
            return _too_large()
        if stat.S_ISREG(known.st_mode):
            return path.read_bytes()
        with path.open("rb") as file:
            return _piped(file)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except ValueError as error:
        return f"cannot be read: {error}"


def _head(path: Path) -> bytes:
    """The beginning of a file; empty where it is none that can be read."""
    if not _is(path, stat.S_IFREG):
        return b""
    try:
        with path.open("rb") as file:
            return file.read(_CHUNK)
    except OSError:
        return b""


def _piped(stream: BinaryIO) -> bytes | str:
    """All that comes, piece by piece, since how much it will be is not known."""
    content = bytearray()
    while piece := stream.read(_CHUNK):
        content += piece
        if len(content) > LARGEST:
            return _too_large()
    return bytes(content)


def _too_large() -> str:
    return f"is larger than {LARGEST >> 30} GB"
