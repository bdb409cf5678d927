"""`latest` points to what the run log says, whatever was killed on the way there."""

import fcntl
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from sqlalchemy import event
from tests.faults.storm import wait_until_gone

from lastmile.errors import LatestNotMoved
from lastmile.jobs.latest import Repaired, repair_latest
from lastmile.jobs.report import Place, reconcile
from lastmile.reporting import publication
from lastmile.reporting.publication import LATEST, latest_good, make_latest
from lastmile.store import RunLog
from lastmile.store.schedulers import SchedulerLog
from lastmile.values import State

KILLED_AT = {
    "before anything is published": "lastmile.atomic._swap",
    "before the end is recorded": "lastmile.store.log.RunLog._end",
    "before latest is moved": "lastmile.jobs.report.make_latest",
    "while latest is moved": "pathlib.Path.replace of .latest.part-",
}

FAULT = """
import importlib, os, signal, sys

def kill_at(place, mark, and_parent):
    path, _, prefix = place.partition(" of ")
    owner, name = path.rsplit(".", 1)
    try:
        owner = importlib.import_module(owner)
    except ModuleNotFoundError:
        module, kind = owner.rsplit(".", 1)
        owner = getattr(importlib.import_module(module), kind)
    plain = getattr(owner, name)

    def fatal(*given, **named):
        if given[0].name.startswith(prefix) if prefix else True:
            try:
                os.close(os.open(mark, os.O_CREAT | os.O_EXCL))  # once
            except FileExistsError:
                return plain(*given, **named)
            if and_parent:
                os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*given, **named)

    setattr(owner, name, fatal)

if "KILLED_AT" in os.environ and {"lastmile", "--multiprocessing-fork"} & set(sys.orig_argv):
    kill_at(os.environ["KILLED_AT"], os.environ["KILLED"], "AND_PARENT" in os.environ)
"""


@pytest.fixture
def killed(tmp_path, make_workspace):
    """Call a command of a workspace in which one process is killed at a place, and its parent."""
    root = make_workspace(report='formats = ["html"]\n')
    schedule = 'report = "plain"\nevery = "minute"\ntimezone = "UTC"\nmissed = "latest"\n'
    (root / "schedule/often.toml").write_text(schedule)
    (tmp_path / "fault").mkdir()
    (tmp_path / "fault/sitecustomize.py").write_text(FAULT)
    with SchedulerLog(f"sqlite:///{root}/.lastmile/store.db") as log:
        log.cursors(["often"], datetime.now(UTC) - timedelta(minutes=2))

    def call(place: str, *words: str, and_parent: bool = False) -> int:
        mark = tmp_path / "killed"
        more = {"PYTHONPATH": str(tmp_path / "fault"), "KILLED_AT": place, "KILLED": str(mark)}
        process = subprocess.Popen(
            [sys.executable, "-m", "lastmile", *words],
            cwd=root, env=os.environ | more | ({"AND_PARENT": "1"} if and_parent else {}),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        family = [psutil.Process(process.pid)]
        told = process.communicate(timeout=120)[0].decode()
        assert mark.exists(), told
        wait_until_gone(family)
        return process.returncode

    return root, call


@pytest.fixture
def built(tmp_path):
    return tmp_path / "reports/_built"


@pytest.fixture
def log(tmp_path):
    with RunLog(f"sqlite:///{tmp_path}/.lastmile/store.db") as opened:
        yield opened


def link(built):
    return built / "plain" / LATEST


@pytest.mark.parametrize("place", KILLED_AT.values(), ids=KILLED_AT)
def test_a_killed_run_leaves_latest_to_the_next_command(place, killed, built, log):
    root, call = killed
    assert call(place, "report", "run", "plain") == -signal.SIGKILL
    assert not link(built).exists()

    reconcile(Place(built=built, root=root, log=log))

    (run,) = log.history()
    published = place != KILLED_AT["before anything is published"]
    assert run.state is (State.SUCCEEDED if published else State.FAILED)
    assert latest_good(built, "plain") == (run.key if published else None)
    assert list((built / "plain").glob(".*")) == []


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("report", "backfill", "plain", "--from", "2014-01", "--to", "2014-01"),
         "before latest is moved"),
        (("schedule", "tick"), "before latest is moved"),
        (("schedule", "tick"), "while latest is moved"),
    ],
    ids=lambda words: words[1] if isinstance(words, tuple) else words,
)  # fmt: skip
def test_a_killed_worker_leaves_latest_to_the_command_that_it_worked_for(
    words, place, killed, built, log
):
    _, call = killed
    assert call(KILLED_AT[place], *words) == 0

    good = [run.key for run in log.history() if run.state.good]
    assert latest_good(built, "plain") == max(good)
    assert list((built / "plain").glob(".*")) == []


