"""`lastmile report`: what a run leaves behind, whatever became of it."""

import json
import signal
import time

import psutil
import pytest

from lastmile.store import RunLog
from lastmile.values import CauseKind, State


def runs_of(root):
    with RunLog(f"sqlite:///{root}/.lastmile/store.db") as log:
        return log.history()


def test_a_good_run_is_published_recorded_and_latest(lastmile, make_workspace):
    root = make_workspace(["print(x * 1111)"])
    answer = lastmile("report", "run", "plain", "-p", "x=7", cwd=root)
    [run] = runs_of(root)
    folder = root / "reports/_built/plain" / run.key

    assert answer.code == 0
    assert "succeeded" in answer.out
    assert {"index.html", "report.pdf", "notebook.ipynb", "run.json", "source"} == {
        path.name for path in folder.iterdir()
    }
    assert "7777" in (folder / "index.html").read_text()
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert run.key == (folder.parent / "latest").readlink().name
    assert (State.SUCCEEDED, {"x": 7}, folder) == (run.state, run.parameters, run.folder)


def test_the_record_holds_what_the_run_was_made_from(lastmile, make_workspace):
    root = make_workspace()
    lastmile("report", "run", "plain", "--format", "html", cwd=root)
    [path] = root.glob("reports/_built/plain/*-*/run.json")
    record = json.loads(path.read_text())

    assert (
        record["format"], record["state"], record["parameters"]
    ) == (1, "succeeded", {"x": 3})  # fmt: skip
    assert len(record["provenance"]["notebook_sha256"]) == 64
    assert {"index.html", "notebook.ipynb", "run.json"} == set(record["files"])


def test_only_the_asked_formats_are_made(lastmile, make_workspace):
    root = make_workspace()
    lastmile("report", "run", "plain", "--format", "pdf", cwd=root)
    [folder] = root.glob("reports/_built/plain/*-*")

    assert {"report.pdf", "notebook.ipynb", "run.json", "source"} == {
        p.name for p in folder.iterdir()
    }


def test_a_failed_run_is_rendered_up_to_there_and_never_latest(lastmile, make_workspace):
    root = make_workspace(["print('before')", "1 / x", "print('never shown')"])
    good = lastmile("report", "run", "plain", "--json", cwd=root)
    bad = lastmile("report", "run", "plain", "-p", "x=0", "--json", cwd=root)
    good_run, bad_run = json.loads(good.out), json.loads(bad.out)
    page = (root / "reports/_built/plain" / bad_run["key"] / "index.html").read_text()

    assert (good.code, bad.code) == (0, 1)
    assert bad_run["state"] == "failed"
    assert bad_run["cause"]["kind"] == "cell-error"
    assert "ZeroDivisionError" in bad_run["cause"]["message"]
    assert "This run failed" in page
    assert "before" in page
    assert f"../{good_run['key']}/index.html" in page
    assert good_run["key"] == (root / "reports/_built/plain/latest").readlink().name


def test_history_tells_state_cause_and_parameters(lastmile, make_workspace):
    root = make_workspace(["1 / x"])
    for x in (1, 0):
        lastmile("report", "run", "plain", "-p", f"x={x}", "--format", "html", cwd=root)
    answer = lastmile("report", "history", "plain", cwd=root)
    newest, oldest = answer.out.splitlines()

    assert "failed" in newest
    assert "x=0" in newest
    assert "ZeroDivisionError" in newest
    assert "succeeded" in oldest


def test_show_tells_parameters_and_runs(lastmile, make_workspace):
    root = make_workspace(report="[parameters.x]\nminimum = 1\nmaximum = 9\n")
    lastmile("report", "run", "plain", "--format", "html", cwd=root)
    answer = lastmile("report", "show", "plain", cwd=root)

    assert "x\tint\t3\thow many\tfrom 1 to 9" in answer.out
    assert "succeeded" in answer.out


def test_where_nothing_can_be_written_the_run_is_failed_and_says_so(lastmile, make_workspace):
    root = make_workspace()
    (root / "reports/_built").write_text("in the way")
    answer = lastmile("report", "run", "plain", cwd=root)
    [run] = runs_of(root)

    assert answer.code == 1
    assert "nothing was published" in answer.err
    assert (run.state, run.cause.kind) == (State.FAILED, CauseKind.NOT_PUBLISHED)
    assert run.folder is None


