import numpy as np
import onnx
import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.onnx.options import Options


@pytest.fixture(scope="module")
def network(people, targets):
    rows = people[["my col-é", "wiek (lata)", "code"]]
    model = MLPClassifier((48, 32), max_iter=80, tol=1e-2, random_state=0)
    return rows, make_pipeline(StandardScaler(), model).fit(rows, targets.two)


@pytest.mark.parametrize(("stored", "shrinks", "far"), [("float16", 2, 3e-3), ("int8", 2.5, 5e-2)])
def test_narrow_weights_are_smaller_and_answer_nearly_the_same(network, stored, shrinks, far):
    rows, estimator = network
    wide = to_onnx(estimator, rows)
    narrow = to_onnx(estimator, rows, options=Options(weights=stored))
    held = narrow.narrowed
    assert wide.narrowed is None
    assert (held.stored, held.tensors) == (stored, 2)
    assert held.bytes_before >= shrinks * held.bytes_after
    assert narrow.size < wide.size - (held.bytes_before - held.bytes_after) / 2
    apart = np.abs(narrow.run(rows)["probabilities"] - estimator.predict_proba(rows))
    assert 1e-6 < apart.max() < far


def test_core_ml_keeps_the_wide_weights(network):
    rows, estimator = network
    graph = to_onnx(estimator, rows, options=Options(weights="int8"))
    answer = to_coreml(graph, name="narrow").run(rows)["probabilities"]
    np.testing.assert_allclose(answer, estimator.predict_proba(rows), atol=1e-5)


def test_a_column_of_zeros_and_one_of_large_numbers_keep_their_scale():
    from lastmile.exporting.onnx.weights import _halved, _in_bytes

    wide = np.array([[0.0, 1e6, 0.5]] * 2 + [[0.0, -2e6, 1.0]], dtype=np.float32)
    held, node = _in_bytes("w", wide)
    steps, scale = (onnx.numpy_helper.to_array(one) for one in held)
    assert node.op_type == "DequantizeLinear"
    np.testing.assert_allclose(steps * scale, wide, rtol=1e-2)
    halves, _ = _halved("w", wide)
    assert np.isfinite(onnx.numpy_helper.to_array(halves[0])).all()


def test_trees_have_no_weights_to_store_in_fewer_bits(people, targets):
    rows = people[["my col-é"]]
    tree = DecisionTreeClassifier(max_depth=3).fit(rows, targets.two)
    assert to_onnx(tree, rows, options=Options(weights="float16")).narrowed.tensors == 0
