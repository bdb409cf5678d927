"""Rhythms in plain words: what each means, and what is said about those that mean nothing."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from lastmile.scheduling.cron import Cron
from lastmile.scheduling.rhythm import Workdays
from lastmile.scheduling.words import EXAMPLES, read_words
from lastmile.scheduling.workdays import Holidays

BAVARIA = Holidays(country="DE", subdivision="BY")


@pytest.mark.parametrize(
    ("text", "crons"),
    [
        ("weekday at 07:30", ["30 7 * * 1-5"]),
        ("every weekday at 07:30", ["30 7 * * 1-5"]),
        ("Every  Monday at 9", ["0 9 * * 1"]),
        ("mondays and thursdays at 9am", ["0 9 * * 1,4"]),
        ("monday, wednesday and friday at noon", ["0 12 * * 1,3,5"]),
        ("friday to monday at 6pm", ["0 18 * * 5,6,0,1"]),
        ("day at 07:30 and 19:00", ["30 7 * * *", "0 19 * * *"]),
        ("weekend", ["0 0 * * 0,6"]),
        ("15 minutes", ["*/15 * * * *"]),
        ("minute", ["* * * * *"]),
        ("half hour", ["*/30 * * * *"]),
        ("hour", ["0 * * * *"]),
        ("hour at :20", ["20 * * * *"]),
        ("2 hours on weekdays", ["0 */2 * * 1-5"]),
        ("15 minutes from 8 to 18 on weekdays", ["*/15 8-17 * * 1-5", "0 18 * * 1-5"]),
        ("2 hours from 8:00 to 18:00", ["0 8,10,12,14,16,18 * * *"]),
        ("month", ["0 0 1 * *"]),
        ("week at 6", ["0 6 * * 1"]),
        ("quarter at 6", ["0 6 1 1,4,7,10 *"]),
        ("first day of the month at 18:00", ["0 18 1 * *"]),
        ("last day of the month at 18:00", ["0 18 L * *"]),
        ("last day of the quarter", ["0 0 L 3,6,9,12 *"]),
        ("second tuesday of the month at 9", ["0 9 * * 2#2"]),
        ("last friday of the month at 17:00", ["0 17 * * 5L"]),
        ("15th of the month at midnight", ["0 0 15 * *"]),
        ("month on the 3rd at 9", ["0 9 3 * *"]),
        ("day 10 of every month", ["0 0 10 * *"]),
        ("first monday of september at 8", ["0 8 * 9 1#1"]),
    ],
)
def test_words_are_the_cron_expression_that_people_mean(text, crons):
    assert [part.expression for part in read_words(text).parts] == crons


def test_workdays_are_what_cron_cannot_say():
    (part,) = read_words("first workday of the month at 9", BAVARIA).parts

    assert part == Workdays(times=(time(9),), nth=1, holidays=BAVARIA)


def test_the_first_workday_is_neither_a_weekend_nor_a_holiday():
    rhythm = read_words("first workday of the month at 9", BAVARIA)
    found = rhythm.between(
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC), ZoneInfo("UTC")
    )

    # 1 January and 1 May 2026 are Fridays and holidays, 1 November is a Sunday.
    assert [f"{at:%m-%d}" for at in found] == [
        *("01-02", "02-02", "03-02", "04-01", "05-04", "06-01", "07-01", "08-03", "09-01"),
        *("10-01", "11-02", "12-01"),
    ]


def test_the_first_weekday_may_be_a_holiday():
    (part,) = read_words("first weekday of the month", BAVARIA).parts

    assert part.holidays is None


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_that_we_give_are_understood(example):
    assert read_words(example).parts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("weekdy at 7", "did you mean `weekday`"),
        ("mondy and friday at 7", "did you mean `monday`"),
        ("7 minutes", "do not fit into an hour; use one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30"),
        ("5 hours", "do not fit into a day"),
        ("monday at 25", "not a time of day"),
        ("monday at 13pm", "not a time of day"),
        ("31st of february", "never due: no date has day of month `31` and month `2`"),
        ("24th workday of the month", "never due: no such month has 24 workdays"),
        ("22nd weekday of february", "never due: no such month has 22 weekdays"),
        ("first of august and", "not understood"),
        ("6th monday of the month", "bad day-of-week"),
        ("full moon", "did you mean `noon`"),
        ("whenever", "use `cron`"),
        ("", "use `cron`"),
        ("15 minutes from 18 to 8", "is empty"),
        ("15 minutes from 8:30 to 9", "whole hour"),
    ],
)
def test_words_that_mean_nothing_are_refused_with_advice(text, said):
    with pytest.raises(ValueError, match=said):
        read_words(text)


def test_workdays_that_holidays_leave_never_are_refused():
    """January has 23 weekdays only where one of them is New Year's Day."""
    assert read_words("23rd workday of january").parts
    with pytest.raises(ValueError, match="never due: no such month has 23 workdays"):
        read_words("23rd workday of january", BAVARIA)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("61 * * * *", "bad minute"),
        ("* * *", "five fields are needed"),
        ("0 30 7 * * *", "seconds"),
        ("0 0 x 2 *", "bad day-of-month"),
        ("0 0 31 2 *", "never due: no date has day of month `31` and month `2`"),
        ("0 0 31 4,6,9,11 */2", "never due"),
        ("0 0 */20 * 1#5", "never due: no date has day of month `.*` and weekday `1#5`"),
        ("61 0 31 2 *", "bad minute"),
        ("", "wrong number of fields"),
    ],
)
def test_expressions_that_are_none_are_refused(text, said):
    with pytest.raises(ValueError, match=said):
        Cron.read(text)


def test_nicknames_are_known():
    assert Cron.read("@daily").expression == "0 0 * * *"
