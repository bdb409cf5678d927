"""Models that lastmile did not make: their edges are rewritten, what they answer is not."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx as plain_skl2onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lastmile.errors import NotExportable, RowsRefused
from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.coreml.foreign import adopted, read_model
from lastmile.exporting.evidence.probe import probe, probing_rows
from lastmile.exporting.signature import Kind


@pytest.fixture(scope="module")
def table():
    return np.random.default_rng(3).normal(size=(120, 3)).astype(np.float32)


CLASSIFIERS = {
    "a logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "a forest": lambda: RandomForestClassifier(7, random_state=0),
}


@pytest.mark.parametrize("zipmap", [True, False], ids=["a dictionary", "a table"])
@pytest.mark.parametrize("opset", [9, 12, 15, 18, 21])
@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_what_skl2onnx_writes_is_converted(kind, opset, zipmap, table):
    estimator = CLASSIFIERS[kind]()
    estimator.fit(table, np.array(["no", "maybe", "yes"])[np.digitize(table[:, 0], [-0.5, 0.5])])
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    proto = plain_skl2onnx(
        estimator,
        table[:1],
        target_opset={"": opset, "ai.onnx.ml": 1 if opset < 12 else 3},
        options={id(last): {"zipmap": zipmap}},
    )
    graph = adopted(proto)
    assert [output.name for output in graph.signature.outputs] == ["label", "probabilities"]
    assert graph.signature.output("probabilities").classes == ("maybe", "no", "yes")
    for inputs in ("columns", "vector"):
        assert probe(graph, to_coreml(graph, name="m", inputs=inputs)).holds


def network(*, element=TensorProto.FLOAT, shape=("N", 3), outputs=("logits",)):
    """What PyTorch writes for two layers."""
    rng = np.random.default_rng(1)
    weights = {
        "w1": rng.normal(size=(5, 3)), "b1": rng.normal(size=5),
        "w2": rng.normal(size=(2, 5)), "b2": rng.normal(size=2),
    }  # fmt: skip
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["value"]),
        helper.make_node("Gemm", ["value", "w2", "b2"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["shares"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", element, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2]) for name in outputs],
        [numpy_helper.from_array(v.astype(np.float32), k) for k, v in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def test_a_network_of_pytorch_keeps_its_one_array(tmp_path):
    onnx.save(network(), tmp_path / "net.onnx")
    graph, is_table = read_model(tmp_path / "net.onnx")
    package = to_coreml(graph, name="Net", inputs="vector" if is_table else "columns")
    assert [one.name for one in package.spec.description.input] == ["features"]
    assert [one.name for one in package.spec.description.output] == ["value"]
    assert probe(graph, package).holds


def test_a_value_inside_may_be_called_like_an_output_of_ours():
    graph = adopted(network(outputs=("logits", "shares")))
    assert [one.name for one in graph.signature.outputs] == ["value_1", "value_2"]
    assert probe(graph, to_coreml(graph, name="Net")).holds


def test_the_model_that_is_given_is_kept():
    proto = network()
    before = proto.SerializeToString()
    adopted(proto)
    assert proto.SerializeToString() == before


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shape": ("N", "F")}, "does not say how many columns"),
        ({"shape": ("N", 3, 2)}, "is no table"),
        ({"element": TensorProto.COMPLEX64}, "no tensor of numbers or texts"),
    ],
    ids=["a size that is not told", "images", "complex numbers"],
)
def test_a_model_is_refused_that_reads(changes, reason):
    with pytest.raises(NotExportable, match=reason):
        adopted(network(**changes))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x07"], ids=["nothing", "text", "bytes"])
def test_a_file_is_refused_that_is_no_model(content, tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(RowsRefused, match=r"m\.onnx is not a sound ONNX model"):
        read_model(path)


def test_rows_for_a_graph_without_a_sample_hold_what_it_knows(graph_of):
    body = 'h = OneHotEncoder<cats_strings=["a", "b"]>(k)\nvalue = Flatten(h)'
    graph = graph_of(body, columns=[("k", Kind.STRING)], concat=False)
    assert set(probing_rows(graph)["k"]) == {"a", "b"}
