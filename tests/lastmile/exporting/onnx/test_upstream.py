"""skl2onnx, called by itself, can use our converters."""

import numpy as np
import onnxruntime
import pytest
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, QuantileTransformer, SplineTransformer

from lastmile.exporting.onnx.upstream import custom_arguments

PIPELINES = {
    "isotonic": make_pipeline(CalibratedClassifierCV(LogisticRegression(), method="isotonic")),
    "a vote": VotingClassifier(
        [("line", LogisticRegression()), ("trees", RandomForestClassifier(5))], voting="soft"
    ),
    "bins": make_pipeline(
        KBinsDiscretizer(quantile_method="averaged_inverted_cdf"), LogisticRegression()
    ),
    "splines": make_pipeline(SplineTransformer(), Ridge()),
    "quantiles and indicators": make_pipeline(
        SimpleImputer(add_indicator=True), QuantileTransformer(n_quantiles=50), Ridge()
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PIPELINES)
def test_a_plain_call_of_skl2onnx_answers_with_our_converters(name):
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(200, 3)).astype(np.float32)
    labels = (rows[:, 0] > 0).astype(int)
    estimator = PIPELINES[name].fit(rows, labels)
    options = {id(estimator): {"zipmap": False}} if name == "a vote" else None
    proto = convert_sklearn(
        estimator,
        initial_types=[("rows", FloatTensorType([None, 3]))],
        target_opset={"": 21, "ai.onnx.ml": 3},
        options=options,
        **custom_arguments(),
    )
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    first = session.run(None, {"rows": rows})[0]
    assert np.allclose(first.ravel(), estimator.predict(rows), atol=1e-4)
