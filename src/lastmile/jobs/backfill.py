"""Fill a grid of slots: idempotent, resumable, in worker processes.

A slot whose plan has a good run is not run again. Each slot is planned and run in a worker process
of its own pool; a worker that is killed takes only its slot with it, which is run again by another.
The workers fork their kernels from one server.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

from lastmile.clock import now
from lastmile.errors import LastmileError
from lastmile.interrupts import held_back
from lastmile.jobs.faults import FaultFiles, as_told, faults_told
from lastmile.jobs.report import place_in, reconcile, report_in
from lastmile.jobs.retry import produce_with_retries
from lastmile.jobs.working import become_worker, kernel_server, work
from lastmile.reporting.execution.forkserver import wanted_shared
from lastmile.reporting.grid import Slot
from lastmile.reporting.plan import Report, plan_run
from lastmile.store import RunLog
from lastmile.values import Run
from lastmile.workspace import Workspace, find_workspace

Progress = Literal["waiting", "running", "good", "bad", "kept"]

_KILL_SECONDS = 60.0

ATTEMPTS = 3
"""How often a slot is begun whose worker died under it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a slot: `kept` means that a good run of its plan was there already.

    `apart` says why a run did not share its beginning though the report asks for it.
    """

    slot: Slot
    progress: Progress
    run: Run | None = None
    fault: str = ""
    apart: str = ""


OnChange = Callable[[int, Progress], None]


@dataclass(frozen=True, slots=True)
class _Order:
    root: Path
    report: str
    force: bool
    workers: int


def backfill(
    workspace: Workspace,
    report: str,
    slots: Sequence[Slot],
    *,
    jobs: int = 1,
    force: bool = False,
    on_change: OnChange = lambda _index, _progress: None,
    tell: Callable[[str], None] = lambda _line: None,
) -> list[Outcome]:
    """Run every slot that has no good run yet; the outcomes in the order of `slots`.

    `on_change` hears the index of a slot and its progress, `tell` of what was mended.

    Raises:
        UnknownName, BadDefinition, Faults, UnknownParameter, BadParameter: before anything is run.
        KeyboardInterrupt: after the workers, their kernels and all below them have ended.
    """
    chosen = report_in(workspace, report)
    plans = [plan_run(chosen, slot.given, as_of=slot.logical_date, now=now()).id for slot in slots]
    with RunLog(workspace.store_url) as log:
        reconcile(place_in(workspace, log), tell=tell)
        good = {} if force else {index: log.good(plan) for index, plan in enumerate(plans)}
    kept = {index: run for index, run in good.items() if run}
    workers = max(1, min(jobs, len(slots) - len(kept)))
    work = _Work(_Order(workspace.root, report, force, workers), slots, on_change)
    for index, run in kept.items():
        work.settle(index, Outcome(slots[index], "kept", run))
    while work.waiting:
        work.round()
        with RunLog(workspace.store_url) as log:
            reconcile(place_in(workspace, log), tell=tell)
    return [work.outcomes[index] for index in range(len(slots))]


class _Work:
    """The slots still to do. A round ends when all are done or a worker died."""

    def __init__(self, order: _Order, slots: Sequence[Slot], on_change: OnChange) -> None:
        self.waiting = dict.fromkeys(range(len(slots)), 0)
        self.outcomes: dict[int, Outcome] = {}
        self._order = order
        self._slots = slots
        self._on_change = on_change

    def round(self) -> None:
        workspace = find_workspace(self._order.root)
        with kernel_server(workspace, report_in(workspace, self._order.report)) as server:
            pool = ProcessPoolExecutor(
                self._order.workers,
                mp_context=get_context("spawn"),
                initializer=_prepare,
                initargs=(os.getpid(), server.environment),
            )
            self._fill(pool)

    def _fill(self, pool: ProcessPoolExecutor) -> None:
        running: dict[Future[Outcome], int] = {}
        queue = list(self.waiting)
        try:
            while queue or running:
                while queue and len(running) < self._order.workers:
                    index = queue.pop(0)
                    self.waiting[index] += 1
                    self._on_change(index, "running")
                    with held_back():  # a worker that is still starting cannot answer one
                        future = pool.submit(_fill, self._order, self._slots[index])
                    running[future] = index
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    index = running.pop(future)
                    self.settle(index, self._outcome(future, index))
        except BrokenProcessPool:
            self._give_up()
        finally:
            _end(pool)

    def _outcome(self, future: Future[Outcome], index: int) -> Outcome:
        try:
            return future.result()
        except BrokenProcessPool:
            raise
        except Exception as error:  # such as an answer that cannot be sent
            slot = self._slots[index]
            files = FaultFiles(self._order.root, f"{self._order.report}-{os.getpid()}-{index}")
            told = as_told(error, f"{self._order.report} for {slot.label}", files)
            return Outcome(slot, "bad", fault=getattr(told, "what", str(told)))

    def settle(self, index: int, outcome: Outcome) -> None:
        """What became of a slot is known."""
        self.outcomes[index] = outcome
        del self.waiting[index]
        self._on_change(index, outcome.progress)

    def _give_up(self) -> None:
        """Slots that were begun too often under workers that died are bad."""
        for index, begun in list(self.waiting.items()):
            if begun >= ATTEMPTS:
                fault = f"its worker died {begun} times"
                self.settle(index, Outcome(self._slots[index], "bad", fault=fault))
            else:
                self._on_change(index, "waiting")


def _end(pool: ProcessPoolExecutor) -> None:
    """End the workers; each cancels its run and ends its kernel first, or is killed."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        with suppress(OSError, AttributeError):
            process.terminate()
    for process in processes:
        process.join(_KILL_SECONDS)
        process.kill()
        process.join()


def _prepare(parent: int, served: Mapping[str, str]) -> None:
    """In a worker: end with the parent, and join the fork server that `served` names."""
    become_worker(parent)
    os.environ.update(served)


def _apart(report: Report) -> str:
    """Why the beginning is not shared; nothing where it is, or was not to be."""
    if not report.file.share_prefix:
        return ""
    if report.language != "python":
        return "only the beginning of a Python notebook can be shared"
    shared = wanted_shared()
    return shared.refused if shared else "no code stands above the parameters"


def _fill(order: _Order, slot: Slot) -> Outcome:
    """In a worker: run one slot, unless its plan has a good run."""
    return work(lambda: _at(order, slot))


def _at(order: _Order, slot: Slot) -> Outcome:
    files = FaultFiles(order.root, f"{order.report}-{slot.logical_date:%Y%m%d}-{os.getpid()}")
    try:
        with faults_told(f"{order.report} for {slot.label}", files):
            return _filled(order, slot)
    except LastmileError as error:
        return Outcome(slot, "bad", fault=error.what)


def _filled(order: _Order, slot: Slot) -> Outcome:
    workspace = find_workspace(order.root)
    report = report_in(workspace, order.report)
    plan = plan_run(report, slot.given, as_of=slot.logical_date, now=now())
    with RunLog(workspace.store_url) as log:
        kept = None if order.force else log.good(plan.id)
        if kept:
            return Outcome(slot, "kept", kept)
        run = produce_with_retries(plan, place_in(workspace, log, workers=order.workers))
    return Outcome(slot, "good" if run.state.good else "bad", run, apart=_apart(report))
