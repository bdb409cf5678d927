import numpy as np
import pytest
from sklearn.covariance import EllipticEnvelope
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lastmile.errors import LastmileError
from lastmile.exporting.onnx import to_onnx


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(EllipticEnvelope(random_state=0), id="ellipse"),
        pytest.param(EllipticEnvelope(contamination=0.2, random_state=0), id="contaminated"),
        pytest.param(EllipticEnvelope(store_precision=False, random_state=0), id="not inverted"),
        pytest.param(EllipticEnvelope(assume_centered=True, random_state=0), id="centred"),
        pytest.param(LocalOutlierFactor(novelty=True), id="density"),
        pytest.param(LocalOutlierFactor(5, novelty=True, contamination=0.1), id="few"),
        pytest.param(LocalOutlierFactor(novelty=True, p=1), id="manhattan"),
    ],
)
@pytest.mark.parametrize("scaled", [False, True], ids=["raw", "scaled"])
def test_an_outlier_is_one_by_the_same_score(estimator, scaled, numbers, agrees):
    pipeline = make_pipeline(StandardScaler(), estimator) if scaled else estimator
    agrees(pipeline.fit(numbers), numbers)


def test_the_training_row_that_the_ellipse_goes_through_is_inside(numbers):
    rows = numbers.iloc[:201]
    estimator = EllipticEnvelope(contamination=0.1, random_state=0).fit(rows)
    scores = estimator.decision_function(rows)
    on_it = int(np.abs(scores).argmin())
    assert abs(scores[on_it]) < 1e-12
    labels = to_onnx(estimator, rows).run(rows)["label"]
    assert labels[on_it] == 1
    others = np.arange(201) != on_it
    assert np.array_equal(labels[others], estimator.predict(rows)[others])


def test_an_outlier_factor_of_the_training_rows_alone_is_refused(numbers):
    with pytest.raises(LastmileError):
        to_onnx(LocalOutlierFactor().fit(numbers), numbers)
