"""The scheduler, by a clock that is set: what is run, skipped, recovered, and what is said."""

from datetime import time, timedelta

from tests.lastmile.jobs.schedule.conftest import rows, step, write
from tests.lastmile.scheduling.test_two_years import FIRST, LAST, ZONES, at, is_last

from lastmile.errors import StoreUnusable
from lastmile.jobs.schedule.recovery import ATTEMPTS
from lastmile.store.schedulers import SchedulerLog
from lastmile.values import Cause, CauseKind, Run, State


def test_a_slot_is_run_when_it_is_due_and_not_before(make_scheduler, sky):
    scheduler = make_scheduler(a='every = "hour"')
    step(scheduler)
    sky.pass_(minutes=59)
    step(scheduler)
    assert rows(scheduler, "a") == []
    sky.pass_(minutes=1)
    step(scheduler)

    assert rows(scheduler, "a") == [("04 01:00", "ran", None)]
    assert scheduler.told[-1:] == ["a 2026-05-04 01:00 UTC: report plain begins"]


def test_a_schedule_that_is_new_begins_now(make_scheduler, sky):
    scheduler = make_scheduler(a='every = "hour"\nmissed = "all"')
    sky.pass_(days=3)
    step(scheduler)

    assert rows(scheduler, "a") == []


def test_what_was_due_while_nobody_was_at_work_is_a_row_each(make_scheduler, sky):
    scheduler = make_scheduler(a='every = "hour"')
    step(scheduler)
    sky.pass_(hours=3, minutes=20)  # a suspended machine, or a clock that was set
    step(scheduler)

    assert rows(scheduler, "a") == [
        ("04 01:00", "skipped", "missed"),
        ("04 02:00", "skipped", "missed"),
        ("04 03:00", "ran", None),
    ]
    assert "skipped, missed: no scheduler was at work" in scheduler.told[0]


def test_a_second_scheduler_doubles_nothing(make_scheduler, sky):
    first = make_scheduler(a='every = "hour"')
    second = make_scheduler(a='every = "hour"')
    for _ in range(30):
        step(first)
        step(second)
        sky.pass_(minutes=10)

    assert len(rows(first, "a")) == 4
    assert len(first.hands.begun) + len(second.hands.begun) == 4


def test_a_clock_that_jumps_ahead_and_back_loses_no_slot(make_scheduler, sky):
    scheduler = make_scheduler(a='every = "hour"')
    step(scheduler)
    sky.jump(days=40)
    step(scheduler)
    sky.jump(days=-40)
    for _ in range(3):
        sky.pass_(minutes=21)
        step(scheduler)

    assert rows(scheduler, "a")[0] == ("04 01:00", "ran", None)
    assert {state for _, state, _ in rows(scheduler, "a")} == {"ran"}
    assert len(rows(scheduler, "a")) == 2  # and the one that was run when the clock was wrong


def test_a_faulty_edit_keeps_the_last_good_version_and_says_so(make_scheduler, sky):
    scheduler = make_scheduler(a='every = "hour"')
    step(scheduler)
    write(scheduler.workspace.root, "a", 'every = "hourr"')
    sky.pass_(hours=1)
    step(scheduler)

    assert rows(scheduler, "a") == [("04 01:00", "ran", None)]
    assert "its last good version is followed on" in scheduler.told[0]
    assert "did you mean `hour`" in scheduler.told[0]


def test_a_file_that_changes_is_followed_from_then_on(make_scheduler, sky):
    scheduler = make_scheduler(a='every = "month"')
    step(scheduler)
    sky.pass_(days=10)
    step(scheduler)
    write(scheduler.workspace.root, "a", 'every = "day at 06:00"\nmissed = "all"')
    step(scheduler)
    sky.pass_(days=1)
    step(scheduler)

    assert rows(scheduler, "a") == [("14 06:00", "ran", None)]


def test_what_waits_for_a_schedule_that_is_gone_is_skipped_in_the_end(make_scheduler, sky):
    scheduler = make_scheduler(jobs=1, a='every = "hour"\noverlap = "queue"')
    scheduler.hands.hold = True
    for _ in range(3):
        step(scheduler)
        sky.pass_(hours=1)
    (scheduler.workspace.root / "schedule/a.toml").unlink()
    for _ in range(4):
        step(scheduler)
        sky.pass_(minutes=10)

    assert rows(scheduler, "a")[-1] == ("04 02:00", "skipped", "removed")


