import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.kernel_ridge import KernelRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from lastmile.errors import NotExportable
from lastmile.exporting.onnx import to_onnx

pytestmark = pytest.mark.filterwarnings("ignore")  # `probability` is deprecated in 1.9

KERNELS = ["linear", "poly", "rbf", "sigmoid"]
MACHINES = [
    {},
    {"C": 1000.0, "decision_function_shape": "ovo", "max_iter": 20_000},
    {"break_ties": True},
    {"class_weight": "balanced", "coef0": 1.5, "degree": 2, "gamma": 0.2},
]


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("options", MACHINES, ids=repr)
@pytest.mark.parametrize("kernel", KERNELS)
def test_pairs_of_classes_vote_as_in_libsvm(kernel, options, target, numbers, wanted, agrees):
    pipeline = make_pipeline(StandardScaler(), SVC(kernel=kernel, **options))
    agrees(pipeline.fit(numbers, wanted[target]), numbers, score=True)


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("estimator", [SVC(), SVC(kernel="linear"), NuSVC(nu=0.3)], ids=repr)
def test_machines_over_raw_columns_agree(estimator, target, numbers, wanted, agrees):
    rows = numbers[["small", "positive", "mixed"]] if estimator.kernel == "linear" else numbers
    agrees(estimator.fit(rows, wanted[target]), rows, score=True)


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("kind", [SVC, NuSVC])
def test_probabilities_are_coupled_step_by_step_as_in_libsvm(
    kind, kernel, target, numbers, wanted, agrees
):
    nu = {"nu": 0.3} if kind is NuSVC else {}
    machine = kind(kernel=kernel, probability=True, random_state=0, **nu)
    agrees(make_pipeline(StandardScaler(), machine).fit(numbers, wanted[target]), numbers)


def test_probabilities_of_many_classes_agree(numbers, agrees):
    classes = np.digitize(numbers["mixed"], [-0.5, 0.3, 1, 1.6, 2.4])
    machine = SVC(probability=True, random_state=0)
    agrees(make_pipeline(StandardScaler(), machine).fit(numbers, classes), numbers)


def test_equal_votes_fall_to_the_first_class(numbers, agrees):
    """Three classes around a centre, so that many rows win one vote for each."""
    rows = numbers[["small", "mixed"]]
    classes = np.round(np.arctan2(rows["small"], rows["mixed"]) / 2.1).astype(int)
    for broken in (False, True):
        machine = SVC(kernel="sigmoid", gamma=5, break_ties=broken, random_state=0)
        agrees(machine.fit(rows, classes), rows, score=True)


def test_a_sum_of_exactly_zero_is_a_vote_for_the_second_class(agrees):
    rows = pd.DataFrame({"x": [-2.0, -1.0, 1.0, 2.0, 0.0]})
    machine = SVC(kernel="linear").fit(rows.iloc[:4], ["a", "a", "b", "b"])

    assert machine.decision_function(rows)[4] == 0
    assert machine.predict(rows)[4] == "b"
    agrees(machine, rows, score=True)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    "estimator", [SVR(), SVR(C=1000), NuSVR(nu=0.2, C=100), OneClassSVM(nu=0.2)], ids=repr
)
def test_one_sum_of_kernels_agrees(estimator, kernel, numbers, wanted, agrees):
    pipeline = make_pipeline(StandardScaler(), estimator.set_params(kernel=kernel, max_iter=20_000))
    agrees(pipeline.fit(numbers, wanted["number"]), numbers)


@pytest.mark.parametrize("estimator", [SVR(), NuSVR(), OneClassSVM(nu=0.2)], ids=repr)
def test_one_sum_of_kernels_agrees_over_raw_columns(estimator, numbers, wanted, agrees):
    agrees(estimator.fit(numbers, wanted["number"]), numbers)


@pytest.mark.parametrize("kernel", [*KERNELS, "laplacian", "cosine"])
@pytest.mark.parametrize("target", ["number", "numbers"])
def test_kernel_ridge_agrees(kernel, target, numbers, wanted, agrees):
    ridge = KernelRidge(kernel=kernel, alpha=0.1)
    agrees(make_pipeline(StandardScaler(), ridge).fit(numbers, wanted[target]), numbers)


@pytest.mark.parametrize(("kernel", "gamma"), [("chi2", 0.01), ("additive_chi2", None)])
def test_kernel_ridge_of_counts_agrees(kernel, gamma, numbers, wanted, agrees):
    rows = (numbers[["small", "mixed"]] + 6).astype(np.float32).astype(np.float64)
    rows = rows.assign(
        count=numbers["positive"].astype(int)
    )  # scikit-learn writes to what it reads
    agrees(KernelRidge(kernel=kernel, gamma=gamma).fit(rows, wanted["number"]), rows)


def test_a_machine_behind_prepared_columns_agrees(numbers, wanted, agrees):
    rows = numbers.assign(city=np.where(numbers["small"] > 0.5, "Oslo", "Łódź"))
    prepared = make_column_transformer(
        (StandardScaler(), ["small", "shifted"]), (OneHotEncoder(), ["city"])
    )
    agrees(make_pipeline(prepared, SVC()).fit(rows, wanted["three"]), rows)


def _alike(x, y):
    return x @ y.T


@pytest.mark.parametrize(
    "estimator", [SVC(kernel=_alike), SVR(kernel=_alike), KernelRidge(kernel=_alike)]
)
def test_a_kernel_that_is_a_function_is_refused(estimator, numbers, wanted):
    rows = numbers[["small", "mixed"]]
    target = wanted["two"] if isinstance(estimator, SVC) else wanted["number"]
    with pytest.raises(NotExportable, match="kernel is a function"):
        to_onnx(estimator.fit(rows, target), rows)


def test_precomputed_kernels_are_refused(numbers, wanted):
    rows = numbers[["small", "mixed"]].to_numpy()
    machine = SVC(kernel="precomputed").fit(rows @ rows.T, wanted["two"])
    given = pd.DataFrame(rows @ rows.T, columns=[f"row_{at}" for at in range(len(rows))])
    with pytest.raises(NotExportable, match="kernels with the training rows"):
        to_onnx(machine, given)


@pytest.mark.parametrize(
    "estimator",
    [SVC(), SVC(probability=True, random_state=0), SVR(), KernelRidge(kernel="rbf")],
    ids=repr,
)
def test_machines_that_learned_from_sparse_columns_agree(estimator, numbers, wanted, agrees):
    cities = np.array([f"city {at}" for at in range(40)])
    rows = pd.DataFrame({"city": cities[np.arange(len(numbers)) % 40]})
    pipeline = make_pipeline(OneHotEncoder(handle_unknown="ignore"), estimator)
    target = wanted["three"] if isinstance(estimator, SVC) else wanted["number"]
    agrees(pipeline.fit(rows, target), rows)
