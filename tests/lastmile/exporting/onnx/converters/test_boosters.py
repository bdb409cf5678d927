"""XGBoost, LightGBM and CatBoost: graphs answer as they do, or are refused by name."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from tests.matrix import rows as kinds

from lastmile.errors import NotExportable, NotFitted
from lastmile.exporting.onnx import to_onnx

catboost = pytest.importorskip("catboost", reason="the extra `boosters` is not installed")
lightgbm = pytest.importorskip("lightgbm", reason="the extra `boosters` is not installed")
xgboost = pytest.importorskip("xgboost", reason="the extra `boosters` is not installed")


def xgb(kind, **options):
    return getattr(xgboost, f"XGB{kind}")(**{"n_estimators": 5, "n_jobs": 1} | options)


def lgbm(kind, **options):
    few = {"n_estimators": 5, "min_child_samples": 5, "n_jobs": 1, "verbose": -1}
    return getattr(lightgbm, f"LGBM{kind}")(**few | options)


def cat(kind, **options):
    few = {"iterations": 5, "thread_count": 1, "verbose": 0, "allow_writing_files": False}
    return getattr(catboost, f"CatBoost{kind}")(**few | options)


def data_of(kind):
    """Rows of a kind and what to predict; classes of XGBoost are numbers from 0 on."""
    data = kinds.KINDS[kind]()
    return data.rows, {name: getattr(data, name) for name in TARGETS}


TARGETS = ("two", "number", "labels", "codes", "ranks")


def behind(*, sparse, imputed):
    """Numbers and categories of the rows `mixed`, as a pipeline prepares them."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler()) if imputed else StandardScaler()
    return make_column_transformer(
        (numbers, ["temperature °C", "visits"]),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=sparse), ["city", "device"]),
        remainder="passthrough",
        sparse_threshold=1.0 if sparse else 0.0,
    )


@pytest.mark.parametrize("imputed", [True, False], ids=["imputed", "with gaps"])
@pytest.mark.parametrize("sparse", [True, False], ids=["sparse", "dense"])
@pytest.mark.parametrize(
    "estimator",
    [
        xgb("Classifier"),
        lgbm("Classifier"),
        lgbm("Classifier", zero_as_missing=True),
        cat("Classifier"),
    ],
    ids=["XGBoost", "LightGBM", "LightGBM with zeros missing", "CatBoost"],
)
def test_pipelines_keep_what_sparse_arrays_and_gaps_mean(agrees, estimator, sparse, imputed):
    """XGBoost takes the zeros of a sparse array for missing; the others do not."""
    rows, targets = data_of("mixed")
    fitted = make_pipeline(behind(sparse=sparse, imputed=imputed), estimator)
    agrees(fitted.fit(rows, targets["codes"]), rows)


def with_categories(rows, names):
    return rows.assign(
        **{
            name: pd.Categorical(rows[name].map(lambda v: names.get(v, v), na_action="ignore"))
            for name in ("city", "device")
        }
    )


def test_categories_of_lightgbm_are_looked_up(agrees):
    rows, targets = data_of("mixed")
    table = with_categories(rows, {}).rename(columns={"temperature °C": "temperature"})
    for most in (1, 9):
        estimator = lgbm("Regressor", min_data_per_group=1, cat_smooth=1, max_cat_to_onehot=most)
        graph = agrees(estimator.fit(table, targets["number"]), table)
        assert {column.kind for column in graph.signature.columns} >= {"string"}


def test_categories_of_xgboost_are_looked_up(agrees):
    rows, targets = data_of("mixed")
    table = with_categories(rows, {"Łódź": "Lodz", "Kraków": "Krakow"})
    for most in (1, 9):
        estimator = xgb("Regressor", enable_categorical=True, max_cat_to_onehot=most)
        agrees(estimator.fit(table, targets["number"]), table)


def test_codes_of_categories_may_come_from_an_encoder(agrees):
    rows, targets = data_of("mixed")
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    estimator = xgb("Regressor", enable_categorical=True, feature_types=["c", "c", "q", "q", "q"])
    columns = make_column_transformer((encoder, ["city", "device"]), remainder="passthrough")
    agrees(make_pipeline(columns, estimator).fit(rows, targets["number"]), rows)


def test_only_the_trees_before_an_early_stop_answer(agrees):
    rows, targets = data_of("plain")
    codes = targets["codes"]
    held = {"eval_X": rows[:80], "eval_y": codes[:80]}
    for estimator in (
        lgbm("Classifier", n_estimators=40, early_stopping_round=2, learning_rate=1.0),
        xgb("Classifier", n_estimators=40, early_stopping_rounds=2, learning_rate=1.0),
        cat("Classifier", iterations=40, early_stopping_rounds=2, learning_rate=1.0),
    ):
        if "LGBM" not in type(estimator).__name__:
            held = {"eval_set": [(rows[:80], codes[:80])], "verbose": False}
        agrees(estimator.fit(rows[80:], codes[80:], **held), rows)


