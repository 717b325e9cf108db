"""What is installed: the version, and whether the packages beside this one are ours."""

import sys
from importlib.util import find_spec
from os import sep  # NOTE: pathlib would double what the check costs at every start

PACKAGES = ("agent", "policies", "terraform_lint", "reports")

EXTRAS = {
    "engine": ("duckdb", "pyarrow", "numpy"),
    "server": ("sqlalchemy", "alembic", "apscheduler"),
    "slack": ("slack_sdk",),
    "reports": ("xlsxwriter", "jinja2"),
    "terminal": ("rich",),
}
"""The modules each extra of the distribution brings, as far as the commands of today need them."""


def extra_of(module: str) -> str | None:
    """The extra that brings ``module`` (a dotted name), or None when it is no optional part."""
    top = module.partition(".")[0]
    return next((name for name, modules in EXTRAS.items() if top in modules), None)


def absent() -> dict[str, tuple[str, ...]]:
    """Extras of which a module is not installed, with the modules that are missing."""
    lacking = {name: tuple(m for m in modules if find_spec(m) is None) for name, modules in EXTRAS.items()}
    return {name: modules for name, modules in lacking.items() if modules}


def foreign() -> str | None:
    """One sentence when another distribution's package stands in for one of ours, else None.

    ``agent``, ``policies`` and ``reports`` are common names, also on PyPI; a foreign one first on the path would be
    imported in our place and fail somewhere far from the cause.
    """
    home = __file__.rsplit(sep, 2)[0]
    for name in PACKAGES:
        spec = sys.modules[name].__spec__ if name in sys.modules else find_spec(name)
        found = (spec and spec.origin) or "nothing"
        if found.rsplit(sep, 2)[0] != home:
            return f"the package {name!r} of apportion is hidden: {found} was found, {home}{sep}{name} was expected"
    return None


def version() -> str:
    """The installed version, or ``unknown`` when run from a bare checkout."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed_version

    try:
        return installed_version("apportion")
    except PackageNotFoundError:
        return "unknown"
