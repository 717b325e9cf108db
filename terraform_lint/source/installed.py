"""Modules that ``terraform init`` has downloaded, as ``.terraform/modules/modules.json`` lists them."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from terraform_lint.source.module_files import read_bytes


@dataclass(slots=True)
class Installed:
    """Folders by key: the names of the calls that lead to the module, joined by dots.

    ``problem``: why the list could not be read; ``outside``: keys whose folder lies where nothing is read.
    """

    folders: dict[str, Path] = field(default_factory=dict)
    problem: str = ""
    outside: set[str] = field(default_factory=set)


def installed_modules(root: Path, base: Path) -> Installed:
    """What the list names, as far as it lies in the root's folder or below ``base``; empty without a list."""
    path = root / ".terraform" / "modules" / "modules.json"
    found = Installed()
    if not path.is_file():
        return found
    content = read_bytes(path)
    try:
        listed = json.loads(content)["Modules"] if isinstance(content, bytes) else None
        pairs = [(str(each["Key"]), str(each["Dir"])) for each in listed or ()]
    except (ValueError, KeyError, TypeError, RecursionError):
        listed, pairs = None, []
    if listed is None:
        found.problem = f"{path.name} is not what terraform init writes"
    for key, written in pairs:
        folder = Path(os.path.realpath(root / written.replace("\\", "/")))
        if any(folder.is_relative_to(os.path.realpath(allowed)) for allowed in (root, base)):
            found.folders[key] = folder
        else:
            found.outside.add(key)
    return found
