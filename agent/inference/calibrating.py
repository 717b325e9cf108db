"""Confidence from tagged resources: one half says how often each kind of evidence is right, the other tries it.

Which half a resource is in follows from its identity alone. Within the fit half each resource is judged by all others
of that half; a held-out resource is judged by the fit half only, so nothing that it is tried on was made from it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from agent.inference.bounds import lower_bound
from agent.inference.evidence import KINDS, OWN, Names, Witnesses
from agent.inference.records import Band, Calibration, Evidence, Judged, KindOfEvidence, Measured, Resource

LEAST = 30
"""Tagged resources that a kind, or a combination, must have been seen on before a confidence is stated."""
WEAK = Fraction(1, 2)
"""Below this confidence nothing is proposed: it would be wrong as often as right."""
BANDS = (("95 % and more", Fraction(95, 100)), ("80 to 95 %", Fraction(80, 100)), ("50 to 80 %", WEAK))
UNKNOWN = "unknown"
Found = Sequence[tuple[Resource, Sequence[Evidence]]]


class Believed:
    """How far each kind of evidence, alone, agreed and disputed, is believed."""

    def __init__(self, fit: Found) -> None:
        self.kinds = _kinds(fit)
        self.bounds = {kind: _bound(measured) for kind, measured in self.kinds.items()}
        ranked = sorted(KINDS, key=lambda kind: (-(self.bounds.get(kind) or Fraction(-1)), KINDS.index(kind)))
        self._rank = {kind: at for at, kind in enumerate(ranked)}
        self._cells = _cells([(resource, self._ordered(found)) for resource, found in fit if found])

    @property
    def ranked(self) -> list[str]:
        """Kinds, the strongest first."""
        return sorted(self._rank, key=lambda kind: self._rank[kind])

    def _ordered(self, found: Sequence[Evidence]) -> list[Evidence]:
        return sorted(found, key=lambda evidence: self._rank[evidence.kind])

    def judge(self, found: Sequence[Evidence]) -> Judged | str:
        """A customer and a confidence, or why there is none: ``no evidence``, ``disputed``, ``too weak``.

        What the resource's own tag says comes first. Tagged resources cannot measure it, so the confidence is that of
        the other evidence where it agrees, else unknown; against a mere spelling other evidence is a dispute.
        """
        said = [evidence for evidence in found if evidence.kind in OWN]
        rest = self._by_others([evidence for evidence in found if evidence.kind not in OWN])
        if not said:
            return rest
        ordered = [*said, *self._ordered([evidence for evidence in found if evidence.kind not in OWN])]
        state = _state(ordered)
        if state == "disputed" and said[0].kind != "itself":
            return "disputed"
        confidence = rest.confidence if state == "agreed" and isinstance(rest, Judged) else None
        return Judged(said[0].customer, confidence, state, tuple(ordered))

    def _by_others(self, found: Sequence[Evidence]) -> Judged | str:
        if not found:
            return "no evidence"
        ordered = self._ordered(found)
        kind, state = ordered[0].kind, _state(ordered)
        confidence = self._confidence(kind, state)
        if state == "disputed" and confidence is None:
            return "disputed"
        if confidence is not None and confidence < WEAK:
            return "too weak"
        return Judged(ordered[0].customer, confidence, state, tuple(ordered))

    def _confidence(self, kind: str, state: str) -> Fraction | None:
        """None where too little is known.

        A combination seen too seldom: agreement is believed as much as the kind itself, for it cannot weaken it; a
        kind alone, or against others, is not known.
        """
        own, whole = _bound(self._cells.get((kind, state), Measured(0, 0))), self.bounds.get(kind)
        if own is None:
            return whole if state == "agreed" else None
        return own if whole is None or state != "disputed" else min(own, whole)


def _state(ordered: Sequence[Evidence]) -> str:
    if any(evidence.customer != ordered[0].customer for evidence in ordered):
        return "disputed"
    return "agreed" if len(ordered) > 1 else "alone"


def _bound(measured: Measured) -> Fraction | None:
    return lower_bound(measured) if measured.seen >= LEAST else None


def _kinds(found: Found) -> dict[str, Measured]:
    verdicts: defaultdict[str, list[bool]] = defaultdict(list)
    for resource, evidence in found:
        for each in evidence:
            verdicts[each.kind].append(each.customer == resource.customer)
    return {kind: _measured(verdicts[kind]) for kind in KINDS if kind in verdicts}


def _cells(found: Found) -> dict[tuple[str, str], Measured]:
    verdicts: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for resource, ordered in found:
        verdicts[ordered[0].kind, _state(ordered)].append(ordered[0].customer == resource.customer)
    return {cell: _measured(right) for cell, right in verdicts.items()}


def _measured(verdicts: Sequence[bool]) -> Measured:
    return Measured(len(verdicts), sum(verdicts))


def halves(tagged: Iterable[Resource]) -> tuple[list[Resource], list[Resource]]:
    """(fit, held out), by a hash of what identifies a resource: the same on every machine."""
    parts: tuple[list[Resource], list[Resource]] = ([], [])
    for resource in tagged:
        digest = hashlib.sha256("\0".join(resource.key).encode()).digest()
        parts[digest[0] & 1].append(resource)
    return parts


def calibrate(names: Names, tagged: Sequence[Resource]) -> tuple[Believed, Calibration]:
    """What to believe, from one half of the tagged resources, and how that does on the other."""
    fit, held_out = halves(tagged)
    witnesses = Witnesses(names, fit)
    believed = Believed([(resource, witnesses.about(resource)) for resource in fit])
    tried = [(resource, witnesses.about(resource)) for resource in held_out]
    seen = _kinds(tried)
    nothing = Measured(0, 0)
    kinds = tuple(
        KindOfEvidence(kind, believed.kinds.get(kind, nothing), believed.bounds.get(kind), seen.get(kind, nothing))
        for kind in believed.ranked
        if kind in believed.kinds or kind in seen
    )
    return believed, Calibration(len(fit), len(held_out), kinds, _bands(believed, tried))


def _bands(believed: Believed, tried: Found) -> tuple[Band, ...]:
    banded: defaultdict[str, list[tuple[Fraction | None, bool]]] = defaultdict(list)
    for resource, found in tried:
        judged = believed.judge(found)
        if isinstance(judged, Judged):
            right = judged.customer == resource.customer
            banded[band_of(judged.confidence)].append((judged.confidence, right))
    return tuple(_band(name, banded) for name in (*(name for name, _ in BANDS), UNKNOWN))


def band_of(confidence: Fraction | None) -> str:
    """The band that a confidence, at least :data:`WEAK`, lies in."""
    return UNKNOWN if confidence is None else next(name for name, least in BANDS if confidence >= least)


def _band(name: str, banded: Mapping[str, Sequence[tuple[Fraction | None, bool]]]) -> Band:
    within = banded.get(name, ())
    stated = [confidence for confidence, _ in within if confidence is not None]
    mean = sum(stated, Fraction()) / len(stated) if stated else None
    return Band(name, _measured([right for _, right in within]), mean)
