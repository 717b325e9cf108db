"""The files of a period's report folder: names and bytes; who calls it writes them."""

from agent.margins.records import PeriodReport
from reports import html, xlsx
from reports.table import render_csv, render_notes


def render(report: PeriodReport) -> dict[str, bytes]:
    """``cost-per-customer-<period>`` as .xlsx, .html, .csv (with proof and notes) and .notes.txt, by file name."""
    stem = f"cost-per-customer-{report.summary.period}"
    return {
        f"{stem}.xlsx": xlsx.render(report),
        f"{stem}.html": html.render(report).encode(),
        f"{stem}.csv": render_csv(report, annotated=True).encode(),
        f"{stem}.notes.txt": render_notes(report).encode(),
    }
