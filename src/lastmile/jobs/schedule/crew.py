"""Worker processes, each at work on one slot; one that dies takes nothing else with it."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Protocol

from lastmile.errors import StoreUnusable
from lastmile.interrupts import held_back
from lastmile.jobs.schedule.work import Answer, run_slot
from lastmile.scheduling.definition import ScheduleFile
from lastmile.store.slots import Slot

_IDLE_SECONDS = 120.0
_KILL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """The work on a slot has ended; without an answer its worker is gone, `stopped` if told to."""

    slot: Slot
    answer: Answer | None
    stopped: str = ""


class Hands(Protocol):
    """Who does the work of a scheduler."""

    @property
    def slots(self) -> Sequence[Slot]:
        """What is at work."""

    def start(self, slot: Slot, file: ScheduleFile) -> None:
        """Begin the work on a slot."""

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended, as soon as something has, or after so many seconds."""

    def stop(self, slot: Slot, reason: str) -> None:
        """Interrupt the work on a slot."""

    def close(self) -> None:
        """End everybody."""


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    slot: Slot | None = None
    report: str = ""
    stopped: str = ""
    idle_since: float = 0.0
    kill_at: float = 0.0


class Crew:
    """Processes that are started when needed and kept for a while; each prefers its report."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._workers: list[_Worker] = []
        self._context = get_context("spawn")
        if os.name == "posix":
            resource_tracker.ensure_running()  # which lets in every interrupt when it is started

    @property
    def slots(self) -> list[Slot]:
        """What is at work."""
        return [worker.slot for worker in self._workers if worker.slot]

    def start(self, slot: Slot, file: ScheduleFile) -> None:
        """Begin the work on a slot, in a worker that is idle or new."""
        idle = [worker for worker in self._workers if worker.slot is None]
        idle.sort(key=lambda worker: worker.report != slot.report)
        worker = idle[0] if idle else self._hire()
        worker.slot, worker.report, worker.stopped = slot, slot.report, ""
        with suppress(OSError):  # it has just died: `wait` will say so
            worker.pipe.send((slot, file, len(self.slots)))

    def _hire(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._root, os.getpid()))
        with held_back():  # a worker that is still starting cannot answer an interrupt
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended, as soon as something has, or after so many seconds."""
        sources = [worker.pipe for worker in self._workers]
        if sources:
            wait(sources, timeout=seconds)
        else:
            time.sleep(seconds)
        ended = [found for worker in list(self._workers) if (found := self._look_at(worker))]
        self._tidy()
        return ended

    def _look_at(self, worker: _Worker) -> Ended | None:
        """A pipe that can be read has an answer, or its end: the worker is gone."""
        if not worker.pipe.poll():
            return None
        slot, stopped = worker.slot, worker.stopped
        try:
            answer: Answer | None = worker.pipe.recv()
        except (EOFError, OSError):
            answer = None
            worker.process.join()
            self._dismiss(worker)
        worker.slot, worker.idle_since, worker.kill_at = None, time.monotonic(), 0.0
        return Ended(slot, answer, stopped) if slot else None

    def _tidy(self) -> None:
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.kill_at and now > worker.kill_at:
                worker.process.kill()
            if worker.slot is None and now - worker.idle_since > _IDLE_SECONDS:
                worker.process.terminate()
                worker.process.join()
                self._dismiss(worker)

    def _dismiss(self, worker: _Worker) -> None:
        worker.pipe.close()
        self._workers.remove(worker)

    def stop(self, slot: Slot, reason: str) -> None:
        """Interrupt the work on a slot; it cancels its run, ends its kernel, and is gone then."""
        for worker in self._workers:
            if worker.slot == slot and not worker.kill_at:
                worker.stopped = reason
                worker.kill_at = time.monotonic() + _KILL_SECONDS
                worker.process.terminate()

    def close(self) -> None:
        """End everybody; whoever is at work cancels its run first."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in list(self._workers):
            worker.process.join(_KILL_SECONDS)
            worker.process.kill()
            worker.process.join()
            self._dismiss(worker)


def _serve(pipe: Connection, root: Path, parent: int) -> None:
    """In a worker: one slot after another, until the parent hangs up."""
    from lastmile.jobs.working import become_worker, serve_kernels, work

    become_worker(parent)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    while True:
        try:
            slot, file, workers = pipe.recv()
        except EOFError:
            return
        run = partial(run_slot, root, slot, file, on_report=serve_kernels, workers=workers)
        try:
            answer = work(run)
        except StoreUnusable:  # what became of the slot cannot be recorded: it is run again
            return
        pipe.send(answer)
