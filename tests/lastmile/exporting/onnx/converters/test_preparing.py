"""What is done to columns before an estimator sees them, with every option that changes it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from lastmile.errors import NotExportable
from lastmile.exporting.onnx import to_onnx


@pytest.fixture(scope="module")
def shop() -> pd.DataFrame:
    """300 rows: texts with gaps, whole numbers as codes, numbers with gaps."""
    chance = np.random.default_rng(3)
    count = 300
    rows = pd.DataFrame(
        {
            "city": chance.choice(["Łódź", "Oslo", "Rome", "Ur"], count, p=[0.5, 0.3, 0.15, 0.05]),
            "code": chance.choice([10, 20, 35, 90], count, p=[0.5, 0.3, 0.15, 0.05]),
            "price": chance.gamma(2, 30, count).astype(np.float32).astype(float),
            "weight": chance.normal(5, 2, count).astype(np.float32).astype(float),
        }
    )
    rows.loc[chance.choice(count, 30, replace=False), "city"] = np.nan
    rows.loc[chance.choice(count, 40, replace=False), "price"] = np.nan
    return rows


@pytest.fixture(scope="module")
def bought(shop) -> np.ndarray:
    noise = np.random.default_rng(4).normal(size=len(shop))
    return ((shop["code"] == 10) + (shop["city"] == "Oslo") + 0.5 * noise > 0.7).to_numpy()


ENCODERS = {
    "ignored": OneHotEncoder(handle_unknown="ignore"),
    "first dropped": OneHotEncoder(drop="first", handle_unknown="ignore"),
    "dropped if binary": OneHotEncoder(drop="if_binary", handle_unknown="ignore"),
    "rare ones grouped": OneHotEncoder(min_frequency=60, handle_unknown="infrequent_if_exist"),
    "rare ones grouped, unknown ignored": OneHotEncoder(max_categories=3, handle_unknown="ignore"),
    "codes": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "codes, missing and unknown": OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-2, encoded_missing_value=-1
    ),
    "codes, rare ones grouped": OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=-2,
        encoded_missing_value=-1,
        min_frequency=60,
    ),
    "means of the target": TargetEncoder(cv=2),
}


@pytest.mark.filterwarnings("ignore:Found unknown categories")
@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS.keys())
@pytest.mark.parametrize("columns", [["city"], ["code"], ["city", "code"]], ids=str)
def test_categories_of_texts_and_numbers_are_encoded(agrees, shop, bought, encoder, columns):
    prepared = make_column_transformer(
        (encoder, columns), (SimpleImputer(), ["price"]), sparse_threshold=0
    )
    agrees(prepared.fit(shop, bought), shop)


def test_fractions_may_be_categories(agrees, shop, bought):
    rows = pd.DataFrame({"half": np.round(shop["weight"] * 2) / 2})
    encoder = OneHotEncoder(handle_unknown="ignore", max_categories=4)
    agrees(make_pipeline(encoder, LogisticRegression()).fit(rows, bought), rows)


IMPUTERS = {
    "mean": SimpleImputer(),
    "median, told": SimpleImputer(strategy="median", add_indicator=True),
    "constant": SimpleImputer(strategy="constant", fill_value=-7),
    "neighbours": KNNImputer(n_neighbors=3),
    "neighbours, told": KNNImputer(add_indicator=True),
    "one by the others": IterativeImputer(max_iter=2, tol=10, random_state=0),
    "all told": make_union(SimpleImputer(), MissingIndicator(features="all")),
}


@pytest.mark.parametrize("imputer", IMPUTERS.values(), ids=IMPUTERS.keys())
def test_missing_numbers_are_filled_in(agrees, shop, imputer):
    rows = shop[["price", "weight"]].assign(other=np.roll(shop["weight"], 5))
    agrees(imputer.fit(rows), rows)


def test_missing_texts_are_filled_in_and_told(agrees, shop, bought):
    texts = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    union = make_column_transformer((texts, ["city"]), (MissingIndicator(), ["city"]))
    agrees(make_pipeline(union, LogisticRegression()).fit(shop, bought), shop)


SHAPES = {
    "standard, no mean": StandardScaler(with_mean=False),
    "robust, no centre": RobustScaler(with_centering=False),
    "minmax, clipped": MinMaxScaler((2, 5), clip=True),
    "binary": Binarizer(threshold=101_000.3),
    "l1": Normalizer("l1"),
    "products of three": PolynomialFeatures(3, interaction_only=True, include_bias=False),
    "squares": PolynomialFeatures(2),
    "box and cox": make_pipeline(MinMaxScaler((1, 2)), PowerTransformer("box-cox")),
    "yeo and johnson, raw": PowerTransformer(standardize=False),
    "quantiles": QuantileTransformer(n_quantiles=300),
    "normal quantiles": QuantileTransformer(n_quantiles=100, output_distribution="normal"),
    "bins, equal widths": KBinsDiscretizer(strategy="uniform", encode="onehot-dense"),
    "bins by clusters": KBinsDiscretizer(4, strategy="kmeans", encode="ordinal", random_state=0),
    "splines, straight beyond": SplineTransformer(extrapolation="linear"),
    "splines, going on": SplineTransformer(degree=2, extrapolation="continue"),
    "splines, periodic": SplineTransformer(extrapolation="periodic", include_bias=False),
}


NARROW = ("products of three", "squares", "splines, periodic")
"""Asked on columns near zero: far from it the last digits of 32 bits are all that would differ."""


@pytest.mark.parametrize("name", SHAPES)
def test_columns_are_reshaped(agrees, numbers, name):
    rows = numbers[["small", "mixed"]] if name in NARROW else numbers
    if "going on" in name:
        rows = numbers[["small"]].clip(-1, 1)  # far outside, powers leave nothing to compare
        rows = pd.concat([rows, rows])
    agrees(SHAPES[name].fit(rows), rows)


def half(columns):
    return columns * 0.5


def both(columns):
    return np.column_stack([np.log1p(np.abs(columns[:, :1])), np.where(columns > 0, columns, -1)])


def chosen(columns):
    return columns[:, 0] if columns[0, 0] > 0 else columns


@pytest.mark.parametrize(
    "function", [np.log1p, np.exp, np.abs, np.sign, half, both], ids=lambda one: one.__name__
)
def test_functions_of_numpy_are_traced(agrees, numbers, function):
    rows = numbers[["small", "mixed"]]
    if function is np.log1p:
        rows = rows.abs()
    estimator = make_pipeline(FunctionTransformer(function), Ridge())
    agrees(estimator.fit(rows.to_numpy(), np.arange(len(rows))), rows)


def test_a_function_that_decides_by_numbers_is_refused(numbers):
    rows = numbers[["small"]]
    with pytest.raises(NotExportable, match="its function uses picking rows"):
        to_onnx(FunctionTransformer(chosen).fit(rows.to_numpy()), rows)


def test_boosting_knows_categories_by_itself(agrees, shop, bought):
    rows = shop.assign(city=shop["city"].astype("category"), code=shop["code"].astype(float))
    estimator = HistGradientBoostingClassifier(max_iter=8, categorical_features=["city", "code"])
    agrees(estimator.fit(rows, bought), rows)
