"""Decimals and ids as people have them: 64 bits in training, 32 on a phone, one answer."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeRegressor

from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.signature import Kind

UNKNOWN = {
    "handle_unknown": "use_encoded_value",
    "unknown_value": -1,
    "encoded_missing_value": -2,
}
AVERAGED = {"quantile_method": "averaged_inverted_cdf"}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Shoe sizes, prices, tenths, ids of nine digits as they come with and without gaps."""
    rng = np.random.default_rng(0)
    count = 400
    ids = 500_000_001 + rng.integers(0, 6, count)
    price = rng.gamma(2, 40, count).round(2)
    gaps = pd.array(ids, dtype="Int64")
    gaps[::9] = pd.NA
    return pd.DataFrame(
        {
            "size": rng.choice([36.1, 37.3, 38.9, 40.2], count),
            "price": price,
            "tenth": rng.choice(np.arange(10) / 10, count),
            "marked": np.where(rng.random(count) < 0.2, -9999.01, price),
            "id": ids,
            "id with gaps": gaps,
            "id as float": np.where(np.arange(count) % 9 == 4, np.nan, ids.astype(float)),
            "z": rng.normal(size=count),
        }
    )


@pytest.fixture(scope="module")
def number(rows) -> Any:
    """What to predict: jumps with every size and every id."""
    return (rows["size"].rank() + rows["id"] % 3 * 40 + rows["z"] * 30).to_numpy()


def right(agrees, estimator, rows, number):
    """The evidence holds, and the raw rows of the sample are answered as by the estimator."""
    estimator.fit(rows, number)
    graph = agrees(estimator, rows)
    expected = estimator.predict(rows)
    for form in (graph, to_coreml(graph, name="Form")):
        answers = form.run(rows)
        given = answers["value"].ravel() if "value" in answers else answers["label"]
        assert np.allclose(given, expected, rtol=1e-4, atol=1e-3)
    return graph


CATEGORIES = {
    "one-hot": OneHotEncoder(handle_unknown="ignore"),
    "one-hot, closed": OneHotEncoder(),
    "one-hot without the first": OneHotEncoder(drop="first", handle_unknown="ignore"),
    "one-hot, rare ones together": OneHotEncoder(
        min_frequency=0.2, handle_unknown="infrequent_if_exist"
    ),
    "ordinal": OrdinalEncoder(**UNKNOWN),
    "target": TargetEncoder(),
}


@pytest.mark.parametrize("column", ["size", "tenth", "id", "id with gaps", "id as float"])
@pytest.mark.parametrize("encoder", CATEGORIES)
def test_numbers_are_categories(agrees, rows, number, encoder, column):
    columns = make_column_transformer((CATEGORIES[encoder], [column]), ("passthrough", ["z"]))
    right(agrees, make_pipeline(columns, Ridge()), rows, number)


@pytest.mark.parametrize("column", ["id with gaps", "id as float"])
@pytest.mark.parametrize("encoder", ["one-hot", "ordinal", "target"])
def test_ids_are_whole_numbers_also_behind_an_imputer(agrees, rows, number, encoder, column):
    filled = make_pipeline(SimpleImputer(strategy="most_frequent"), CATEGORIES[encoder])
    columns = make_column_transformer((filled, [column]), ("passthrough", ["z"]))
    graph = right(agrees, make_pipeline(columns, Ridge()), rows, number)
    ids = next(c for c in graph.signature.columns if c.name == column)
    assert (ids.kind, ids.missing) == (Kind.INT, -1)


EDGES = {
    "bins": KBinsDiscretizer(4, encode="ordinal", **AVERAGED),
    "bins of scaled numbers": make_pipeline(
        MinMaxScaler(), KBinsDiscretizer(4, encode="ordinal", **AVERAGED)
    ),
    "bins of equal width": KBinsDiscretizer(5, strategy="uniform"),
    "a level": Binarizer(threshold=38.9),
    "a level of scaled numbers": make_pipeline(StandardScaler(), Binarizer()),
    "a function": FunctionTransformer(lambda x: x > 38.9),
    "an equality": FunctionTransformer(lambda x: (x == 38.9) * 1.0),
    "quantiles": QuantileTransformer(n_quantiles=50),
    "normal quantiles": QuantileTransformer(n_quantiles=50, output_distribution="normal"),
}


@pytest.mark.filterwarnings("ignore:Bins whose width")
@pytest.mark.parametrize("column", ["size", "tenth", "price"])
@pytest.mark.parametrize("edges", EDGES)
def test_an_edge_at_a_decimal_parts_the_rows_as_in_64_bits(agrees, rows, number, edges, column):
    columns = make_column_transformer((EDGES[edges], [column]), ("passthrough", ["z"]))
    right(agrees, make_pipeline(columns, Ridge()), rows, number)


TREES = {
    "boosting": HistGradientBoostingRegressor(max_iter=30, min_samples_leaf=2),
    "boosting of scaled numbers": make_pipeline(
        StandardScaler(), HistGradientBoostingRegressor(max_iter=20)
    ),
    "boosting of turned numbers": make_pipeline(
        FunctionTransformer(np.negative), HistGradientBoostingRegressor(max_iter=20)
    ),
    "forest of scaled numbers": make_pipeline(
        StandardScaler(), RandomForestRegressor(10, random_state=0)
    ),
    "tree of quantiles": make_pipeline(
        QuantileTransformer(n_quantiles=50), DecisionTreeRegressor(max_depth=6)
    ),
}


@pytest.mark.parametrize("trees", TREES)
def test_trees_part_decimals_as_in_64_bits(agrees, rows, number, trees):
    """Also shoe sizes that lie on a threshold, halfway between two that were learned."""
    right(agrees, TREES[trees], rows[["size", "price", "tenth", "z"]], number)


@pytest.mark.parametrize("trees", ["boosting", "forest of scaled numbers"])
def test_coordinates_between_those_that_were_learned_go_the_same_way(trees):
    """A threshold halfway between two of four decimals is itself one that an app may send."""
    rng = np.random.default_rng(1)
    learned = pd.DataFrame({"lat": 52.2 + rng.integers(0, 2000, 400) * 1e-4})
    asked = pd.DataFrame({"lat": 52.2 + np.arange(2000) * 1e-4})
    model = TREES[trees].fit(learned, rng.normal(size=400).cumsum())
    graph = to_onnx(model, learned)
    expected = model.predict(asked)
    for form in (graph, to_coreml(graph, name="Form")):
        assert np.allclose(form.run(asked)["value"].ravel(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "model", [Ridge(), DecisionTreeRegressor(max_depth=5)], ids=["line", "tree"]
)
def test_an_imputer_finds_a_marker_that_is_a_decimal(agrees, rows, number, model):
    filled = SimpleImputer(missing_values=-9999.01)
    columns = make_column_transformer((filled, ["marked"]), ("passthrough", ["z"]))
    right(agrees, make_pipeline(columns, model), rows, number)


def test_a_truth_value_is_a_category_and_never_asked_halfway(agrees, rows, number):
    flags = rows[["z"]].assign(flag=rows["size"] > 37)
    for encoder in (OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder(**UNKNOWN)):
        columns = make_column_transformer((encoder, ["flag"]), ("passthrough", ["z"]))
        labels = (number > np.median(number)).astype(int)
        right(agrees, make_pipeline(columns, LogisticRegression()), flags, labels)
