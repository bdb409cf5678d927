"""Runs on a real Dask cluster: a scheduler and two workers, each a process of its own."""

import io
import json
import pickle
import signal
import sys
import threading
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from tests.dask import DaskCluster

from lastmile.errors import ProgramFault, RefusedThere, WorkspaceTooLarge
from lastmile.jobs import cluster as jobs_cluster
from lastmile.jobs import parcel
from lastmile.jobs.cluster import Cluster, cluster_of
from lastmile.jobs.far import backfill_far
from lastmile.jobs.faults import FaultFiles, as_told
from lastmile.jobs.parcel import Order, pack
from lastmile.reporting.execution.outcome import CellEvent
from lastmile.reporting.grid import Slot
from lastmile.store import RunLog
from lastmile.values import Run, State
from lastmile.workspace import find_workspace


@pytest.fixture(name="cluster", scope="module")
def _cluster(tmp_path_factory):
    cluster = DaskCluster(tmp_path_factory.mktemp("dask"))
    for name in ("one", "two"):
        cluster.add_worker(name)
    cluster.wait_for_workers()
    yield cluster
    cluster.close()


@pytest.fixture(name="far")
def _far(make_workspace, cluster):
    """A workspace whose notebooks run on the cluster."""

    def make(*words, settings="", **more):
        root = make_workspace(*words, **more)
        (root / "pyproject.toml").write_text(
            f'[tool.lastmile]\nexecutor = "{cluster.address}"\n{settings}'
        )
        return root

    return make


HTML = 'formats = ["html"]\n'
WORK = """
import mine, os, time
from pathlib import Path
Path(f"{trace}/{x}-{os.getpid()}").touch()
while not Path(trace).with_name("go").exists():
    time.sleep(0.05)
"""
AFTER = """
import lastmile
lastmile.record("answer", mine.twice(x))
assert token == "yes!", "a secret is that of the worker"
assert x != 2, "two is wrong"
"""


