"""The least rights that reading each kind of source takes, as data."""

from importlib.resources import files

from agent.config.application import SourceConfig

_LOCAL = "read access to the folder; whatever copies the export there needs read access to the bucket it lies in"


def least(source: SourceConfig) -> str:
    """What to grant for one source: a policy to paste where the provider has one, else a sentence."""
    policy = files("agent.doctor") / "rights" / f"{source.kind}.json"
    return policy.read_text(encoding="utf-8") if policy.is_file() else _LOCAL