def test_a_full_disk_leaves_the_last_good_report(lastmile, make_workspace, monkeypatch):
    import errno
    from pathlib import Path

    root = make_workspace()
    lastmile("report", "run", "plain", cwd=root)
    before = sorted(root.glob("reports/_built/**/*"))
    real = Path.write_bytes

    def full(path, data):
        if "_built" in str(path) and path.name == "report.pdf":
            real(path, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    answer = lastmile("report", "run", "plain", cwd=root)

    assert answer.code == 1
    assert "No space left on device" in answer.err
    assert before == sorted(root.glob("reports/_built/**/*"))
    assert [run.state for run in runs_of(root)] == [State.FAILED, State.SUCCEEDED]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_run_is_cancelled_and_cleans_up(make_workspace, start_lastmile, number):
    root = make_workspace(["import time; print('x'); time.sleep(8643)"])
    process = start_lastmile("report", "run", "plain", cwd=root)
    below = wait_for_kernel(process)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    [run] = runs_of(root)

    assert process.returncode == 130, err
    assert "interrupted" in err
    assert "Traceback" not in err
    assert (run.state, run.cause.kind) == (State.CANCELLED, CauseKind.INTERRUPTED)
    assert psutil.wait_procs(below, timeout=5)[1] == []
    assert not (root / "reports/_built/plain").exists()


def test_a_run_whose_supervisor_was_killed_is_lost_not_running(
    lastmile, make_workspace, start_lastmile
):
    root = make_workspace(["import time; time.sleep(8644)"])
    process = start_lastmile("report", "run", "plain", cwd=root)
    below = wait_for_kernel(process)
    process.kill()
    process.wait()
    answer = lastmile("report", "history", cwd=root)

    assert "failed" in answer.out
    assert "ended without a word" in answer.out
    for orphan in psutil.wait_procs(below, timeout=10)[1]:
        orphan.kill()


def wait_for_kernel(process):
    """The processes below a run, once its kernel is at work."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        below = psutil.Process(process.pid).children(recursive=True)
        assert process.poll() is None, process.communicate()[1]
        if any("ipykernel" in command_of(child) for child in below):
            time.sleep(2)
            return psutil.Process(process.pid).children(recursive=True)
        time.sleep(0.05)
    raise AssertionError("no kernel was started")


def command_of(process):
    """The command line of a process, or nothing if it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def test_progress_is_plain_lines_where_there_is_no_terminal(lastmile, make_workspace):
    root = make_workspace(["#!md ## Sums", "x"])
    answer = lastmile("report", "run", "plain", "--format", "html", cwd=root)

    assert "plain: beginning" in answer.err
    assert "cell 3 of 3 (Sums)" in answer.err
    assert "\x1b" not in answer.err + answer.out


def test_a_run_killed_after_it_published_is_found_as_it_ended(
    lastmile, make_workspace, monkeypatch
):
    from sqlalchemy import text

    root = make_workspace()
    lastmile("report", "run", "plain", "--format", "html", cwd=root)
    [run] = runs_of(root)
    (root / "reports/_built/plain/latest").unlink()
    with RunLog(f"sqlite:///{root}/.lastmile/store.db") as log, log._writer.begin() as connection:
        connection.execute(
            text("UPDATE runs SET state = 'running', pid_started = 1, folder = NULL")
        )
    answer = lastmile("report", "history", cwd=root)

    assert "succeeded" in answer.out
    assert runs_of(root) == [run]
    assert (root / "reports/_built/plain/latest").readlink().name == run.key


def test_a_full_disk_of_the_run_log_leaves_log_record_and_latest_in_agreement(
    lastmile, make_workspace, monkeypatch
):
    from sqlalchemy.exc import OperationalError

    root = make_workspace()
    lastmile("report", "run", "plain", cwd=root)
    before = (root / "reports/_built/plain/latest").readlink().name

    def full(self, _run, _told):
        with self._told():
            raise OperationalError("UPDATE", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(RunLog, "end", full)
        answer = lastmile("report", "run", "plain", cwd=root)

    assert answer.code == 1
    assert "database or disk is full" in answer.err
    assert (root / "reports/_built/plain/latest").readlink().name == before


def test_parts_of_a_killed_publication_are_cleared(lastmile, make_workspace):
    from sqlalchemy import text

    root = make_workspace()
    lastmile("report", "run", "plain", "--format", "html", cwd=root)
    [run] = runs_of(root)
    built = root / "reports/_built/plain"
    (built / run.key).rename(built / f".{run.key}.part-12345678")
    with RunLog(f"sqlite:///{root}/.lastmile/store.db") as log, log._writer.begin() as connection:
        connection.execute(text("UPDATE runs SET state = 'running', pid_started = 1"))
    lastmile("report", "history", cwd=root)

    assert [path.name for path in built.iterdir()] == []
    assert runs_of(root)[0].cause.kind is CauseKind.LOST
