"""The run log: what is recorded, by whom, and what is refused."""

import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from lastmile.errors import RunUnknown, StoreTooNew, StoreUnusable
from lastmile.store import RunLog
from lastmile.store import log as module
from lastmile.store.hosts import space
from lastmile.values import Cause, CauseKind, Run, SlotKey, State

START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture(name="log")
def _log(url):
    with RunLog(url) as log:
        yield log


def run(key="k1", **keys) -> Run:
    given = {"report": "sales", "state": State.RUNNING, "parameters": {"x": [1]}, "started": START}
    return Run(key=key, **(given | keys))


def test_a_run_comes_back_as_it_was_recorded(log, tmp_path):
    done = run(
        state=State.FAILED,
        cause=Cause(kind=CauseKind.CELL_ERROR, message="cell 2 raised", cell=4),
        ended=START + timedelta(seconds=3),
        seconds=3.0,
        cells=5,
        peak_memory=5_000_000_000,
        folder=tmp_path / "f",
        files=("index.html",),
    )
    log.begin(run())
    log.end(done)

    assert done == log.find("k1")
    assert [done] == log.history()


def test_history_is_newest_first_and_by_report(log):
    for number, report in enumerate(("sales", "stock", "sales")):
        log.begin(run(f"k{number}", report=report, started=START + timedelta(days=number)))

    assert [found.key for found in log.history()] == ["k2", "k1", "k0"]
    assert [found.key for found in log.history("sales")] == ["k2", "k0"]
    assert [found.key for found in log.history("sales", limit=1)] == ["k2"]


def test_an_unknown_run_is_refused(log):
    with pytest.raises(RunUnknown, match="no run `k9`"):
        log.find("k9")


def test_a_run_whose_process_was_killed_is_an_orphan_and_others_are_not(log, url):
    code = f"""
import os
from lastmile.store import RunLog
from lastmile.store import log as module
from lastmile.store.hosts import space
from lastmile.values import Run, State
from datetime import datetime, UTC
at = datetime.now(UTC)
run = Run(key="gone", report="sales", state=State.RUNNING, parameters={{}}, started=at)
RunLog({url!r}).begin(run)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    log.begin(run("mine"))
    log.begin(run("elsewhere"))
    with log._engine.begin() as connection:
        connection.execute(text("UPDATE runs SET space = 'other', pid = 1 WHERE key = 'elsewhere'"))

    assert [orphan.key for orphan in log.orphans()] == ["gone"]
    log.end(replace(log.find("gone"), state=State.FAILED))
    assert log.orphans() == []


def test_a_reused_process_id_is_not_mistaken_for_the_supervisor(log):
    log.begin(run("old"))
    with log._engine.begin() as connection:
        connection.execute(
            text("UPDATE runs SET pid = 1, pid_started = 1, space = :here"), {"here": space()}
        )

    assert [orphan.key for orphan in log.orphans()] == ["old"]


def lives(log, key, pid_space, host=None):
    """Let the process of a run, of a number that nobody has here, live there."""
    with log._engine.begin() as connection:
        connection.execute(
            text("UPDATE runs SET pid = 0, space = :space, host = :host WHERE key = :key"),
            {"space": pid_space, "host": host or socket.gethostname(), "key": key},
        )


def test_a_host_of_the_same_name_keeps_its_runs(log):
    boot = space().split()[1]
    for key in ("container", "machine", "earlier-store", "other-host"):
        log.begin(run(key))
    lives(log, "container", f"- {boot} [4026530001]")
    lives(log, "machine", f"- {boot[::-1]} [4026531836]")
    lives(log, "earlier-store", "")  # written before spaces were
    lives(log, "other-host", "", host="other")

    assert [orphan.key for orphan in log.orphans()] == ["earlier-store"]


def test_runs_of_an_earlier_boot_of_this_machine_are_lost(log, monkeypatch):
    monkeypatch.setattr(module, "space", lambda: "machine new [4026531836]")
    for key, there in (("rebooted", "machine old"), ("other", "else old"), ("container", "- old")):
        log.begin(run(key))
        lives(log, key, f"{there} [4026531836]")

    assert [orphan.key for orphan in log.orphans()] == ["rebooted"]


def test_a_failure_inside_a_write_leaves_no_row(log):
    log.begin(run())
    with pytest.raises(Exception, match=r"(?i)unique"):
        log.begin(run())

    assert len(log.history()) == 1


def test_a_store_that_cannot_be_opened_says_so(tmp_path):
    (tmp_path / "state").write_text("a file")

    with pytest.raises(StoreUnusable, match="cannot be used"):
        RunLog(f"sqlite:///{tmp_path}/state/store.db")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "store.db").write_text("not a database, but long enough to be read as one" * 50)

    with pytest.raises(StoreUnusable, match="not a database"):
        RunLog(f"sqlite:///{tmp_path}/store.db")


def test_a_newer_store_is_refused(url):
    RunLog(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(StoreTooNew, match="9999"):
        RunLog(url)


@pytest.mark.parametrize(
    "url",
    ["nosuch+db://user:secret@host/x", "secret@not a url"],
)
def test_a_store_that_is_out_of_reach_is_told_without_its_password(url):
    with pytest.raises(StoreUnusable) as caught:
        RunLog(url)

    assert "secret" not in str(caught.value)


def test_time_has_a_zone(log):
    log.begin(replace(run(), started=START))

    assert log.find("k1").started == START


def test_many_processes_open_a_new_store_at_once(empty_url):
    code = f"from lastmile.store import RunLog; print(len(RunLog({empty_url!r}).history()))"
    opened = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    assert [process.communicate()[0].strip() for process in opened] == ["0"] * 2


def test_the_slot_of_a_run_comes_back(log):
    slot = SlotKey("mornings", START)
    log.begin(run(slot=slot))

    assert log.find("k1").slot == slot


def test_text_that_a_database_cannot_keep_is_no_obstacle(log):
    log.begin(run())
    cause = Cause(kind=CauseKind.CELL_ERROR, message="a nul \0 byte")
    log.end(run(state=State.FAILED, cause=cause))

    assert log.find("k1").cause.message == "a nul  byte"


def test_two_processes_write_at_the_same_time(url):
    code = f"""
import sys
from lastmile.store import RunLog
from lastmile.store import log as module
from lastmile.store.hosts import space
from lastmile.values import Run, State
from datetime import datetime, UTC
log = RunLog({url!r})
for n in range(40):
    key = f"{{sys.argv[1]}}-{{n}}"
    at = datetime.now(UTC)
    log.begin(Run(key=key, report="r", state=State.RUNNING, parameters={{}}, started=at))
"""
    both = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "ab"]

    assert [process.wait() for process in both] == [0, 0]
    with RunLog(url) as log:
        assert len(log.history(limit=100)) == 80
