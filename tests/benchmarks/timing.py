"""How the benchmarks measure: alternating, so that noise falls on both sides alike."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def alternate(
    *tasks: Callable[[], object],
    rounds: int = 5,
    times: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Median seconds of each task, measured in turns of so many `times`.

    What takes microseconds needs several: behind a task of milliseconds its memory is cold.
    """
    seconds: list[list[float]] = [[] for _ in tasks]
    for _ in range(rounds):
        for task, found in zip(tasks, seconds, strict=True):
            started = clock()
            for _ in range(times):
                task()
            found.append((clock() - started) / times)
    return [statistics.median(found) for found in seconds]


def command(*words: str | Path, cwd: Path) -> Callable[[], object]:
    """A task that runs a program to its end; native threads are capped alike for all."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(cwd / "src")}

    def run() -> object:
        return subprocess.run(
            list(map(str, words)), cwd=cwd, env=env, capture_output=True, check=True
        )

    return run
