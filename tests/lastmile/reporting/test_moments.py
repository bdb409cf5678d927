"""Expressions over the logical date."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastmile.errors import BadMoment
from lastmile.reporting.moments import (
    UNITS,
    WEEKDAYS,
    WORDS,
    add_months,
    is_expression,
    moment,
    read_logical_date,
)

SUNDAY = datetime(2015, 3, 1, 6, 30, tzinfo=UTC)
DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", "2015-03-01"),
        ("logical_date", "2015-03-01"),
        ("yesterday", "2015-02-28"),
        ("tomorrow", "2015-03-02"),
        ("sunday", "2015-03-01"),
        ("monday", "2015-02-23"),
        ("saturday", "2015-02-28"),
        ("this_month", "2015-03-01"),
        ("previous_month", "2015-02-01"),
        ("next_month", "2015-04-01"),
        ("month_end", "2015-03-31"),
        ("quarter_start", "2015-01-01"),
        ("quarter_end", "2015-03-31"),
        ("previous_quarter", "2014-10-01"),
        ("previous_year", "2014-01-01"),
        ("year_end", "2015-12-31"),
        ("logical_date - 7d", "2015-02-22"),
        ("today+2w", "2015-03-15"),
        ("month_start - 1m", "2015-02-01"),
        ("month_end - 1m", "2015-02-28"),
        ("  month_end + 1 d - 1 y ", "2014-04-01"),
        ("logical_date - 7h", "2015-02-28"),
        ("today - 1q", "2014-12-01"),
    ],
)
def test_a_word_and_its_offsets_make_a_day(text, day):
    assert moment(text, SUNDAY, "date") == date.fromisoformat(day)


def test_the_logical_date_keeps_its_time_and_days_begin_at_midnight():
    assert moment("logical_date - 30min", SUNDAY, "datetime") == SUNDAY - timedelta(minutes=30)
    assert moment("yesterday", SUNDAY, "datetime") == datetime(2015, 2, 28, tzinfo=UTC)


def test_days_are_those_of_the_zone_and_hours_are_elapsed_time():
    berlin = ZoneInfo("Europe/Berlin")
    change = datetime(2015, 3, 29, 1, 30, tzinfo=berlin)  # at two o'clock it becomes three

    assert moment("logical_date + 1h", change, "datetime").hour == 3
    assert moment("logical_date + 1d", change, "datetime").hour == 1
    assert moment("today", change, "datetime").utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("previus_month", "did you mean `previous_month`?"),
        ("whenever", "begin with one of: logical_date, today, yesterday"),
        ("today - 3x", "`x` is not a unit; use one of: min, h, d, w, m, q, y"),
        ("today - d", "begin with one of|did you mean"),
        ("today 3d", "did you mean `today`"),
        ("today + 99999999d", "years 1 to 9999"),
        ("today - 999999999999999999999y", "years 1 to 9999"),
        ("today; import os", "did you mean `today`"),
        ("__import__('os')", "begin with one of"),
        ("2015-03-01", "begin with one of"),
        ("", "begin with one of"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_words(text, words):
    with pytest.raises(BadMoment) as caught:
        moment(text, SUNDAY, "date")

    assert re.search(words, caught.value.fix)


@given(DAYS, st.integers(-1200, 1200))
def test_months_on_and_back_keep_the_day_or_are_the_end_of_a_shorter_month(day, months):
    there = add_months(day, months)
    distance = (there.year - day.year) * 12 + there.month - day.month

    assert distance == months
    assert there.day == day.day or (there.day < day.day and (there + timedelta(days=1)).day == 1)


@given(DAYS)
def test_a_month_begins_on_the_first_and_ends_before_the_next(day):
    start, end = (moment(word, at(day), "date") for word in ("month_start", "month_end"))

    assert (start.day, (end + timedelta(days=1)).day) == (1, 1)
    assert start <= day <= end
    assert moment("next_month", at(day), "date") == end + timedelta(days=1)
    assert moment("month_start - 1m", at(day), "date") == moment("previous_month", at(day), "date")
    assert moment("previous_month", at(day), "month") == f"{start - timedelta(days=1):%Y-%m}"


@given(DAYS, st.sampled_from(WEEKDAYS))
def test_a_weekday_is_the_last_one_before_or_on_the_day(day, name):
    found = moment(name, at(day), "date")

    assert WEEKDAYS[found.weekday()] == name
    assert 0 <= (day - found).days < 7


@given(DAYS)
def test_quarters_and_years_hold_their_day_and_follow_each_other(day):
    for period, months in (("quarter", 3), ("year", 12)):
        start, end, before = (
            moment(word, at(day), "date")
            for word in (f"{period}_start", f"{period}_end", f"previous_{period}")
        )
        assert start <= day <= end
        assert add_months(start, months) == end + timedelta(days=1)
        assert add_months(before, months) == start


@given(DAYS, st.sampled_from(sorted(WORDS)), st.integers(0, 500), st.sampled_from(UNITS))
def test_every_word_and_unit_has_a_meaning_of_every_kind(day, word, count, unit):
    text = f"{word} + {count}{unit}"

    assert type(moment(text, at(day), "date")) is date
    assert moment(text, at(day), "datetime").tzinfo is UTC
    assert moment(text, at(day), "month") == f"{moment(text, at(day), 'date'):%Y-%m}"


@given(st.text())
def test_no_text_does_anything_but_mean_a_moment_or_be_refused(text):
    with suppress(BadMoment):
        assert type(moment(text, SUNDAY, "date")) is date


@given(st.datetimes())
def test_iso_values_never_look_like_expressions(value):
    assert not is_expression(value.isoformat())
    assert not is_expression(value.date().isoformat())


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2015-03-01", "2015-03-01T00:00:00+00:00"),
        ("2015-03-01T06:00", "2015-03-01T06:00:00+00:00"),
        ("2015-03-01T06:00+01:00", "2015-03-01T06:00:00+01:00"),
        (" 2015-03-01T06:00Z", "2015-03-01T06:00:00+00:00"),
    ],
)
def test_a_logical_date_is_in_utc_unless_it_says_otherwise(text, iso):
    assert read_logical_date(text).isoformat() == iso


@pytest.mark.parametrize("text", ["yesterday", "2015-13-01", "2015", ""])
def test_a_logical_date_is_itself_no_expression(text):
    with pytest.raises(BadMoment, match="is not a moment"):
        read_logical_date(text)
