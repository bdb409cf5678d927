import numpy as np
import pandas as pd
import pytest

from skycast import card, evaluation, features, training
from skycast.data import daily_weather


@pytest.fixture(scope="module")
def simple():
    rows = features.training_rows()
    estimator = training.pipeline(training.candidates()["gradient boosting, 100 stumps"])
    return estimator.fit(rows[list(features.COLUMNS)], rows["rain"])


@pytest.fixture(scope="module")
def found(simple):
    return evaluation.forecasts(simple)


def forecast(happened, chance):
    return pd.DataFrame({"happened": happened, "estimator": chance, "persistence": 0.5,
                         "base rate": 0.5})  # fmt: skip


def test_every_day_of_2015_is_forecast_once(found):
    assert found.index.equals(pd.date_range("2015-01-01", "2015-12-31", name="day"))
    assert found["happened"].sum() == 144


def test_what_happened_is_what_was_recorded(found):
    rain = daily_weather().set_index("date")["precipitation"]
    assert (rain.loc[found.index] > 0).eq(found["happened"]).all()


def test_the_base_rate_is_that_of_the_years_before(found):
    rain = daily_weather().set_index("date")["precipitation"].loc["2012-01-02":"2014"]
    assert found["base rate"].unique() == pytest.approx([(rain > 0).mean()])


def test_persistence_says_tomorrow_as_today(found):
    rain = daily_weather().set_index("date")["precipitation"]
    today = (rain.shift(1) > 0).loc[found.index]
    assert ((found["persistence"] > 0.5) == today).all()


def test_scores_by_hand():
    happened = [True, True, False, False]
    row = evaluation.scores(forecast(happened, [0.8, 0.4, 0.4, 0.2])).loc["estimator"]
    assert row["accuracy"] == 0.75
    assert row["brier"] == pytest.approx((0.04 + 0.36 + 0.16 + 0.04) / 4)
    assert row["log_loss"] == pytest.approx(-np.log([0.8, 0.4, 0.6, 0.8]).mean())
    assert row["roc_auc"] == pytest.approx(3.5 / 4)


def test_accuracy_of_the_base_rate_is_the_share_of_dry_days(found):
    accuracy = evaluation.scores(found)["accuracy"].loc["base rate"]
    assert accuracy == pytest.approx(221 / 365)


def test_intervals_hold_the_score_and_are_the_same_again(found, monkeypatch):
    monkeypatch.setattr(evaluation, "RESAMPLES", 60)
    bounds = evaluation.intervals(found)
    score = evaluation.scores(found).loc["estimator"]
    assert (bounds["low"] < score).all()
    assert (score < bounds["high"]).all()
    pd.testing.assert_frame_equal(bounds, evaluation.intervals(found))


def test_calibration_groups_hold_every_day(found):
    table = evaluation.calibration(found, groups=6)
    assert table["days"].sum() == 365
    assert table["forecast"].is_monotonic_increasing
    assert (table["low"] <= table["happened"]).all()
    assert (table["happened"] <= table["high"]).all()


def test_wilsons_interval_of_ten_days_without_rain():
    table = evaluation.calibration(forecast([False] * 10, np.linspace(0, 0.1, 10)), groups=1)
    assert table["low"].iloc[0] == pytest.approx(0, abs=1e-9)
    assert table["high"].iloc[0] == pytest.approx(0.2775, abs=1e-4)


def test_confusion_counts_days():
    table = evaluation.confusion(forecast([True, True, False], [0.9, 0.1, 0.2]))
    assert table.loc["rain", "rain"] == 1
    assert table.loc["rain", "dry"] == 1
    assert table.loc["dry", "dry"] == 1
    assert table.loc["dry", "rain"] == 0


def test_confusion_has_all_four_places_even_if_rain_is_never_forecast():
    table = evaluation.confusion(forecast([True, False], [0.1, 0.2]))
    assert table.shape == (2, 2)
    assert table["rain"].sum() == 0


def test_the_rain_of_today_matters_most_to_the_rain_of_tomorrow(simple, found):
    without = evaluation.without_each(simple)
    assert set(without.index) == set(features.COLUMNS)
    assert without.index[0] == "precipitation"
    known = evaluation.scores(found)["log_loss"].loc["estimator"]
    table = card.columns(found, without)
    assert table.loc["nothing is missing"].to_list() == [f"{known:.3f}", ""]
    assert table["Worse by"].iloc[0] == f"{without.iloc[0] - known:.3f}"


def test_the_curve_runs_from_corner_to_corner(found):
    curve = evaluation.roc(found)
    assert tuple(curve[["false_alarms", "hits"]].iloc[0]) == (0, 0)
    assert tuple(curve[["false_alarms", "hits"]].iloc[-1]) == (1, 1)


def test_kinds_were_not_recorded_alike_in_all_years():
    kinds = evaluation.kinds_by_year(daily_weather())
    assert kinds.sum().to_list() == [366, 365, 365, 365]
    assert kinds.loc["rain"].to_list() == [191, 60, 3, 5]
