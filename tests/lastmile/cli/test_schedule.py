"""The commands of schedules, with real runs where one is due."""

import json
import signal
import socket
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from lastmile.store.schedulers import SchedulerLog


@pytest.fixture(name="root")
def _root(make_workspace):
    return make_workspace(
        cells=["print(x, month)"],
        parameters='x: int = 3\nmonth: str = "2026-01"',
        report='[parameters.month]\ntype = "month"\n',
    )


def write(root, name="daily", text='every = "day at 06:00"', report="plain"):
    head = f'report = "{report}"\ntimezone = "Europe/Berlin"\n'
    (root / f"schedule/{name}.toml").write_text(f"{head}{text}\n")


def followed_since(root, name, at):
    with SchedulerLog(f"sqlite:///{root}/.lastmile/store.db") as log:
        log.cursors([name], at)


def test_check_tells_every_fault_of_every_file(root, lastmile):
    write(root, "a", 'cron = "61 * * * *"\nmissed = "never"')
    write(root, "b", report="plian")
    write(root, "c", 'every = "day"\npool = "heavy"')
    write(root, "d", 'every = "day"\n[parameters]\nmont = "previous_month"\nx = "three"')
    answer = lastmile("schedule", "check", cwd=root)

    assert answer.code == 2
    for said in (
        "schedule/a.toml:3", "bad minute", "write `skip`", "did you mean `plain`",
        "[tool.lastmile.pools]", "schedule/d.toml", "did you mean `month`", "three",
    ):  # fmt: skip
        assert said in answer.err, answer.err


def test_check_says_that_all_is_right(root, lastmile):
    write(root, text='every = "day"\n[parameters]\nmonth = "previous_month"')

    assert lastmile("schedule", "check", cwd=root).out == "1 schedule is right\n"


def test_next_shows_both_clocks_the_logical_date_and_what_is_special(root, lastmile):
    write(root, text='every = "day at 02:30"\n[holidays]\ncountry = "DE"\non = "next workday"')
    words = ("schedule", "next", "daily", "-n", "4", "--from", "2026-03-27T12:00+01:00")
    shown = lastmile(*words, cwd=root).out.splitlines()
    told = json.loads(lastmile(*words, "--json", cwd=root).out)

    assert shown[1] == (
        "Sun 2026-03-29 03:00 CEST\t2026-03-29 01:00\t\t"
        "clocks go forward at this moment, 02:00 to 03:00: a time between the two is run now"
    )
    assert [slot["due"] for slot in told] == [
        "2026-03-28T01:30:00+00:00", "2026-03-29T01:00:00+00:00",
        "2026-03-30T00:30:00+00:00", "2026-03-31T00:30:00+00:00",
    ]  # fmt: skip
    assert told[0]["logical_date"] == "2026-03-28T02:30:00+01:00"


def test_tick_runs_what_came_due_once_with_its_logical_date(root, lastmile):
    write(root, text='every = "day at 06:00"\nmissed = "all"\n[parameters]\nmonth = "this_month"')
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    followed_since(root, "daily", midnight - timedelta(days=1, hours=2))
    first = lastmile("schedule", "tick", cwd=root)
    second = lastmile("schedule", "tick", cwd=root)
    status = json.loads(lastmile("schedule", "status", "daily", "--json", cwd=root).out)
    slots = status["schedules"][0]["slots"]

    assert first.code == second.code == 0, first.err
    assert "report plain begins" in first.err
    assert second.err == ""
    assert {slot["state"] for slot in slots} == {"ran"}
    for slot in slots:
        run = slot["run"]
        assert run["state"] == "succeeded"
        assert run["slot"] == {"schedule": "daily", "scheduled_for": slot["scheduled_for"]}
        assert datetime.fromisoformat(run["logical_date"]) == datetime.fromisoformat(
            slot["scheduled_for"]
        )
        assert run["parameters"]["month"] == slot["scheduled_for"][:7]


def test_what_cannot_be_run_is_skipped_with_the_reason(root, lastmile):
    write(root, text='every = "day"\n[parameters]\nmonht = "2026-01"')
    followed_since(root, "daily", datetime.now(UTC) - timedelta(days=2))
    lastmile("schedule", "tick", cwd=root)
    (slot,) = json.loads(
        lastmile("schedule", "status", "daily", "-n", "1", "--json", cwd=root).out
    )["schedules"][0]["slots"]

    assert (slot["state"], slot["reason"]) == ("skipped", "refused")
    assert "did you mean `month`" in slot["message"]


def test_now_runs_a_slot_of_its_own_and_an_old_one_again(root, lastmile):
    write(root)
    followed_since(root, "daily", datetime.now(UTC) - timedelta(days=3))
    write(root, text='every = "day at 06:00"\nmissed = "skip"\ngrace = 0')
    lastmile("schedule", "tick", cwd=root)
    with SchedulerLog(f"sqlite:///{root}/.lastmile/store.db") as log:
        missed = log.slots_of("daily")[0]
    assert missed.reason == "missed"
    again = lastmile(
        "schedule", "now", "daily", "--slot", missed.scheduled_for.isoformat(), "--json", cwd=root
    )
    unknown = lastmile("schedule", "now", "daily", "--slot", "2020-01-01", cwd=root)

    assert json.loads(again.out)["run"]["state"] == "succeeded"
    assert (again.code, unknown.code) == (0, 2)
    assert "is not in the run log" in unknown.err


def test_freshness_is_an_exit_code(root, lastmile):
    write(root, text='every = "day at 06:00"\nmust_exist_by = "1h"')
    fresh = lastmile("schedule", "freshness", cwd=root)
    with SchedulerLog(f"sqlite:///{root}/.lastmile/store.db") as log:
        log.checked(["daily"], datetime.now(UTC) - timedelta(days=1, hours=1))
    late = lastmile("schedule", "freshness", cwd=root)

    assert (fresh.code, late.code) == (0, 1)
    assert "no scheduler has been at work since it was due" in late.out


def test_a_scheduler_answers_monitors_and_ends_when_it_is_told_to(root, start_lastmile):
    write(root)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = start_lastmile("schedule", "run", "--listen", f"127.0.0.1:{port}", cwd=root)
    health = None
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
                health = json.load(answer)
            break
        except OSError:
            time.sleep(0.1)
    assert health, process.communicate(timeout=1)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        figures = answer.read().decode()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)

    assert health["healthy"]
    assert "lastmile_store_up 1.0" in figures
    assert 'lastmile_slots_waiting{schedule="daily"} 0.0' in figures
    assert process.returncode == 0, err
    assert "the scheduler has ended" in err


def test_an_address_that_cannot_be_listened_at_is_refused(root, lastmile):
    answer = lastmile("schedule", "run", "--listen", "nowhere", cwd=root)

    assert answer.code == 2
    assert "HOST:PORT" in answer.err


def test_a_short_storm_loses_nothing():
    from tests.faults.schedules import round_

    killed, found = round_(2, seconds=15, seed=3, server=None)

    assert killed.total() == 2
    assert found["slots"] >= 2  # which of the three schedules are due depends on the second
