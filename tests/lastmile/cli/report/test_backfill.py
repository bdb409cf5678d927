"""`lastmile report backfill` as people see it."""

import os
import pty
import re
import subprocess
import sys

WORDS = ("report", "backfill", "plain", "--from", "2013-12", "--to", "2014-01")


def on_a_terminal(root, *words):
    """What a command shows on a real terminal, without the codes that move about on it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lastmile", *words],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux says so when the other end is closed
        pass
    os.close(ours)
    assert process.wait(30) == 0, shown
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def test_on_a_terminal_a_grid_of_states_moves(make_workspace):
    root = make_workspace(["x"], report='formats = ["html"]\n')
    first, again = on_a_terminal(root, *WORDS), on_a_terminal(root, *WORDS)

    for line in ("· waiting 1  ▸ running 1", "■ good 1", "2013  ■", "2014  ▸", "■ good 2"):
        assert line in first
    assert first.rstrip().endswith("2 run, 0 kept, 0 bad")
    assert "2013  □" in again
    assert "running 1" not in again
    assert again.rstrip().endswith("0 run, 2 kept, 0 bad")
