"""What people build most: texts with gaps, filled in and encoded, before every kind of model.

The sample, missing values and categories never seen: both forms answer each row as scikit-learn.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from sklearn.svm import SVC

from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.coreml.check import stages_of
from lastmile.exporting.onnx import to_onnx

TEXTS, NUMBERS = ["port", "title", "deck"], ["age", "fare", "class"]
FEW = {"n_estimators": 8, "random_state": 0}


@pytest.fixture(scope="module")
def passengers():
    """Texts of every dtype and numbers with gaps, and whether a passenger was saved."""
    rng = np.random.default_rng(0)
    count = 240
    rows = pd.DataFrame(
        {
            "port": pd.Series(rng.choice(["S", "C", "Q"], count, p=[0.6, 0.3, 0.1]), dtype="str"),
            "title": pd.Series(rng.choice(["Mr", "Mrs", "Miss"], count), dtype="category"),
            "deck": pd.Series(rng.choice(list("ABCDE"), count), dtype=object),
            "age": rng.integers(1, 80, count).astype(float),
            "fare": rng.gamma(2, 16, count).round(2),
            "class": rng.integers(1, 4, count),
        }
    )
    for at, name in enumerate(["port", "title", "deck", "age"]):
        rows.loc[at :: 5 + at, name] = None
    score = (rows.title == "Mrs") + (rows.port == "C") + rows.fare / 60 - rows.deck.isna()
    return rows, score + rng.normal(0, 0.5, count)


def asked(rows):
    """The rows, each text missing and never seen, and each number missing that has gaps."""
    gaps = {name: rows[name][rows[name].isna()].iloc[0] for name in TEXTS}
    columns = {name: pd.Series([gap] * len(rows), dtype=object) for name, gap in gaps.items()}
    unseen = pd.Series(["never seen"] * len(rows), dtype=object)
    changes = [{"age": np.nan}, {**columns, "age": np.nan}]
    changes += [{name: one} for name in TEXTS for one in (columns[name], unseen)]
    return [rows, *(rows.assign(**change)[::6] for change in changes)]


def frequent(**more):
    return SimpleImputer(missing_values=pd.NA, strategy="most_frequent", **more)


def constant(**more):
    return SimpleImputer(missing_values=pd.NA, strategy="constant", fill_value="?", **more)


def hot(**more):
    return OneHotEncoder(**{"handle_unknown": "ignore", "sparse_output": False, **more})


def codes(unknown=-1, **more):
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=unknown, **more)


def means():
    return TargetEncoder(cv=KFold(3))


def beside(texts, numbers=None):
    """Texts prepared one way, numbers another, side by side."""
    usual = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer([("texts", texts, TEXTS), ("numbers", numbers or usual, NUMBERS)])


def raw(texts):
    """Texts prepared, and numbers as they are, with their gaps."""
    return beside(texts, "passthrough")


RARE = {"min_frequency": 40, "handle_unknown": "infrequent_if_exist"}

RECIPES = {
    "frequent, hot, logistic": (beside(make_pipeline(frequent(), hot())), LogisticRegression()),
    "constant, hot, forest": (beside(make_pipeline(constant(), hot())),
                              RandomForestClassifier(**FEW)),
    "told, hot, logistic": (beside(make_pipeline(frequent(add_indicator=True), hot())),
                            LogisticRegression()),
    "constant, all but the first, support vectors": (
        beside(make_pipeline(constant(), hot(drop="first"))), SVC()),
    "constant, rare ones together, logistic": (
        beside(make_pipeline(constant(), hot(**RARE))), LogisticRegression()),
    "rare ones together, gaps among them, network": (
        beside(hot(**RARE)), MLPClassifier((6,), max_iter=60, random_state=0)),
    "frequent, codes, forest": (beside(make_pipeline(frequent(), codes())),
                                RandomForestClassifier(**FEW)),
    "codes, gaps are -2, forest": (beside(codes(encoded_missing_value=-2)),
                                   RandomForestClassifier(**FEW)),
    "codes, gaps are NaN, forest": (beside(codes()), RandomForestClassifier(**FEW)),
    "codes, gaps and unknown are NaN, histograms": (
        raw(codes(np.nan)), HistGradientBoostingClassifier(max_iter=8)),
    "codes, NaN, histograms of categories": (
        raw(codes(np.nan)),
        HistGradientBoostingClassifier(max_iter=8, categorical_features=[0, 1, 2])),
    "constant, means, logistic": (beside(make_pipeline(constant(), means())),
                                  LogisticRegression()),
    "both encodings, logistic": (
        beside(make_pipeline(constant(), make_union(hot(), codes()))), LogisticRegression()),
    "one imputer for all, by position": (
        make_pipeline(frequent(), ColumnTransformer([("hot", hot(), [0, 1, 2]),
                                                     ("rest", StandardScaler(), [3, 4, 5])])),
        LogisticRegression()),
    "frequent, hot, ridge": (beside(make_pipeline(frequent(), hot())), Ridge()),
    "constant, means, forest of a number": (beside(make_pipeline(constant(), means())),
                                            RandomForestRegressor(**FEW)),
    "constant, codes, boosting of a number": (beside(make_pipeline(constant(), codes())),
                                              GradientBoostingRegressor(**FEW)),
    "codes, NaN, histograms of a number": (
        raw(codes(np.nan)),
        HistGradientBoostingRegressor(max_iter=8, categorical_features=[0, 1, 2])),
}  # fmt: skip


@pytest.fixture(scope="module", params=RECIPES.values(), ids=RECIPES)
def exported(request, passengers, fitted):
    columns, model = request.param
    rows, score = passengers
    goal = score if is_regressor(model) else score > 1.2
    pipeline = fitted(make_pipeline(columns, model), rows, goal)
    graph = to_onnx(pipeline, rows)
    return pipeline, graph, to_coreml(graph, name="passengers")


@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_both_forms_answer_every_row_as_scikit_learn(exported, passengers):
    pipeline, graph, package = exported
    for rows in asked(passengers[0]):
        expected = pipeline.predict(rows)
        for form in (graph, package):
            answer = form.run(rows)
            if "label" in answer:
                assert answer["label"].tolist() == expected.tolist()
            else:
                np.testing.assert_allclose(answer["value"][:, 0], expected, rtol=1e-5, atol=1e-5)
            if "probabilities" in answer:
                shares = pipeline.predict_proba(rows)
                np.testing.assert_allclose(answer["probabilities"], shares, atol=1e-5)


def test_texts_are_looked_up_in_stages_of_the_first_ios(exported):
    """However many steps prepare them: no program reads what texts became, but for a model."""
    package = exported[-1]
    kinds = [stage.WhichOneof("Type") for stage in stages_of(package.spec)]
    last = exported[0][-1]
    needs_program = isinstance(last, MLPClassifier | SVC)
    assert ("mlProgram" in kinds) == needs_program
    assert package.minimum_ios == ("15" if needs_program else "11")
    assert kinds.count("categoricalMapping") + kinds.count("oneHotEncoder") >= len(TEXTS)
