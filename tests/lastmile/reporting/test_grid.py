"""The grid of a backfill."""

import pytest

from lastmile.errors import BadRange
from lastmile.reporting.grid import slots


def labels(first, last, **keys):
    return [slot.label for slot in slots(first, last, given=keys.pop("given", {}), **keys)]


def test_months_are_steps_of_a_month_over_the_turn_of_the_year():
    assert labels("2014-11", "2015-02") == ["2014-11-01", "2014-12-01", "2015-01-01", "2015-02-01"]


def test_days_are_steps_of_a_day_over_a_leap_day():
    assert labels("2012-02-28", "2012-03-01") == ["2012-02-28", "2012-02-29", "2012-03-01"]


def test_weeks_are_asked_for():
    assert labels("2026-01-05", "2026-01-20", step="week") == [
        "2026-01-05",
        "2026-01-12",
        "2026-01-19",
    ]


def test_a_last_month_is_meant_whole_where_steps_are_shorter():
    assert labels("2026-01", "2026-01", step="week") == [
        f"2026-01-{day:02d}" for day in (1, 8, 15, 22, 29)
    ]


def test_values_make_a_grid_in_the_order_in_which_they_were_given():
    assert labels("2014-01", "2014-02", given={"region": ["a", "b"], "x": ["1"]}) == [
        "2014-01-01 region=a x=1",
        "2014-02-01 region=a x=1",
        "2014-01-01 region=b x=1",
        "2014-02-01 region=b x=1",
    ]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [("2014-13", "2015-01", "--from 2014-13 is no date"), ("2015-02", "2015-01", "is empty"),
     ("2015-01-01", "soon", "--to soon is no date")],
)  # fmt: skip
def test_what_is_no_range_is_refused(first, last, words):
    with pytest.raises(BadRange, match=words):
        labels(first, last)
