"""Watching a kernel from outside: its memory, its deadline, and its whole process tree.

The watchdog is a thread of the supervising process. It never asks the kernel anything, so a kernel
that hangs, spins or swaps cannot keep it from acting.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from lastmile.reporting.execution.outcome import Limits
from lastmile.values import CauseKind

MARK = "LASTMILE_RUN"
"""Environment variable with the key of the run that a process belongs to."""

_EVERY = 0.1
_CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children")
_WAIT = 2.0


class Watchdog:
    """Kills the process tree of `pid` when it breaks a limit, and remembers why."""

    def __init__(
        self, pid: int, limits: Limits, *, started: float, silent_for: Callable[[], float]
    ) -> None:
        self.verdict: CauseKind | None = None
        self.peak_memory = 0
        self._pid = pid
        self._limits = limits
        self._started = started
        self._silent_for = silent_for
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="lastmile-watchdog", daemon=True)

    @contextmanager
    def watching(self) -> Iterator["Watchdog"]:
        """Watch while the block runs; afterwards no process of the tree is left."""
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak_memory = max(self.peak_memory, tree_memory(self._pid))
            verdict = self._broken()
            if verdict:
                self.verdict = verdict
                kill_tree(self._pid)
            if verdict or self._stop.wait(_EVERY):
                return

    def _broken(self) -> CauseKind | None:
        if self._limits.memory and self.peak_memory > self._limits.memory:
            return CauseKind.OUT_OF_MEMORY
        deadline = self._limits.deadline
        if deadline and time.monotonic() - self._started > deadline:
            return CauseKind.DEADLINE
        if self._limits.silence and self._silent_for() > self._limits.silence:
            return CauseKind.SILENCE
        return None


def tree_memory(pid: int) -> int:
    """Resident memory of a process and all below it, in bytes; 0 when it is gone."""
    total = 0
    for below in _below(pid):
        with contextlib.suppress(psutil.Error):
            total += psutil.Process(below).memory_info().rss
    return total


def _below(pid: int) -> list[int]:
    """The numbers of a process and of all below it.

    Linux tells them without a walk through all processes of the machine, which this thread would
    do ten times a second; while processes end it may leave one out, so nothing is killed by it.
    """
    if not _CHILDREN.exists():
        return [process.pid for process in process_tree(pid)]
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def kill_tree(pid: int, known: list[psutil.Process] | None = None) -> None:
    """End a process, its group and all below it, at once; `known` were below it earlier."""
    processes = [*process_tree(pid), *(known or [])]
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if pid != os.getpgrp():
            os.killpg(pid, signal.SIGKILL)
    _wait_until_dead(processes)


def _wait_until_dead(processes: list[psutil.Process]) -> None:
    """Wait for processes that were killed; what is dead may stay listed until its parent asks.

    That parent is often the first process of a machine or container, which asks late or never.
    """
    until = time.monotonic() + _WAIT
    for process in processes:
        while process.is_running() and is_alive(process.pid) and time.monotonic() < until:
            time.sleep(0.002)


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and not only its parent's memory of it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def process_tree(pid: int) -> list[psutil.Process]:
    """A process and all below it; empty when it is gone."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def kill_marked(mark: str) -> None:
    """End every process that carries `mark` in its environment, wherever its parents have gone.

    A process that a run started and that then left its session and group (a daemon) is found by
    the mark that it inherited.
    """
    marked = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                process.kill()
                marked.append(process)
    _wait_until_dead(marked)
