"""An app hands Core ML Doubles: trees part them as they part what 32 bits make of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.coreml.stages.forest import thresholds_for_doubles
from lastmile.exporting.onnx import to_onnx

COMPARES = {
    "BRANCH_LEQ": np.less_equal,
    "BRANCH_LT": np.less,
    "BRANCH_GTE": np.greater_equal,
    "BRANCH_GT": np.greater,
}


@pytest.fixture(scope="module")
def thresholds() -> np.ndarray:
    """[M] f32 of all sizes, both signs, with even and odd last bits, denormal ones and zero."""
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.uniform(-44, 38, 400)
    made = (rng.choice([-1, 1], 400) * sizes).astype(np.float32)
    return np.concatenate([made, np.float32([0, 1, -1, 36.1, 2**24, 1e-45, -1e-45])])


@pytest.mark.parametrize("mode", COMPARES)
def test_a_threshold_parts_doubles_as_their_32_bits(thresholds, mode):
    compare = COMPARES[mode]
    moved = np.array(thresholds_for_doubles(thresholds.tolist(), [mode] * len(thresholds)))
    wide = thresholds.astype(np.float64)
    beside = [np.nextafter(thresholds, np.float32(end)).astype(np.float64) for end in (-9e9, 9e9)]
    middles = [(wide + other) / 2 for other in beside]
    near = [np.nextafter(middle, end) for middle in middles for end in (-np.inf, np.inf)]
    for doubles in (wide, *beside, *middles, *near):
        narrow = doubles.astype(np.float32)
        assert np.array_equal(compare(doubles, moved), compare(narrow, thresholds))


@pytest.mark.parametrize("mode", [*COMPARES, "BRANCH_EQ", "BRANCH_NEQ"])
def test_a_device_that_compares_in_32_bits_has_the_threshold_as_it_was(thresholds, mode):
    moved = thresholds_for_doubles(thresholds.tolist(), [mode] * len(thresholds))
    assert np.array_equal(np.float32(moved), thresholds)


def test_endless_thresholds_stay_as_they_are():
    largest = float(np.finfo(np.float32).max)
    assert thresholds_for_doubles([np.inf, largest], ["BRANCH_LEQ"] * 2) == [np.inf, largest]


def test_raw_decimals_get_the_label_that_scikit_learn_gives():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "size": rng.choice(np.round(np.arange(36, 46, 0.1), 1), 3000),
            "price": rng.gamma(2, 40, 3000).round(2),
            "lat": 52.2 + rng.integers(0, 200, 3000) * 1e-6,
        }
    )
    labels = ((rows["size"] > 41.3) ^ (rows["price"] > 80)).astype(int)
    forest = RandomForestClassifier(20, random_state=0).fit(rows.iloc[:800], labels[:800])
    package = to_coreml(to_onnx(forest, rows.iloc[:800]), name="Forest")
    assert np.array_equal(package.run(rows)["label"], forest.predict(rows))
