"""The base of every model a user's YAML is validated by: frozen, and no unknown keys."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

Steps = tuple[str | int, ...]
"""The way from a model to a value in it: keys as written in YAML, and places in lists."""


class Strict(BaseModel):
    """Scalars arrive as text (the loader turns only ``true``, ``false`` and ``null`` into values).

    Validators are built on first use: a model that stands inside another needs none of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Mistakes(ValueError):
    """Raised by a model's validator that finds several mistakes, each with the steps to where it stands."""

    def __init__(self, found: Sequence[tuple[Steps, str]]) -> None:
        super().__init__("; ".join(message for _, message in found))
        self.found = tuple(found)
