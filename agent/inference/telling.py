"""Proposals as text, as plain values for JSON, and as a CSV file for a person to mark."""

import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from agent import terminal
from agent.inference.bounds import PLACES
from agent.inference.evidence import short_name
from agent.inference.records import Calibration, Inferred, KindOfEvidence, Measured, Proposal
from agent.money import shown, text_from_units

COLUMNS = (
    "accept", "period", "provider", "account", "service", "region", "resource", "name", "cost", "currency", "customer",
    "confidence", "evidence", "tags",
)  # fmt: skip
"""Of proposals.csv; ``accept`` is for a person to fill in."""
_SIGNS = ("=", "+", "-", "@", "\t", "\r", "'")
_WHY = {
    "disputed": "the evidence speaks for different customers",
    "no evidence": "the bill says nothing about whose it is",
    "too weak": "the evidence is wrong as often as right on tagged resources",
}


def told(inferred: Inferred, top: int) -> str:
    """The proposals, dearest first (``top`` of them, 0 for all), why the rest has none, and the calibration."""
    period = inferred.month.period
    parts = [_proposals(inferred.proposals, top) if inferred.proposals else f"{period}: nothing is proposed"]
    parts.append("\n".join(_sums(inferred)))
    parts.append(_calibration(inferred.calibration))
    parts.append("Nothing has been changed: a proposal becomes a rule or a tag only when a person accepts it.")
    return "\n\n".join(parts)


def _proposals(proposals: Sequence[Proposal], top: int) -> str:
    few = proposals[:top] if top else proposals
    costs = shown(one.units for one in few)
    rows = [
        (
            f"{cost} {one.currency}",
            short_name(one.resource),
            one.resource.account,
            one.judged.customer,
            stated(one.judged.confidence),
            _evidence(one),
        )
        for one, cost in zip(few, costs, strict=True)
    ]
    more = [f"and {len(proposals) - len(few):,} more: --top 0 shows all"] if len(few) < len(proposals) else []
    headers = ("cost", "resource", "account", "customer", "confidence", "evidence")
    return "\n".join([terminal.table(headers, rows, right=(0, 4)), *more])


def _evidence(one: Proposal) -> str:
    """Every piece by its kind; what speaks for somebody else says so."""
    texts = [
        f"{each.kind}: {each.text}"
        if each.customer == one.judged.customer
        else f"against, {each.kind} says {each.customer}: {each.text}"
        for each in one.judged.evidence
    ]
    return "; ".join(texts)


def stated(confidence: Fraction | None) -> str:
    """A confidence as people read it, never rounded up."""
    return "unknown" if confidence is None else f"{_percent(confidence)} %"


def _percent(value: Fraction) -> str:
    tenths = int(value * 1000)
    return f"{tenths // 10}.{tenths % 10}"


def _sums(inferred: Inferred) -> Iterable[str]:
    period, proposals = inferred.month.period, inferred.proposals
    by_currency: dict[str, int] = {}
    for one in proposals:
        by_currency[one.currency] = by_currency.get(one.currency, 0) + one.units
    if proposals:
        yield f"{period}: {_counted(len(proposals), 'proposal')} for {_money(by_currency)}"
    for why, (count, sums) in inferred.left.items():
        yield f"without a proposal: {_counted(count, 'untagged resource')}, {_money(sums)}: {_WHY[why]}"
    if inferred.month.nameless:
        yield f"without a proposal: {_money(inferred.month.nameless)} of untagged charges that name no resource"


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _money(sums: Mapping[str, int]) -> str:
    return ", ".join(f"{shown([units])[0]} {code}" for code, units in sums.items()) or "no cost"


def _calibration(calibration: Calibration) -> str:
    head = (
        f"tagged resources: {calibration.fit:,} to learn from, {calibration.held_out:,} held out; confidence is the "
        "lower end of what the first show (Wilson, 90 %), precision is what the others then say"
    )
    if not calibration.kinds:
        return f"{head}\nno evidence could be tried on them: every confidence is unknown"
    return "\n\n".join([terminal.folded(head), _kinds(calibration), _bands(calibration)])


def _kinds(calibration: Calibration) -> str:
    rows = [
        (each.name, _seen(each.fit), stated(each.bound), _seen(each.held_out), _share(each.held_out))
        for each in calibration.kinds
    ]
    headers = ("evidence", "right of seen", "at least", "held out: right of seen", "precision")
    table = terminal.table(headers, rows, right=(1, 2, 3, 4))
    return f"{table}\nunknown: fewer than 30 tagged resources show it" if _unknown(calibration.kinds) else table


