"""Policies that come with the program: complete, commented policy.yaml files to use as they are or to start from."""

from pathlib import Path

from policies.faults import Fault, FaultsError
from policies.nearest import did_you_mean

_FOLDER = Path(__file__).parent
_ENDING = ".yaml"


def names() -> tuple[str, ...]:
    """Every pack, in order."""
    return tuple(sorted(file.stem for file in _FOLDER.glob(f"*{_ENDING}")))


def path(name: str) -> Path:
    """The file of a pack. Raises ``FaultsError`` for a name that is none."""
    known = names()
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise FaultsError([Fault(name, 0, f"there is no policy pack {name!r}{hint}")])
    return _FOLDER / f"{name}{_ENDING}"
