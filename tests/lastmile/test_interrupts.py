"""Interrupts: held back where they would leave something half made, and told in one line."""

import subprocess
import sys

import pytest

from lastmile.__main__ import main
from lastmile.interrupts import held_back

HELD = """
import os, signal, threading
from lastmile.interrupts import held_back
def from_another_thread():
    go.wait()
    signal.raise_signal(signal.SIGINT)
go, other = threading.Event(), threading.Thread(target=from_another_thread)
other.start()
try:
    with held_back():
        {interrupt}
        print("all of it", flush=True)
    print("no interrupt", flush=True)
except KeyboardInterrupt:
    print("then the interrupt")
go.set()
"""

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


@pytest.mark.parametrize(
    "interrupt",
    ["signal.raise_signal(signal.SIGINT)", "go.set(); other.join()"],
    ids=["to this thread", "to another thread"],
)
def test_an_interrupt_waits_for_the_end_of_the_block(interrupt):
    """In a process of its own: that of the tests has threads which are interrupted as well."""
    code = HELD.format(interrupt=interrupt)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert done.stdout.splitlines() == ["all of it", "then the interrupt"], done.stderr


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
