import pandas as pd
import pytest

from skycast.units import MINUS, NBSP, SYSTEMS, percent, rounded

METRIC, IMPERIAL = SYSTEMS["metric"], SYSTEMS["imperial"]


@pytest.mark.parametrize(
    ("measure", "metric", "text"),
    [
        pytest.param(METRIC.rain, 47.2, "47.2 mm", id="rain in millimetres"),
        pytest.param(IMPERIAL.rain, 25.4, "1.00 in", id="25.4 mm are an inch"),
        pytest.param(IMPERIAL.temperature, 0.0, "32.0 °F", id="water freezes at 32 °F"),
        pytest.param(IMPERIAL.temperature, -40.0, f"{MINUS}40.0 °F", id="both scales meet at -40"),
        pytest.param(IMPERIAL.wind, 10.0, "22.4 mph", id="10 m/s are 22.4 mph"),
    ],
)
def test_a_value_is_shown_with_its_unit(measure, metric, text):
    assert measure.text(metric) == text.replace(" ", NBSP)


def test_a_difference_of_temperatures_has_no_offset():
    assert IMPERIAL.temperature.signed(10.0) == "+18.0"
    assert IMPERIAL.temperature.apart(-10.0) == f"18.0{NBSP}°F"


def test_a_column_is_converted_like_its_values():
    column = pd.Series([0.0, 100.0])
    assert list(IMPERIAL.temperature.value(column)) == [32.0, 212.0]


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.04, "0.0"), (0.04, "0.0"), (-0.06, f"{MINUS}0.1"), (0.06, "+0.1"), (0.0, "0.0")],
)
def test_no_sign_stands_before_a_zero(value, text):
    assert rounded(value, 1, sign=True) == text


def test_a_share_is_shown_in_per_cent():
    assert percent(0.476) == f"48{NBSP}%"
