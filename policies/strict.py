"""The base of every model a user's YAML is validated by: frozen, and no unknown keys."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Scalars arrive as text (the loader turns only ``true``, ``false`` and ``null`` into values)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
