"""The file of a schedule: what may stand in it, and what is said about what may not."""

from datetime import UTC, datetime

import pytest

from lastmile.definitions import parse_definition
from lastmile.errors import LastmileError
from lastmile.scheduling.definition import ScheduleFile

HEAD = 'report = "sales"\ntimezone = "Europe/Berlin"\n'


def read(text: str) -> ScheduleFile:
    return parse_definition(HEAD + text, ScheduleFile, shown="schedule/x.toml")


def test_everything_may_be_said():
    file = read("""
every = "workday at 07:30"
missed = "all (max 24)"
overlap = "cancel-old"
grace = "10m"
start = 2026-01-01
end = 2026-12-31T12:00:00
jitter = "5m"
must_exist_by = "09:00"
paused = "the source is being moved"
pool = "heavy"
[parameters]
month = "previous_month"
[holidays]
country = "DE"
subdivision = "BY"
on = "next workday"
weekends = true
""")

    assert file.begins == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert file.ends == datetime(2026, 12, 31, 11, tzinfo=UTC)
    assert (file.grace, file.jitter, file.most_missed) == (600, 300, 24)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('every = "weekdy at 7"', "did you mean `weekday`"),
        ('cron = "61 * * * *"', "`cron` is '61 * * * *': not a cron expression: bad minute"),
        ('cron = "0 9 * * *"\nevery = "day"', "give either `cron` or `every`"),
        ("", "give either `cron` or `every`"),
        ('every = "day"\nmissed = "all (max 0)"', "write `skip`, `latest`, `all`"),
        ('every = "day"\nmissed = "never"', "write `skip`, `latest`, `all`"),
        ('every = "day"\nmust_exist_by = "noonish"', '"09:00"'),
        ('every = "day"\npaused = true', "write the reason"),
        ('every = "day"\nstart = 2026-02-01\nend = 2026-01-01', "`end` is not behind `start`"),
        ('every = "day"\n[holidays]\ncountry = "Deutschland"', "no holidays are known"),
        ('every = "day"\n[holidays]\ncountry = "DE"\nsubdivision = "ZZ"', "no subdivision 'ZZ'"),
        ('every = "day"\n[holidays]\ncountry = "DE"\non = "run"', "'next workday'"),
        ('every = "day"\noverlap = "kill"', "'cancel-old'"),
        ('every = "day"\njitter = "2d"', "86400"),
        ('every = "day"\nrepport = "x"', "did you mean `report`"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text, said):
    with pytest.raises(LastmileError) as caught:
        read(text)

    assert said in str(caught.value)
    assert "schedule/x.toml" in str(caught.value)


def test_a_zone_that_is_misspelt_gets_the_nearest():
    with pytest.raises(LastmileError, match="did you mean `Europe/Rome`"):
        parse_definition(
            'report = "r"\nevery = "day"\ntimezone = "Europe/Rom"', ScheduleFile, shown="x"
        )


def test_all_faults_of_a_file_are_told_at_once():
    with pytest.raises(LastmileError) as caught:
        read('cron = "x"\nevery = "weekdy"\nmissed = "y"\npool = 3\nstart = "soon"')

    assert len(caught.value.faults) == 5
