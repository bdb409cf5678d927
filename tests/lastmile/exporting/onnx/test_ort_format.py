import numpy as np
import pytest

from lastmile.errors import RowsRefused
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.onnx.ort_format import load_ort, to_ort


def test_the_runtimes_own_format_answers_the_same_and_names_its_operators(fitted, people, tmp_path):
    graph = to_onnx(fitted, people)
    model = to_ort(graph)
    (tmp_path / "model.ort").write_bytes(model.data)
    again = load_ort(tmp_path / "model.ort", graph.signature)
    for name, answer in again.run(people).items():
        expected = graph.run(people)[name]
        if name == "label":
            assert answer.tolist() == expected.tolist()
        else:
            np.testing.assert_allclose(answer, expected, atol=1e-6)
    named = [line.split(";") for line in model.operators.splitlines()]
    used = {(node.domain or "ai.onnx", node.op_type) for node in graph.proto.graph.node}
    assert {(domain, one) for domain, _, names in named for one in names.split(",")} == used


def test_a_file_that_is_no_model_is_refused_by_its_name(people, fitted, tmp_path):
    (tmp_path / "broken.ort").write_bytes(b"ORTM not a model")
    with pytest.raises(RowsRefused, match=r"broken\.ort is no model"):
        load_ort(tmp_path / "broken.ort", to_onnx(fitted, people).signature)
