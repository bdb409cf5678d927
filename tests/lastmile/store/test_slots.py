"""Slots: entered once, held by one scheduler, by the rules for overlaps and pools."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from lastmile.errors import SlotTaken, StoreUnusable
from lastmile.store.held import HeldLog
from lastmile.store.schedulers import LEASE, SchedulerLog
from lastmile.store.slots import Slot
from lastmile.values import Cause, CauseKind, Delivery, Run, SlotKey, SlotState, State

AT = datetime(2026, 5, 4, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(name="log")
def _log(url):
    with SchedulerLog(url, jobs=4) as log:
        log.beat()
        yield log


def slot(name="a", hours=0, **keys) -> Slot:
    at = AT + hours * HOUR
    return Slot(**({"schedule": name, "scheduled_for": at, "due": at, "timezone": "UTC",
                    "report": "r", "entered": at} | keys))  # fmt: skip


def enter(log, *slots, until=AT + 9 * HOUR):
    names = sorted({each.schedule for each in slots})
    assert log.enter(until, log.cursors(names, AT), slots)


def claim(log, free=9, pools=None, at=AT + 9 * HOUR, **overlaps):
    names = {"a": "queue", "b": "queue"} | {k: v.replace("_", "-") for k, v in overlaps.items()}
    taken = log.claim(names, pools or {}, free, at)
    return [(each.schedule, (each.scheduled_for - AT) // HOUR) for each in taken]


def states(log, name="a"):
    return [each.state.value for each in reversed(log.slots_of(name))]


def test_a_slot_is_entered_once_whoever_enters_it(log):
    enter(log, slot(), slot(hours=1))
    enter(log, slot(), slot(hours=1), slot(hours=2, state=SlotState.SKIPPED, reason="missed"))

    assert states(log) == ["waiting", "waiting", "skipped"]


def test_what_another_has_followed_meanwhile_is_looked_at_again(log):
    before = log.cursors(["a"], AT)
    enter(log, slot())

    assert not log.enter(AT + HOUR, before, [slot(hours=1)])
    assert states(log) == ["waiting"]


def test_of_many_schedulers_each_slot_is_claimed_by_one(log, url):
    enter(log, *(slot(f"s{number}") for number in range(60)))
    code = f"""
from datetime import datetime, UTC
from lastmile.store.schedulers import SchedulerLog
names = {{f"s{{n}}": "queue" for n in range(60)}}
with SchedulerLog({url!r}) as log:
    log.beat()
    while taken := log.claim(names, {{}}, 2, datetime(2027, 1, 1, tzinfo=UTC)):
        for slot in taken:
            print(slot.schedule)
            assert log.ended(slot, "k", datetime(2027, 1, 1, tzinfo=UTC))