def test_a_worker_that_dies_has_its_slot_run_again_until_it_was_enough(make_scheduler, sky):
    scheduler = make_scheduler(a='every = "day"')
    step(scheduler)
    sky.pass_(days=1)
    scheduler.hands.hold = True
    for _ in range(ATTEMPTS + 3):
        step(scheduler)
        scheduler._unsettled += scheduler.hands.die()

    assert len(scheduler.hands.begun) == ATTEMPTS
    assert rows(scheduler, "a") == [("05 00:00", "skipped", "lost")]


def test_slots_of_a_scheduler_that_is_gone_are_taken_over(make_scheduler, sky):
    first = make_scheduler(a='every = "day"')
    step(first)
    sky.pass_(days=1)
    first.hands.hold = True
    first.round()
    with first.log.writing() as connection:
        connection.exec_driver_sql("UPDATE schedulers SET pid = 1, pid_started = 1")
    second = make_scheduler(a='every = "day"')
    step(second)
    step(second)

    assert [slot.attempt for slot in second.hands.begun] == [2]
    assert rows(second, "a") == [("05 00:00", "ran", None)]
    assert [other.id for other in second.log.all()] == [second.log.id]


def test_a_host_that_is_not_heard_of_is_judged_only_when_we_were_heard_ourselves(
    make_scheduler, sky
):
    first = make_scheduler(a='every = "day"')
    step(first)
    sky.pass_(days=1)
    first.hands.hold = True
    first.round()
    (slot,) = first.hands.begun
    first.log.begin(
        Run(key="k1", report="plain", state=State.RUNNING, parameters={}, started=sky.at,
            slot=slot.key)
    )  # fmt: skip
    with first.log.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE schedulers SET space = 'far away', heartbeat = '2020-01-01 00:00:00.000000'"
        )
        connection.exec_driver_sql("UPDATE runs SET host = 'far away'")
    second = make_scheduler(a='every = "day"')
    step(second)
    assert second.hands.begun == []
    for _ in range(8):
        sky.pass_(seconds=11)
        step(second)

    assert [slot.attempt for slot in second.hands.begun] == [2]
    assert second.log.find("k1").cause.kind is CauseKind.LOST
    assert not first.log.ended(slot, "k1", sky.at)


def test_a_newer_slot_asks_the_older_one_to_stop(make_scheduler, sky):
    scheduler = make_scheduler(a='every = "hour"\noverlap = "cancel-old"')
    scheduler.hands.hold = True
    for _ in range(4):
        step(scheduler)
        sky.pass_(hours=1)
    ((slot, reason),) = dict.fromkeys(scheduler.hands.stopped)
    assert reason == "cancelled: the slot of 2026-05-04 02:00 UTC took its place"
    scheduler.log.begin(
        Run(key="k1", report="plain", state=State.RUNNING, parameters={}, started=sky.at,
            slot=slot.key)
    )  # fmt: skip
    cause = Cause(kind=CauseKind.INTERRUPTED, message="interrupted")
    scheduler.log.end(
        Run(key="k1", report="plain", state=State.CANCELLED, cause=cause, parameters={},
            started=sky.at, ended=sky.at, slot=slot.key)
    )  # fmt: skip
    from lastmile.jobs.schedule.crew import Ended

    scheduler.hands.slots.clear()
    scheduler._unsettled.append(Ended(slot, None, reason))
    scheduler.hands.hold = False
    for _ in range(2):
        step(scheduler)

    assert rows(scheduler, "a")[0] == ("04 01:00", "ran", None)
    assert scheduler.log.slot(slot.key).run == "k1"
    assert [state for _, state, _ in rows(scheduler, "a")[1:]] == ["skipped", "ran", "ran"]


