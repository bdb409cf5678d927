"""Backfills: idempotent, resumable, and whole whatever is killed."""

import json
import os
import signal
import time

import psutil
import pytest
from tests.faults.storm import check_whole, runs_of, start, storm

CELLS = ["import time; time.sleep(0.1); print(x)"]
REPORT = 'formats = ["html"]\n'


def test_a_grid_is_filled_once_and_kept_the_second_time(lastmile, make_workspace):
    root = make_workspace(CELLS, report=REPORT)
    words = ("report", "backfill", "plain", "--from", "2014-01", "--to", "2014-02", "-p", "x=1,2")
    first = lastmile(*words, "--jobs", "2", cwd=root)
    again = lastmile(*words, "--json", cwd=root)

    assert (first.code, again.code) == (0, 0)
    assert "4 run, 0 kept, 0 bad" in first.out
    assert [slot["progress"] for slot in json.loads(again.out)] == ["kept"] * 4
    assert sorted((r.given["x"], f"{r.logical_date:%Y-%m}") for r in runs_of(root)) == [
        (x, month) for x in ("1", "2") for month in ("2014-01", "2014-02")
    ]


def test_only_what_is_bad_is_run_again(lastmile, make_workspace):
    root = make_workspace(
        ["from pathlib import Path\nassert x == 1 or Path('mended').exists()"], report=REPORT
    )
    words = ("report", "backfill", "plain", "--from", "2014-01", "--to", "2014-01", "-p", "x=1,2")
    first = lastmile(*words, cwd=root)
    (root / "notebooks/mended").touch()
    second = lastmile(*words, cwd=root)

    assert (first.code, second.code) == (1, 0)
    assert "1 run, 0 kept, 1 bad" in first.out
    assert "AssertionError" in first.out
    assert "1 run, 1 kept, 0 bad" in second.out


def test_an_output_of_no_valid_form_ends_no_backfill(lastmile, make_workspace):
    shows = "display({'application/x-own': {'a': 1}, 'text/plain': 5}, raw=True)"
    root = make_workspace([f"from IPython.display import display\n{shows}"], report=REPORT)
    words = ("report", "backfill", "plain", "--from", "2014-01", "--to", "2014-02")
    answer = lastmile(*words, cwd=root)

    assert (answer.code, answer.err.count("Traceback")) == (0, 0)
    assert "2 run, 0 kept, 0 bad" in answer.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-p", "y=1"), "`y` is not a parameter"),
        (("-p", "x=many"), "cannot be 'many'"),
        (("--to", "soon"), "--to soon is no date"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_run(lastmile, make_workspace, words, message):
    root = make_workspace(CELLS, report=REPORT)
    answer = lastmile(
        "report", "backfill", "plain", "--from", "2014-01", "--to", "2014-02", *words, cwd=root
    )

    assert answer.code == 2
    assert message in answer.err
    assert not (root / "reports/_built").exists()


def test_an_interrupted_backfill_leaves_no_process_and_goes_on_where_it_stopped(make_workspace):
    root = make_workspace(["import time; time.sleep(1)"], report=REPORT)
    process = start(root, "--to", "2014-06")
    while not any((root / "reports/_built/plain").glob("*-*/run.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    resumed = start(root, "--to", "2014-06", "--json")
    out, _ = resumed.communicate(timeout=300)
    progress = [slot["progress"] for slot in json.loads(out)]

    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert psutil.wait_procs(below, timeout=5)[1] == []
    assert set(progress) == {"kept", "good"}


def test_random_kills_lose_nothing_double_nothing_and_leave_nothing(make_workspace):
    """A short version of `make faults`: kill -9 of the backfill, its workers and kernels."""
    root = make_workspace(CELLS, report=REPORT)
    kills = storm(root, kills=4, seed=int(os.environ.get("LASTMILE_SEED", "7")))
    check_whole(root)

    assert kills >= 3


def test_a_grid_is_filled_again_when_the_declared_data_has_changed(lastmile, make_workspace):
    root = make_workspace(
        ["print(open('../data/a.csv').read())"], report=f'{REPORT}data = ["data/*.csv"]\n'
    )
    (root / "data").mkdir()
    words = ("report", "backfill", "plain", "--from", "2014-01", "--to", "2014-01")
    told = []
    for text in ("one", "one", "two"):
        (root / "data/a.csv").write_text(text)
        told.append(lastmile(*words, cwd=root).out.splitlines()[-1])

    assert told == [
        "1 run, 0 kept, 0 bad", "0 run, 1 kept, 0 bad", "1 run, 0 kept, 0 bad"
    ]  # fmt: skip
    pages = [run.folder / "index.html" for run in runs_of(root)]
    assert ["two" in page.read_text() for page in pages] == [True, False]


LOOK = """import os, sys
print(os.environ['OMP_NUM_THREADS'], os.environ['OPENBLAS_NUM_THREADS'], 'house' in sys.modules)"""


def test_workers_share_the_cores_and_import_what_the_settings_call_safe(
    lastmile, make_workspace, monkeypatch
):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    root = make_workspace([LOOK], report=REPORT)
    (root / "pyproject.toml").write_text('[tool.lastmile]\npreload = ["house"]\n')
    (root / "src/house.py").write_text("")
    threads = {}
    for jobs in (1, 2):
        words = ("--from", "2014-01", "--to", "2014-02", "--jobs", str(jobs), "--force")
        answer = lastmile("report", "backfill", "plain", *words, cwd=root)
        assert answer.code == 0, answer.out + answer.err
        threads[jobs] = {said_by(run) for run in runs_of(root)[:2]}

    cores = len(os.sched_getaffinity(0))
    for jobs, said in threads.items():
        share = max(1, cores // jobs)
        assert said == {f"{share} {share} True\n"}


def said_by(run):
    """What the last cell of a published run printed."""
    notebook = json.loads((run.folder / "notebook.ipynb").read_text())
    return "".join(notebook["cells"][-1]["outputs"][0]["text"])


SHARES = 'formats = ["html"]\nshare_prefix = true\n'


def test_a_backfill_that_shares_its_beginning_runs_it_once_for_all_workers(
    lastmile, make_workspace, make_notebook
):
    root = make_workspace(report=SHARES)
    loads = "from pathlib import Path\nPath('ran').open('a').write('x')\nbase = 10"
    _with_beginning(root, make_notebook, loads)
    words = ("report", "backfill", "plain", "--from", "2014-01", "--to", "2014-03", "-p", "x=1,2")
    answer = lastmile(*words, "--jobs", "2", cwd=root)

    assert answer.code == 0
    assert "6 run, 0 kept, 0 bad" in answer.out
    assert (root / "notebooks/ran").read_text() == "x"
    assert "share" not in answer.out


def test_a_backfill_says_why_it_does_not_share(lastmile, make_workspace, make_notebook):
    root = make_workspace(report=SHARES)
    _with_beginning(root, make_notebook, "import socket\npair = socket.socketpair()\nbase = 1")
    words = ("report", "backfill", "plain", "--from", "2014-01", "--to", "2014-02")
    answer = lastmile(*words, cwd=root)

    assert answer.code == 0
    assert "the beginning was not shared: it leaves a connection open" in answer.out


def _with_beginning(root, make_notebook, above):
    path = make_notebook(root / "notebooks/plain.ipynb", ["print(base * x)"], "x: int = 3")
    notebook = json.loads(path.read_text())
    first = {**notebook["cells"][1], "id": "above", "source": above}
    path.write_text(json.dumps({**notebook, "cells": [first, *notebook["cells"]]}))
