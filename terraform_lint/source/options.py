"""How source is read: where from, in which workspace, with which variables."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from terraform_lint.source.syntax.cache import Cache


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How to read.

    ``base``: file names are relative to it, and ``file()`` may read below it. ``workspace`` None: TF_WORKSPACE, else
    the one selected in the root's ``.terraform/environment``, else ``default``. ``variables`` and ``variable_files``:
    as ``-var`` and ``-var-file``. ``environment``: only TF_WORKSPACE and TF_VAR_* are looked at. ``cache`` None:
    parsed files are not kept. ``changed``: what stands in files as they shall be, by whole path; the others are as they
    are.
    """

    base: Path = field(default_factory=Path.cwd)
    workspace: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    variable_files: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cache: Cache | None = None
    changed: Mapping[Path, bytes] = field(default_factory=dict)

    def shown(self, path: Path) -> str:
        """The path as a person at ``base`` would write it, with ``/``."""
        return Path(os.path.relpath(path, self.base.resolve())).as_posix()

    def workspace_of(self, selected: bytes | str) -> str:
        """The workspace that Terraform would work in; ``selected``: the bytes of the root's ``.terraform/environment``.

        Text instead says why these were not read.
        """
        chosen = self.workspace or self.environment.get("TF_WORKSPACE")
        if not chosen and isinstance(selected, bytes):
            chosen = selected.decode("utf-8", "replace").strip()
        return chosen or "default"
