"""178 Italian wines with their measurements (the wine data that scikit-learn brings along)."""

from functools import cache

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_wine
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


def origin_classifier() -> Pipeline:
    """A fitted pipeline: raw row in, origin out."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("numbers", numbers, NUMBERS), ("words", words, ["colour"])])
    return make_pipeline(columns, LogisticRegression()).fit(sample(), wines()["origin"])