def _unknown(kinds: Sequence[KindOfEvidence]) -> bool:
    return any(each.bound is None for each in kinds)


def _bands(calibration: Calibration) -> str:
    rows = [
        (
            band.name,
            "" if band.stated is None else stated(band.stated),
            _seen(band.measured),
            _share(band.measured),
            _share(Measured(calibration.held_out, band.measured.seen)),
        )
        for band in calibration.bands
    ]
    headers = ("confidence", "stated (mean)", "held out: right of seen", "precision", "coverage")
    error = calibration.error
    last = "expected calibration error: " + ("unknown" if error is None else f"{_percent(error)} %")
    return "\n".join([terminal.table(headers, rows, right=(1, 2, 3, 4)), last])


def _seen(measured: Measured) -> str:
    return f"{measured.right:,} of {measured.seen:,}"


def _share(measured: Measured) -> str:
    return "" if measured.share is None else f"{_percent(measured.share)} %"


def document(inferred: Inferred) -> dict[str, object]:
    """All of it; amounts exact, confidences and shares as decimal text of four digits, cut, or null."""
    calibration = inferred.calibration
    return {
        "period": str(inferred.month.period),
        "proposals": [_record(one) for one in inferred.proposals],
        "without_proposal": {
            why: {"resources": count, "cost": _exact(sums)} for why, (count, sums) in inferred.left.items()
        },
        "without_resource": _exact(inferred.month.nameless),
        "calibration": {
            "fit": calibration.fit,
            "held_out": calibration.held_out,
            "kinds": [
                {
                    "kind": each.name,
                    "fit": _measures(each.fit),
                    "bound": decimal(each.bound),
                    "held_out": _measures(each.held_out),
                }
                for each in calibration.kinds
            ],
            "bands": [
                {"band": band.name, "stated": decimal(band.stated), "held_out": _measures(band.measured)}
                for band in calibration.bands
            ],
            "expected_calibration_error": decimal(calibration.error),
        },
    }


def _exact(sums: Mapping[str, int]) -> dict[str, str]:
    return {code: text_from_units(units) for code, units in sums.items()}


def _measures(measured: Measured) -> dict[str, object]:
    return {"seen": measured.seen, "right": measured.right, "precision": decimal(measured.share)}


def decimal(value: Fraction | None) -> str | None:
    """A share from 0 to 1 as text of four digits, cut."""
    if value is None:
        return None
    scale = 10**PLACES
    return f"{int(value * scale) // scale}.{int(value * scale) % scale:0{PLACES}d}"


def _record(one: Proposal) -> dict[str, object]:
    resource = one.resource
    return {
        "provider": resource.provider,
        "account": resource.account,
        "service": resource.service,
        "region": resource.region,
        "resource": resource.resource_id,
        "name": resource.name,
        "tags": dict(resource.tags),
        "cost": text_from_units(one.units),
        "currency": one.currency,
        "customer": one.judged.customer,
        "confidence": decimal(one.judged.confidence),
        "state": one.judged.state,
        "evidence": [{"kind": each.kind, "customer": each.customer, "text": each.text} for each in one.judged.evidence],
    }


def proposals_csv(inferred: Inferred) -> str:
    """proposals.csv: a row a proposal, ``accept`` empty. Cells that a spreadsheet would run carry an apostrophe."""
    rows: list[Sequence[str]] = [COLUMNS]
    for one in inferred.proposals:
        resource = one.resource
        texts = (resource.provider, resource.account, resource.service, resource.region, resource.resource_id)
        amount = text_from_units(one.units)
        confidence = decimal(one.judged.confidence) or "unknown"
        tags = json.dumps(dict(resource.tags), ensure_ascii=False, sort_keys=True)
        words = (one.currency, one.judged.customer, confidence, _evidence(one), tags)
        rows.append(
            ["", str(inferred.month.period), *map(guarded, texts), guarded(resource.name), amount, *map(guarded, words)]
        )
    return written(rows)


def written(rows: Iterable[Sequence[str]]) -> str:
    """RFC 4180, each line ended by a line feed."""
    return "".join(",".join(map(_field, row)) + "\n" for row in rows)


def _field(word: str) -> str:
    return '"' + word.replace('"', '""') + '"' if any(sign in word for sign in '",\r\n') else word


def guarded(word: str) -> str:
    """``word`` so that no spreadsheet takes it for a formula; :func:`bare` undoes it."""
    return f"'{word}" if word.startswith(_SIGNS) else word


def bare(word: str) -> str:
    """What :func:`guarded` was given."""
    return word[1:] if word.startswith("'") and word[1:].startswith(_SIGNS) else word
