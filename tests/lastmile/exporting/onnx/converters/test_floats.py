import numpy as np
import onnx
import onnxruntime
import pytest

from lastmile.exporting.onnx.converters.floats import Floats, slack_of
from lastmile.exporting.onnx.nodes import Part
from lastmile.exporting.onnx.options import Options
from lastmile.exporting.onnx.origin import Origin
from lastmile.exporting.onnx.writer import Writer
from lastmile.exporting.signature import Kind

RAW = Origin(door="x", column=0, kind=Kind.FLOAT)


@pytest.fixture
def writer():
    return Writer({}, lambda *_: None, Options(), taken=["x", "answer"])


def run(writer, value, x):
    """The value [N, C] f64 that the nodes compute of x [N, 1] f32."""
    nodes = [*writer.nodes, onnx.helper.make_node("Identity", [value], ["answer"])]
    floats, doubles = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
    graph = onnx.helper.make_graph(
        nodes,
        "asked",
        [onnx.helper.make_tensor_value_info("x", floats, ["N", 1])],
        [onnx.helper.make_tensor_value_info("answer", doubles, ["N", None])],
        writer.constants,
    )
    opset = [onnx.helper.make_opsetid("", 21)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=10)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": np.asarray(x, dtype=np.float32)[:, None]})[0]


def scaled(values):
    return (values - 101_325.123) / 803.7


def test_a_scaled_column_is_computed_anew_from_the_raw_one_with_all_digits(writer):
    part = Part("rounded", Kind.FLOAT, 1, (RAW.then(scaled),))
    x = np.array([101_325.0, 99_000.5, 0.0, 2e6], dtype=np.float32)
    answer = run(writer, Floats(writer, wide=True).rows((part,)), x)
    assert answer[:, 0] == pytest.approx(scaled(x.astype(np.float64)), rel=1e-13)


def test_a_missing_number_becomes_what_the_imputer_put_there(writer):
    part = Part("rounded", Kind.FLOAT, 1, (RAW.then(lambda v: np.where(np.isnan(v), 7.25, v)),))
    answer = run(writer, Floats(writer, wide=True).rows((part,)), [np.nan, 1.5])
    assert answer[:, 0].tolist() == [7.25, 1.5]


def test_columns_with_and_without_a_way_back_keep_their_order(writer):
    curved = RAW.then(np.cbrt)
    table = writer("Concat", "x", "x", "x", axis=1)
    part = Part(table, Kind.FLOAT, 3, (RAW.then(scaled), curved, None))
    answer = run(writer, Floats(writer, wide=True).rows((part,)), [5.0])
    assert answer[0] == pytest.approx([scaled(5.0), 5.0, 5.0], rel=1e-13)


def test_texts_are_no_numbers(writer):
    with pytest.raises(ValueError, match="texts"):
        Floats(writer, wide=True).rows((Part("city", Kind.STRING),))


@pytest.mark.parametrize(
    ("origins", "wide", "slack"),
    [
        pytest.param((RAW,), True, 0.0, id="raw"),
        pytest.param((RAW.then(scaled),), True, 1e-13, id="scaled, 64 bits"),
        pytest.param((RAW.then(scaled),), False, 4e-7, id="scaled, 32 bits"),
        pytest.param((RAW.then(np.cbrt),), True, 4e-7, id="curved"),
        pytest.param((None,), True, 4e-7, id="from anywhere"),
    ],
)
def test_how_far_a_number_may_be_off_depends_on_where_it_comes_from(origins, wide, slack):
    assert slack_of((Part("made", Kind.FLOAT, 1, origins),), wide=wide) == slack


@pytest.mark.parametrize(("factor", "element"), [(1.0, "FLOAT"), (1 / 3, "DOUBLE")])
def test_a_large_constant_takes_32_bits_where_those_are_exact(factor, element, writer):
    Floats(writer, wide=True).constant(np.arange(2_000) * factor)
    (tensor,) = writer.constants
    assert tensor.data_type == getattr(onnx.TensorProto, element)
