"""A closed month's own configuration and inputs: what it is shown with, and what it is recomputed by."""

from agent.closing.books import CONFIG, INPUTS, Closed
from agent.config.allocation import AllocationFile
from agent.config.application import ApplicationFile
from agent.config.loading import Settings
from agent.config.methods import Methods, Version
from agent.errors import ConfigError
from agent.inputs import Inputs, listed
from policies.faults import FaultsError
from policies.policy import PolicyFile
from policies.source import load

APPLICATION, POLICY, ALLOCATION = "apportion.yaml", "policy.yaml", "allocation.yaml"
"""The names of the copies, whatever the files are called."""


def frozen_inputs(settings: Settings, month: Closed) -> Inputs:
    """The drivers, revenue and registry the month was closed with; their bytes are checked when they are read."""
    return listed(settings.data, month.folder / INPUTS)


def frozen_settings(settings: Settings, month: Closed) -> Settings:
    """The configuration the month was closed with, over today's data folder and engine.

    A source or driver that came later is taken from today's configuration: the frozen one says nothing of it.
    Raises ``ConfigError`` when a copy can no longer be read.
    """
    folder = month.folder / CONFIG
    try:
        app = load(folder / APPLICATION, ApplicationFile)
        policy = load(folder / POLICY, PolicyFile) if (folder / POLICY).is_file() else PolicyFile(version="1")
        rules = load(folder / ALLOCATION, AllocationFile) if (folder / ALLOCATION).is_file() else None
    except FaultsError as error:
        raise ConfigError(error.faults) from error
    known = {source.name for source in app.sources}
    later = [source for source in settings.app.sources if source.name not in known]
    here = {"data": settings.app.data, "engine": settings.app.engine, "sources": [*app.sources, *later]}
    registry = frozen_inputs(settings, month).registry(settings)
    methods = Methods([Version(app.allocation or "", rules or AllocationFile(version="1"))])
    return Settings(settings.path, settings.root, app.model_copy(update=here), policy, methods, registry)
