import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.naive_bayes import (
    BernoulliNB,
    CategoricalNB,
    ComplementNB,
    GaussianNB,
    MultinomialNB,
)
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NORMAL = [
    GaussianNB(),
    GaussianNB(var_smoothing=1e-3),
    QuadraticDiscriminantAnalysis(),
    QuadraticDiscriminantAnalysis(reg_param=0.3),
    BernoulliNB(),
    BernoulliNB(binarize=1.3, fit_prior=False),
    BernoulliNB(binarize=101_325.1),
    NearestCentroid(),
    NearestCentroid(priors="empirical"),
    NearestCentroid(metric="manhattan"),
    NearestCentroid(metric="manhattan", priors="empirical", shrink_threshold=0.2),
]


@pytest.fixture
def counts(numbers):
    """Whole numbers from 0 on, of very different sizes, as floats."""
    above = numbers - numbers.min()
    return (above / [0.5, 1.0, 2.0, 1.5]).round()


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("estimator", NORMAL, ids=repr)
@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
def test_classes_of_numbers_agree_also_far_from_all(
    estimator, target, scaled, numbers, wanted, agrees
):
    score = hasattr(estimator.fit(numbers, wanted[target]), "decision_function")
    pipeline = make_pipeline(StandardScaler(), estimator) if scaled else estimator
    agrees(pipeline.fit(numbers, wanted[target]), numbers, score=score)


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize(
    "estimator",
    [
        MultinomialNB(),
        MultinomialNB(alpha=0.1, fit_prior=False),
        ComplementNB(),
        ComplementNB(norm=True),
        BernoulliNB(binarize=2),
    ],
    ids=repr,
)
def test_classes_of_counts_agree(estimator, target, counts, wanted, agrees):
    agrees(estimator.fit(counts, wanted[target]), counts)


def test_columns_that_hold_or_not_agree(numbers, wanted, agrees):
    rows = (numbers > numbers.median()).astype(float)
    agrees(BernoulliNB(binarize=None).fit(rows, wanted["three"]), rows)


@pytest.mark.parametrize("kind", [int, float])
@pytest.mark.parametrize("estimator", [CategoricalNB(min_categories=6), CategoricalNB(alpha=0.1)])
def test_codes_of_categories_agree_and_fractions_are_cut(kind, estimator, numbers, wanted, agrees):
    above = numbers - numbers.min()
    codes = (above / above.max() * 4).round().astype(kind)
    rows = codes if kind is int else codes + 0.25
    agrees(estimator.fit(rows, wanted["three"]), rows)


def test_a_number_exactly_on_the_threshold_does_not_hold(agrees):
    rows = pd.DataFrame({"x": [0.0, 0.1, 0.2, 0.1, 0.0, 0.3]}).astype(np.float32).astype(float)
    on = float(rows["x"].iloc[1])
    agrees(BernoulliNB(binarize=on).fit(rows, [0, 0, 1, 0, 0, 1]), rows)
    agrees(BernoulliNB(binarize=0.1).fit(rows, [0, 0, 1, 0, 0, 1]), rows)


def test_a_single_class_is_certain(numbers, agrees):
    rows = numbers[["positive"]]
    for estimator in (GaussianNB(), MultinomialNB(), ComplementNB()):
        agrees(estimator.fit(rows, np.zeros(len(rows), dtype=int)), rows)


@pytest.mark.filterwarnings("ignore:.*zero standard deviation")
def test_a_constant_column_does_not_disturb_normal_classes(numbers, wanted, agrees):
    rows = numbers[["small", "mixed"]].assign(constant=3.0)
    agrees(GaussianNB(var_smoothing=1e-3).fit(rows, wanted["two"]), rows)
    agrees(NearestCentroid().fit(rows, wanted["two"]), rows)
