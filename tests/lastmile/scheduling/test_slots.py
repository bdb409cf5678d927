"""Slots: holidays, jitter, beginning and end, and what is remarked about clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from lastmile.scheduling.cron import Cron
from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.slots import next_slots, remark, slots_due

NEW_YEAR = datetime(2026, 12, 30, tzinfo=UTC)


def schedule(**keys) -> ScheduleFile:
    return ScheduleFile(
        **({"report": "r", "timezone": "Europe/Berlin", "every": "day at 9"} | keys)
    )


def due(file, after=NEW_YEAR, count=4):
    return [(f"{slot.due:%m-%d}", slot.skip) for slot in next_slots("n", file, after, count)]


def test_a_slot_on_a_holiday_is_left_out_with_its_name():
    file = schedule(holidays={"country": "DE"})

    assert due(file) == [("12-30", ""), ("12-31", ""), ("01-01", "New Year's Day"), ("01-02", "")]


def test_a_slot_moves_to_the_next_workday_and_keeps_its_logical_date():
    file = schedule(every="first day of the month at 9",
                    holidays={"country": "DE", "on": "next workday"})  # fmt: skip
    (slot,) = next_slots("n", file, NEW_YEAR, 1)

    # 1 January 2027 is a Friday: the next workday is Monday the 4th.
    assert (f"{slot.scheduled_for:%m-%d}", f"{slot.due:%m-%d %H}") == ("01-01", "01-04 08")


def test_a_slot_moves_to_the_workday_before_and_is_due_before_its_instant():
    file = schedule(every="first day of the month at 9",
                    holidays={"country": "DE", "on": "previous workday"})  # fmt: skip
    found = slots_due("n", file, NEW_YEAR, NEW_YEAR + timedelta(days=2))

    assert [f"{slot.due:%m-%d %H}" for slot in found] == ["12-31 08"]


def test_weekends_are_moved_where_that_is_asked_for():
    holidays = {"country": "DE", "on": "next workday", "weekends": True}
    file = schedule(every="2nd of the month at 9", holidays=holidays)

    # 2 January 2027 is a Saturday.
    assert due(file, count=1) == [("01-04", "")]


def test_no_slot_is_lost_or_doubled_however_the_time_is_cut():
    holidays = {"country": "DE", "subdivision": "BY", "on": "previous workday", "weekends": True}
    file = schedule(holidays=holidays, jitter="2h")
    whole = slots_due("n", file, NEW_YEAR, NEW_YEAR + timedelta(days=60))
    parts = [
        slot
        for hour in range(0, 60 * 24, 7)
        for slot in slots_due(
            "n",
            file,
            NEW_YEAR + timedelta(hours=hour),
            min(NEW_YEAR + timedelta(hours=hour + 7), NEW_YEAR + timedelta(days=60)),
        )
    ]

    assert parts == whole
    assert len(whole) == len({slot.scheduled_for for slot in whole}) > 50


def test_jitter_is_the_same_for_a_slot_and_spread_over_schedules():
    file = schedule(jitter="10m")
    first = [slots_due(f"n{number}", file, NEW_YEAR, NEW_YEAR + timedelta(days=1))[0]
             for number in range(50)]  # fmt: skip
    later = [(slot.due - slot.scheduled_for).total_seconds() for slot in first]

    assert all(0 <= seconds < 600 for seconds in later)
    assert len(set(later)) > 40
    assert slots_due("n0", file, NEW_YEAR, NEW_YEAR + timedelta(days=1))[0] == first[0]


def test_there_is_no_slot_before_the_start_nor_from_the_end_on():
    file = schedule(start="2027-03-01", end="2027-03-03T09:00")

    assert due(file) == [("03-01", ""), ("03-02", "")]


def test_a_schedule_that_is_over_has_no_next_slot():
    assert due(schedule(end="2026-01-01")) == []


def test_a_leap_day_far_away_is_found():
    assert due(schedule(every="29th of february"), count=1) == [("02-28", "")]  # 23:00 UTC


@pytest.mark.parametrize(
    ("every", "at", "said"),
    [
        ("day at 02:30", "2026-03-28T12:00", "02:00 to 03:00: a time between the two is run now"),
        ("day at 02:30", "2026-10-24T12:00", "show 02:30 twice: this is the first"),
        ("day at 09:00", "2026-10-25T00:00", ""),
        ("day at 03:00", "2026-03-28T12:00", ""),  # its own time
        ("15 minutes", "2026-03-29T00:45", ""),  # steps are not caught up with
    ],
)
def test_what_a_change_of_clocks_does_is_remarked(every, at, said):
    after = datetime.fromisoformat(at).replace(tzinfo=UTC)
    file = schedule(every=every)
    (slot,) = next_slots("n", file, after, 1)

    assert said in remark(slot, file)
    assert bool(said) == bool(remark(slot, file))


def test_a_day_that_is_left_out_is_remarked_with_its_date():
    file = schedule(timezone="Pacific/Apia", every="day at 12")
    _, slot = next_slots("n", file, datetime(2011, 12, 29, tzinfo=UTC), 2)

    assert "2011-12-30 00:00 to 2011-12-31 00:00: a time between" in remark(slot, file)


def test_the_first_slot_behind_a_change_says_so():
    file = schedule()
    before, after = next_slots("n", file, datetime(2026, 10, 24, tzinfo=UTC), 2)

    assert remark(after, file, before=before.scheduled_for) == (
        "clocks went back 1 h since the slot before"
    )


def test_no_more_instants_are_computed_than_slots_are_asked_for(monkeypatch):
    computed = []
    plain = Cron.instants

    def counted(self, *asked):
        for at in plain(self, *asked):
            computed.append(at)
            yield at

    monkeypatch.setattr(Cron, "instants", counted)
    next_slots("n", schedule(every="minute"), NEW_YEAR, 3)

    assert len(computed) <= 5


def test_rare_slots_are_found_however_many_are_asked_for():
    file = schedule(every=None, cron="0 0 29 2 *")

    found = next_slots("n", file, NEW_YEAR, 5)

    assert [slot.scheduled_for.year for slot in found] == [2028, 2032, 2036, 2040, 2044]


def test_what_is_due_every_28_or_40_years_is_found():
    file = schedule(every=None, cron="0 12 * 2 1#5")  # 29 February, a Monday

    found = next_slots("n", file, NEW_YEAR, 5)

    assert [slot.scheduled_for.year for slot in found] == [2044, 2072, 2112, 2140, 2168]


@pytest.mark.parametrize("every", ["day at 9", "first workday of the month", "minute"])
@pytest.mark.parametrize("after", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_calendar_has_an_end_in_both_directions(every, after):
    file = schedule(every=every, holidays={"country": "DE", "on": "previous workday"})
    at = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = next_slots("n", file, at, 3)

    assert len(found) == (3 if at.year == 1 else 0)
    assert all(slot.due > at for slot in found)
