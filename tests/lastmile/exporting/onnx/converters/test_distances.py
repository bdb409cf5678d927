import numpy as np
import pytest
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsRegressor, RadiusNeighborsTransformer

from lastmile.errors import NotExportable
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.onnx.converters.distances import quadratic_factor

ANGLES = ["north", "east"]


def table(metric, params=None, p=2):
    """A transformer whose columns are the distances to all training rows."""
    return RadiusNeighborsTransformer(
        radius=1e30, metric=metric, metric_params=params, p=p, algorithm="brute"
    )


@pytest.fixture(scope="module")
def few(numbers):
    return numbers.iloc[:60]


@pytest.mark.parametrize(
    ("metric", "params"),
    [
        ("euclidean", None),
        ("l2", None),
        ("sqeuclidean", None),
        ("manhattan", None),
        ("cityblock", None),
        ("l1", None),
        ("chebyshev", None),
        ("cosine", None),
        ("correlation", None),
        ("canberra", None),
        ("braycurtis", None),
        ("hamming", None),
        ("nan_euclidean", None),
        ("jaccard", None),
        ("dice", None),
        ("rogerstanimoto", None),
        ("russellrao", None),
        ("sokalsneath", None),
        ("yule", None),
        ("seuclidean", {"V": [1.0, 600_000.0, 18.0, 2.0]}),
        ("mahalanobis", {"VI": np.diag([1.0, 1e-6, 0.05, 0.5]) + 1e-7}),
    ],
    ids=str,
)
def test_every_metric_of_scikit_learn_is_the_same_formula(metric, params, few, agrees):
    rows = few
    if metric in ("hamming", "jaccard", "dice", "rogerstanimoto", "russellrao"):
        rows = few.round().mask(few.abs() < 0.8, 0.0)
    if metric in ("sokalsneath", "yule"):
        rows = few.mask(few["small"] > 0.5, 0.0).assign(positive=few["positive"])
    agrees(table(metric, params).fit(rows), rows)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 10, np.inf])
def test_every_power_of_minkowski_agrees(p, few, agrees):
    agrees(table("minkowski", p=p).fit(few), few)


def test_minkowski_weighs_columns_where_it_is_told_to(few, agrees):
    agrees(table("minkowski", {"w": np.array([1.0, 1e-4, 2.0, 0.5])}, p=3).fit(few), few)


def test_the_great_circle_between_two_places_agrees(few, agrees):
    places = few[["small", "mixed"]].set_axis(ANGLES, axis=1)
    agrees(table("haversine").fit(places), places)


def test_rows_with_missing_numbers_are_compared_by_the_numbers_that_both_have(few, wanted, agrees):
    rng = np.random.default_rng(3)
    rows = few.mask(rng.random(few.shape) < 0.2)
    estimator = KNeighborsRegressor(metric="nan_euclidean", algorithm="brute")
    agrees(estimator.fit(rows, wanted["number"][:60]), rows)


def test_many_columns_are_compared_block_by_block(agrees):
    import pandas as pd

    rng = np.random.default_rng(4)
    values = rng.normal(size=(8_000, 10)).astype(np.float32).astype(np.float64)
    rows = pd.DataFrame(values, columns=[f"c{at}" for at in range(10)])
    target = values[:, 0] * 3 + values[:, 1] + 10
    for metric in ("euclidean", "chebyshev"):
        estimator = KNeighborsRegressor(3, metric=metric).fit(rows, target)
        agrees(estimator, rows.iloc[:20])


@pytest.mark.parametrize(
    ("metric", "params", "reason"),
    [
        pytest.param(lambda a, b: abs(a - b).sum(), None, "no formula", id="a function"),
        pytest.param("precomputed", None, "no formula", id="distances instead of rows"),
        pytest.param("seuclidean", None, "asked together", id="variances of the rows asked"),
        pytest.param("mahalanobis", None, "asked together", id="covariance of the rows asked"),
        pytest.param("cosine", {"strange": 1}, "strange", id="a parameter that is not known"),
    ],
)
def test_a_metric_that_is_no_formula_of_the_row_is_refused(metric, params, reason, few):
    rows = few.iloc[:, :4]
    if metric == "precomputed":
        rows = few.iloc[:4].set_axis(["a", "b", "c", "d"], axis=1)
        rows = rows * 0 + pairwise_distances(rows)
    estimator = KNeighborsRegressor(2, metric=metric, algorithm="brute")
    estimator.fit(rows, np.arange(len(rows)))
    estimator.effective_metric_params_ = params or {}
    with pytest.raises(NotExportable, match=reason):
        to_onnx(estimator, rows, signature=_signature(rows))


def _signature(rows):
    from lastmile.exporting.signature import read_signature

    return read_signature(KNeighborsRegressor(2).fit(rows, np.arange(len(rows))), rows)


def test_the_factor_of_a_quadratic_form_gives_its_square_length():
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    vector = np.array([3.0, -1.0])
    assert np.square(vector @ quadratic_factor(matrix)).sum() == pytest.approx(
        vector @ matrix @ vector
    )
