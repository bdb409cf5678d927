import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from lastmile.exporting.onnx.converters import CONVERTERS
from lastmile.exporting.onnx.foreign import by_skl2onnx
from lastmile.exporting.onnx.middles import centred, middles_of
from lastmile.exporting.onnx.nodes import Part
from lastmile.exporting.onnx.options import Options
from lastmile.exporting.onnx.writer import Writer
from lastmile.exporting.signature import Kind, read_signature


@pytest.fixture
def writer():
    made = Writer(CONVERTERS, by_skl2onnx, Options())
    made.middles = {
        "near": np.array([-1.0, 0.5, 2.0]),
        "far": np.array([1000.0, 1000.5, 1001.0]),
        "constant": np.array([7.1, 7.1, 7.1]),
    }
    return made


def _part(name, *steps):
    part = Part(name, Kind.FLOAT)
    origin = part.origin(0)
    for step in steps:
        origin = origin.then(step)
    return Part(f"{name}_{len(steps)}", Kind.FLOAT, 1, (origin,)) if steps else part


def test_only_columns_far_from_zero_have_a_centre_that_32_bits_hold(writer):
    parts = (_part("near"), _part("far"), _part("constant"), _part("unknown"))
    _, centre = centred(writer, parts)

    assert centre.tolist() == [0.0, 1000.5, float(np.float32(7.1)), 0.0]


def test_without_a_centre_no_node_is_written(writer):
    x, _ = centred(writer, (_part("near"),))

    assert x == "near"
    assert writer.nodes == []


def test_a_centre_follows_the_steps_behind_a_column(writer):
    _, centre = centred(writer, (_part("far", lambda x: x - 1000), _part("far", lambda x: 2 * x)))

    assert centre.tolist() == [0.0, 2001.0]


def test_a_step_that_takes_no_such_number_leaves_its_column_alone(writer):
    def refuse(x):
        raise ValueError("no")

    assert centred(writer, (_part("far", refuse),))[1].tolist() == [0.0]


def test_a_computed_column_has_no_centre(writer):
    part = Part("far", Kind.FLOAT, 1, (None,))

    assert centred(writer, (part,))[1].tolist() == [0.0]


def test_middles_are_those_of_the_numbers_that_there_are():
    rows = pd.DataFrame(
        {"a": [1.0, 2.0, 3.0, 4.0], "b": [10, 20, 30, 40], "c": [True, False, True, False]}
    )
    model = LinearRegression().fit(rows, [1, 2, 3, 4])
    sample = rows.assign(a=[1.0, np.nan, 3.0, np.inf])
    found = middles_of(sample, read_signature(model, rows))

    assert {name: round(float(middle[1]), 6) for name, middle in found.items()} == {
        "a": 2.0,
        "b": 25.0,
    }
