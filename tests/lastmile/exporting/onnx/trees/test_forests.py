from collections import Counter

import numpy as np
import onnx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    VotingClassifier,
)

from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.onnx.options import Options
from lastmile.exporting.onnx.runtime import minimum_runtime
from lastmile.exporting.onnx.trees.cuts import round_down
from lastmile.exporting.onnx.trees.operators import in_old_form


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


def written(graph):
    """The attributes of the tree node, in the words of operator set 3."""
    tree = next(node for node in graph.proto.graph.node if node.op_type == "TreeEnsemble")
    attrs = {one.name: onnx.helper.get_attribute_value(one) for one in tree.attribute}
    tensors = ("nodes_modes", "nodes_splits", "leaf_weights")
    attrs |= {name: onnx.numpy_helper.to_array(attrs[name]) for name in tensors}
    return in_old_form(attrs)


def by_number(attrs, name):
    """How often each split on a feature, with its threshold, has each value of an attribute."""
    rows = zip(
        attrs["nodes_modes"], attrs["nodes_featureids"], attrs["nodes_values"], attrs[name],
        strict=True,
    )  # fmt: skip
    return Counter(row[1:] for row in rows if row[0] != "LEAF")


def test_the_direction_of_missing_numbers_is_written_for_forests(people, targets):
    rows = people[["miss", "code"]]
    forest = RandomForestClassifier(5, random_state=0).fit(rows, targets.two)
    attrs = written(to_onnx(forest, rows))
    wanted = Counter()
    for tree in (member.tree_ for member in forest.estimators_):
        inner = tree.children_left >= 0
        largest = float(np.finfo(np.float32).max)  # a missing number alone goes the other way
        cuts = np.minimum(round_down(tree.threshold[inner]), largest).astype(float).tolist()
        ways = tree.missing_go_to_left[inner].tolist()
        wanted.update(zip(tree.feature[inner].tolist(), cuts, ways, strict=True))
    assert by_number(attrs, "nodes_missing_value_tracks_true") == wanted
    assert {way for _, _, way in wanted} == {0, 1}


def test_a_split_of_missing_from_present_has_a_finite_threshold(targets):
    rows = pd.DataFrame({"x": np.where(targets.two == "tak", np.nan, 1.0)})
    forest = RandomForestClassifier(3, random_state=0).fit(rows, targets.two)
    assert any(np.isinf(tree.tree_.threshold).any() for tree in forest.estimators_)
    graph = to_onnx(forest, rows)
    assert np.isfinite(written(graph)["nodes_values"]).all()
    assert np.array_equal(graph.run(rows)["label"], forest.predict(rows))


def test_boosted_trees_part_the_rows_as_their_own_64_bit_thresholds_do(people, targets):
    rows = people[["my col-é"]]
    boosted = HistGradientBoostingRegressor(max_iter=5).fit(rows, targets.number)
    have = written(to_onnx(boosted, rows))
    wide = np.concatenate([group[0].nodes for group in boosted._predictors])
    wide = np.sort(wide["num_threshold"][wide["is_leaf"] == 0])
    nodes = zip(have["nodes_modes"], have["nodes_values"], strict=True)
    cuts = np.sort([value for mode, value in nodes if mode != "LEAF"])
    values = rows.to_numpy()
    assert ((values.astype(np.float32) <= cuts) == (values <= wide)).all()
    assert np.allclose(cuts, wide, rtol=1e-4, atol=0)


def test_a_graph_has_trees_of_one_operator_set_only(people, targets):
    """Leaves of several classes need the older one, and an operator set has only one of them."""
    rows = people[["my col-é"]].astype(np.float32)
    forest = RandomForestClassifier(3, max_depth=2, random_state=0)
    members = [("f", forest), ("b", HistGradientBoostingClassifier(max_iter=3))]
    voting = VotingClassifier(members, voting="soft").fit(rows, targets.three)
    graph = to_onnx(voting, rows)
    types = {node.op_type for node in graph.proto.graph.node}
    assert "TreeEnsembleClassifier" in types
    assert "TreeEnsemble" not in types
    np.testing.assert_allclose(
        graph.run(rows)["probabilities"], voting.predict_proba(rows), atol=1e-5
    )


def test_older_runtimes_get_the_older_operators_on_request(people, targets):
    rows = people[["my col-é"]]
    boosted = HistGradientBoostingClassifier(max_iter=3).fit(rows, targets.two)
    new, old = (to_onnx(boosted, rows, options=Options(trees=trees)) for trees in (5, 3))
    versions = [{one.domain: one.version for one in g.proto.opset_import} for g in (new, old)]
    assert [version["ai.onnx.ml"] for version in versions] == [5, 3]
    assert [minimum_runtime(graph.proto) for graph in (new, old)] == ["1.23", "1.18"]
    assert new.size < old.size
    first, second = new.run(rows), old.run(rows)
    assert first["label"].tolist() == second["label"].tolist()
    np.testing.assert_allclose(first["probabilities"], second["probabilities"], atol=1e-6)
