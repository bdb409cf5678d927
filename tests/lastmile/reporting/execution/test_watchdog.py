"""Processes that are killed, and how long that is waited for."""

import subprocess
import sys
import threading

import psutil
import pytest

from lastmile.reporting.execution import watchdog
from lastmile.reporting.execution.watchdog import MARK, kill_marked, kill_tree

PARENT = """
import subprocess, sys
child = subprocess.Popen(["sleep", "8646"])
print(child.pid, flush=True)
sys.stdin.read()  # and never asks what became of its child
"""


@pytest.fixture
def forgotten():
    """A process whose parent never asks for its end, as the first one of a container may."""
    words = [sys.executable, "-c", PARENT]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        yield psutil.Process(int(it.stdout.readline()))


def test_a_dead_process_that_its_parent_forgets_is_not_waited_for(forgotten, monkeypatch):
    monkeypatch.setattr(watchdog, "_WAIT", 1e6)
    done = threading.Thread(target=kill_tree, args=[forgotten.pid], daemon=True)
    done.start()
    done.join(30)

    assert not done.is_alive()
    assert forgotten.status() == psutil.STATUS_ZOMBIE


def test_what_bears_the_mark_is_killed_and_nothing_else():
    sleepers = [
        subprocess.Popen(["sleep", "8647"], env={MARK: mark}) for mark in ("a run", "another run")
    ]
    try:
        kill_marked("a run")
        assert [sleeper.poll() for sleeper in sleepers] == [-9, None]
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
