"""One hand-off: conversion, size, and one answer to one raw row, for the example's estimator."""

import os
import warnings
from collections.abc import Iterator

from tests.benchmarks.timing import alternate

os.environ.setdefault("OMP_NUM_THREADS", "1")


def rows() -> Iterator[tuple[str, float, float, str, str]]:
    warnings.simplefilter("ignore")
    import onnxruntime
    import skops.io
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType

    from lastmile.exporting.onnx import to_onnx
    from skycast.features import sample
    from skycast.training import rain_tomorrow

    estimator, frame = rain_tomorrow(), sample()
    graph = to_onnx(estimator, frame)
    kinds = {"float": FloatTensorType, "int64": Int64TensorType, "string": StringTensorType}
    types = [(column.name, kinds[column.kind]([None, 1])) for column in graph.signature.columns]
    options = {id(estimator): {"zipmap": False}}

    ours, theirs = alternate(
        lambda: to_onnx(estimator, frame),
        lambda: convert_sklearn(
            estimator, initial_types=types, options=options, target_opset={"": 21, "ai.onnx.ml": 3}
        ),
    )
    yield "conversion to ONNX", 1000 * ours, 1000 * theirs, "ms", "skl2onnx, unchecked"

    size = len(skops.io.dumps(estimator))
    yield "size of the estimator", graph.size / 1000, size / 1000, "kB", "skops"

    session = onnxruntime.InferenceSession(graph.proto.SerializeToString())
    row = frame.iloc[[0]]
    feeds = graph.signature.feeds(row)
    ours, theirs = alternate(
        lambda: session.run(None, feeds), lambda: estimator.predict_proba(row), rounds=200
    )
    yield "one answer to one raw row", 1000 * ours, 1000 * theirs, "ms", "scikit-learn"
