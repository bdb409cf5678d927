import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from lastmile.errors import NotExportable
from lastmile.exporting.onnx import to_onnx


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(LabelPropagation(max_iter=200), id="propagation"),
        pytest.param(LabelPropagation(gamma=0.5, max_iter=500), id="wide propagation"),
        pytest.param(LabelPropagation(kernel="knn", max_iter=1_000), id="nearest propagation"),
        pytest.param(LabelSpreading(), id="spreading"),
        pytest.param(LabelSpreading(gamma=3.0, alpha=0.6), id="soft spreading"),
        pytest.param(LabelSpreading(kernel="knn", n_neighbors=5), id="nearest spreading"),
    ],
)
@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_labels_reach_new_rows_as_in_scikit_learn(estimator, scaled, numbers, wanted, agrees):
    known = np.where(np.random.default_rng(6).random(len(numbers)) < 0.3, -1, wanted["three"])
    rows = numbers if scaled else numbers.drop(columns="shifted")
    pipeline = make_pipeline(StandardScaler(), estimator) if scaled else estimator
    agrees(pipeline.fit(rows, known), rows)


def test_far_from_all_training_rows_nothing_is_known_and_the_first_class_is_named(
    numbers, wanted, agrees
):
    rows = numbers[["small", "mixed"]]
    graph = agrees(LabelSpreading().fit(rows, wanted["three"]), rows)
    answer = graph.run(rows.iloc[:2] + 100)
    assert np.isnan(answer["probabilities"]).all()
    assert answer["label"].tolist() == [0, 0]


@pytest.mark.parametrize("distance", [5.95, 6.02, 6.05, 6.08, 6.11, 6.2])
def test_where_the_kernel_is_about_to_vanish_it_vanishes_as_in_scikit_learn(distance, agrees):
    import pandas as pd

    rows = pd.DataFrame({"a": [0.0, 0.001, 1.0, 1.5]})
    estimator = LabelSpreading(gamma=20).fit(rows, [0, 1, 0, 1])
    agrees(estimator, pd.concat([rows, rows - np.float32(distance)]).astype(np.float32) + 0.0)


def test_a_kernel_that_is_a_function_is_refused(numbers, wanted):
    kernel = _linear
    estimator = LabelSpreading(kernel=kernel).fit(numbers[["positive"]], wanted["three"])
    with pytest.raises(NotExportable, match="kernel is a function"):
        to_onnx(estimator, numbers[["positive"]])


def _linear(x, y):
    return x @ y.T
