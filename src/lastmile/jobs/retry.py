"""Produce a report again where the cause of a failure may pass."""

import time
from collections.abc import Callable
from dataclasses import replace

from lastmile.clock import Clock, now
from lastmile.jobs.report import Place, produce, retry_pause
from lastmile.reporting.execution.outcome import Observer, unobserved
from lastmile.reporting.plan import Plan
from lastmile.values import Run, run_key


def produce_with_retries(
    plan: Plan,
    place: Place,
    *,
    observer: Observer = unobserved,
    on_retry: Callable[[Run, float], None] = lambda _run, _seconds: None,
    clock: Clock = now,
    sleep: Callable[[float], None] = time.sleep,
) -> Run:
    """Carry out a plan, and again as often as its report allows; the last attempt's run.

    Every attempt is a run of its own in the run log and among the publications. `on_retry` hears
    of each failed one and of the seconds until the next; the pause doubles each time.

    Raises:
        NotWritable, RunInterrupted, SecretRefused, DataMissing: as `produce`, without a retry.
    """
    run = produce(plan, place, observer=observer, clock=clock)
    while (pause := retry_pause(plan.report.file, run)) is not None:
        on_retry(run, pause)
        sleep(pause)
        again = replace(plan, key=run_key(clock()), started=clock())
        run = produce(
            again,
            place,
            observer=observer,
            clock=clock,
            attempt=run.attempt + 1,
            replaces=run.key,
        )
    return run
