import numpy as np
import pytest

from lastmile.exporting.signature.digits import Numbers


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        pytest.param([36.1, 37.3, 40.0], 1, id="shoe sizes"),
        pytest.param([0.99, 12.5, 1048.0], 2, id="prices"),
        pytest.param(np.arange(10) * 0.1, 1, id="tenths with the noise of their sums"),
        pytest.param(52.2 + np.arange(300) * 1e-4, 4, id="coordinates with that noise"),
        pytest.param([0.5, 0.25, 3.0], None, id="what 32 bits hold"),
        pytest.param(np.random.default_rng(0).normal(size=50), None, id="all that 64 bits have"),
        pytest.param([], None, id="nothing"),
    ],
)
def test_decimals_are_counted(values, decimals):
    assert Numbers(np.array(values, dtype=np.float64)).decimals == decimals


def test_made_numbers_get_no_more_digits():
    made = np.array([1.23456789, 36.0999985])
    assert Numbers(np.array([36.1, 37.3])).like_these(made).tolist() == [1.2, 36.1]
    assert np.array_equal(Numbers(np.array([0.1234567890123])).like_these(made), made)
    narrow = Numbers(np.array([0.5, 2.0])).like_these(made)
    assert np.array_equal(narrow, made.astype(np.float32).astype(np.float64))
