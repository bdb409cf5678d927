import numpy as np
import pytest

from lastmile.exporting.onnx.converters.tracing import straight
from lastmile.exporting.onnx.origin import Origin
from lastmile.exporting.signature import Kind

DOOR = Origin(door="x", column=0, kind=Kind.FLOAT)


def filled(values):
    return np.where(np.isnan(values), 12.5, values)


def scaled(values):
    return (values - 101_325.123) / 803.7


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([], (0.0, 1.0, np.nan), id="nothing was done"),
        pytest.param([scaled], (101_325.123, 1 / 803.7, np.nan), id="scaled"),
        pytest.param([filled], (0.0, 1.0, 12.5), id="filled"),
        pytest.param([filled, scaled], (101_325.123, 1 / 803.7, scaled(np.array(12.5))), id="both"),
    ],
)
def test_steps_that_are_a_line_are_found_to_be_that_line(steps, expected):
    origin = DOOR
    for step in steps:
        origin = origin.then(step)
    line = straight(origin)
    assert (line.zero, line.slope) == pytest.approx(expected[:2], rel=1e-14)
    assert line.missing == pytest.approx(expected[2], rel=1e-14, nan_ok=True)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(np.cbrt, id="curved"),
        pytest.param(lambda values: np.clip(values, 0, 1), id="clipped"),
        pytest.param(lambda values: np.clip(values, -1e7, 1e7), id="clipped far away"),
        pytest.param(lambda values: np.zeros_like(values), id="constant"),
        pytest.param(lambda values: values / 0, id="endless"),
        pytest.param(lambda values: [][0], id="refused"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_steps_that_are_no_line_are_left_alone(step):
    assert straight(DOOR.then(step)) is None


def test_texts_have_no_line():
    assert straight(Origin(door="x", column=0, kind=Kind.STRING)) is None
