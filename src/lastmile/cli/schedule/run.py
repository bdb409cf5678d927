"""`lastmile schedule run` and `tick`."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from lastmile.cli.output import note
from lastmile.cli.state import Door, with_door

if TYPE_CHECKING:
    from lastmile.jobs.schedule.loop import Scheduler

JOBS = click.option(
    "--jobs", type=click.IntRange(1, 256), default=2, show_default=True, help="Runs at a time."
)


@click.command(
    epilog="""
\b
Examples:
  lastmile schedule run
  lastmile schedule run --jobs 4 --listen 127.0.0.1:9464
"""
)
@JOBS
@click.option(
    "--listen", metavar="HOST:PORT", help="Answer /health and /metrics (Prometheus) there."
)
@with_door
def run(door: Door, jobs: int, listen: str | None) -> None:
    """Keep the schedule: run reports when they are due, until told to end.

    Any number of these may be at work on one store; no slot is run twice. SIGTERM or Ctrl-C begins
    nothing more and waits for the reports at work; a second one cancels them, and they are run
    again by the next scheduler. A schedule file that changes is read again.
    """
    from lastmile.jobs.schedule.loop import Scheduler, Setting
    from lastmile.jobs.schedule.postman import Postman
    from lastmile.jobs.schedule.watching import listening

    setting = Setting(workspace=door.workspace, jobs=jobs, tell=_tell)
    with listening(door.workspace, listen) as watch:
        scheduler = Scheduler(setting)
        watch(scheduler)
        with _draining_at_signals(scheduler):
            note(f"keeping {_count_shown(scheduler)}, {jobs} at a time; Ctrl-C ends it")
            postman = Postman(door.workspace, _tell)
            postman.start()
            scheduler.run()
            postman.close()
    note("the scheduler has ended")


@click.command(
    epilog="\b\nExample, in a crontab:\n  */5 * * * * lastmile -w /srv/reports schedule tick"
)
@JOBS
@with_door
def tick(door: Door, jobs: int) -> None:
    """Run what is due now, wait for it, and end.

    For those who have a cron already: what came due since the last tick is run as each schedule
    says under `missed`. Ticks may overlap.
    """
    from lastmile.jobs.schedule.loop import Scheduler, Setting
    from lastmile.jobs.schedule.postman import Postman

    scheduler = Scheduler(Setting(workspace=door.workspace, jobs=jobs, tell=_tell))
    with _draining_at_signals(scheduler):
        scheduler.run(until_idle=True)
    Postman(door.workspace, _tell).send()


def _count_shown(scheduler: "Scheduler") -> str:
    """How many schedules there are."""
    scheduler.files.reload()
    count = len(scheduler.files.files)
    return f"{count} schedule{'' if count == 1 else 's'}"


def _tell(line: str) -> None:
    from lastmile.clock import now

    note(f"{now():%Y-%m-%d %H:%M:%S}Z  {line}")


@contextmanager
def _draining_at_signals(scheduler: "Scheduler") -> Iterator[None]:
    """End what is at work at a first signal, cancel it at a second."""

    def drain(_number: int, _frame: object) -> None:
        if scheduler.draining:
            note("cancelling the reports at work; they are run again by the next scheduler")
        else:
            note("beginning nothing more; a second signal cancels the reports at work")
        scheduler.drain()

    handler: Callable[[int, object], None] = drain
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.signal(number, handler) for number in numbers]
    try:
        yield
    finally:
        for number, former in zip(numbers, before, strict=True):
            signal.signal(number, former)
