"""Kernels, servers and owners that end in every way: what is said of it, and what is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from jupyter_client.client import KernelClient
from nbclient.exceptions import DeadKernelError

from lastmile.reporting.execution.forkserver import ForkServer

# A child in the kernel's group, and a daemon that has left group and session.
LEAVE = """
import os, subprocess, sys
subprocess.Popen(['sleep', '8643'])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: os.execvp('sleep', ['sleep', '8644'])
    os._exit(0)
"""


@pytest.fixture(scope="module")
def server():
    """A server that has imported nothing but what every kernel needs."""
    with ForkServer() as running:
        yield running


@pytest.fixture
def own_server():
    with ForkServer() as running:
        assert running.wait_until_ready()
        yield running


@pytest.fixture(autouse=True)
def _nothing_is_left():
    """No sleeper of these tests survives its kernel."""
    yield
    until = time.monotonic() + 5
    while time.monotonic() < until and sleepers():
        time.sleep(0.05)
    assert sleepers() == []


def sleepers():
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if {"8643", "8644", "8645"} & set(process.info["cmdline"] or []):
            found.append(process)
    return found


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        pytest.param("os._exit(7)", " with exit code 7", id="exit 7"),
        pytest.param("os.abort()", ", killed by SIGABRT", id="abort"),
        pytest.param("os.kill(os.getpid(), 9)", ", killed by SIGKILL", id="kill -9"),
        pytest.param("os.kill(os.getpid(), 15)", ", killed by SIGTERM", id="terminated"),
        pytest.param("import ctypes; ctypes.string_at(0)", ", killed by SIGSEGV", id="segfault"),
    ],
)
def test_a_kernel_that_dies_is_known_by_how_and_leaves_nothing(
    server, kernel, tmp_path, code, ended
):
    with kernel(tmp_path) as talk:
        talk.run(LEAVE)
        with pytest.raises(DeadKernelError):
            talk.run(f"import os; {code}")
        assert talk.kernel.how_it_ended() == ended


def test_a_daemon_does_not_survive_a_kernel_that_ends_well(server, kernel, tmp_path):
    with kernel(tmp_path) as talk:
        talk.run(LEAVE)
        until = time.monotonic() + 5
        while time.monotonic() < until and len(sleepers()) < 2:
            time.sleep(0.02)
        assert len(sleepers()) == 2


def test_a_dead_server_takes_its_kernels_along_and_later_ones_are_fresh(
    own_server, kernel, tmp_path
):
    with kernel(tmp_path) as talk:
        talk.run("import subprocess; subprocess.Popen(['sleep', '8645'])")
        os.kill(own_server.pid, signal.SIGKILL)
        with pytest.raises(DeadKernelError):
            talk.run("import time; time.sleep(60)")
        assert talk.kernel.how_it_ended() == ", killed by SIGKILL"
    with kernel(tmp_path) as talk:
        assert "does not answer" in talk.why_fresh
        assert talk.say("print(1)") == "1"


OWNER = """
import multiprocessing, os, sys, time
from pathlib import Path
from nbformat import v4
from lastmile.reporting.execution.forkserver import ForkServer
from lastmile.reporting.execution.kernel import open_kernel
with ForkServer() as server:
    cell = v4.new_code_cell("import subprocess; subprocess.Popen(['sleep', '8645'])")
    notebook = v4.new_notebook(cells=[cell])
    with open_kernel(notebook, "python3", cwd=Path(sys.argv[1]), env={}, cell_timeout=60) as kernel:
        kernel.client.execute_cell(cell, 0)
        if os.fork() == 0:  # a copy of the owner must not keep anything alive
            time.sleep(30)
            os._exit(0)
        print(server.pid, kernel.pid, server.address.folder, flush=True)
        time.sleep(60)
"""


def test_nothing_survives_an_owner_that_is_killed(tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout
    server, kernel, folder = owner.stdout.readline().split()
    copies = [p for p in psutil.Process(owner.pid).children() if p.pid != int(server)]
    processes = [psutil.Process(int(server)), psutil.Process(int(kernel))]
    owner.kill()
    owner.wait()
    owner.stdout.close()

    assert psutil.wait_procs(processes, timeout=10)[1] == []
    assert not Path(folder).exists()
    for copy in copies:
        copy.kill()


def test_an_interrupt_amid_the_sockets_waits_until_all_are_open(tmp_path, kernel, monkeypatch):
    """One that was made and is in no list would be waited for at the end, for ever."""
    opened = []

    def interrupted(self, identity=None):
        signal.raise_signal(signal.SIGINT)  # to this thread: others would take it at any time
        return connect_shell(self, identity)

    def last(self, identity=None):
        opened.append("control")
        return connect_control(self, identity)

    connect_shell, connect_control = KernelClient.connect_shell, KernelClient.connect_control
    monkeypatch.setattr(KernelClient, "connect_shell", interrupted)
    monkeypatch.setattr(KernelClient, "connect_control", last)

    with pytest.raises(KeyboardInterrupt), kernel(tmp_path):
        pytest.fail("it was interrupted")

    assert opened == ["control"]


def test_the_server_ends_with_its_block_and_leaves_no_folder(own_server):
    process, folder = psutil.Process(own_server.pid), own_server.address.folder
    assert folder.stat().st_mode & 0o077 == 0
    own_server.__exit__(None, None, None)
    try:
        assert not process.is_running()
        assert not folder.exists()
    finally:
        own_server.__enter__()
