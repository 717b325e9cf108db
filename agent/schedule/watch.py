"""What the agent looks after between fires: its claim, fires that were missed, fires whose instance died."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from agent.schedule.fire import Fires
from agent.schedule.job import Job
from agent.schedule.worker import Worker
from agent.state import MAX_ATTEMPTS

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=32)
"""How far back a missed fire is worth a line in the log."""


class Watch:
    """Called every half minute or so by the main thread. Raises what the state database raises."""

    def __init__(self, fires: Fires, jobs: Sequence[Job], worker: Worker, settle: Callable[[], object]) -> None:
        self._fires = fires
        self._jobs = {job.name: job for job in jobs}
        self._worker = worker
        self._settle = settle

    def start(self) -> None:
        """Says which fires passed while no instance was up, and are too old to be made good."""
        now = self._fires.clock()
        for job in self._jobs.values():
            due = job.last_due(now, LOOK_BACK)
            if due is not None and now - due > job.grace and self._fires.runs.get(self._key(job, due)) is None:
                log.warning("fire key=%s was missed and is too old to be made good", self._key(job, due))

    def round(self) -> None:
        """Keeps the claim, queues what is due and unclaimed or abandoned, settles open posts."""
        now = self._fires.clock()
        self._fires.renew()
        for job in self._jobs.values():
            due = job.last_due(now, job.grace)
            if due is not None and self._fires.runs.claimable(self._key(job, due), now):
                self.submit(job, due)
        for run in self._fires.runs.give_up(now):
            title = self._jobs[run.job].title if run.job in self._jobs else run.job
            self._fires.report(title, run.key, f"the process died in each of {MAX_ATTEMPTS} attempts")
        self._worker.submit("settle", self._settle)

    def submit(self, job: Job, scheduled_for: datetime) -> None:
        """Queues one fire."""
        self._worker.submit(self._key(job, scheduled_for), partial(self._fires.fire, job, scheduled_for))

    def _key(self, job: Job, scheduled_for: datetime) -> str:
        return job.key(self._fires.company, scheduled_for)
