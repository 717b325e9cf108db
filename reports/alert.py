"""The alert on untagged spend: which bound was crossed, by how much, and the dearest resources behind it."""

from dataclasses import dataclass
from decimal import Decimal

from agent.margins.records import PeriodReport
from agent.money import text_from_units, units_from_text
from reports import slack_limits
from reports.digest import Digest, proof, title, untagged_line
from reports.figures import grouped, percent, whole, with_currency
from reports.slack_text import Block, fields, header, name, section

DEAREST = 10


@dataclass(frozen=True, slots=True)
class Crossing:
    """A bound that the untagged spend passed. ``cause`` names it, for one alert a day and cause."""

    cause: str
    text: str


def crossings(report: PeriodReport, *, amount: Decimal | None, share_pct: Decimal | None) -> tuple[Crossing, ...]:
    """The bounds that are passed: an amount in the report's currency, a share in percent; ``None`` is no bound."""
    summary = report.summary
    found = []
    if amount is not None and summary.untagged > units_from_text(f"{amount:f}"):
        bound = with_currency(grouped(text_from_units(units_from_text(f"{amount:f}"))), summary.currency)
        found.append(
            Crossing("untagged-amount", f"{whole(summary.untagged, summary.currency)} is above the bound of {bound}")
        )
    share = summary.untagged_share_pct
    if share_pct is not None and share is not None and share > share_pct:
        found.append(
            Crossing(
                "untagged-share", f"{percent(share)} of infrastructure spend is above the bound of {share_pct:f} %"
            )
        )
    return tuple(found)


def blocks(report: PeriodReport, crossed: tuple[Crossing, ...]) -> Digest:
    """The alert message for at least one crossed bound; raises ``SlackLimitError`` like the digest."""
    summary = report.summary
    heading = title(report, "untagged spend")
    share = "not known" if summary.untagged_share_pct is None else percent(summary.untagged_share_pct)
    parts: list[Block] = [
        header(heading),
        section("\n".join(crossing.text for crossing in crossed)),
        fields([("Untagged", whole(summary.untagged, summary.currency)), ("Share of infrastructure spend", share)]),
        section("\n".join(["*Dearest untagged resources*", *_resources(report)])),
        proof(report),
    ]
    text = f"{name(heading, 200)}: {'; '.join(crossing.text for crossing in crossed)}"
    slack_limits.check(parts, text)
    return Digest(parts, text)


def _resources(report: PeriodReport) -> list[str]:
    lines = [untagged_line(report, resource) for resource in report.untagged[:DEAREST]]
    rest = len(report.untagged) - DEAREST
    return lines + ([f"and {rest:,} more in the report"] if rest > 0 else []) or ["No resource is known for it."]
