import numpy as np
import pytest
from sklearn.decomposition import KernelPCA
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KernelCenterer, MinMaxScaler, StandardScaler

from lastmile.errors import NotExportable
from lastmile.exporting.onnx import to_onnx

SEED = {"random_state": 0}


def within_bounds(estimator):
    """Behind a scaler, so that no number is negative."""
    return make_pipeline(MinMaxScaler(clip=True), estimator)


FEW = {"n_components": 6, "random_state": 0}


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(KernelPCA(2), id="linear"),
        pytest.param(KernelPCA(3, kernel="poly", degree=2, coef0=0.5), id="polynomial"),
        pytest.param(KernelPCA(3, kernel="rbf"), id="rbf"),
        pytest.param(KernelPCA(3, kernel="rbf", gamma=0.3), id="rbf, gamma"),
        pytest.param(KernelPCA(2, kernel="sigmoid", gamma=0.05), id="sigmoid"),
        pytest.param(KernelPCA(2, kernel="cosine"), id="cosine"),
        pytest.param(Nystroem(**FEW), id="nystroem"),
        pytest.param(Nystroem(kernel="poly", degree=2, gamma=0.5, coef0=1, **FEW), id="poly"),
        pytest.param(Nystroem(kernel="polynomial", **FEW), id="default polynomial"),
        pytest.param(Nystroem(kernel="laplacian", gamma=0.2, **FEW), id="laplacian"),
        pytest.param(Nystroem(kernel="sigmoid", gamma=0.1, coef0=0.2, **FEW), id="sigmoid map"),
        pytest.param(Nystroem(kernel="linear", n_components=3, **SEED), id="linear map"),
        pytest.param(Nystroem(kernel="cosine", n_components=3, **SEED), id="cosine map"),
        pytest.param(Nystroem(kernel="rbf", kernel_params={"gamma": 0.1}, **FEW), id="params"),
        pytest.param(RBFSampler(n_components=20, **SEED), id="waves"),
        pytest.param(RBFSampler(gamma="scale", **FEW), id="waves, scaled"),
        pytest.param(PolynomialCountSketch(n_components=12, **SEED), id="sketch"),
        pytest.param(
            PolynomialCountSketch(n_components=9, degree=3, coef0=1.5, gamma=0.5, **SEED),
            id="odd sketch of degree 3",
        ),
        pytest.param(PolynomialCountSketch(n_components=1, degree=1, **SEED), id="one number"),
    ],
)
def test_a_kernel_map_agrees(estimator, numbers, agrees):
    agrees(make_pipeline(StandardScaler(), estimator).fit(numbers.iloc[:120]), numbers.iloc[:120])


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(RBFSampler(n_components=20, gamma=1e-6, **SEED), id="waves"),
        pytest.param(KernelPCA(2, kernel="rbf", gamma=1e-6), id="rbf"),
        pytest.param(Nystroem(gamma=1e-6, **FEW), id="nystroem"),
        pytest.param(PolynomialCountSketch(n_components=8, **SEED), id="sketch"),
    ],
)
def test_columns_far_from_zero_keep_their_digits(estimator, numbers, agrees):
    agrees(estimator.fit(numbers.iloc[:120]), numbers.iloc[:120])


@pytest.mark.parametrize("count", [1, 8, 11])
def test_a_sketch_of_very_many_products_is_convolved_instead(count, numbers, agrees, monkeypatch):
    estimator = PolynomialCountSketch(n_components=count, degree=2, coef0=1.0, **SEED)
    estimator = make_pipeline(StandardScaler(), estimator).fit(numbers)
    products = to_onnx(estimator, numbers)
    monkeypatch.setattr("lastmile.exporting.onnx.converters.kernel_maps._MANY", 0)
    waves = to_onnx(estimator, numbers)
    assert waves.size != products.size
    expected, got = (graph.run(numbers)["value"] for graph in (products, waves))
    assert got == pytest.approx(expected, rel=1e-5, abs=1e-12)


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(AdditiveChi2Sampler(), id="two steps"),
        pytest.param(AdditiveChi2Sampler(sample_steps=1), id="one step"),
        pytest.param(AdditiveChi2Sampler(sample_steps=3), id="three steps"),
        pytest.param(AdditiveChi2Sampler(sample_steps=4, sample_interval=0.3), id="own interval"),
        pytest.param(SkewedChi2Sampler(n_components=10, **SEED), id="skewed"),
        pytest.param(SkewedChi2Sampler(skewedness=0.2, **FEW), id="less skewed"),
        pytest.param(within_bounds(Nystroem(kernel="chi2", **FEW)), id="chi2"),
        pytest.param(within_bounds(Nystroem(kernel="chi2", gamma=0.5, **FEW)), id="chi2, gamma"),
        pytest.param(within_bounds(Nystroem(kernel="additive_chi2", **FEW)), id="additive chi2"),
    ],
)
def test_maps_of_positive_numbers_agree_and_zero_is_among_them(estimator, numbers, agrees):
    rows = numbers[["positive", "mixed"]].abs().iloc[:120]
    rows.iloc[::7, 0] = 0.0
    agrees(estimator.fit(rows), rows)


def test_a_kernel_is_centred(numbers, agrees):
    rows = numbers.iloc[:4].set_axis(["a", "b", "c", "d"], axis=1)
    agrees(KernelCenterer().fit(rows), rows)


def test_a_kernel_that_the_caller_computed_is_taken_as_it_is(numbers, agrees):
    rows = MinMaxScaler().fit_transform(numbers.iloc[:4])
    kernel = numbers.iloc[:4].set_axis(["a", "b", "c", "d"], axis=1) * 0 + rows @ rows.T
    agrees(KernelPCA(2, kernel="precomputed").fit(kernel), kernel)


def test_a_kernel_that_is_a_function_is_refused(numbers):
    estimator = Nystroem(kernel=lambda a, b: float(np.dot(a, b)), n_components=3, **SEED)
    with pytest.raises(NotExportable, match="kernel"):
        to_onnx(estimator.fit(numbers), numbers)
