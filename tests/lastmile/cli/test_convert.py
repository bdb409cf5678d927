"""`lastmile coreml` as people and programs call it."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lastmile.cli.main import main


@pytest.fixture
def model(tmp_path):
    """A small network: one table of three numbers, one number out."""
    weights = numpy_helper.from_array(np.array([[1.0], [2.0], [-1.0]], np.float32), "w")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Tanh", ["h"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 1])],
        [weights],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(proto, tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


def called(*words):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, words)])
    return ended.value.code


def test_convert_writes_the_package_beside_the_model_and_tells_its_interface(model, capsys):
    assert called("coreml", "convert", model) == 0
    shown = capsys.readouterr().out
    assert "in  features (array of 3)" in shown
    assert "out value (double)" in shown
    assert "runs on iOS 15 and newer" in shown
    assert (model.parent / "net.mlpackage" / "Manifest.json").exists()


def test_convert_tells_programs_the_same(model, capsys):
    target = model.parent / "Net.mlpackage"
    assert called("coreml", "convert", model, "-o", target, "--inputs", "columns", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == str(target)
    assert told["inputs"] == {"x_0": "double", "x_1": "double", "x_2": "double"}
    assert told["compared"]["label_mismatches"] == 0
    assert told["minimum_ios"] == "15"


def test_convert_replaces_nothing_unless_it_is_told_to(model, capsys):
    assert called("coreml", "convert", model) == 0
    assert called("coreml", "convert", model) == 2
    assert "pass --replace" in capsys.readouterr().err
    assert called("coreml", "convert", model, "--replace") == 0


def test_convert_names_the_stage_and_the_step_that_need_a_newer_ios(model, capsys):
    assert called("coreml", "convert", model, "--minimum-ios", "14") == 3
    told = capsys.readouterr().err
    assert "the stage `program` cannot be exported to iOS 14" in told
    assert "MatMul" in told
    assert not (model.parent / "net.mlpackage").exists()


def test_convert_refuses_what_is_no_version(model, capsys):
    assert called("coreml", "convert", model, "--minimum-ios", "new") == 2
    assert "is no version of iOS" in capsys.readouterr().err


def test_convert_refuses_a_file_that_is_not_there(tmp_path, capsys):
    assert called("coreml", "convert", tmp_path / "none.onnx") == 2
    assert "none.onnx cannot be read: No such file" in capsys.readouterr().err


def test_convert_tells_what_smaller_weights_cost(tmp_path, capsys):
    rng = np.random.default_rng(2)
    tensors = [
        numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), name)
        for name, shape in (("w", (3, 80)), ("v", (80, 2)))
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Tanh", ["h"], ["t"]),
        helper.make_node("MatMul", ["t", "v"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
        tensors,
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(proto, tmp_path / "net.onnx")
    assert called("coreml", "convert", tmp_path / "net.onnx", "--weights", "linear8", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["minimum_ios"] == "16"
    assert told["size"] < told["exact_size"]
    assert told["compared"]["beyond_tolerance"] > 0
    assert told["compared"]["largest_absolute"] < 0.5
