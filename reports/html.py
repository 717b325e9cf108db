"""The finance page: one self-contained HTML file that works offline, prints well and asks no server for anything.

Records in, text out. Scripts and styles are inline and named by their hash in the page's content security policy, so
nothing else runs in it, whatever a customer is called.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from agent.margins.records import PeriodReport
from reports import charts
from reports.breakdown import (
    adjustments_table,
    commitments_table,
    daily_table,
    drivers_table,
    invoices_table,
    pools_table,
    sampled_table,
    sources_table,
    untagged_table,
)
from reports.cells import Cell
from reports.customers import customers_table
from reports.definitions import DEFINITIONS
from reports.drill import page_data
from reports.opening import MARGIN, basis, further_figures, groups_table, key_figures, month, notes, standing, title
from reports.walks import walks


def render(report: PeriodReport) -> str:
    """The page of a period. The same report gives the same text."""
    style, script = _asset("report.css"), _asset("report.js")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            summary=report.summary,
            title=title(report),
            month=month(report),
            standing=standing(report.summary),
            basis=basis(report.summary),
            margin_label=MARGIN,
            figures=key_figures(report),
            further=further_figures(report),
            notes=notes(report),
            tiers=groups_table(report, "tier"),
            groups=[groups_table(report, each) for each in ("plan", "segment", "cohort", "kind", "parent")],
            customers=customers_table(report),
            tables=[
                pools_table(report),
                *([drivers_table(report)] if report.drivers else []),
                *([sampled_table(report)] if report.sampled else []),
                commitments_table(report),
                invoices_table(report),
                untagged_table(report),
                adjustments_table(report),
                daily_table(report),
            ],
            sources=sources_table(report),
            walks=walks(report),
            day_chart=charts.day_chart(report),
            mix=charts.mix(report),
            bars=charts.customer_bars(report),
            chart_size=(charts.WIDTH, charts.HEIGHT, charts.LEFT, charts.RIGHT),
            definitions=DEFINITIONS,
            # NOTE: Markup is for our own files and for JSON whose angle brackets are escaped, for nothing from outside
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            data=Markup(page_data(report)),  # noqa: S704
            policy=_policy(style, script),
        )
    )


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> str:
    return (files("reports") / "templates" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["fragment"] = lambda text: quote(text, safe="")
    made.tests["cut"] = is_cut
    return made


def is_cut(cell: Cell) -> bool:
    """Whether the exact text says more than the shown one, and so belongs into the tooltip."""
    return bool(cell.exact) and cell.exact != cell.text.replace(",", "").removesuffix(".00").removesuffix(" %")
