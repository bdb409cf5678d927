"""Two years in ten time zones: every slot equals what is computed in another way.

The zones have changes in both halves of the year, at midnight, of half an hour, in Ramadan and for
good; some are at a half or a quarter of an hour.
"""

import calendar
import os
import shutil
import subprocess
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import pytest
from tests.lastmile.scheduling.walls import QUARTER, Walls

from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.slots import slots_due

FIRST = datetime(2023, 6, 1, tzinfo=UTC)
LAST = datetime(2025, 6, 1, tzinfo=UTC)
ZONES = {
    "Europe/Berlin": 4,
    "America/New_York": 4,
    "America/St_Johns": 4,
    "America/Santiago": 4,
    "Africa/Cairo": 4,  # at midnight
    "Africa/Casablanca": 4,  # back for Ramadan
    "Asia/Kathmandu": 0,
    "Asia/Almaty": 1,  # for good, on 1 March 2024
    "Australia/Lord_Howe": 4,  # by half an hour
    "Pacific/Chatham": 4,  # 12:45 ahead
}


@cache
def walls(zone: str) -> Walls:
    return Walls(zone, FIRST - timedelta(days=3), LAST + timedelta(days=3))


def slots(zone: str, **rhythm) -> list[datetime]:
    file = ScheduleFile(report="r", timezone=zone, **rhythm)
    return [slot.scheduled_for for slot in slots_due("n", file, FIRST, LAST)]


def days() -> list[date]:
    first = FIRST.date() - timedelta(days=2)
    return [first + timedelta(days=n) for n in range((LAST - FIRST).days + 4)]


def at(zone: str, when: time, wanted) -> list[datetime]:
    """The instants of a wall time on the days that are wanted."""
    found = {walls(zone).instant(datetime.combine(day, when)) for day in days() if wanted(day)}
    return sorted(instant for instant in found if FIRST < instant <= LAST)


def is_last(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def is_first_workday(day: date) -> bool:
    first = day.replace(day=1)
    return day == first + timedelta(days=max(0, 7 - first.weekday()) if first.weekday() > 4 else 0)


@pytest.mark.parametrize("zone", ZONES)
def test_the_zones_are_as_hard_as_they_are_meant_to_be(zone):
    assert len(walls(zone).changes) == ZONES[zone]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("every", "when", "wanted"),
    [
        ("day at 02:30", time(2, 30), lambda day: True),
        ("day at 00:00", time(0), lambda day: True),
        ("weekday at 07:30", time(7, 30), lambda day: day.weekday() < 5),
        ("sunday at 01:45", time(1, 45), lambda day: day.weekday() == 6),
        ("last day of the month at 23:59", time(23, 59), is_last),
        ("31st of the month at 02:15", time(2, 15), lambda day: day.day == 31),
        ("29th of february at 12", time(12), lambda day: (day.month, day.day) == (2, 29)),
        ("first workday of the month at 02:05", time(2, 5), is_first_workday),
        ("second sunday of the month at 02:30", time(2, 30),
         lambda day: day.weekday() == 6 and 8 <= day.day <= 14),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_time_of_day_comes_once_on_each_of_its_days(zone, every, when, wanted):
    found = slots(zone, every=every)

    assert found
    assert found == at(zone, when, wanted)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("minutes", [15, 30])
def test_steps_follow_the_clock_as_it_is(zone, minutes):
    """Four days around each change are asked, step by step."""
    changes = [when for when, _ in walls(zone).changes] or [FIRST + timedelta(days=100)]
    file = ScheduleFile(report="r", timezone=zone, every=f"{minutes} minutes")
    for when in changes:
        first, last = when - timedelta(days=2), when + timedelta(days=2)
        found = [slot.scheduled_for for slot in slots_due("n", file, first, last)]
        quarters = [first + n * QUARTER for n in range(1, 4 * 24 * 4 + 1)]
        assert found == [q for q in quarters if walls(zone).wall(q).minute % minutes == 0]


@pytest.fixture(scope="module")
def systemd():
    program = shutil.which("systemd-analyze")
    if program is None:
        if os.environ.get("LASTMILE_REQUIRE_ALL") == "1":
            pytest.fail("no systemd-analyze found, and LASTMILE_REQUIRE_ALL=1")
        pytest.skip("no systemd-analyze found on the PATH")

    def ask(expression: str, zone: str, count: int) -> list[datetime]:
        answer = subprocess.run(
            [program, "calendar", f"--iterations={count}",
             f"--base-time={FIRST:%Y-%m-%d %H:%M:%S} UTC", f"{expression} {zone}"],
            env={"TZ": "UTC", "PATH": os.environ["PATH"]}, capture_output=True, text=True,
            check=True,
        ).stdout  # fmt: skip
        lines = [line for line in answer.splitlines() if line.endswith(" UTC")]
        shown = [line.split(": ", 1)[1].replace("UTC", "+0000") for line in lines]
        return [datetime.strptime(each, "%a %Y-%m-%d %H:%M:%S %z") for each in shown]

    return ask


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("every", "expression", "count"),
    [
        ("weekday at 07:30", "Mon..Fri *-*-* 07:30:00", 525),
        ("last day of the month at 18:00", "*-*~01 18:00:00", 24),
        ("second tuesday of the month at 9", "Tue *-*-8..14 09:00:00", 24),
        ("day at 02:30", "*-*-* 02:30:00", 731),
        ("29th of february at 12", "*-02-29 12:00:00", 1),
    ],
)
def test_slots_are_those_of_systemd_where_it_has_an_answer(systemd, zone, every, expression, count):
    """On days when clocks are changed systemd leaves out times that do not exist."""
    changed = {walls(zone).wall(when).date() for when, _ in walls(zone).changes}

    def ordinary(found):
        return [at for at in found if at <= LAST and walls(zone).wall(at).date() not in changed]

    assert ordinary(slots(zone, every=every)) == ordinary(systemd(expression, zone, count))


@pytest.mark.parametrize(
    ("zone", "every", "day", "expected"),
    [
        ("Europe/Berlin", "day at 02:30", "2024-03-31", ["01:00"]),  # behind the gap, at 03:00
        ("Europe/Berlin", "day at 02:30", "2024-10-27", ["00:30"]),  # the first of two
        ("Europe/Berlin", "hour", "2024-10-27", ["00:00", "01:00", "02:00"]),  # both
        ("Africa/Cairo", "day at 00:00", "2024-04-25", ["22:00"]),  # midnight is left out
        ("Australia/Lord_Howe", "day at 02:15", "2024-10-05", ["15:30"]),
        ("America/New_York", "day at 02:15 and 02:45", "2024-03-10", ["07:00"]),  # once
    ],
)  # fmt: skip
def test_what_happens_when_clocks_are_changed(zone, every, day, expected):
    wanted = date.fromisoformat(day)
    found = [f"{at:%H:%M}" for at in slots(zone, every=every) if at.date() == wanted]

    assert [time_ for time_ in found if time_ in expected] == expected
    if every != "hour":
        assert len(found) == len(expected)


def test_a_day_that_a_zone_left_out_has_its_slot_when_the_next_one_begins():
    """Samoa went from 29 to 31 December 2011."""
    file = ScheduleFile(report="r", timezone="Pacific/Apia", every="day at 12:00")
    first = datetime(2011, 12, 29, tzinfo=UTC)
    found = [slot.scheduled_for for slot in slots_due("n", file, first, first + timedelta(days=3))]

    assert [f"{each:%d %H:%M}" for each in found] == [
        "29 22:00",
        "30 10:00",
        "30 22:00",
        "31 22:00",
    ]
