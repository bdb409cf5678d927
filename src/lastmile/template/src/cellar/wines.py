"""178 Italian wines with their measurements (the wine data that scikit-learn brings along)."""

from functools import cache

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ORIGINS = ("Barolo", "Grignolino", "Barbera")
NUMBERS = ["alcohol", "malic_acid", "flavanoids"]


@cache
def wines() -> pd.DataFrame:
    """One row a wine: measurements, colour as a word, and origin."""
    frame: pd.DataFrame = load_wine(as_frame=True).frame
    colour = pd.cut(frame["color_intensity"], [0, 4, 7, 99], labels=["pale", "medium", "deep"])
    origin = frame["target"].map(dict(enumerate(ORIGINS)))
    return frame[NUMBERS].assign(colour=colour.astype(str), origin=origin)


def compare(origin: str) -> pd.DataFrame:
    """Means of the measurements for one origin, for the others, and their difference."""
    table = wines()
    ours = table["origin"] == origin
    means = pd.DataFrame(
        {origin: table.loc[ours, NUMBERS].mean(), "others": table.loc[~ours, NUMBERS].mean()}
    )
    return means.assign(difference=means[origin] - means["others"]).round(2)


def sample() -> pd.DataFrame:
    """Raw rows as the phone will see them."""
    return wines()[[*NUMBERS, "colour"]]


def pipeline(estimator: BaseEstimator) -> Pipeline:
    """From raw row to origin; not fitted yet."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("numbers", numbers, NUMBERS), ("words", words, ["colour"])])
    return make_pipeline(columns, estimator)


def origin_classifier() -> Pipeline:
    """A fitted pipeline: raw row in, origin out."""
    return pipeline(LogisticRegression()).fit(*rows_and_origins())


def choices() -> dict[str, Pipeline]:
    """What else could be handed over; none is fitted yet."""
    return {
        "logistic regression": pipeline(LogisticRegression()),
        "random forest of 30": pipeline(RandomForestClassifier(30, random_state=0)),
        "random forest of 300": pipeline(RandomForestClassifier(300, random_state=0)),
    }


def rows_and_origins() -> "tuple[pd.DataFrame, pd.Series[str]]":
    """Raw rows and the origin of each."""
    return sample(), wines()["origin"]