@pytest.mark.parametrize(
    ("words", "following"),
    [
        (("report", "backfill", "plain", "--from", "2014-01", "--to", "2014-01"),) * 2,
        (("schedule", "tick"),) * 2,
        (("schedule", "tick"), ("schedule", "now", "often")),
        (("schedule", "tick"), ("report", "history")),
    ],
    ids=lambda words: words[1],
)
def test_a_command_that_is_killed_with_its_worker_leaves_latest_to_the_next(
    words, following, killed, built, log
):
    root, call = killed
    place = KILLED_AT["before latest is moved"]
    assert call(place, *words, and_parent=True) == -signal.SIGKILL
    (run,) = log.history()
    assert run.state.good
    assert not link(built).exists()

    done = subprocess.run(
        [sys.executable, "-m", "lastmile", *following], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"`latest` of plain points to {run.key} now" in done.stderr
    good = [run.key for run in log.history() if run.state.good]
    assert latest_good(built, "plain") == max(good)


def test_a_link_that_is_behind_is_moved_and_told(publish_run, built, log):
    old, new = publish_run(days=0), publish_run(days=1)
    link(built).unlink()
    link(built).symlink_to(old.key)

    assert repair_latest(built, log) == [Repaired("plain", old.key, new.key)]
    assert latest_good(built, "plain") == new.key
    assert repair_latest(built, log) == []
    told: list[str] = []
    link(built).unlink()
    reconcile(Place(built=built, root=built, log=log), tell=told.append)
    assert told == [f"`latest` of plain points to {new.key} now"]


def test_a_link_to_a_publication_that_is_gone_goes_back_to_one_that_is_there(
    publish_run, built, log
):
    old, new = publish_run(days=0), publish_run(days=1)
    new.folder.rename(built / "elsewhere")

    repair_latest(built, log)
    assert latest_good(built, "plain") == old.key

    old.folder.rename(built / "elsewhere-too")
    (told,) = repair_latest(built, log)
    assert not link(built).is_symlink()
    assert str(told) == (
        f"`latest` of plain is gone: neither {old.key} nor another good run is there"
    )


def test_a_link_to_a_run_that_the_log_calls_failed_is_taken_away(publish_run, built, log):
    old, new = publish_run(days=0), publish_run(days=1)
    log.end(replace(new, state=State.FAILED))

    repair_latest(built, log)
    assert latest_good(built, "plain") == old.key


@pytest.mark.parametrize(
    "provenance", [{}, {"reproduces": "20260101-060000-plai"}], ids=["failed", "reproduced"]
)
def test_neither_a_failed_nor_a_reproduced_run_becomes_the_latest(
    publish_run, built, log, provenance
):
    good = publish_run(days=0)
    state = State.SUCCEEDED if provenance else State.FAILED
    publish_run(days=1, state=state, provenance=provenance)

    assert repair_latest(built, log) == []
    assert latest_good(built, "plain") == good.key


def test_pages_that_the_log_does_not_know_keep_their_link(publish_run, built, tmp_path):
    known = publish_run(days=0, logged=False)
    with RunLog(f"sqlite:///{tmp_path}/another.db") as empty:
        assert repair_latest(built, empty) == []
    assert latest_good(built, "plain") == known.key


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_a_person_put_in_its_place_stays_and_is_told(publish_run, built, log, kind):
    run = publish_run(days=0)
    link(built).unlink()
    if kind == "folder":
        link(built).mkdir()
    else:
        link(built).write_text("mine")

    (told,) = repair_latest(built, log)
    assert str(told) == (
        f"`latest` of plain does not point to the run {run.key}: "
        f"a {kind} stands in its place; move it away"
    )
    with pytest.raises(LatestNotMoved, match=f"a {kind} stands in its place"):
        publish_run(days=1)
    assert not link(built).is_symlink()
    assert kind == "folder" or link(built).read_text() == "mine"


def test_a_folder_that_may_not_be_written_is_told_and_nothing_else(
    publish_run, built, log, monkeypatch
):
    run = publish_run(days=0)
    link(built).unlink()

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "symlink_to", refused)
        (told,) = repair_latest(built, log)
    assert str(told).endswith(f"does not point to the run {run.key}: Permission denied")
    assert repair_latest(built, log) == [Repaired("plain", "", run.key)]


