"""Raw rows with everything that makes an export hard, and one small fitted pipeline."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["my col-é", "wiek (lata)", "miss"]


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    """400 rows: odd names, gaps in numbers and in texts, whole numbers, truth values."""
    rng = np.random.default_rng(0)
    count = 400
    frame = pd.DataFrame(
        {
            "my col-é": rng.normal(size=count),
            "wiek (lata)": rng.integers(18, 90, count),
            "class": rng.choice(["a", "b", "ć"], count),
            "flag": rng.integers(0, 2, count).astype(bool),
            "miss": rng.normal(10, 3, count),
            "unused": 1.0,
            "tags": rng.choice(["u", "v", "w"], count),
            "code": rng.choice([10, 20, 35], count),
        }
    )
    frame.loc[rng.choice(count, 40, replace=False), "miss"] = np.nan
    frame.loc[rng.choice(count, 40, replace=False), "tags"] = np.nan
    return frame


@pytest.fixture(scope="session")
def targets(people: pd.DataFrame) -> SimpleNamespace:
    """What to predict: `two` texts, `three` whole numbers, `number`."""
    noise = np.random.default_rng(1).normal(size=len(people))
    score = (
        people["my col-é"]
        + (people["wiek (lata)"] > 50)
        - 1.5 * (people["class"] == "b")
        + 0.3 * (people["miss"].fillna(10) - 10)
        + 0.3 * noise
    )
    return SimpleNamespace(
        two=np.where(score > 0, "tak", "nie"),
        three=np.digitize(score, [-0.7, 0.7]),
        number=(score * 10 + 100).to_numpy(),
    )


@pytest.fixture(scope="session")
def behind_columns() -> Callable[..., Any]:
    """A pipeline: gaps filled, numbers scaled if wanted, categories one-hot, then the estimator."""

    def make(
        *estimators: Any, scale: bool = True, texts: tuple[str, ...] = ("class",), extra: Any = ()
    ) -> Any:
        numbers = make_pipeline(SimpleImputer(), StandardScaler()) if scale else SimpleImputer()
        one_hot = OneHotEncoder(handle_unknown="ignore")
        columns = make_column_transformer((numbers, NUMBERS), (one_hot, list(texts)), *extra)
        return make_pipeline(columns, *estimators)

    return make


@pytest.fixture(scope="session")
def fitted(behind_columns: Callable[..., Any], people: pd.DataFrame, targets: Any) -> Any:
    """A fitted logistic regression behind columns; nobody may change it."""
    return behind_columns(LogisticRegression()).fit(people, targets.two)
