"""Slots equal what clocks show when they are read minute by minute, in every zone there is.

Here all changes of one year and the oddest of history are asked; `make matrix` asks every change.
"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest
from tests.lastmile.scheduling.minutes import SECOND, changes, whole
from tests.matrix.zones import changes_of, faults

from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.slots import next_slots, slots_due
from lastmile.scheduling.zones import instant

YEAR = 2026
ODD = [
    ("Australia/Lord_Howe", 1981, ["0:30", "1:00"]),
    ("Australia/Lord_Howe", 2026, ["-0:30", "0:30"]),
    ("Pacific/Chatham", 2026, ["-1:00", "1:00"]),  # at a quarter to three
    ("Africa/Casablanca", 2026, ["-1:00", "1:00"]),  # back for Ramadan
    ("Europe/Dublin", 2026, ["1:00", "-1:00"]),  # winter is the exception
    ("Antarctica/Troll", 2026, ["2:00", "-2:00"]),
    ("America/Caracas", 2016, ["0:30"]),
    ("Asia/Pyongyang", 2015, ["-0:30"]),
    ("Asia/Pyongyang", 2018, ["0:30"]),  # at 23:30
    ("Asia/Kathmandu", 1985, ["0:15"]),
    ("Pacific/Apia", 2011, ["-1:00", "1:00", "24:00"]),  # 30 December was left out
    ("Pacific/Kwajalein", 1969, ["-23:00"]),  # a day came twice
    ("Pacific/Kwajalein", 1993, ["24:00"]),
    ("America/St_Johns", 2010, ["1:00", "-1:00"]),  # at a minute past midnight
    ("America/Havana", 2026, ["1:00", "-1:00"]),  # at midnight
    ("Asia/Hebron", 2011, ["1:00", "-1:00", "1:00", "-1:00"]),
    ("Africa/Monrovia", 1972, ["0:44:30"]),
    ("Europe/Kiev", 1924, ["-0:02:04"]),
    ("America/Juneau", 1867, ["-24:00"]),
]


def size(change: timedelta) -> str:
    sign, seconds = ("-" if change < timedelta() else ""), abs(int(change.total_seconds()))
    text = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}"
    return f"{text}:{seconds % 60:02}" if seconds % 60 else text


@pytest.mark.parametrize(("zone", "year", "sizes"), ODD)
def test_slots_are_right_at_the_oddest_changes(zone, year, sizes):
    found = changes_of(zone, year, year + 1)

    assert [size(change.size) for change in found] == sizes
    assert [fault for change in found for fault in faults(zone, change)] == []


@pytest.mark.parametrize("part", range(4))
def test_slots_are_right_in_all_zones_of_the_tz_database(part):
    asked = {
        change: name
        for name in sorted(available_timezones())
        for change in changes_of(name, YEAR, YEAR + 1)
    }
    mine = sorted(asked)[part::4]

    assert len(asked) > 40
    assert [fault for change in mine for fault in faults(asked[change], change)] == []


CUT = ["15 */6 * * *", "*/15 */3 * * *", "* * * * *", "30 2 * * *", "0-59/7 0-4 * * *"]


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "Pacific/Chatham", "Antarctica/Troll"])
@pytest.mark.parametrize("cron", CUT)
def test_no_slot_is_lost_or_doubled_however_the_hours_of_a_change_are_cut(zone, cron):
    file = ScheduleFile(report="r", timezone=zone, cron=cron)
    random = Random(zone + cron)
    for at in changes(datetime(YEAR, 1, 1, tzinfo=UTC), datetime(YEAR + 1, 1, 1, tzinfo=UTC),
                      file.zone):  # fmt: skip
        first, last = whole(at) - timedelta(hours=30), whole(at) + timedelta(hours=30)
        cuts = sorted(first + timedelta(seconds=random.uniform(0, 216_000)) for _ in range(60))
        edges = [first, at - SECOND, at, at + SECOND, *cuts, last]
        parts = [
            slot
            for begin, end in pairwise(sorted(edges))
            for slot in slots_due("n", file, begin, end)
        ]
        assert parts == slots_due("n", file, first, last) != []


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),  # left out
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),  # the first of two
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),
        ("Pacific/Kwajalein", "1969-09-30T12:00", "1969-09-30T01:00"),
        ("Africa/Monrovia", "1972-01-07T00:20", "1972-01-07T00:44:30"),
    ],
)
def test_a_time_of_day_is_the_first_moment_at_which_clocks_show_or_pass_it(zone, wall, expected):
    at = datetime.fromisoformat(wall)
    found = instant(at.date(), at.time(), ZoneInfo(zone))

    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_time_of_day_outside_all_calendars_is_still_an_instant(day):
    assert abs(instant(day, time(12), ZoneInfo("Pacific/Chatham")).year - day.year) <= 1


def test_the_slots_of_a_step_where_clocks_go_back_by_half_an_hour():
    file = ScheduleFile(report="r", timezone="Australia/Lord_Howe", cron="*/15 1-2 * * *")
    slots = next_slots("n", file, datetime(2026, 4, 4, 12, tzinfo=UTC), 10)

    assert [f"{slot.due.astimezone(file.zone):%H:%M}" for slot in slots] == [
        *("01:00", "01:15", "01:30", "01:45"),  # at 02:00 clocks are set back
        *("01:30", "01:45", "02:00", "02:15", "02:30", "02:45"),
    ]
