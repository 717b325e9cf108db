"""What the paths on the command line are: plans, root modules of source, or nothing we can read."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from policies.finding import Unread

STDIN = "-"
SOURCE_ENDINGS = (".tf", ".tofu", ".tf.json", ".tofu.json", ".tfvars", ".tfvars.json", ".hcl")
_PLAN_SHOWN = "name a folder of Terraform source, a file of `terraform show -json`, or - for standard input"


@dataclass(slots=True)
class Inputs:
    """The paths sorted out, each in the order given. ``plans``: name to content; ``sources``: folders."""

    plans: dict[str, bytes] = field(default_factory=dict)
    sources: list[Path] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def sort_out(paths: Sequence[str]) -> Inputs:
    """Reads the plans, and names the folders of source. A ``.tf`` file stands for the folder it lies in."""
    inputs = Inputs()
    for text in dict.fromkeys(paths):
        path = Path(text)
        if text == STDIN:
            inputs.plans["standard input"] = sys.stdin.buffer.read()
        elif path.is_dir():
            _folder(path, inputs)
        elif path.name.endswith(SOURCE_ENDINGS) and path.is_file():
            inputs.sources.append(path.parent)
        else:
            _file(path, inputs)
    inputs.sources = list(dict.fromkeys(inputs.sources))
    return inputs


def _folder(path: Path, inputs: Inputs) -> None:
    """Source where there is some; else the plans that lie in it."""
    from terraform_lint.source.roots import discover

    if discover([path]):
        inputs.sources.append(path)
        return
    from terraform_lint.plan.read import looks_like_plan

    for file in sorted(path.glob("*.json")):
        try:
            content = file.read_bytes()
        except OSError as error:
            inputs.unread.append(_unread(file, error))
            continue
        if looks_like_plan(content):
            inputs.plans[file.as_posix()] = content


def _file(path: Path, inputs: Inputs) -> None:
    try:
        inputs.plans[path.as_posix()] = path.read_bytes()
    except OSError as error:
        inputs.unread.append(_unread(path, error))


def _unread(path: Path, error: OSError) -> Unread:
    return Unread(path.as_posix(), None, f"cannot be read: {error.strerror or error}", _PLAN_SHOWN)
