"""One fire of a job: claimed, run, written down, and told to Slack when it failed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from agent.errors import ApportionError, PartialRun
from agent.schedule.job import Job
from agent.state import Runs

log = logging.getLogger(__name__)

Outcome = Literal["done", "partial", "failed", "not claimed"]
Tell = Callable[[str, str], None]
"""Posts a text once per key; raises ``ApportionError`` when Slack does not take it."""


@dataclass(slots=True)
class Fires:
    """Runs fires for one instance, one at a time. ``running`` is the key of the claim held now."""

    runs: Runs
    company: str
    instance: str
    clock: Callable[[], datetime]
    tell: Tell
    running: str | None = field(default=None)

    def fire(self, job: Job, scheduled_for: datetime) -> Outcome:
        """Runs ``job`` unless this fire was claimed before, here or by another instance. Raises nothing of the job's.

        Errors of the state database are raised: without a claim nothing runs.
        """
        key = job.key(self.company, scheduled_for)
        if not self.runs.claim(key, job.name, scheduled_for, self.instance, self.clock()):
            log.info("fire key=%s already claimed", key)
            return "not claimed"
        log.info("fire key=%s scheduled=%s begins", key, scheduled_for.isoformat())
        self.running = key
        try:
            outcome, message = _run(job, job.day(scheduled_for))
            if not self.runs.finish(key, self.instance, self.clock(), outcome, message):
                log.warning("fire key=%s was taken over by another instance meanwhile", key)
        finally:
            self.running = None
        log.log(logging.INFO if outcome == "done" else logging.ERROR, "fire key=%s %s: %s", key, outcome, message)
        if outcome != "done":
            self.report(job.title, key, message, in_part=outcome == "partial")
        return outcome

    def renew(self) -> None:
        """Says that the running fire is alive."""
        if (key := self.running) and not self.runs.renew(key, self.instance, self.clock()):
            log.warning("fire key=%s lost its claim", key)

    def release(self) -> str | None:
        """Gives the running fire back for another instance; its key, or None when none is running."""
        if key := self.running:
            self.runs.release(key, self.instance)
        return key

    def report(self, title: str, key: str, message: str, *, in_part: bool = False) -> None:
        """Tells people that a fire failed, once per fire."""
        said = "ran only in part" if in_part else "did not run"
        try:
            self.tell(f"failed:{key}", f"{title} {said}: {message}")
        except ApportionError as error:
            log.error("fire key=%s: Slack was not told: %s", key, error.message)  # noqa: TRY400 - the sentence says it


def _run(job: Job, day: date) -> tuple[Outcome, str]:
    try:
        return "done", job.body(day)
    except PartialRun as error:
        return "partial", error.message
    except ApportionError as error:
        return "failed", error.message
    except Exception as error:  # the loop must outlive whatever a job does
        log.exception("job=%s broke", job.name)
        return "failed", f"an error of apportion itself ({type(error).__name__}); its log has the details"
