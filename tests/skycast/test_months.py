import pandas as pd
import pytest

from skycast import months
from skycast.data import daily_weather


@pytest.fixture(scope="module")
def weather():
    return daily_weather()


def test_november_2015_is_what_a_pencil_finds(weather):
    seen = months.compare(weather, "2015-11")
    assert seen.others == (2012, 2013, 2014)
    rain, wet = seen.measures["rain"], seen.measures["wet_days"]
    assert rain.value == pytest.approx(212.6)
    assert rain.normal == pytest.approx((210.5 + 96.3 + 123.1) / 3)
    assert rain.place == 1
    assert (wet.value, wet.normal) == (17, pytest.approx((16 + 13 + 14) / 3))
    assert seen.measures["wettest"].value == 47.2
    assert seen.measures["dry_spell"].value == 6
    assert seen.measures["hottest"].value == 15.6
    assert seen.measures["coldest"].value == -3.8


@pytest.mark.parametrize(
    ("month", "days", "others"),
    [
        pytest.param("2012-01", 31, (2013, 2014, 2015), id="the first month on record"),
        pytest.param("2015-12", 31, (2012, 2013, 2014), id="the last month on record"),
        pytest.param("2012-02", 29, (2013, 2014, 2015), id="a February of 29 days"),
        pytest.param("2013-02", 28, (2012, 2014, 2015), id="28 days against 29"),
    ],
)
def test_every_day_of_the_month_has_a_normal(weather, month, days, others):
    seen = months.compare(weather, month)
    assert (len(seen.days), seen.others) == (days, others)
    assert list(seen.normals.index) == list(range(1, days + 1))
    assert not seen.normals.isna().any(axis=None)
    assert set(seen.running.columns) == {2012, 2013, 2014, 2015}
    assert seen.running[int(month[:4])].dropna().iloc[-1] == pytest.approx(
        seen.measures["rain"].value
    )
    assert len(seen.calendar) == 12
    assert seen.calendar["rain"].loc[int(month[5:])] == pytest.approx(seen.measures["rain"].value)


@pytest.mark.parametrize(
    ("year", "count", "others"),
    [
        (2015, 1, (2014,)),
        (2013, 1, (2012,)),
        (2013, 2, (2012, 2014)),
        (2012, 3, (2013, 2014, 2015)),
        (2012, 9, (2013, 2014, 2015)),
    ],
)
def test_the_nearest_years_come_first_and_the_earlier_of_two(weather, year, count, others):
    assert months.nearest_years(weather, year, count) == others


@pytest.mark.parametrize(
    ("month", "message"),
    [
        ("2016-01", "2016-01 is not on record, which runs from 2012-01 to 2015-12"),
        ("2011-12", "not on record"),
        ("2015-13", "not a month; write it as YYYY-MM"),
        ("2015-1", "not a month"),
        ("November 2015", "not a month"),
        ("", "not a month"),
    ],
)
def test_a_month_that_is_not_on_record_is_refused(weather, month, message):
    with pytest.raises(months.UnknownMonth, match=message):
        months.compare(weather, month)


@pytest.mark.parametrize("count", [0, -1])
def test_no_year_to_compare_with_is_refused(weather, count):
    with pytest.raises(months.UnknownMonth, match="no other year"):
        months.compare(weather, "2015-11", compare_years=count)


@pytest.mark.parametrize(
    ("flags", "run"),
    [
        ([], (0, 0)),
        ([False, False], (0, 0)),
        ([True, True], (0, 2)),
        ([False, True, False, True, True], (3, 2)),
        ([True, True, False, True, True], (0, 2)),
    ],
)
def test_the_first_of_the_longest_runs_is_found(flags, run):
    assert months.longest_run(pd.Series(flags, dtype=bool)) == run


def test_the_normal_of_a_day_is_the_mean_of_the_week_around_it(weather):
    normals = months.daily_normals(weather, pd.Period("2015-06", freq="M"), (2014,))
    week = weather[weather["date"].between("2014-06-07", "2014-06-13")]
    assert normals["high"].loc[10] == pytest.approx(week["temp_max"].mean())
    assert normals["record_low"].loc[10] == week["temp_min"].min()


def test_the_29th_of_february_is_counted_on_in_a_shorter_year(weather):
    normals = months.daily_normals(weather, pd.Period("2012-02", freq="M"), (2013,), around=0)
    first_of_march = weather.loc[weather["date"] == "2013-03-01", "temp_max"].item()
    assert normals["high"].loc[29] == first_of_march


def test_a_day_is_wet_from_the_threshold_on(weather):
    days = months.days_of(weather, 2015, 11)
    assert months.summary(days, 0.3)["wet_days"] == (days["precipitation"] >= 0.3).sum()
    assert months.summary(days, 47.2)["wet_days"] == 1
    assert months.summary(days, 47.3)["wet_days"] == 0
