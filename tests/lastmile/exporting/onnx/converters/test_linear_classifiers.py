import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    PassiveAggressiveClassifier,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
    SGDOneClassSVM,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

pytestmark = pytest.mark.filterwarnings("ignore")  # how well they are fitted is not the question

LOSSES = [
    "hinge",
    "log_loss",
    "modified_huber",
    "squared_hinge",
    "perceptron",
    "squared_error",
    "huber",
    "epsilon_insensitive",
]
CLASSIFIERS = [
    LogisticRegression(max_iter=1000),
    LogisticRegression(C=1e4, max_iter=1000),
    LogisticRegression(fit_intercept=False),
    LogisticRegression(solver="newton-cholesky", C=1e5),
    LogisticRegressionCV(Cs=3),
    RidgeClassifier(),
    RidgeClassifierCV(),
    LinearSVC(),
    LinearSVC(fit_intercept=False),
    Perceptron(),
    *[SGDClassifier(loss=loss, random_state=0) for loss in LOSSES],
    LinearDiscriminantAnalysis(),
    LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.3),
]


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=repr)
def test_labels_probabilities_and_scores_agree_behind_a_scaler(
    estimator, target, numbers, wanted, agrees
):
    pipeline = make_pipeline(StandardScaler(), estimator)
    agrees(pipeline.fit(numbers, wanted[target]), numbers, score=True)


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=repr)
def test_labels_probabilities_and_scores_agree_over_raw_columns(
    estimator, target, numbers, wanted, agrees
):
    agrees(estimator.fit(numbers, wanted[target]), numbers, score=True)


def test_liblinear_agrees_with_two_classes(numbers, wanted, agrees):
    model = LogisticRegression(solver="liblinear").fit(numbers, wanted["two"])
    agrees(model, numbers, score=True)


@pytest.mark.parametrize("estimator", [RidgeClassifier(), RidgeClassifierCV()], ids=repr)
@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
def test_each_of_several_labels_holds_where_its_score_is_positive(
    estimator, scaled, numbers, wanted, agrees
):
    pipeline = make_pipeline(StandardScaler(), estimator) if scaled else estimator
    graph = agrees(pipeline.fit(numbers, wanted["labels"]), numbers)

    assert [output.name for output in graph.signature.outputs] == ["label_1", "label_2"]


@pytest.mark.parametrize("loss", ["log_loss", "modified_huber"])
def test_classes_that_are_all_certain_or_all_impossible_agree(loss, agrees):
    """Far away, several probabilities are 1, or all are 0 and become equal shares."""
    rows = pd.DataFrame({"x": [-3.0, -1.0, 0.5, 1.0, 4.0, 9.0], "y": [1.0, 3, 2, 0, -2, 5]})
    model = SGDClassifier(loss=loss, random_state=0).fit(rows, [0, 0, 1, 1, 2, 2])
    model.coef_ = np.array([[1.0, 0.25], [1.5, 0.25], [2.0, 0.25]])
    model.intercept_ = np.array([-1.0, -1.0, -1.0])
    far = rows * 256
    shares = model.predict_proba(far.to_numpy())

    assert (np.abs(shares - 1 / 3) < 1e-12).all(axis=1).any()
    agrees(model, far, score=True)


@pytest.mark.parametrize("solver", ["svd", "eigen"])
@pytest.mark.parametrize("components", [None, 1])
def test_projected_columns_are_features_of_what_comes_behind(
    solver, components, numbers, wanted, agrees
):
    projection = LinearDiscriminantAnalysis(solver=solver, n_components=components)
    pipeline = make_pipeline(StandardScaler(), projection, GaussianNB())
    agrees(pipeline.fit(numbers, wanted["three"]), numbers)


@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
def test_outliers_are_on_the_other_side_of_a_line(scaled, numbers, agrees):
    model = SGDOneClassSVM(random_state=0, nu=0.2)
    agrees((make_pipeline(StandardScaler(), model) if scaled else model).fit(numbers), numbers)


def test_a_score_of_zero_is_the_first_class_of_two(agrees):
    rows = pd.DataFrame({"x": [-2.0, -1.0, 0.0, 1.0, 2.0]})
    model = LogisticRegression().fit(rows, ["a", "a", "b", "b", "b"])
    model.intercept_ = np.zeros(1)

    assert model.predict(rows)[2] == "a"
    agrees(model, rows, score=True)


def test_classes_behind_prepared_columns_agree(numbers, wanted, agrees):
    rows = numbers.assign(city=np.where(numbers["small"] > 0.5, "Oslo", "Łódź"))
    prepared = make_column_transformer(
        (StandardScaler(), ["small", "shifted"]), (OneHotEncoder(), ["city"])
    )
    agrees(make_pipeline(prepared, LogisticRegression()).fit(rows, wanted["three"]), rows)


@pytest.mark.parametrize("target", ["two", "three"])
def test_a_deprecated_class_agrees_as_long_as_there_is_one(target, numbers, wanted, agrees):
    model = PassiveAggressiveClassifier(random_state=0).fit(numbers, wanted[target])
    agrees(model, numbers, score=True)


def test_sparse_coefficients_agree(numbers, wanted, agrees):
    columns = numbers[["small", "positive", "mixed"]]
    model = LogisticRegression().fit(columns, wanted["three"])
    agrees(model.sparsify(), columns)
