"""The scheduled agent: APScheduler tells the time, the state database who runs, one worker thread does the work."""

import logging
import os
import socket
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from agent.config.loading import Settings
from agent.errors import PartialRun
from agent.schedule.calendar import LocalTrigger
from agent.schedule.fire import Fires, Tell
from agent.schedule.job import Job
from agent.schedule.signals import Stop, stop_signals
from agent.schedule.watch import Watch
from agent.schedule.worker import Worker
from agent.slack import Message, Workspace, connect, post, read_token, reconcile
from agent.state import State, open_state

WATCH_SECONDS = 30.0
STOP_WITHIN = timedelta(seconds=25)
"""For the running job after SIGTERM; orchestrators usually kill after 30 s."""

log = logging.getLogger(__name__)


def serve(
    settings: Settings,
    jobs: Sequence[Job],
    *,
    environment: Mapping[str, str] = os.environ,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    stop_within: timedelta = STOP_WITHIN,
) -> None:
    """Runs ``jobs`` at their times until SIGTERM or SIGINT; call it in the main thread.

    Several instances on one state database run each fire once; a restart repeats none. Fires missed while no instance
    was up are made good within the job's grace. Returns when stopped with nothing running. Raises ``UsageError``
    before anything runs when the state or the Slack token is unusable, ``PartialRun`` when the running job did not end
    ``stop_within`` the time given; its fire is then free for another instance.
    """
    workspace = _workspace(settings, environment)
    with open_state(settings.app.state, settings.root) as state, stop_signals() as stop:
        fires = Fires(state.runs, settings.app.company, _instance(), clock, _teller(settings, workspace, state))
        worker = Worker()
        settle = (lambda: reconcile(workspace, state.outbox)) if workspace else (lambda: None)
        _work_until_stopped(Watch(fires, jobs, worker, settle), jobs, worker, stop)
        if not worker.stop(stop_within.total_seconds()) and (key := fires.release()):
            raise PartialRun(
                f"stopped while {key} was running",
                mend="nothing to do: the next instance runs it again, and posts nothing twice",
            )
        log.info("serve stopped")


def _work_until_stopped(watch: Watch, jobs: Sequence[Job], worker: Worker, stop: Stop) -> None:
    scheduler = _clockwork(jobs, watch)
    worker.start()
    _guarded(watch.start)
    scheduler.start()
    log.info("serve started jobs=%s", ",".join(job.name for job in jobs))
    _guarded(watch.round)
    while (signal := stop.within(WATCH_SECONDS)) is None:
        _guarded(watch.round)
    log.info("serve stops signal=%s", signal)
    scheduler.shutdown(wait=False)


def _clockwork(jobs: Sequence[Job], watch: Watch) -> BackgroundScheduler:
    """A scheduler whose own jobs do nothing: its events carry the scheduled time, which the jobs are not given."""
    by_name = {job.name: job for job in jobs}
    scheduler = BackgroundScheduler(timezone=UTC)
    for job in jobs:
        scheduler.add_job(
            _tick,
            LocalTrigger(job.times),
            id=job.name,
            name=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=int(job.grace.total_seconds()),
        )

    def fired(event: JobExecutionEvent) -> None:
        watch.submit(by_name[event.job_id], event.scheduled_run_time.astimezone(UTC))

    def missed(event: JobExecutionEvent) -> None:
        log.warning("job=%s scheduled=%s was missed", event.job_id, event.scheduled_run_time.isoformat())

    scheduler.add_listener(fired, EVENT_JOB_EXECUTED)
    scheduler.add_listener(missed, EVENT_JOB_MISSED)
    return scheduler


def _tick() -> None:
    """The time has come; the listener does the rest."""


def _guarded(step: Callable[[], None]) -> None:
    """A database that is away for a while is waited for."""
    try:
        step()
    except SQLAlchemyError as error:
        # NOTE: the sentence says it; a traceback each minute would not
        log.error("the state database does not answer (%s); next try soon", type(error).__name__)  # noqa: TRY400


def _workspace(settings: Settings, environment: Mapping[str, str]) -> Workspace | None:
    slack = settings.app.slack
    return None if slack is None else connect(read_token(environment), slack.base_url)


def _teller(settings: Settings, workspace: Workspace | None, state: State) -> Tell:
    """How a failure reaches people: the alerts channel, or the digest's; without Slack, the log alone."""
    slack = settings.app.slack
    if slack is None or workspace is None:
        return lambda key, text: log.error("no Slack channel is configured key=%s: %s", key, text)
    channel = slack.alerts or slack.channel

    def tell(key: str, text: str) -> None:
        post(workspace, state.outbox, key, channel, Message.of_text(text))

    return tell


def _instance() -> str:
    """A name no other process ever has, also not this machine's next one under the same process id."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