def test_a_database_that_is_away_stops_nothing_and_is_told_once(make_scheduler, sky, monkeypatch):
    scheduler = make_scheduler(a='every = "hour"')
    step(scheduler)

    def away(*_):
        raise StoreUnusable("store", "gone fishing")

    with monkeypatch.context() as patch:
        patch.setattr(SchedulerLog, "beat", away)
        for _ in range(5):
            sky.pass_(minutes=1)
            step(scheduler)
    assert sum("gone fishing" in line for line in scheduler.told) == 1
    assert scheduler._seconds_to_sleep() == 15.0
    sky.pass_(hours=1)
    step(scheduler)

    assert "the run log answers again" in scheduler.told
    assert rows(scheduler, "a")[-1] == ("04 01:00", "ran", None)


def test_draining_begins_nothing_more_and_a_second_time_cancels(make_scheduler, sky):
    scheduler = make_scheduler(a='every = "hour"', b='every = "2 hours"')
    scheduler.hands.hold = True
    step(scheduler)
    sky.pass_(hours=1)
    step(scheduler)
    scheduler.drain()
    sky.pass_(hours=1)
    step(scheduler)
    assert [slot.schedule for slot in scheduler.hands.begun] == ["a"]
    scheduler.drain()
    step(scheduler)

    assert scheduler.hands.stopped == [(scheduler.hands.begun[0], "")]


def test_a_contract_that_is_broken_is_told_once_and_resolved_when_the_report_comes(
    make_scheduler, sky
):
    scheduler = make_scheduler(
        a='every = "day at 06:00"\nmust_exist_by = "08:00"\nowners = ["ops@example.org"]'
    )
    scheduler.hands.hold = True
    step(scheduler)
    sky.pass_(hours=8, minutes=1)
    for _ in range(3):
        step(scheduler)
        sky.pass_(minutes=1)
    late = [line for line in scheduler.told if "should have existed by" in line]
    assert late == [
        "late: a: the report plain of 2026-05-04 06:00 should have existed by 2026-05-04 08:00 "
        "(UTC) and does not: it is still being run"
    ]
    assert len(scheduler.log.open_alerts()) == 1
    (notice,) = scheduler.log.outbox.find()
    assert (notice.address, notice.order["title"]) == ("ops@example.org", "Late: plain")
    (slot,) = scheduler.hands.begun
    run = Run(key="k1", report="plain", state=State.SUCCEEDED, parameters={}, started=sky.at,
              slot=slot.key)  # fmt: skip
    scheduler.log.begin(run)
    sky.pass_(minutes=1)
    step(scheduler)

    assert scheduler.log.open_alerts() == []


def test_a_contract_is_also_broken_while_no_scheduler_was_at_work(make_scheduler, sky):
    scheduler = make_scheduler(a='every = "day at 06:00"\nmust_exist_by = "2h"\nmissed = "skip"')
    step(scheduler)
    sky.pass_(days=2, hours=12)
    step(scheduler)

    late = {f"{alert.slot.scheduled_for:%d}" for alert in scheduler.log.open_alerts()}
    assert late == {"04", "05", "06"}


def test_two_years_of_ten_zones_are_kept_to_the_slot(make_scheduler, sky):
    """The whole scheduler by a simulated clock; the slots are compared with another computation."""
    kept = {
        f"{zone.replace('/', '-').lower()}-{word}": (zone, every, when, wanted)
        for zone in ZONES
        for word, every, when, wanted in (
            ("night", "day at 02:30", time(2, 30), lambda day: True),
            ("end", "last day of the month at 00:00", time(0), is_last),
        )
    }
    scheduler = make_scheduler(jobs=1000)
    for name, (zone, every, _, _) in kept.items():
        path = scheduler.workspace.root / f"schedule/{name}.toml"
        path.write_text(
            f'report = "plain"\ntimezone = "{zone}"\nevery = "{every}"\n'
            'missed = "all"\noverlap = "parallel"\n'
        )
    sky.at = FIRST
    while sky.at < LAST:
        step(scheduler)
        sky.at = min(LAST, sky.at + timedelta(hours=247))
    step(scheduler)

    for name, (zone, _, when, wanted) in kept.items():
        found = scheduler.log.slots_of(name, limit=1000)
        assert [slot.scheduled_for for slot in reversed(found)] == at(zone, when, wanted)
        assert {slot.state.value for slot in found} == {"ran"}
    assert len({slot.key for slot in scheduler.hands.begun}) == len(scheduler.hands.begun) > 7000
