import warnings
from dataclasses import replace

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pandas as pd
import pytest

from lastmile.exporting.onnx import Graph
from lastmile.exporting.signature import Column, Kind, Output, Signature, Task

OPSETS = '["" : OPSET, "ai.onnx.ml" : 3]'


@pytest.fixture(scope="session")
def weather():
    """Rows of every kind of column, with missing numbers and empty texts; numbers are float32."""
    rng = np.random.default_rng(7)
    rows = 240
    frame = pd.DataFrame(
        {
            "warm": rng.normal(10, 8, rows).astype(np.float32).astype(float),
            "wind": rng.gamma(2.0, 2.0, rows).astype(np.float32).astype(float),
            "month": rng.integers(1, 13, rows),
            "sky": rng.choice(["clear", "fog", "rain"], rows).astype(object),
            "place": rng.choice(["", "coast", "hills"], rows).astype(object),
        }
    )
    frame.loc[::9, "warm"] = np.nan
    return frame


@pytest.fixture(scope="session")
def asked(weather):
    """The sample, and rows that the estimator has not seen the like of."""
    return pd.concat(
        [
            weather,
            weather.assign(sky="hail", place="moon"),
            weather.assign(sky="", warm=np.nan, wind=np.nan),
            weather.assign(month=99),
            weather.assign(warm=(weather.warm * 4).astype(np.float32).astype(float), wind=0.0),
        ],
        ignore_index=True,
    )


@pytest.fixture(scope="session")
def goals(weather):
    """Targets by name: classes of several kinds, one number, two numbers."""
    rng = np.random.default_rng(8)
    score = weather.wind - 4 + rng.normal(0, 1.5, len(weather)) + (weather.sky == "rain")
    third = np.digitize(score, [-1.0, 1.0])
    return {
        "two texts": np.where(score > 0, "wet", "dry").astype(object),
        "two numbers": (score > 0).astype(int),
        "three texts": np.array(["low", "mid", "high"], dtype=object)[third],
        "three numbers": third * 10,
        "number": score.to_numpy(),
        "numbers": np.column_stack([score, -2 * score]),
        "count": np.floor(np.abs(score)).to_numpy(),
    }


@pytest.fixture(scope="session")
def numbers():
    """Rows for graphs of numbers only: four float columns."""
    rng = np.random.default_rng(9)
    table = rng.normal(0, 2, (60, 4)).astype(np.float32)
    table[3] = 0.0
    table[4] = [1.0, 1.0, -1.0, 1.0]
    return pd.DataFrame(table, columns=["c0", "c1", "c2", "c3"])


@pytest.fixture(scope="session")
def graph_of():
    """A graph from its text. It reads the columns c0 to c3 as `raw` [N, 4] and gives `value`."""

    def make(body, *, columns=(), outputs=None, concat=True, task=Task.TRANSFORM, opset=21):
        columns = columns or [(f"c{at}", Kind.FLOAT) for at in range(4)]
        kinds = {Kind.FLOAT: "float", Kind.INT: "int64", Kind.STRING: "string", Kind.BOOL: "bool"}
        inputs = ", ".join(f"{kinds[kind]}[N,1] {name}" for name, kind in columns)
        gives = {
            Task.TRANSFORM: "float[N,M] value",
            Task.CLASSIFY: "string[N] label",
            Task.CLUSTER: "int64[N] label, float[N,M] score",
        }
        names = ", ".join(name for name, _ in columns)
        first = f"raw = Concat<axis=-1>({names})\n" if concat else ""
        proto = onnx.parser.parse_model(
            f"<ir_version: 10, opset_import: {OPSETS.replace('OPSET', str(opset))}>\n"
            f"agraph ({inputs}) => ({gives[task]}) {{\n{first}{body}\n}}"
        )
        for node in proto.graph.node:
            if node.op_type in ML_OPS:
                node.domain = "ai.onnx.ml"
        signature = Signature(
            task=task,
            columns=tuple(Column(name=n, identifier=n, kind=k) for n, k in columns),
            outputs=outputs or (Output(name="value", kind=Kind.FLOAT, width=4),),
        )
        return with_width(Graph(proto, signature), outputs)

    return make


ML_OPS = {
    "ArrayFeatureExtractor", "Binarizer", "FeatureVectorizer", "Imputer", "LabelEncoder",
    "LinearClassifier", "LinearRegressor", "Normalizer", "OneHotEncoder", "SVMRegressor", "Scaler",
    "TreeEnsembleClassifier", "TreeEnsembleRegressor", "ZipMap",
}  # fmt: skip


def with_width(graph, outputs):
    """The graph with the width that the runtime gives one row of ones, where it runs at all."""
    if outputs:
        return graph
    ones = {
        column.identifier: np.array(
            [["a" if column.kind is Kind.STRING else 1]], DTYPES[column.kind]
        )
        for column in graph.signature.columns
    }
    try:
        session = onnxruntime.InferenceSession(graph.proto.SerializeToString())
    except Exception:
        return graph
    width = session.run(["value"], ones)[0].size
    output = replace(graph.signature.outputs[0], width=width)
    return Graph(graph.proto, replace(graph.signature, outputs=(output,)))


DTYPES = {Kind.FLOAT: np.float32, Kind.INT: np.int64, Kind.STRING: object, Kind.BOOL: bool}


@pytest.fixture(scope="session")
def fitted():
    """Fit quietly: small samples do not let every solver come to rest."""

    def fit(estimator, frame, goal):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return estimator.fit(frame, goal)

    return fit
