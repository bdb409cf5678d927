import pytest
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

COVARIANCES = ["full", "tied", "diag", "spherical"]


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize(
    "kind", [GaussianMixture, BayesianGaussianMixture], ids=["mixture", "bayesian"]
)
@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
def test_each_component_is_as_probable_as_scikit_learn_says(
    kind, covariance, scaled, numbers, agrees
):
    estimator = kind(n_components=3, covariance_type=covariance, random_state=0, max_iter=500)
    pipeline = make_pipeline(StandardScaler(), estimator) if scaled else estimator
    agrees(pipeline.fit(numbers), numbers)


@pytest.mark.parametrize("kind", ["dirichlet_process", "dirichlet_distribution"])
def test_either_prior_of_the_weights_agrees(kind, numbers, agrees):
    estimator = BayesianGaussianMixture(
        n_components=4, weight_concentration_prior_type=kind, random_state=0, max_iter=500
    )
    agrees(make_pipeline(StandardScaler(), estimator).fit(numbers), numbers)


def test_a_single_component_is_certain(numbers, agrees):
    agrees(GaussianMixture(1).fit(numbers[["small"]]), numbers[["small"]])
