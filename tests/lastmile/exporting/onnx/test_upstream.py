"""skl2onnx, called by itself, can use our converters."""

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
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
def test_words_that_are_taken_apart_by_graphs_within_nodes_arrive_as_well():
    said = ["Ala ma kota", "kot i pies", "Żaba, pies; café", "", "pies pies i kot"] * 8
    rows = pd.DataFrame({"said": said, "noted": said[::-1]})
    words = make_column_transformer(
        (TfidfVectorizer(ngram_range=(1, 2)), "said"), (CountVectorizer(lowercase=False), "noted")
    )
    estimator = make_pipeline(words, Ridge()).fit(rows, np.arange(40.0))
    proto = convert_sklearn(
        estimator,
        initial_types=[(name, StringTensorType([None, 1])) for name in rows],
        target_opset={"": 21, "ai.onnx.ml": 3},
        **custom_arguments(),
    )
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    feeds = {name: rows[[name]].to_numpy(dtype=object) for name in rows}

    assert np.allclose(session.run(None, feeds)[0].ravel(), estimator.predict(rows), atol=1e-4)


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
