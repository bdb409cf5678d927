"""Several families compared in order of time, and the winner fitted.

Every candidate forecasts days that come after those it was fitted on, five times over (2012 to
2014, `TimeSeriesSplit`). The lowest mean log loss wins. The year 2015 takes no part.
"""

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from skycast.data import NUMBERS
from skycast.features import COLUMNS, LABELS, training_rows
from skycast.scoring import score

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin
    from sklearn.pipeline import Pipeline

SEED = 20150101
SPLITS = 5
BASE_RATE = "base rate"


def candidates() -> "dict[str, ClassifierMixin]":
    """Four families with two settings each, all small enough for a phone; none is fitted yet."""
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    forest = partial(RandomForestClassifier, 60, max_depth=7, random_state=SEED, n_jobs=1)
    boosting = partial(
        GradientBoostingClassifier,
        learning_rate=0.05,
        subsample=0.8,
        min_samples_leaf=20,
        random_state=SEED,
    )
    network = partial(
        MLPClassifier, hidden_layer_sizes=(8,), solver="lbfgs", max_iter=2000, random_state=SEED
    )
    return {
        "logistic regression, C = 0.1": LogisticRegression(C=0.1, max_iter=500),
        "logistic regression, C = 1": LogisticRegression(C=1.0, max_iter=500),
        "random forest, 10 days a leaf": forest(min_samples_leaf=10),
        "random forest, 20 days a leaf": forest(min_samples_leaf=20),
        "gradient boosting, 100 stumps": boosting(n_estimators=100, max_depth=1),
        "gradient boosting, 60 trees of depth 2": boosting(n_estimators=60, max_depth=2),
        "neural network of 8, alpha = 10": network(alpha=10.0),
        "neural network of 8, alpha = 30": network(alpha=30.0),
    }


def pipeline(estimator: "ClassifierMixin") -> "Pipeline":
    """Raw rows in, forecast out: impute and scale the numbers, one-hot the kind and the month."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline, make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = ColumnTransformer(
        [
            ("numbers", numbers, list(NUMBERS)),
            ("kind", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["weather"]),
            ("month", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["month"]),
        ]
    )
    return Pipeline([("columns", columns), ("estimator", estimator)])


def choices() -> "dict[str, Pipeline]":
    """Every candidate from raw row to forecast, by name; none is fitted yet."""
    return {name: pipeline(estimator) for name, estimator in candidates().items()}


def rows_and_answers() -> "tuple[pd.DataFrame, pd.Series[str]]":
    """The raw rows of all days before 2015, in order, and whether the day after was wet."""
    rows = training_rows()
    return rows[list(COLUMNS)], rows["rain"]


def compare(rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """How each candidate forecasts days later than those it learned from, best first.

    Columns: `log_loss` (mean of the splits), `spread` (their standard deviation), `brier`,
    `roc_auc`, `accuracy`. The row `base rate`, the share of wet days so far, is there to be beaten
    and cannot win.
    """
    from sklearn.dummy import DummyClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows = training_rows() if rows is None else rows
    everyone = candidates() | {BASE_RATE: DummyClassifier(strategy="prior")}
    with threadpool_limits(1):  # these are small: threads would only wait for each other
        table = {name: _score(estimator, rows) for name, estimator in everyone.items()}
    frame = pd.DataFrame.from_dict(table, orient="index").rename_axis("candidate")
    return frame.sort_values("log_loss", kind="stable")


def winner(scores: pd.DataFrame) -> str:
    """The candidate with the lowest log loss."""
    return str(scores.drop(index=BASE_RATE)["log_loss"].idxmin())


def rain_tomorrow(scores: pd.DataFrame | None = None) -> "Pipeline":
    """The winner, fitted on every day before 2015. It answers `dry` or `rain`.

    It is not fitted again on 2015, so that the figures of the model card are those of the very
    estimator that ships. `scores` saves the comparison where it was made before.
    """
    rows = training_rows()
    name = winner(compare(rows) if scores is None else scores)
    return pipeline(candidates()[name]).fit(rows[list(COLUMNS)], rows["rain"])


def _score(estimator: "ClassifierMixin", rows: pd.DataFrame) -> dict[str, float]:
    """Means over the splits, each fitted on what came before it."""
    from sklearn.base import clone
    from sklearn.model_selection import TimeSeriesSplit

    found = []
    for past, future in TimeSeriesSplit(SPLITS).split(rows):
        before, after = rows.iloc[past], rows.iloc[future]
        fitted = pipeline(clone(estimator)).fit(before[list(COLUMNS)], before["rain"])
        chance = fitted.predict_proba(after[list(COLUMNS)])[:, 1]
        found.append(score((after["rain"] == LABELS[1]).to_numpy(), chance))
    table = pd.DataFrame(found)
    return {"log_loss": table["log_loss"].mean(), "spread": table["log_loss"].std()} | {
        name: table[name].mean() for name in ("brier", "roc_auc", "accuracy")
    }
