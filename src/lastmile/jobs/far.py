"""Fill a grid of slots on a cluster: like `backfill`, but a slot is a task and runs elsewhere."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import get_ident

from lastmile.clock import now
from lastmile.errors import LastmileError
from lastmile.jobs.backfill import OnChange, Outcome
from lastmile.jobs.cluster import Cluster
from lastmile.jobs.faults import FaultFiles, faults_told
from lastmile.jobs.report import Place, place_in, reconcile, report_in
from lastmile.jobs.retry import produce_with_retries
from lastmile.reporting.grid import Slot
from lastmile.reporting.plan import Report, plan_run
from lastmile.store import RunLog
from lastmile.workspace import Workspace


def backfill_far(
    workspace: Workspace,
    report: str,
    slots: Sequence[Slot],
    *,
    jobs: int = 0,
    force: bool = False,
    on_change: OnChange = lambda _index, _progress: None,
    tell: Callable[[str], None] = lambda _line: None,
) -> list[Outcome]:
    """Run every slot that has no good run yet on the cluster; the outcomes in the order of `slots`.

    At most `jobs` go on at the same time; by default as many as the cluster has threads.

    Raises:
        LastmileError: before anything is run.
        KeyboardInterrupt: after the workers were told to end their runs.
    """
    chosen = report_in(workspace, report)
    for slot in slots:
        plan_run(chosen, slot.given, as_of=slot.logical_date, now=now())
    with RunLog(workspace.store_url) as log:
        place = place_in(workspace, log)
        assert place.cluster
        reconcile(place, tell=tell)
        pool = ThreadPoolExecutor(jobs or place.cluster.threads, "lastmile-far")
        running = {
            pool.submit(_fill, chosen, place, slot, force): index
            for index, slot in enumerate(slots)
        }
        try:
            return _settled(running, len(slots), on_change)
        except BaseException:
            _stop(pool, place.cluster)
            raise
        finally:
            pool.shutdown()


def _settled(
    running: dict["Future[Outcome]", int], count: int, on_change: OnChange
) -> list[Outcome]:
    for index in range(count):
        on_change(index, "running")
    found: dict[int, Outcome] = {}
    waiting = set(running)
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            index = running[future]
            found[index] = future.result()
            on_change(index, found[index].progress)
    return [found[index] for index in range(count)]


def _stop(pool: ThreadPoolExecutor, cluster: Cluster) -> None:
    pool.shutdown(wait=False, cancel_futures=True)
    cluster.stop()


def _fill(report: Report, place: Place, slot: Slot, force: bool) -> Outcome:
    assert place.log
    files = FaultFiles(place.root, f"{report.name}-{slot.logical_date:%Y%m%d}-{get_ident()}")
    try:
        with faults_told(f"{report.name} for {slot.label}", files):
            plan = plan_run(report, slot.given, as_of=slot.logical_date, now=now())
            kept = None if force else place.log.good(plan.id)
            if kept:
                return Outcome(slot, "kept", kept)
            run = produce_with_retries(plan, place)
    except LastmileError as error:
        return Outcome(slot, "bad", fault=error.what)
    return Outcome(slot, "good" if run.state.good else "bad", run)
