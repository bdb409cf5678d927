"""What becomes of slots that have come due: run, or skipped with the reason."""

from datetime import UTC, datetime, timedelta

import pytest

from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.due import judge
from lastmile.scheduling.freshness import Contract
from lastmile.scheduling.slots import slots_due

DAY = datetime(2026, 5, 4, tzinfo=UTC)


def words(file, now, after=DAY):
    found = judge(file, slots_due("n", file, after, now), now)
    return [verdict.skip.value if verdict.skip else "run" for verdict in found]


def schedule(**keys) -> ScheduleFile:
    return ScheduleFile(**({"report": "r", "timezone": "UTC", "every": "hour"} | keys))


@pytest.mark.parametrize(
    ("missed", "minutes", "expected"),
    [
        ("latest", 61, ["run"]),  # on time: a minute late
        ("latest", 190, ["missed", "missed", "run"]),
        ("latest", 182, ["missed", "missed", "run"]),  # the third is on time
        ("skip", 190, ["missed", "missed", "missed"]),
        ("skip", 182, ["missed", "missed", "run"]),
        ("all", 190, ["run", "run", "run"]),
        ("all (max 2)", 190, ["missed", "run", "run"]),
        ("all (max 2)", 182, ["run", "run", "run"]),  # two that are late, one that is on time
    ],
)
def test_what_was_missed_is_run_as_the_schedule_says(missed, minutes, expected):
    assert words(schedule(missed=missed), DAY + timedelta(minutes=minutes)) == expected


def test_a_reason_says_how_late_and_what_stands_for_it():
    now = DAY + timedelta(hours=3, minutes=10)
    file = schedule()
    first = judge(file, slots_due("n", file, DAY, now), now)[0]

    assert first.message == (
        "no scheduler was at work when it was due, nor for 2 hours after; "
        "the slot of 2026-05-04 03:00 UTC stands for it"
    )


def test_a_paused_schedule_skips_with_its_reason():
    file = schedule(paused="the source is being moved")
    (verdict,) = judge(file, slots_due("n", file, DAY, DAY + timedelta(hours=1)), DAY)

    assert (verdict.skip, verdict.message) == ("paused", "the source is being moved")


def test_a_holiday_does_not_stand_for_the_days_before_it():
    file = schedule(every="day at 9", holidays={"country": "DE"})
    after = datetime(2026, 12, 22, 12, tzinfo=UTC)

    # The 25th and 26th are holidays; the 24th is the newest that can be run.
    assert words(file, datetime(2026, 12, 26, 18, tzinfo=UTC), after) == [
        *("missed", "run", "holiday", "holiday"),
    ]


@pytest.mark.parametrize(
    ("text", "due", "deadline"),
    [
        ("09:00", "2026-05-04T05:30", "2026-05-04T07:00"),
        ("09:00", "2026-05-04T08:30", "2026-05-05T07:00"),  # the next nine o'clock
        ("45m", "2026-05-04T05:30", "2026-05-04T06:15"),
        ("1.5h", "2026-05-04T05:30", "2026-05-04T07:00"),
        ("2d", "2026-03-28T05:30", "2026-03-30T05:30"),
    ],
)
def test_a_contract_has_a_deadline(text, due, deadline):
    zone = ScheduleFile(report="r", timezone="Europe/Berlin", every="day").zone
    found = Contract.read(text).deadline(datetime.fromisoformat(due).replace(tzinfo=UTC), zone)

    assert f"{found:%Y-%m-%dT%H:%M}" == deadline