def test_a_workspace_that_was_copied_points_to_its_own_pages(publish_run, built, log, tmp_path):
    run = publish_run(days=0)
    shutil.copytree(built, tmp_path / "before", symlinks=True)
    link(built).unlink()
    link(built).symlink_to(tmp_path / "before/plain" / run.key)

    repair_latest(built, log)
    assert str(link(built).readlink()) == run.key


def test_a_workspace_that_was_moved_is_right(publish_run, built, log, tmp_path):
    old, new = publish_run(days=0), publish_run(days=1)
    moved = built.rename(tmp_path / "moved")

    assert repair_latest(moved, log) == []
    (moved / "plain" / LATEST).unlink()
    assert repair_latest(moved, log) == [Repaired("plain", "", new.key)]
    assert latest_good(moved, "plain") == new.key > old.key


def test_an_older_good_run_is_found_below_any_number_that_will_not_do(publish_run, built, log):
    good = publish_run(days=0)
    gone = [publish_run(days=day) for day in range(1, 30)]
    for run in gone:
        shutil.rmtree(run.folder)
    for day in range(30, 60):
        publish_run(days=day, provenance={"reproduces": good.key})
    for day in range(60, 90):
        publish_run(days=day, state=State.FAILED)

    assert repair_latest(built, log) == [Repaired("plain", gone[-1].key, good.key)]
    assert repair_latest(built, log) == []


def test_a_damaged_publication_is_passed_over(publish_run, built, log):
    old, new = publish_run(days=0), publish_run(days=1)
    (new.folder / "run.json").write_text("{")
    link(built).unlink()

    repair_latest(built, log)
    assert latest_good(built, "plain") == old.key


def test_a_run_that_is_being_published_is_not_the_latest_yet(publish_run, built, log):
    old = publish_run(days=0)
    new = publish_run(days=1, logged=False)
    log.begin(replace(new, state=State.RUNNING, ended=None))
    link(built).unlink()

    repair_latest(built, log)
    assert latest_good(built, "plain") == old.key
    log.end(new)
    repair_latest(built, log)
    assert latest_good(built, "plain") == new.key


def test_an_older_run_that_ends_last_does_not_overtake_a_newer_one(publish_run, built, monkeypatch):
    old, new = publish_run(days=0), publish_run(days=1)
    link(built).unlink()
    begun, ended, plain = threading.Event(), threading.Event(), publication.point

    def slowly(place, to):
        if to == old.key:
            begun.set()
            ended.wait(0.3)  # time enough for the newer one, if it is let
        plain(place, to)
        if to == new.key:
            ended.set()

    monkeypatch.setattr(publication, "point", slowly)
    first = threading.Thread(target=make_latest, args=(old,))
    first.start()
    begun.wait()
    second = threading.Thread(target=make_latest, args=(new,))
    second.start()
    first.join()
    second.join()

    assert latest_good(built, "plain") == new.key


def test_many_processes_that_move_latest_at_once_leave_the_newest(publish_run, built, tmp_path):
    runs = [publish_run(days=day) for day in range(24)]
    link(built).unlink()
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(
            target=_move, args=(built, f"sqlite:///{tmp_path}/.lastmile/store.db", some)
        )
        for some in (runs[n::4] for n in range(4))
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 4
    assert latest_good(built, "plain") == runs[-1].key


def _move(built, url, runs):
    with RunLog(url) as log:
        for run in runs:
            make_latest(run)
            repair_latest(built, log)


def test_one_who_is_stopped_while_he_moves_latest_is_not_waited_for(
    publish_run, built, monkeypatch
):
    run = publish_run(days=0)
    link(built).unlink()
    monkeypatch.setattr(publication, "_PAUSE", 0.001)
    descriptor = os.open(built / "plain", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)

    make_latest(run)
    os.close(descriptor)
    assert latest_good(built, "plain") == run.key


def test_where_all_is_well_one_query_is_asked_for_each_report(publish_run, built, log):
    for report in ("plain", "other"):
        for day in range(3):
            publish_run(days=day, report=report)
    asked = []
    event.listen(log._engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    assert repair_latest(built, log) == []
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 2


def test_reports_are_repaired_each_by_itself(publish_run, built, log):
    first, other = publish_run(days=0), publish_run(days=1, report="other")
    for run in (first, other):
        (built / run.report / LATEST).unlink()

    assert {one.report: one.after for one in repair_latest(built, log)} == {
        "plain": first.key,
        "other": other.key,
    }
