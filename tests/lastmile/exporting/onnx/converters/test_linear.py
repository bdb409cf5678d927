import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    PassiveAggressiveRegressor,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    RidgeCV,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVR

from lastmile.exporting.onnx import to_onnx

pytestmark = pytest.mark.filterwarnings("ignore")  # how well they are fitted is not the question

ONE_TARGET = [
    ARDRegression(),
    BayesianRidge(),
    ElasticNet(),
    ElasticNetCV(),
    HuberRegressor(),
    Lars(),
    LarsCV(),
    Lasso(),
    LassoCV(),
    LassoLars(),
    LassoLarsCV(),
    LassoLarsIC(),
    LinearRegression(),
    LinearRegression(fit_intercept=False),
    LinearRegression(positive=True),
    LinearSVR(),
    OrthogonalMatchingPursuit(),
    OrthogonalMatchingPursuitCV(),
    QuantileRegressor(),
    RANSACRegressor(random_state=0),
    RANSACRegressor(Ridge(), min_samples=20, random_state=0),
    Ridge(),
    RidgeCV(),
    SGDRegressor(random_state=0),
    SGDRegressor(loss="huber", average=True, random_state=0),
    TheilSenRegressor(random_state=0, max_subpopulation=100),
    PLSRegression(),
    PLSRegression(scale=False),
    PLSCanonical(n_components=1),
    CCA(n_components=1),
]


@pytest.mark.parametrize("estimator", ONE_TARGET, ids=repr)
@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
def test_a_weighted_sum_agrees_also_over_columns_far_from_zero(
    estimator, scaled, numbers, wanted, agrees
):
    pipeline = make_pipeline(StandardScaler(), estimator) if scaled else estimator
    agrees(pipeline.fit(numbers, wanted["number"]), numbers)


@pytest.mark.parametrize(
    "estimator",
    [
        LinearRegression(),
        Ridge(),
        RidgeCV(),
        Lars(),
        Lasso(),
        OrthogonalMatchingPursuit(),
        RANSACRegressor(random_state=0),
        MultiTaskElasticNet(),
        MultiTaskElasticNetCV(),
        MultiTaskLasso(),
        MultiTaskLassoCV(),
        PLSRegression(),
        PLSCanonical(),
        CCA(),
    ],
    ids=repr,
)
def test_several_targets_are_columns_of_the_value(estimator, numbers, wanted, agrees):
    graph = agrees(estimator.fit(numbers, wanted["numbers"]), numbers)

    assert graph.signature.output("value").width == 2


@pytest.mark.parametrize(
    "estimator",
    [
        GammaRegressor(),
        PoissonRegressor(alpha=50),
        TweedieRegressor(),
        TweedieRegressor(power=1.5, alpha=50),
        TweedieRegressor(power=3),
        TweedieRegressor(power=0, link="log"),
        TweedieRegressor(power=1, link="identity"),
    ],
    ids=repr,
)
def test_a_generalized_model_answers_through_its_link(estimator, numbers, wanted, agrees):
    columns = numbers[["small", "positive", "mixed"]]
    agrees(make_pipeline(StandardScaler(), estimator).fit(columns, wanted["number"]), columns)


def test_a_logarithmic_link_is_no_plain_sum(numbers, wanted):
    columns = numbers[["small", "positive"]]
    value = to_onnx(PoissonRegressor().fit(columns, wanted["number"]), columns)

    assert "Exp" in {node.op_type for node in value.proto.graph.node}


@pytest.mark.parametrize(
    "first", [PLSRegression(), PLSRegression(scale=False), PLSCanonical(), CCA()], ids=repr
)
def test_latent_variables_are_features_of_what_comes_behind(first, numbers, wanted, agrees):
    """Their own `fit_transform` gives two tables, so that the steps are fitted one by one."""
    first.fit(numbers, wanted["numbers"])
    behind = LinearRegression().fit(first.transform(numbers), wanted["number"])
    agrees(Pipeline([("latent", first), ("sum", behind)]), numbers)


def test_sums_behind_prepared_columns_agree(numbers, wanted, agrees):
    rows = numbers.assign(city=np.where(numbers["small"] > 0.5, "Oslo", "Łódź"))
    prepared = make_column_transformer(
        (StandardScaler(), ["small", "shifted"]), (OneHotEncoder(), ["city"])
    )
    agrees(make_pipeline(prepared, Ridge()).fit(rows, wanted["number"]), rows)


def test_a_constant_column_and_a_single_row_agree(numbers, wanted, agrees):
    rows = numbers[["small"]].assign(constant=1e6)
    model = LinearRegression().fit(rows, wanted["number"])
    agrees(model, rows)
    agrees(model, rows.iloc[:1])


def test_only_columns_far_from_zero_are_centred(numbers, wanted):
    near = numbers[["small", "positive"]]
    graph = to_onnx(Ridge().fit(near, wanted["number"]), near)

    assert [node.op_type for node in graph.proto.graph.node if node.op_type == "Scaler"] == []


def test_a_column_that_no_constant_cancels_is_not_centred(numbers, wanted):
    model = LinearRegression(fit_intercept=False).fit(numbers, wanted["number"])
    graph = to_onnx(model, numbers)

    assert [node.op_type for node in graph.proto.graph.node if node.op_type == "Scaler"] == []


def test_a_deprecated_class_agrees_as_long_as_there_is_one(numbers, wanted, agrees):
    columns = numbers[["small", "positive"]]
    agrees(PassiveAggressiveRegressor().fit(columns, wanted["number"]), columns)
