"""Trees behind scalers route every row as scikit-learn does, also at their thresholds."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from lastmile.exporting.evidence.thresholds import thresholds_of
from lastmile.exporting.onnx import to_onnx

ROWS = 10_000
SCALERS = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "robust": RobustScaler(),
    "maxabs": MaxAbsScaler(),
    "power": PowerTransformer(),
    "quantiles": QuantileTransformer(n_quantiles=200),
    "logarithm": FunctionTransformer(np.log1p),
    "falling": FunctionTransformer(np.negative),
    "two in a row": make_pipeline(StandardScaler(), MinMaxScaler((-3, 5))),
}
FORESTS = {
    "random forest": (RandomForestClassifier(25, random_state=0), "label"),
    "extra trees": (ExtraTreesClassifier(15, random_state=0), "label"),
    "regressor": (RandomForestRegressor(15, random_state=0), "number"),
    "boosting": (GradientBoostingRegressor(n_estimators=30, random_state=0), "number"),
    "histograms": (HistGradientBoostingClassifier(max_iter=30), "label"),
}


@pytest.fixture(scope="module")
def table():
    """Training rows: numbers of very different places and sizes, texts, gaps."""
    chance = np.random.default_rng(5)
    count = 1200
    rows = pd.DataFrame(
        {
            "pressure": chance.normal(101_325, 800, count),
            "share": chance.uniform(0, 1, count),
            "amount": chance.gamma(1.5, 40, count),
            "year": chance.integers(1990, 2026, count).astype(float),
            "shop": chance.choice(["a", "b", "c"], count),
            "size": chance.choice(["S", "M", "L"], count),
        }
    )
    numbers = ["pressure", "share", "amount", "year"]
    rows[numbers] = rows[numbers].astype(np.float32).astype(np.float64)
    rows.loc[chance.choice(count, 100, replace=False), "amount"] = np.nan
    score = (rows["pressure"] - 101_325) / 800 + 2 * rows["share"] + (rows["shop"] == "a")
    return rows, {"label": (score > 1).to_numpy(), "number": (10 * score).to_numpy()}


def boundary_rows(graph, rows):
    """Random rows, and rows at each threshold of the graph and one 32-bit step beside it."""
    chance = np.random.default_rng(6)
    drawn = pd.DataFrame(
        {name: chance.choice(rows[name].to_numpy(), ROWS) for name in rows.columns}
    )
    for name in ("pressure", "share", "amount", "year"):
        cuts = thresholds(graph, name)
        if not len(cuts):
            continue
        near = np.concatenate([cuts, np.nextafter(cuts, np.inf), np.nextafter(cuts, -np.inf)])
        near = near[np.isfinite(near)]
        places = chance.choice(ROWS, min(len(near), ROWS // 5), replace=False)
        drawn.loc[places, name] = chance.permutation(near)[: len(places)].astype(np.float64)
    return drawn


def thresholds(graph, column):
    """The 32-bit thresholds that trees compare with one raw column."""
    return thresholds_of(graph).by_column.get(column, np.zeros(0)).astype(np.float32)


def behind(scaler, estimator):
    numbers = ["pressure", "share", "amount", "year"]
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), scaler), numbers),
        (OneHotEncoder(sparse_output=False), ["shop"]),
        (OrdinalEncoder(), ["size"]),
    )
    return make_pipeline(columns, estimator)


@pytest.mark.parametrize("scaler", SCALERS.values(), ids=SCALERS.keys())
@pytest.mark.parametrize("forest", FORESTS.values(), ids=FORESTS.keys())
def test_no_row_is_routed_otherwise(table, scaler, forest):
    rows, targets = table
    estimator, target = forest
    fitted = behind(scaler, estimator).fit(rows, targets[target])
    graph = to_onnx(fitted, rows)
    asked = boundary_rows(graph, rows)
    got = graph.run(asked)
    if target == "number":
        wanted = fitted.predict(asked)
        assert np.abs(got["value"][:, 0] - wanted).max() < 2e-5 * np.abs(wanted).max()
    else:
        shares = fitted.predict_proba(asked)
        assert np.abs(got["probabilities"] - shares).max() < 1e-5
        clear = np.abs(shares[:, 0] - 0.5) > 1e-9
        assert np.array_equal(got["label"][clear], fitted.predict(asked)[clear].astype(int))


def test_the_trees_read_the_columns_themselves(table):
    rows, targets = table
    fitted = behind(StandardScaler(), RandomForestClassifier(3)).fit(rows, targets["label"])
    operators = {node.op_type for node in to_onnx(fitted, rows).proto.graph.node}
    assert "Scaler" not in operators
    assert "Imputer" not in operators


def test_a_missing_number_goes_where_the_imputed_one_goes(table):
    rows, targets = table
    fitted = behind(StandardScaler(), RandomForestClassifier(9)).fit(rows, targets["label"])
    gone = rows.assign(amount=np.nan, pressure=np.nan)
    got = to_onnx(fitted, rows).run(gone)["probabilities"]
    assert np.abs(got - fitted.predict_proba(gone)).max() < 1e-5
