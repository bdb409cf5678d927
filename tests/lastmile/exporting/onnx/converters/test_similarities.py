import numpy as np
import onnx
import onnxruntime
import pytest
from sklearn.metrics.pairwise import pairwise_kernels

from lastmile.errors import NotExportable
from lastmile.exporting.onnx.converters.floats import Floats
from lastmile.exporting.onnx.converters.similarities import kernel
from lastmile.exporting.onnx.options import Options
from lastmile.exporting.onnx.writer import Writer

RNG = np.random.default_rng(9)
POINTS = RNG.gamma(2.0, 1.5, size=(7, 3))
ROWS = np.vstack([RNG.gamma(2.0, 1.5, size=(5, 3)), np.zeros((1, 3)), POINTS[:1]])


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("linear", {}),
        ("poly", {"degree": 2, "coef0": 0.5, "gamma": 0.2}),
        ("polynomial", {}),
        ("rbf", {}),
        ("rbf", {"gamma": 0.7}),
        ("laplacian", {}),
        ("sigmoid", {"gamma": 0.05, "coef0": -0.4}),
        ("cosine", {}),
        ("chi2", {"gamma": 0.3}),
        ("chi2", {}),
        ("additive_chi2", {}),
    ],
    ids=str,
)
def test_a_kernel_is_what_scikit_learn_computes(name, params):
    writer = Writer({}, lambda *_: None, Options(), taken=["x"])
    value = kernel(Floats(writer, wide=True), "x", POINTS, name, params)
    doubles = onnx.TensorProto.DOUBLE
    graph = onnx.helper.make_graph(
        writer.nodes,
        "asked",
        [onnx.helper.make_tensor_value_info("x", doubles, ["N", 3])],
        [onnx.helper.make_tensor_value_info(value, doubles, ["N", 7])],
        writer.constants,
    )
    opset = [onnx.helper.make_opsetid("", 21)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=10)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    expected = pairwise_kernels(ROWS, POINTS, metric=name, **params)
    assert session.run(None, {"x": ROWS})[0] == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", [np.dot, "strange"])
def test_a_kernel_without_a_formula_is_refused(name):
    writer = Writer({}, lambda *_: None, Options())
    with pytest.raises(NotExportable, match="no formula"):
        kernel(Floats(writer, wide=True), "x", POINTS, name, {})
