"""``apportion run``: the whole job, and what came of it."""

from argparse import Namespace

from agent import pipeline
from agent.commands import ingest
from agent.commands.clock import now
from agent.commands.interface import Answer
from agent.commands.project import opened
from agent.pipeline import RunOutcome
from agent.progress import Progress
from reports import preview


def run(arguments: Namespace, progress: Progress) -> Answer:
    """Deliveries, the proof line, alerts, the digest and the paths of the report."""
    settings = opened(arguments)
    outcome = pipeline.run(settings, arguments.period, progress, send=arguments.send)
    return Answer(told(outcome), record(outcome), outcome.ingested.exit_code)


def told(outcome: RunOutcome) -> str:
    """The outcome for people."""
    alerts = [f"alert: {crossing.text}" for crossing in outcome.alerts]
    posted = [f"posted to Slack: {', '.join(outcome.posted)}"] if outcome.posted else []
    parts = [
        ingest.told(outcome.ingested, now().date()),
        f"Proof: {outcome.figures.proof_line}",
        "\n".join(alerts),
        preview.render(outcome.digest).rstrip(),
        "\n".join([*posted, *(str(path) for path in outcome.files)]),
    ]
    return "\n\n".join(part for part in parts if part)


def record(outcome: RunOutcome) -> dict[str, object]:
    """The outcome for JSON."""
    return {
        "period": str(outcome.period),
        **ingest.record(outcome.ingested),
        "proof_line": outcome.figures.proof_line,
        "reports": [str(path) for path in outcome.files],
        "alerts": [{"cause": crossing.cause, "text": crossing.text} for crossing in outcome.alerts],
        "posted": list(outcome.posted),
        "digest": {"text": outcome.digest.text, "blocks": outcome.digest.blocks},
    }