"""
    three = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    claimed = [line for process in three for line in process.communicate()[0].split()]

    assert sorted(claimed) == sorted(f"s{number}" for number in range(60))


def test_the_longest_due_comes_first_and_others_schedules_are_left(log):
    enter(log, slot("b", 1), slot("a", 2), slot("a", 0), slot("elsewhere", 0))

    assert claim(log) == [("a", 0), ("b", 1)]
    assert states(log, "elsewhere") == ["waiting"]


def test_a_slot_is_not_claimed_before_it_is_due(log):
    enter(log, slot(hours=3))

    assert claim(log, at=AT + 2 * HOUR) == []


def test_a_slot_behind_very_many_that_must_wait_is_found(log):
    enter(log, *(slot("a", number / 100) for number in range(300)), slot("b", 8))

    assert claim(log) == [("a", 0), ("b", 8)]


@pytest.mark.parametrize(
    ("overlap", "claimed", "left"),
    [
        ("queue", [], ["running", "waiting", "waiting"]),
        ("parallel", [("a", 1), ("a", 2)], ["running", "running", "running"]),
        ("skip", [], ["running", "skipped", "skipped"]),
        ("cancel_old", [], ["running", "skipped", "waiting"]),
    ],
)
def test_an_overlap_is_treated_as_the_schedule_says(log, overlap, claimed, left):
    enter(log, slot())
    assert claim(log, a=overlap) == [("a", 0)]
    enter(log, slot(hours=1), slot(hours=2))

    assert claim(log, a=overlap) == claimed
    assert states(log) == left
    assert bool(log.held()[0].stop) == (overlap == "cancel_old")


def test_a_pool_is_never_overfull(log):
    enter(log, *(slot(f"{name}", pool="heavy") for name in "abcd"), slot("e"))
    names = dict.fromkeys("abcde", "parallel")

    assert len(claim(log, pools={"heavy": 2}, **names)) == 3
    assert claim(log, pools={"heavy": 2}, **names) == []


def test_who_has_lost_a_slot_can_neither_begin_nor_end_its_run(log, url):
    enter(log, slot())
    (mine,) = log.claim({"a": "queue"}, {}, 1, AT)
    log.give_back(mine)
    (theirs,) = log.claim({"a": "queue"}, {}, 1, AT)
    run = Run(key="k1", report="r", state=State.RUNNING, parameters={}, started=AT, slot=mine.key)

    with HeldLog(url, mine) as held, pytest.raises(SlotTaken):
        held.begin(run)
    assert log.runs_of(mine.key) == []
    assert not log.ended(mine, "k1", AT)
    assert log.ended(theirs, "k2", AT)
    assert log.slot(mine.key).run == "k2"


def test_a_worker_waits_for_a_database_that_is_away(log, url, monkeypatch):
    enter(log, slot())
    (mine,) = log.claim({"a": "queue"}, {}, 1, AT)
    slept = []
    with HeldLog(url, mine, sleep=slept.append) as held:
        engine = held._writer

        class Away:
            def begin(self):
                if len(slept) < 3:
                    raise StoreUnusable("store", "away")
                return engine.begin()

        monkeypatch.setattr(held, "_writer", Away())
        held.begin(Run(key="k1", report="r", state=State.RUNNING, parameters={}, started=AT))

    assert slept == [0.25, 0.5, 1.0]
    assert log.find("k1")


def test_a_run_that_was_recorded_though_the_connection_was_lost_is_not_recorded_twice(log, url):
    enter(log, slot())
    (mine,) = log.claim({"a": "queue"}, {}, 1, AT)
    run = Run(key="k1", report="r", state=State.RUNNING, parameters={}, started=AT, slot=mine.key)
    with HeldLog(url, mine) as held:
        held.begin(run)
        held.begin(run)

    assert [found.key for found in log.runs_of(mine.key)] == ["k1"]


@pytest.fixture(name="cut_off")
def _cut_off(log, url):
    """A worker at work on a run of a slot, and what it would queue at its end."""
    enter(log, slot())
    (mine,) = log.claim({"a": "queue"}, {}, 1, AT)
    run = Run(key="k1", report="r", state=State.RUNNING, parameters={}, started=AT, slot=mine.key)
    letter = Delivery(key="d1", run="k1", report="r", kind="mail", address="a@example.org",
                      order={}, queued=AT, due=AT)  # fmt: skip
    with HeldLog(url, mine) as held:
        held.begin(run, deliver={"to": "readers"})
        yield held, replace(run, state=State.SUCCEEDED, ended=AT + HOUR), lambda *_: [letter]


def test_a_run_whose_slot_was_taken_over_is_lost_however_it_ends(log, url, cut_off):
    held, good, telling = cut_off
    cause = Cause(kind=CauseKind.LOST, message="not heard of")
    with SchedulerLog(url) as other:
        taken = other.take_over(held._slot, cause, AT)
        assert other.take_over(held._slot, cause, AT) is None
        assert other.give_back(taken)

    with pytest.raises(SlotTaken):
        held.confirm(good)
    with pytest.raises(SlotTaken):
        held.end(good, telling)
    found = log.find("k1")
    assert (found.state, str(found.cause)) == (State.FAILED, "not heard of")
    assert log.outbox.find() == []
    assert states(log) == ["waiting"]


def test_a_run_that_goes_on_without_its_slot_ends_as_lost_and_says_why(log, cut_off):
    held, good, telling = cut_off
    assert log.give_back(held._slot)

    with pytest.raises(SlotTaken):
        held.end(good, telling)
    found = log.find("k1")
    assert (found.state, found.cause.kind) == (State.FAILED, CauseKind.LOST)
    assert "took the slot over" in found.cause.message
    assert log.outbox.find() == []


def test_a_run_that_ended_before_its_slot_was_taken_over_stays_good(log, url, cut_off):
    held, good, telling = cut_off
    held.confirm(good)
    held.end(good, telling)
    with SchedulerLog(url) as other:
        other.take_over(held._slot, Cause(kind=CauseKind.LOST, message="not heard of"), AT)
    held.end(good, telling)  # once more: the answer of the database was lost

    assert log.find("k1").state is State.SUCCEEDED
    assert [delivery.key for delivery in log.outbox.find()] == ["d1"]


def test_a_clock_that_was_wrong_leaves_no_slots_of_the_future(log):
    enter(log, slot(), slot(hours=5, state=SlotState.SKIPPED, reason="missed"), slot(hours=6))
    log.go_back(["a"], AT + HOUR)

    assert states(log) == ["waiting"]
    assert log.cursors(["a"], AT)["a"].entered_until == AT + HOUR


def test_a_scheduler_here_is_gone_with_its_process_and_one_elsewhere_with_its_heartbeat(log, url):
    code = f"""
import os
from lastmile.store.schedulers import SchedulerLog
log = SchedulerLog({url!r})
log.beat()
print(log.id, flush=True)
os.kill(os.getpid(), 9)
"""
    killed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    ).stdout.strip()
    with SchedulerLog(url) as young, SchedulerLog(url) as old:
        young.beat()
        old.beat()
        with log.writing() as connection:
            connection.execute(
                text("UPDATE schedulers SET space = 'elsewhere' WHERE id IN (:a, :b)"),
                {"a": young.id, "b": old.id},
            )
            past = datetime.now(UTC).replace(tzinfo=None) - 2 * LEASE
            connection.execute(
                text("UPDATE schedulers SET heartbeat = :past WHERE id = :id"),
                {"past": past, "id": old.id},
            )
        gone = {other.id for other in log.all() if other.gone}

    assert gone == {killed, old.id}


def test_one_slot_may_be_taken_again_when_it_has_ended(log):
    enter(log, slot(state=SlotState.SKIPPED, reason="missed", message="late"))
    key = SlotKey("a", AT)
    again = log.take(key, None, AT)

    assert (again.state, again.reason) == (SlotState.RUNNING, None)
    assert log.take(key, None, AT) is None
    assert log.take(SlotKey("a", AT + HOUR), None, AT) is None
    assert log.take(SlotKey("a", AT + HOUR), replace(slot(hours=1)), AT).attempt == 1
