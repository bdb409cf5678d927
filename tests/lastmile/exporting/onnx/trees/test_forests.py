import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier

from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.onnx.trees.cuts import round_down


@given(st.floats(-1e30, 1e30), st.floats(-(2.0**99), 2.0**99, width=32))
def test_a_rounded_threshold_sends_every_float32_the_same_way(threshold: float, value: float):
    narrow = round_down(np.array([threshold]))[0]
    assert narrow.dtype == np.float32
    assert (np.float32(value) <= narrow) == (value <= threshold)
    beside = np.nextafter(narrow, np.float32(np.inf))
    assert float(narrow) <= threshold < float(beside)


@pytest.mark.parametrize("endless", [np.inf, -np.inf, 1e300, -1e300, 0.0])
def test_thresholds_beyond_float32_stay_in_order(endless):
    assert float(round_down(np.array([endless]))[0]) <= endless


def flags(graph):
    tree = next(node for node in graph.proto.graph.node if node.op_type.startswith("Tree"))
    found = {attribute.name: attribute for attribute in tree.attribute}
    return np.array(found["nodes_missing_value_tracks_true"].ints), found


def test_the_direction_of_missing_numbers_is_written_for_forests(people, targets):
    rows = people[["miss", "code"]]
    forest = RandomForestClassifier(5, random_state=0).fit(rows, targets.three)
    written, _ = flags(to_onnx(forest, rows))
    wanted = [
        np.where(tree.tree_.children_left >= 0, tree.tree_.missing_go_to_left, 0)
        for tree in forest.estimators_
    ]
    assert np.array_equal(written, np.concatenate(wanted))
    assert set(written) == {0, 1}


def test_a_split_of_missing_from_present_has_a_finite_threshold(targets):
    rows = pd.DataFrame({"x": np.where(targets.two == "tak", np.nan, 1.0)})
    forest = RandomForestClassifier(3, random_state=0).fit(rows, targets.two)
    assert any(np.isinf(tree.tree_.threshold).any() for tree in forest.estimators_)
    graph = to_onnx(forest, rows)
    _, found = flags(graph)
    assert np.isfinite(found["nodes_values"].floats).all()
    assert np.array_equal(graph.run(rows)["label"], forest.predict(rows))


def test_no_threshold_of_boosted_trees_is_above_its_own(people, targets):
    rows = people[["my col-é"]]
    boosted = HistGradientBoostingRegressor(max_iter=5).fit(rows, targets.number)
    _, found = flags(to_onnx(boosted, rows))
    wide = np.concatenate([group[0].nodes["num_threshold"] for group in boosted._predictors])
    inner = np.array([mode == b"BRANCH_LEQ" for mode in found["nodes_modes"].strings])
    assert (np.array(found["nodes_values"].floats)[inner] <= wide[inner]).all()
