import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.pipeline import make_pipeline


@pytest.mark.parametrize("outside", ["nan", "clip", "raise"])
@pytest.mark.parametrize("increasing", [True, False, "auto"])
@pytest.mark.parametrize("column", ["small", "shifted"])
def test_a_monotone_curve_agrees(outside, increasing, column, numbers, wanted, agrees):
    rows = numbers[[column]]
    model = IsotonicRegression(out_of_bounds=outside, increasing=increasing)
    agrees(model.fit(rows.to_numpy(), wanted["number"]), rows)


def test_a_curve_kept_within_bounds_agrees(numbers, wanted, agrees):
    rows = numbers[["mixed"]]
    model = IsotonicRegression(y_min=95, y_max=104, out_of_bounds="clip")
    agrees(model.fit(rows.to_numpy(), wanted["number"]), rows)


def test_a_curve_of_one_point_is_a_constant(numbers, agrees):
    rows = numbers[["small"]].iloc[:1]
    agrees(IsotonicRegression().fit(rows.to_numpy(), np.array([3.5])), rows)


def test_steep_steps_agree(numbers, agrees):
    rows = numbers[["shifted"]]
    steps = np.floor((rows["shifted"].to_numpy() - 101_325) / 500) * 7
    agrees(IsotonicRegression(out_of_bounds="clip").fit(rows.to_numpy(), steps), rows)


def test_a_curve_as_the_last_step_agrees(numbers, wanted, agrees):
    from sklearn.preprocessing import StandardScaler

    rows = numbers[["shifted"]]
    curve = IsotonicRegression(out_of_bounds="clip")
    agrees(make_pipeline(StandardScaler(), curve).fit(rows, wanted["number"]), rows)
