"""Interrupts: held back where they would leave something half made, and told in one line."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from lastmile.__main__ import main
from lastmile.interrupts import held_back

BEGUN_HELD_BACK = """
import os, signal, sys
from lastmile.interrupts import let_in
os.kill(os.getpid(), signal.SIGINT)
print("held back", flush=True)
try:
    let_in()
except KeyboardInterrupt:
    print("let in")
"""


def test_an_interrupt_waits_for_the_end_of_the_block():
    done = []

    with pytest.raises(KeyboardInterrupt), held_back():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("all of it")

    assert done == ["all of it"]


def test_it_waits_also_where_another_thread_is_given_the_signal():
    done, ended = [], threading.Event()
    other = threading.Thread(target=ended.wait)
    other.start()

    try:
        with pytest.raises(KeyboardInterrupt), held_back():
            signal.pthread_kill(other.ident, signal.SIGINT)
            time.sleep(0.1)
            done.append("all of it")
    finally:
        ended.set()

    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_process_begun_in_the_block_says_itself_when_it_can_be_interrupted():
    with held_back():
        process = subprocess.Popen(
            [sys.executable, "-c", BEGUN_HELD_BACK], stdout=subprocess.PIPE, text=True
        )
    out, _ = process.communicate(timeout=60)

    assert out.split("\n")[:2] == ["held back", "let in"]


def test_an_interrupt_amid_the_imports_is_no_traceback(monkeypatch, capsys):
    class Interrupting:
        def find_spec(self, name, path=None, target=None):
            if name == "lastmile.cli.main":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "lastmile.cli.main", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])

    with pytest.raises(SystemExit, match="130"):
        main()

    assert capsys.readouterr().err == "interrupted before anything was begun\n"
