"""Old publications go, the newest good one and the history stay."""

import errno
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lastmile.errors import NotWritable
from lastmile.jobs import prune as pruning
from lastmile.store import RunLog
from lastmile.values import State
from lastmile.workspace import find_workspace

NOW = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=100)


@pytest.fixture
def act(make_workspace):
    """Prune, or plan to, in a workspace whose report keeps what is asked for."""

    def call(keep, how=pruning.prune):
        root = make_workspace(report=f'keep = "{keep}"\n' if keep else "")
        workspace = find_workspace(root)
        with RunLog(workspace.store_url) as log:
            done = how(workspace, log, "plain", now=NOW)
            return done, {run.key: run for run in log.history(limit=100)}

    return call


def folders(root):
    return sorted(path.name for path in (root / "reports/_built/plain").iterdir())


def test_outdated_publications_go_and_their_runs_stay_in_the_log(tmp_path, act, publish_run):
    runs = [publish_run(days=day) for day in (0, 50, 90, 99)]
    done, history = act("30 days")

    assert [one.key for one in done.removed] == [run.key for run in runs[:2]]
    assert (done.kept, done.freed > 500) == (2, True)
    assert folders(tmp_path) == [runs[2].key, runs[3].key, "latest"]
    assert [history[run.key].folder for run in runs] == [None, None, *(r.folder for r in runs[2:])]
    assert history[runs[0].key].state is State.SUCCEEDED
    assert history[runs[0].key].files == ()


def test_a_dry_run_says_the_same_and_does_nothing(tmp_path, act, publish_run):
    for day in (0, 99):
        publish_run(days=day)
    before = folders(tmp_path)
    planned, history = act("1 run", pruning.plan_pruning)

    assert [len(planned.removed), planned.kept] == [1, 1]
    assert folders(tmp_path) == before
    assert all(run.folder for run in history.values())
    assert act("1 run")[0].removed == planned.removed


def test_the_newest_good_one_stays_however_old_it_is(tmp_path, act, publish_run):
    good = publish_run(days=0)
    [publish_run(days=day, state=State.FAILED) for day in (1, 2)]
    act("1 day")

    assert folders(tmp_path) == [good.key, "latest"]


def test_what_latest_points_to_stays_even_if_a_newer_good_one_exists(tmp_path, act, publish_run):
    latest = publish_run(days=0)
    newer = publish_run(days=1, provenance={"reproduces": latest.key})
    act("1 day")

    assert folders(tmp_path) == [latest.key, newer.key, "latest"]


def test_a_run_that_has_not_ended_keeps_its_folder(tmp_path, act, publish_run):
    run, last = publish_run(days=0), publish_run(days=1)
    with RunLog(f"sqlite:///{tmp_path}/.lastmile/store.db") as log:
        log.end(replace(run, state=State.RUNNING))
    act("1 run")

    assert folders(tmp_path) == [run.key, last.key, "latest"]


def test_without_keep_everything_stays(tmp_path, act, publish_run):
    publish_run(days=0)
    publish_run(days=1)
    done, _ = act("")

    assert (done.removed, done.kept) == ((), 2)
    assert len(folders(tmp_path)) == 3


def test_publications_that_the_log_has_forgotten_are_found_on_disk(tmp_path, act, publish_run):
    publish_run(days=0, logged=False)
    last = publish_run(days=1)
    act("1 run")

    assert folders(tmp_path) == [last.key, "latest"]


def test_what_is_not_surely_a_publication_is_left_alone(tmp_path, act, publish_run):
    run, last = publish_run(days=0), publish_run(days=1)
    built = tmp_path / "reports/_built/plain"
    (built / "notes").mkdir()
    (built / "notes/run.json").write_text("{}")
    shutil.copytree(run.folder, built / "a-copy")
    outside = tmp_path / "elsewhere"
    run.folder.rename(outside)
    run.folder.symlink_to(outside)
    act("1 run")

    assert folders(tmp_path) == sorted([run.key, last.key, "a-copy", "latest", "notes"])
    assert (outside / "index.html").exists()


def test_what_a_crash_left_behind_goes_with_the_next_call(tmp_path, act, publish_run, monkeypatch):
    runs = [publish_run(days=day) for day in (0, 1, 2)]

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "rmtree", killed)
        act("1 run")
    assert sum(name.startswith(".") for name in folders(tmp_path)) == 2
    done, _ = act("1 run")

    assert done.removed == ()
    assert folders(tmp_path) == [runs[2].key, "latest"]


def test_a_folder_that_cannot_be_removed_is_an_error_of_its_own(
    tmp_path, act, publish_run, monkeypatch
):
    publish_run(days=0)
    publish_run(days=1)
    before = folders(tmp_path)

    def refused(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(NotWritable, match="Permission denied"):
        act("1 run")

    assert folders(tmp_path) == before
