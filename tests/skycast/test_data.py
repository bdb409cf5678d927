import pandas as pd
import pytest

from skycast.data import KINDS, BadWeather, checked, daily_weather


def test_the_record_is_whole():
    days = daily_weather()
    assert len(days) == 1461
    assert list(days.columns) == [
        "date", "precipitation", "temp_max", "temp_min", "wind", "weather",
    ]  # fmt: skip
    assert days["date"].iloc[0] == pd.Timestamp("2012-01-01")
    assert days["date"].iloc[-1] == pd.Timestamp("2015-12-31")
    assert set(days["weather"]) == set(KINDS)
    assert days["precipitation"].sum() == pytest.approx(4426.0)


def test_numbers_are_floats_even_if_they_were_read_as_whole_numbers():
    days = daily_weather().astype({"wind": "int64"})
    assert checked(days)["wind"].dtype == "float64"


def gap(days):
    return days.drop(index=100)


def with_value(column, value):
    def change(days):
        days.loc[5, column] = value
        return days

    return change


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(lambda d: d.drop(columns="wind"), "lacks wind", id="a column is missing"),
        pytest.param(gap, "not consecutive", id="a day is missing"),
        pytest.param(lambda d: d.iloc[::-1], "not consecutive", id="the days run backwards"),
        pytest.param(lambda d: d.head(0), "has no day", id="nothing was read"),
        pytest.param(with_value("wind", None), "value is missing", id="a value is missing"),
        pytest.param(with_value("wind", -1.0), "is negative", id="the wind is negative"),
        pytest.param(with_value("temp_min", 99.0), "warmer than its day", id="night above day"),
        pytest.param(with_value("weather", "hail"), "hail is unknown", id="an unknown kind"),
    ],
)
def test_a_spoilt_record_is_refused(spoil, message):
    with pytest.raises(BadWeather, match=message):
        checked(spoil(daily_weather()))


def test_all_faults_are_told_at_once():
    days = with_value("wind", -1.0)(gap(daily_weather()))
    with pytest.raises(BadWeather, match=r"not consecutive; .* is negative"):
        checked(days)
