import pytest
from sklearn.cross_decomposition import PLSSVD
from sklearn.decomposition import (
    PCA,
    FactorAnalysis,
    FastICA,
    IncrementalPCA,
    MiniBatchSparsePCA,
    SparsePCA,
    TruncatedSVD,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

SEED = {"random_state": 0}


@pytest.mark.parametrize(
    ("estimator", "target"),
    [
        pytest.param(PCA(2), "three", id="main directions"),
        pytest.param(PCA(whiten=True), "three", id="whitened"),
        pytest.param(PCA(0.9, svd_solver="full"), "three", id="a share of the variance"),
        pytest.param(IncrementalPCA(3), "three", id="by batches"),
        pytest.param(IncrementalPCA(2, whiten=True), "three", id="by batches, whitened"),
        pytest.param(TruncatedSVD(2, **SEED), "three", id="not centred"),
        pytest.param(FactorAnalysis(2), "three", id="factors"),
        pytest.param(FactorAnalysis(1, rotation=None), "three", id="one factor"),
        pytest.param(FastICA(2, **SEED), "three", id="independent"),
        pytest.param(
            FastICA(2, whiten="arbitrary-variance", **SEED), "three", id="independent, scaled"
        ),
        pytest.param(FastICA(whiten=False, max_iter=2_000, **SEED), "three", id="not whitened"),
        pytest.param(SparsePCA(2, max_iter=5, **SEED), "three", id="sparse"),
        pytest.param(SparsePCA(3, ridge_alpha=2.0, max_iter=5, **SEED), "three", id="ridge"),
        pytest.param(MiniBatchSparsePCA(2, max_iter=3, **SEED), "three", id="sparse, by batches"),
        pytest.param(
            NeighborhoodComponentsAnalysis(2, max_iter=5, **SEED), "three", id="for neighbours"
        ),
        pytest.param(PLSSVD(2), "numbers", id="covariance"),
        pytest.param(PLSSVD(1, scale=False), "number", id="covariance, not scaled"),
        pytest.param(GaussianRandomProjection(3, **SEED), "three", id="random"),
        pytest.param(SparseRandomProjection(3, **SEED), "three", id="random and sparse"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
def test_components_agree(estimator, target, scaled, numbers, wanted, agrees):
    if scaled or not getattr(estimator, "whiten", True):
        estimator = make_pipeline(StandardScaler(), estimator)
    agrees(estimator.fit(numbers, wanted[target]), numbers)


def test_a_constant_column_does_not_disturb_whitened_directions(numbers, agrees):
    rows = numbers.assign(positive=3.0)
    agrees(PCA(3, whiten=True).fit(rows), rows)


def test_components_feed_the_next_step(numbers, wanted, agrees):
    steps = make_pipeline(StandardScaler(), PCA(3), FactorAnalysis(2), LogisticRegression())
    agrees(steps.fit(numbers, wanted["three"]), numbers)
