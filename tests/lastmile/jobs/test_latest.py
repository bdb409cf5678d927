"""`latest` points to what the run log says, whatever was killed on the way there."""

import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from lastmile.jobs.latest import Repaired, repair_latest
from lastmile.jobs.report import Place, reconcile
from lastmile.reporting.publication import LATEST, latest_good
from lastmile.store import RunLog
from lastmile.values import State

KILLED_AT = {
    "before latest is moved": "lastmile.jobs.report.make_latest",
    "before the end is recorded": "lastmile.store.log.RunLog.end",
    "before anything is published": "lastmile.atomic._swap",
}

PROGRAM = """
import os, signal, sys
from unittest.mock import patch
from lastmile.cli.main import main
with patch({at!r}, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)):
    main()
"""


@pytest.fixture
def built(tmp_path):
    return tmp_path / "reports/_built"


@pytest.fixture
def log(tmp_path):
    with RunLog(f"sqlite:///{tmp_path}/.lastmile/store.db") as opened:
        yield opened


def link(built):
    return built / "plain" / LATEST


@pytest.mark.parametrize("at", KILLED_AT.values(), ids=KILLED_AT)
def test_a_killed_run_leaves_latest_to_the_next_command(at, make_workspace, built, log):
    root = make_workspace()
    words = [sys.executable, "-c", PROGRAM.format(at=at), "report", "run", "plain"]
    done = subprocess.run(words, cwd=root, capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert not link(built).exists()

    reconcile(Place(built=built, root=root, log=log))

    (run,) = log.history()
    published = at != KILLED_AT["before anything is published"]
    assert run.state is (State.SUCCEEDED if published else State.FAILED)
    assert latest_good(built, "plain") == (run.key if published else None)
    assert not list((built / "plain").glob(".*"))


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
    repair_latest(built, log)
    assert not link(built).is_symlink()


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


def test_what_a_person_put_in_its_place_stays(publish_run, built, log):
    publish_run(days=0)
    link(built).unlink()
    link(built).mkdir()

    assert repair_latest(built, log) == []
    assert link(built).is_dir()
    assert not link(built).is_symlink()


def test_reports_are_repaired_each_by_itself(publish_run, built, log):
    first, other = publish_run(days=0), publish_run(days=1, report="other")
    for run in (first, other):
        (built / run.report / LATEST).unlink()

    assert {one.report: one.after for one in repair_latest(built, log)} == {
        "plain": first.key,
        "other": other.key,
    }
