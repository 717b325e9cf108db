"""Which of Azure's two statements of a bill a file belongs to, and how the two are put together.

Actual costs hold what was charged on each day, amortised costs the same with payments for reservations and savings
plans spread over the usage they cover. Together: every amortised line, and of the actual lines only those payments.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.billing.delivery.azure import Run
from agent.billing.delivery.export import ExportFile
from agent.errors import SourceError
from agent.period import Period

ACTUAL = "actual"
AMORTIZED = "amortized"
PAYMENTS = "payments for commitments, of actual"
"""How a file is read: all of the actual costs, the amortised costs, or of actual what amortised does not state."""
_BY_TYPE = {"actualcost": ACTUAL, "amortizedcost": AMORTIZED}
_HINTS = {ACTUAL: re.compile(r"actual", re.IGNORECASE), AMORTIZED: re.compile(r"amorti[sz]", re.IGNORECASE)}


def told(file: ExportFile) -> str:
    """The dataset by the manifest's type, else by the path's innermost part that names one; '' where nothing tells."""
    if file.dataset:
        return _BY_TYPE.get(file.dataset, "")
    for part in reversed(PurePosixPath(file.shown).parts):
        named = [dataset for dataset, hint in _HINTS.items() if hint.search(part)]
        if len(named) == 1:
            return named[0]
    return ""


def settled(untold: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The dataset of every file, by its path; ``untold``: what its content tells, '' where nothing.

    A file that nothing tells belongs to the others of its folder; where nothing at all tells, no line has to do with a
    commitment and both datasets say the same. Raises ``SourceError`` where a file could belong to either.
    """
    found = dict(known) | {shown: dataset for shown, dataset in untold.items() if dataset}
    for shown in untold:
        if shown in found:
            continue
        near = {dataset for other, dataset in found.items() if _folder(other) == _folder(shown)} or set(found.values())
        if len(near) > 1:
            raise SourceError(
                "nothing tells whether the file holds actual or amortised costs",
                where=shown,
                expected="its manifest beside it, or `actual` or `amortized` in its name or its folder's",
                mend="name the folders actual and amortized, or set `dataset` of this source",
            )
        found[shown] = near.pop() if near else ACTUAL
    return found


def _folder(shown: str) -> str:
    return str(PurePosixPath(shown).parent)


@dataclass(frozen=True, slots=True)
class Plan:
    """How each file is read, by its path, and what is to be said about it.

    ``compared``: the files, of either dataset, that the other dataset states too.
    """

    reading: Mapping[str, str]
    compared: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def plan(files: Sequence[ExportFile], datasets: Mapping[str, str], runs: Mapping[str, Run], *, both: bool) -> Plan:
    """Actual costs of a month that amortised costs are there for are read for their payments only.

    ``both``: the configuration asks for both. Raises ``SourceError`` where a run can be read neither way.
    """
    months = {file.shown: _months(runs.get(file.manifest)) for file in files}
    states = {kind: _states([months[shown] for shown, of in datasets.items() if of == kind]) for kind in _HINTS}
    reading: dict[str, str] = {}
    compared: set[str] = set()
    alone: dict[str, set[Period | None]] = {ACTUAL: set(), AMORTIZED: set()}
    for file in files:
        kind = datasets[file.shown]
        other = states[AMORTIZED if kind == ACTUAL else ACTUAL]
        if _stated(file, months[file.shown], other):
            reading[file.shown] = PAYMENTS if kind == ACTUAL else AMORTIZED
            compared.add(file.shown)
        else:
            reading[file.shown] = kind
            alone[kind] |= months[file.shown] or {None}
    if both and (alone[ACTUAL] or alone[AMORTIZED]):
        raise _not_both(alone)
    return Plan(reading, frozenset(compared), tuple(_sentences(alone)))


Months = frozenset[Period] | None
"""Of a run; None where nothing tells."""


def _months(run: Run | None) -> Months:
    if run is None or run.span is None:
        return None
    first, last = (Period.of(day) for day in run.span)
    months = [first]
    while months[-1] < last:
        months.append(months[-1].next)
    return frozenset(months)


def _states(each: Sequence[Months]) -> Months:
    """All months some files state; None where one of them does not tell its own."""
    if None in each:
        return None
    return frozenset[Period]().union(*(months for months in each if months is not None))


def _stated(file: ExportFile, months: Months, other: Months) -> bool:
    """Whether the other dataset states the months of a file too; unknown months are compared when all is read."""
    if other is None or months is None:
        return other != frozenset()
    missing = months - other
    if missing and len(missing) < len(months):
        raise SourceError(
            f"the run covers {len(months)} months, and of {_named(missing)} only one dataset is there",
            where=file.manifest or file.shown,
            expected="actual and amortised costs of the same months",
            mend="run both exports for the same months, or set `dataset: actual` or `amortized`",
        )
    return not missing


def _not_both(alone: Mapping[str, Iterable[Period | None]]) -> SourceError:
    there = " and ".join(f"only {kind} costs{_of(months)}" for kind, months in sorted(alone.items()) if list(months))
    return SourceError(
        f"`dataset: both` is set, and there are {there}",
        expected="exports of type ActualCost and AmortizedCost of the same months",
        mend="deliver the other export too, or leave `dataset` out to read what is there",
    )


def _sentences(alone: Mapping[str, Iterable[Period | None]]) -> Iterable[str]:
    if list(alone[ACTUAL]):
        yield (
            f"only actual costs are there{_of(alone[ACTUAL])}: EffectiveCost equals BilledCost, "
            "reservations and savings plans are not amortised"
        )
    if list(alone[AMORTIZED]):
        yield (
            f"only amortised costs are there{_of(alone[AMORTIZED])}: BilledCost lacks the payments for reservations "
            "and savings plans, so it does not tie to the invoice"
        )


def _of(months: Iterable[Period | None]) -> str:
    known = [month for month in months if month is not None]
    return f" for {_named(known)}" if known else ""


def _named(months: Iterable[Period]) -> str:
    return ", ".join(str(month) for month in sorted(months))
