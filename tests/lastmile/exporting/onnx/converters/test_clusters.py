import numpy as np
import pytest
from sklearn.cluster import (
    AffinityPropagation,
    Birch,
    BisectingKMeans,
    FeatureAgglomeration,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from lastmile.errors import NotExportable
from lastmile.exporting.onnx import to_onnx

SEED = {"random_state": 0}


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(KMeans(4, **SEED), id="means"),
        pytest.param(KMeans(1, **SEED), id="one mean"),
        pytest.param(MiniBatchKMeans(4, **SEED), id="means of batches"),
        pytest.param(BisectingKMeans(6, **SEED), id="bisected"),
        pytest.param(BisectingKMeans(5, bisecting_strategy="largest_cluster", **SEED), id="large"),
        pytest.param(BisectingKMeans(1, **SEED), id="not bisected"),
        pytest.param(Birch(n_clusters=3, threshold=0.3), id="birch"),
        pytest.param(Birch(n_clusters=None, threshold=0.8), id="subclusters"),
        pytest.param(MeanShift(bandwidth=1.5), id="peaks"),
        pytest.param(AffinityPropagation(damping=0.9, **SEED), id="exemplars"),
    ],
)
@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
def test_a_row_belongs_to_the_cluster_that_scikit_learn_names(estimator, scaled, numbers, agrees):
    pipeline = make_pipeline(StandardScaler(), estimator) if scaled else estimator
    agrees(pipeline.fit(numbers), numbers)


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(KMeans(3, **SEED), id="means"),
        pytest.param(BisectingKMeans(3, **SEED), id="bisected"),
        pytest.param(Birch(n_clusters=3, threshold=0.5), id="birch"),
        pytest.param(FeatureAgglomeration(2), id="mean of columns"),
        pytest.param(FeatureAgglomeration(2, pooling_func=np.max), id="largest of columns"),
        pytest.param(FeatureAgglomeration(3, pooling_func=np.sum), id="sum of columns"),
        pytest.param(FeatureAgglomeration(2, pooling_func=np.min), id="smallest of columns"),
    ],
)
def test_distances_to_clusters_are_features_inside_a_pipeline(estimator, numbers, wanted, agrees):
    both = make_union(estimator, StandardScaler())
    pipeline = make_pipeline(StandardScaler(), both, Ridge())
    agrees(pipeline.fit(numbers, wanted["number"]), numbers)


def test_no_exemplar_at_all_is_minus_one(numbers, agrees):
    estimator = AffinityPropagation(damping=0.9, **SEED).fit(numbers)
    estimator.cluster_centers_ = np.empty((0, 4))
    graph = agrees(estimator, numbers)
    assert set(graph.run(numbers)["label"]) == {-1}


def test_of_two_equally_near_centres_the_first_is_taken(numbers, agrees):
    estimator = KMeans(2, **SEED).fit(numbers)
    estimator.cluster_centers_[1] = estimator.cluster_centers_[0]
    agrees(estimator, numbers)


def test_similarities_instead_of_rows_are_refused(numbers):
    rows = numbers.iloc[:4].set_axis(["a", "b", "c", "d"], axis=1)
    with pytest.warns(Warning, match="converge|exemplar|predict"):
        estimator = AffinityPropagation(affinity="precomputed", max_iter=2, **SEED).fit(rows)
    estimator.cluster_centers_ = np.zeros((1, 4))
    with pytest.raises(NotExportable, match="similarities"):
        to_onnx(estimator, rows)


def test_an_unknown_way_to_pool_columns_is_refused(numbers):
    estimator = FeatureAgglomeration(2, pooling_func=np.median).fit(numbers)
    with pytest.raises(NotExportable, match="pooling_func"):
        to_onnx(estimator, numbers)