def kill_when_both_work(cluster, trace):
    """Kill one of two workers when each has begun its run, and only then let runs end."""
    deadline = time.monotonic() + 120
    while len(list(trace.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    cluster.kill_worker("one")
    trace.with_name("go").touch()


def test_runs_on_a_cluster_are_made_also_when_a_worker_is_killed(far, cluster, tmp_path):
    trace = tmp_path / "trace"
    trace.mkdir()
    parameters = f"x: int = 1\ntoken: str = 'secret:FROM_WORKER'\ntrace: str = '{trace}'"
    root = far([WORK, AFTER], parameters=parameters, report=HTML,
               settings=f'artifacts = "file://{tmp_path}/bucket"\n')  # fmt: skip
    (root / "src/mine.py").write_text("def twice(x):\n    return 2 * x\n")
    given = [{"x": x, "token": "secret:FROM_WORKER"} for x in (1, 2)]
    slots = [Slot(logical_date=datetime(2014, 1, 1, tzinfo=UTC), given=one) for one in given]
    changes = []
    killer = threading.Thread(target=kill_when_both_work, args=(cluster, trace))
    killer.start()
    workspace = find_workspace(root)

    outcomes = backfill_far(workspace, "plain", slots, on_change=lambda *c: changes.append(c))

    killer.join()
    good, bad = (outcome.run for outcome in outcomes)
    assert [outcome.progress for outcome in outcomes] == ["good", "bad"], outcomes
    assert good.recorded == {"answer": 2}
    assert "two is wrong" in bad.cause.message
    begun = [path.name.partition("-") for path in trace.iterdir()]
    assert len(begun) == 3, "one of two runs was begun again"
    assert [int(pid) for _, _, pid in begun if psutil.pid_exists(int(pid))] == []
    assert changes[:2] == [(0, "running"), (1, "running")]
    events = cluster_of(workspace)._client.get_events("lastmile")
    assert {told["run"] for _, told in events} == {good.key, bad.key}, "progress comes back"
    with RunLog(workspace.store_url) as log:
        assert {run.key for run in log.history()} == {good.key, bad.key}
        assert log.find(good.key) == good
    check_published(root, good)
    assert (bad.folder / "index.html").exists()
    assert list((tmp_path / "bucket").iterdir()) == [], "pages came over the store and left it"


def test_an_interrupt_ends_what_runs_on_the_cluster(far, start_lastmile, cluster, tmp_path):
    trace = tmp_path / "trace"
    trace.mkdir()
    cluster.add_worker("three")
    cluster.wait_for_workers()
    root = far([WORK], parameters=f"x: int = 1\ntrace: str = '{trace}'", report=HTML)
    (root / "src/mine.py").touch()
    words = ("--from", "2014-01", "--to", "2014-02", "--jobs", "1")
    process = start_lastmile("report", "backfill", "plain", *words, cwd=root)
    deadline = time.monotonic() + 120
    while not list(trace.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    (begun,) = trace.iterdir()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    kernel = [
        psutil.Process(pid)
        for pid in [int(begun.name.rpartition("-")[2])]
        if psutil.pid_exists(pid)
    ]
    assert psutil.wait_procs(kernel, timeout=20)[1] == []
    assert "RunInterrupted" not in (cluster.folder / "dask_worker.log").read_text()
    with RunLog(find_workspace(root).store_url) as log:
        assert [run.state for run in log.history()] == [State.CANCELLED]


def check_published(root: Path, run: Run) -> None:
    """A run from a worker stands here as any other does."""
    record = json.loads((run.folder / "run.json").read_text())

    assert run.folder == root / "reports/_built/plain" / run.key
    assert (root / "reports/_built/plain/latest").readlink().name == run.key
    assert b"<html" in (run.folder / "index.html").read_bytes()
    assert record["provenance"]["worker"].startswith("tcp://")
    assert record["state"] == "succeeded"
    assert (run.folder / "source/notebook.ipynb").exists()


def test_a_cluster_out_of_reach_is_told_before_anything_is_run(
    lastmile, make_workspace, monkeypatch
):
    monkeypatch.setattr(jobs_cluster, "CONNECT_SECONDS", 1)
    root = make_workspace()
    answer = lastmile("report", "run", "plain", "--executor", "dask://127.0.0.1:9", cwd=root)

    assert answer.code == 1
    assert "the cluster dask://127.0.0.1:9 cannot be used" in answer.err
    with RunLog(find_workspace(root).store_url) as log:
        assert log.history() == []
    wrong = lastmile("report", "run", "plain", "--executor", "ray://x", cwd=root)
    assert wrong.code == 2
    assert "dask://HOST:PORT" in wrong.err


def test_what_is_sent_holds_no_secret_no_page_and_nothing_hidden(make_workspace, tmp_path):
    root = make_workspace()
    for name in ("secrets/TOKEN", ".git/x", "reports/_built/x/y", "src/__pycache__/a.pyc"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    packed, digest = pack(root, {"new.py": b"1"}, leave_out=root / "secrets")
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()

    assert names == ["new.py", "notebooks/plain.ipynb", "pyproject.toml", "reports/plain.toml"]
    assert digest == pack(root, {"new.py": b"1"}, leave_out=root / "secrets")[1]
    assert digest != pack(root, {"new.py": b"2"}, leave_out=root / "secrets")[1]


def test_a_workspace_that_is_too_large_to_send_is_refused(make_workspace, monkeypatch):
    monkeypatch.setattr(parcel, "MOST", 100)

    with pytest.raises(WorkspaceTooLarge, match="at most 100 B"):
        pack(make_workspace(), {}, leave_out=None)


def test_progress_is_heard_by_the_run_that_it_is_of():
    cluster, seen = Cluster("dask://127.0.0.1:9"), []
    cluster._observers["a"] = seen.append
    cell = {"phase": "ended", "number": 1, "total": 2, "title": "", "last": False, "seconds": 0.1}
    for run in ("a", "b"):
        cluster._hear((0.0, {"run": run, "cell": cell}))

    assert seen == [CellEvent(**cell)]


ORDER = Order(key="k", report="plain", given={}, types={}, formats=("html",), logical_date="",
              started="", attempt=1, digest="d", packed=b"")  # fmt: skip


def test_a_process_that_ends_without_a_word_is_a_refusal_by_its_worker(tmp_path, monkeypatch):
    ends = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    monkeypatch.setattr(jobs_cluster, "command_for", lambda *_: ends)
    with pytest.raises(RefusedThere, match="ended with exit code -9"):
        jobs_cluster._run(ORDER, tmp_path, lambda _cell: None)


THERE = """
import sys
sys.argv = ["there", "nowhere", "built"]
from lastmile.jobs import there
def fault(*_):
    raise KeyError("nobody foresaw this")
there._produce = fault
there.main()
"""


def test_a_fault_of_ours_on_a_worker_comes_back_with_its_traceback(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs_cluster, "command_for", lambda *_: [sys.executable, "-c", THERE])
    with pytest.raises(ProgramFault) as there:
        jobs_cluster._run(ORDER, tmp_path, lambda _cell: None)
    sent = pickle.loads(pickle.dumps(there.value))
    told = as_told(sent, "the run k", FaultFiles(tmp_path, "k"))

    kept = tmp_path / ".lastmile/faults/k.txt"
    assert str(told).startswith("[program-fault] the run k failed: KeyError: 'nobody foresaw this'")
    assert "in fault" in kept.read_text()
    assert told.cause.endswith(f"a fault of lastmile, not of the notebook (see {kept})")
