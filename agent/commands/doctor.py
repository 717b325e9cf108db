"""``apportion doctor``: what is configured, reachable, permitted and fresh."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from agent import terminal
from agent.commands.clock import now
from agent.commands.interface import Answer
from agent.config.loading import Settings, load_application
from agent.doctor import Finding, examine, least, least_to_ask
from agent.doctor.records import missing
from agent.errors import ConfigError
from agent.progress import Progress
from agent.storage.locations import OBJECT_STORES


def run(arguments: Namespace, progress: Progress) -> Answer:
    """One line a finding, then the rights each source needs; exit code 2 when something configured is broken."""
    progress.step("looking")
    try:
        settings = load_application(Path(arguments.config))
    except ConfigError as error:
        return _answer([missing("configuration", str(fault)) for fault in error.faults], {})
    findings = list(examine(settings, now().date()))
    return _answer(findings, _rights(settings))


def _rights(settings: Settings) -> dict[str, str]:
    """What to grant, by object store in use; of sources that lie elsewhere by kind; then what drivers need."""
    of_sources = {
        source.location if source.location.startswith(OBJECT_STORES) else source.kind: least(source)
        for source in settings.app.sources
    }
    for driver in settings.app.usage:
        of_sources |= least_to_ask(driver)
    return of_sources


def _answer(findings: Sequence[Finding], rights: dict[str, str]) -> Answer:
    broken = sum(finding.state == "missing" for finding in findings)
    warned = sum(finding.state == "warn" for finding in findings)
    lines = [line for finding in findings for line in _lines(finding)]
    granted = [f"\nleast rights for {kind}:\n{policy.rstrip()}" for kind, policy in rights.items()]
    last = f"\n{len(findings)} findings: {broken} missing, {warned} warnings"
    records = [{"part": one.part, "state": one.state, "text": one.text, "mend": one.mend} for one in findings]
    return Answer("\n".join([*lines, *granted, last]), {"findings": records, "rights": rights}, 2 if broken else 0)


def _lines(finding: Finding) -> list[str]:
    mend = [f"{'':9}mend: {terminal.cell(finding.mend)}"] if finding.mend else []
    return [f"{finding.state:<8} {terminal.cell(f'{finding.part}: {finding.text}')}", *mend]
