import pandas as pd
import pytest

from skycast import words
from skycast.data import daily_weather
from skycast.months import compare
from skycast.units import MINUS, NBSP, SYSTEMS

METRIC = SYSTEMS["metric"]


@pytest.fixture(scope="module")
def weather():
    return daily_weather()


def said(weather, month, units=METRIC, **how):
    return (
        words.paragraph(compare(weather, month, **how), units)
        .replace(NBSP, " ")
        .replace(MINUS, "-")
    )


def test_november_2015_in_words(weather):
    assert said(weather, "2015-11") == (
        "**November 2015** brought 212.6 mm of rain, 48 % more than normal; normal is 143.3 mm "
        "(mean of 2012, 2013 and 2014). It was the wettest November of the four years compared. "
        "At least 1.0 mm fell on 17 of 30 days, against 14.3 normally. The wettest day was the "
        "14th with 47.2 mm, 22 % of the month's rain. The longest dry spell lasted six days, "
        "from the 25th to the 30th. Days were 1.8 °C and nights 1.6 °C colder than normal. The "
        "thermometer rose to 15.6 °C on the 6th and fell to -3.8 °C on the 30th."
    )


@pytest.mark.parametrize(
    ("month", "how", "part"),
    [
        pytest.param("2013-07", {}, "brought no rain at all; normal is", id="a month without rain"),
        pytest.param("2013-07", {}, "Not one day was wet.", id="no wet day"),
        pytest.param("2012-02", {}, "second driest February of the four", id="in between"),
        pytest.param("2012-02", {}, "on 15 of 29 days", id="a leap year"),
        pytest.param("2012-11", {}, "second wettest November", id="the second place"),
        pytest.param("2013-07", {}, "Days were 0.1 °C warmer than normal, nights 0.4 °C colder",
                     id="warm days, cold nights"),
        pytest.param("2015-11", {"compare_years": 1}, "normal is 123.1 mm (2014)", id="one year"),
        pytest.param("2012-08", {}, "driest August", id="the driest"),
    ],
)  # fmt: skip
def test_odd_months_are_told_rightly(weather, month, how, part):
    assert part in said(weather, month, **how)


def test_imperial_words_tell_the_same_month(weather):
    text = said(weather, "2015-11", SYSTEMS["imperial"])
    assert "8.37 in of rain, 48 % more" in text
    assert "rose to 60.1 °F" in text


def test_every_month_on_record_reads_well(weather):
    for period in pd.period_range("2012-01", "2015-12", freq="M"):
        text = said(weather, str(period))
        assert text.startswith("**")
        assert text.endswith(".")
        assert not [flaw for flaw in ("nan", "  ", "..", " .") if flaw in text]


@pytest.mark.parametrize(
    ("rain", "sentence"),
    [
        ({2015: 9.0, 2014: 5.0}, "the wettest November of the two years compared."),
        ({2015: 5.0, 2014: 9.0}, "the driest November of the two years compared."),
        ({2015: 5.0, 2014: 5.0}, "wettest November of the two years compared, level with another."),
        ({2015: 5.0, 2014: 9.0, 2013: 1.0}, "second wettest November of the three years"),
        ({2015: 0.0, 2014: 0.0, 2013: 1.0}, "the driest November of the three years compared, lev"),
    ],
)
def test_the_place_among_the_years(rain, sentence):
    assert sentence in words.rank(pd.Series(rain), pd.Period("2015-11", freq="M"))


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"),
                         (13, "13th"), (21, "21st"), (22, "22nd"), (23, "23rd"), (31, "31st")],
)  # fmt: skip
def test_days_are_numbered_as_they_are_said(number, text):
    assert words.ordinal(number) == text


def test_lists_end_in_and():
    assert words.listed([2014]) == "2014"
    assert words.listed([2013, 2014]) == "2013 and 2014"
    assert words.listed([2012, 2013, 2014]) == "2012, 2013 and 2014"