def test_rankers_give_the_number_that_puts_rows_in_order(agrees):
    rows, targets = data_of("plain")
    groups = np.repeat(np.arange(4), 60)
    agrees(xgb("Ranker").fit(rows, targets["ranks"], qid=groups), rows)
    agrees(lgbm("Ranker").fit(rows, targets["ranks"], group=[60] * 4), rows)
    agrees(cat("Ranker").fit(rows, targets["ranks"] / 5, group_id=groups), rows)


def test_names_with_spaces_and_polish_letters_keep_their_columns(agrees):
    rows, targets = data_of("plain")
    graph = agrees(lgbm("Regressor").fit(rows, targets["number"]), rows)
    assert [column.name for column in graph.signature.columns] == list(rows.columns)


def stump(estimator, rows, labels):
    """One split, and the 32-bit number at which it is made."""
    fitted = estimator.fit(rows, labels)
    graph = to_onnx(fitted, rows)
    low, high = 0.0, 1.0
    answer = fitted.predict(pd.DataFrame({"x": [low]}))[0]
    while np.nextafter(np.float32(low), np.float32(2)) < np.float32(high):
        middle = float(np.float32((low + high) / 2))
        same = fitted.predict(pd.DataFrame({"x": [middle]}))[0] == answer
        low, high = (middle, high) if same else (low, middle)
    return fitted, graph, np.float32(high)


@pytest.mark.parametrize(
    "estimator",
    [
        xgb("Regressor", n_estimators=1, max_depth=1),
        lgbm("Regressor", n_estimators=1, num_leaves=2),
        cat("Regressor", iterations=1, depth=1),
    ],
    ids=["XGBoost", "LightGBM", "CatBoost"],
)
def test_the_first_number_on_the_right_is_the_library_s_own(estimator):
    x = np.linspace(0.1, 0.9, 200, dtype=np.float32)
    rows = pd.DataFrame({"x": x.astype(np.float64)})
    fitted, graph, first = stump(estimator, rows, (x > 0.43).astype(float))
    near = [np.nextafter(first, np.float32(end)) for end in (-1, 2)]
    asked = pd.DataFrame({"x": np.array([near[0], first, near[1]], dtype=np.float64)})
    wanted = fitted.predict(asked)
    assert wanted[0] != wanted[1]
    assert np.abs(graph.run(asked)["value"][:, 0] - wanted).max() < 1e-6


def test_numbers_that_lightgbm_takes_for_zero_are_routed_as_zero(agrees):
    x = np.repeat([-1.0, 0.0, 1.0], 80)
    rows = pd.DataFrame({"x": x})
    graph = agrees(lgbm("Regressor").fit(rows, x * 2), rows)
    tiny = float(np.float32(1e-35))
    asked = pd.DataFrame({"x": [-2 * tiny, -tiny, -0.0, 0.0, tiny, 2 * tiny]})
    values = graph.run(asked)["value"][:, 0]
    assert values[0] < values[1] == values[2] == values[3] == values[4] < values[5]


REFUSED = {
    "CatBoost's own categories": (
        cat("Classifier", cat_features=["city", "device"]),
        lambda rows: rows.fillna({"city": "none"}),
        "two",
        "hashes of their texts",
    ),
    "LightGBM with linear leaves": (
        lgbm("Regressor", linear_tree=True),
        lambda rows: rows[["visits", "member"]].astype(float),
        "number",
        "linear models",
    ),
    "XGBoost with letters beyond ASCII": (
        xgb("Regressor", enable_categorical=True),
        lambda rows: with_categories(rows, {}),
        "number",
        "beyond ASCII",
    ),
    "XGBoost without probabilities": (
        xgb("Classifier", objective="binary:hinge"),
        lambda rows: rows[["visits", "member"]],
        "codes",
        "no probabilities",
    ),
    "XGBoost with several labels": (
        xgb("Classifier"),
        lambda rows: rows[["visits", "member"]],
        "labels",
        "several labels",
    ),
}


@pytest.mark.parametrize(
    ("estimator", "table", "target", "reason"), REFUSED.values(), ids=REFUSED.keys()
)
def test_what_cannot_be_right_is_refused_by_name(estimator, table, target, reason):
    rows, targets = data_of("mixed")
    given = table(rows)
    with pytest.raises(NotExportable, match=reason):
        to_onnx(estimator.fit(given, targets[target]), given)


@pytest.mark.parametrize("estimator", [xgb("Classifier"), lgbm("Classifier"), cat("Classifier")])
def test_an_estimator_that_has_learned_nothing_is_named(estimator):
    rows, _ = data_of("plain")
    with pytest.raises(NotFitted):
        to_onnx(estimator, rows)
