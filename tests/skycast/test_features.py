import pandas as pd

from skycast import features
from skycast.data import daily_weather


def test_the_sample_is_every_day_as_a_raw_row():
    rows = features.sample()
    assert len(rows) == 1461
    assert tuple(rows.columns) == features.COLUMNS
    assert [str(rows[name].dtype) for name in ("precipitation", "month")] == ["float64", "int64"]
    assert pd.api.types.is_string_dtype(rows["weather"])
    assert not rows.isna().any(axis=None)


def test_the_answer_is_the_rain_of_the_next_day():
    weather, rows = daily_weather(), features.labelled()
    assert len(rows) == 1460
    rain = weather.set_index("date")["precipitation"]
    assert (rain.loc[rows.index] > 0).eq(rows["rain"] == "rain").all()
    assert rows["temp_max"].iloc[0] == weather["temp_max"].iloc[0]
    assert rows.index[0] == pd.Timestamp("2012-01-02")


def test_the_answer_is_no_column_of_a_raw_row():
    assert "rain" not in features.sample().columns


def test_training_ends_where_the_held_out_year_begins():
    before, year = features.training_rows(), features.held_out_rows()
    assert before.index[-1] == pd.Timestamp("2014-12-31")
    assert year.index[0] == pd.Timestamp("2015-01-01")
    assert (len(before), len(year)) == (1095, 365)


def test_rain_on_the_last_day_of_training_is_not_read_from_2015():
    weather = daily_weather()
    spoilt = weather.copy()
    spoilt.loc[spoilt["date"] >= "2015-01-01", "precipitation"] = 99.0
    pd.testing.assert_frame_equal(features.training_rows(weather), features.training_rows(spoilt))
