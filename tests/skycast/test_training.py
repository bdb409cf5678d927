import numpy as np
import pandas as pd
import pytest

from skycast import features, training


@pytest.fixture(scope="module")
def scores():
    return training.compare()


@pytest.fixture(scope="module")
def estimator(scores):
    return training.rain_tomorrow(scores)


def test_at_least_three_families_are_compared_with_the_base_rate(scores):
    families = {name.split(",")[0].split(" of ")[0] for name in scores.index}
    assert len(families - {"base rate"}) >= 3
    assert set(scores.index) == {*training.candidates(), "base rate"}
    assert not scores.isna().any(axis=None)
    assert scores["log_loss"].is_monotonic_increasing


def test_the_base_rate_knows_no_order_of_days(scores):
    assert scores["roc_auc"].loc["base rate"] == 0.5


def test_the_winner_has_the_lowest_loss_and_is_not_the_base_rate():
    table = pd.DataFrame({"log_loss": {"base rate": 0.1, "slow": 0.5, "best": 0.3}})
    assert training.winner(table) == "best"


def test_the_winner_is_what_ships(scores, estimator):
    best = training.candidates()[training.winner(scores)]
    assert estimator["estimator"].get_params() == best.get_params()


def test_the_estimator_answers_in_words(estimator):
    assert list(estimator.classes_) == ["dry", "rain"]
    rows = features.sample()
    chance = estimator.predict_proba(rows)[:, 1]
    assert (estimator.predict(rows) == np.where(chance > 0.5, "rain", "dry")).all()


def test_training_again_gives_the_same_estimator(scores, estimator):
    again = training.rain_tomorrow(scores)
    rows = features.sample()
    np.testing.assert_array_equal(again.predict_proba(rows), estimator.predict_proba(rows))


def test_a_different_2015_changes_nothing(monkeypatch, scores, estimator):
    weather = features.daily_weather()
    weather.loc[weather["date"] >= "2015-01-01", "precipitation"] = 99.0
    monkeypatch.setattr(features, "daily_weather", lambda: weather)
    rows = features.sample().iloc[:1000]
    np.testing.assert_array_equal(
        training.rain_tomorrow(scores).predict_proba(rows), estimator.predict_proba(rows)
    )


def test_splits_never_learn_from_the_future():
    class Spy:
        seen: list = []  # noqa: RUF012

    from sklearn.dummy import DummyClassifier

    class Watching(DummyClassifier):
        def fit(self, rows, answers):
            Spy.seen.append(len(answers))
            return super().fit(rows, answers)

    rows = features.training_rows()
    training._score(Watching(), rows)
    assert Spy.seen == [185, 367, 549, 731, 913]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"weather": "hail"}, id="an unknown kind of weather"),
        pytest.param({"weather": ""}, id="no kind of weather"),
        pytest.param({"wind": np.nan}, id="a missing number"),
        pytest.param(dict.fromkeys(training.NUMBERS, np.nan), id="no number at all"),
        pytest.param({"month": 13}, id="a month that does not exist"),
    ],
)
def test_odd_rows_are_answered(estimator, change):
    chance = estimator.predict_proba(features.sample().head(3).assign(**change))
    assert np.isfinite(chance).all()
    np.testing.assert_allclose(chance.sum(axis=1), 1)
