"""Proposals for the untagged resources of a month. Nothing is changed by them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from agent.config.loading import Settings
from agent.inference.calibrating import Believed, calibrate
from agent.inference.evidence import Names, Witnesses
from agent.inference.reading import read_month
from agent.inference.records import Inferred, Judged, Month, Proposal
from agent.period import Period
from agent.progress import Progress
from policies.registry import Registry


def infer(settings: Settings, period: Period, progress: Progress) -> Inferred:
    """Proposals, dearest first, each with its evidence and a confidence; and why the rest has none.

    Raises ``NothingToDo`` where the month has no ledger, ``ConfigError`` without customers.csv.
    """
    progress.step(f"reading the resources of {period}")
    registry = settings.registry()
    month = read_month(settings, period, registry)
    progress.step("weighing the evidence")
    return propose(month, registry)


def propose(month: Month, registry: Registry) -> Inferred:
    """Confidences are of the fit half; the witnesses about untagged resources are all tagged ones."""
    names = Names(registry, month.period)
    tagged = [resource for resource in month.resources if resource.customer in names.customers]
    believed, calibration = calibrate(names, tagged)
    proposals, left = _judged(month, Witnesses(names, tagged), believed)
    ordered = sorted(proposals, key=lambda one: (one.currency, -one.units, one.resource.key))
    return Inferred(month, tuple(ordered), left, calibration)


Left = Mapping[str, tuple[int, Mapping[str, int]]]


def _judged(month: Month, witnesses: Witnesses, believed: Believed) -> tuple[Sequence[Proposal], Left]:
    proposals: list[Proposal] = []
    counts: defaultdict[str, int] = defaultdict(int)
    sums: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for resource in month.resources:
        if not resource.untagged:
            continue
        judged = believed.judge(witnesses.about(resource, untold=True))
        if isinstance(judged, Judged):
            proposals += [Proposal(resource, code, units, judged) for code, units in resource.untagged.items()]
            continue
        counts[judged] += 1
        for code, units in resource.untagged.items():
            sums[judged][code] += units
    return proposals, {why: (counts[why], dict(sorted(sums[why].items()))) for why in sorted(counts)}
