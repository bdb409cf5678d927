import numpy as np
import onnxruntime
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from lastmile.exporting.onnx import load_graph, to_onnx
from lastmile.exporting.onnx.options import Options


@pytest.mark.parametrize("goal", ["two", "three"])
@pytest.mark.parametrize("model", [LogisticRegression(), DecisionTreeClassifier(max_depth=3)])
def test_probabilities_as_maps_say_the_same_as_the_array(people, targets, model, goal, tmp_path):
    rows = people[["my col-é"]]
    estimator = model.fit(rows, getattr(targets, goal))
    plain, zipped = (to_onnx(estimator, rows, options=Options(zipmap=way)) for way in (False, True))
    zipped.save(tmp_path / "zipped.onnx")
    again = load_graph(tmp_path / "zipped.onnx", zipped.signature)
    for graph in (zipped, again):
        answer = graph.run(rows)
        assert answer["label"].tolist() == plain.run(rows)["label"].tolist()
        np.testing.assert_array_equal(answer["probabilities"], plain.run(rows)["probabilities"])
    session = onnxruntime.InferenceSession(zipped.serialized())
    (first, *_), _ = session.run(["probabilities", "label"], zipped.signature.feeds(rows))
    assert set(first) == set(estimator.classes_.tolist())
    assert sum(first.values()) == pytest.approx(1)


def test_a_graph_without_probabilities_stays_as_it_is(people, targets):
    from sklearn.svm import LinearSVC

    rows = people[["my col-é"]]
    graph = to_onnx(LinearSVC().fit(rows, targets.two), rows, options=Options(zipmap=True))
    assert "ZipMap" not in {node.op_type for node in graph.proto.graph.node}
