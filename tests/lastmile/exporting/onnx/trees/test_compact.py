"""The operator of `ai.onnx.ml` 5 as ONNX Runtime computes it, against a walk of our own."""

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastmile.exporting.onnx.nodes import Nodes
from lastmile.exporting.onnx.trees import Tree, classifier, joined, regressor
from lastmile.exporting.onnx.trees.compact import fits
from lastmile.exporting.onnx.trees.operators import in_old_form

COLUMNS = 3


def grown(rng, depth, targets):
    """A random tree; some are single leaves, and many leaves are equal."""
    nodes = []

    def grow(left):
        at = len(nodes)
        nodes.append([0, 0.0, -1, -1, False, float(rng.integers(-2, 3))])
        if left and rng.random() < 0.8:
            nodes[at][:2] = int(rng.integers(COLUMNS)), float(rng.integers(-2, 3))
            nodes[at][4] = bool(rng.integers(2))
            nodes[at][2] = grow(left - 1)
            nodes[at][3] = grow(left - 1)
        return at

    grow(depth)
    feature, threshold, yes, no, missing, value = (
        np.array(column) for column in zip(*nodes, strict=True)
    )
    return Tree(
        feature=feature, threshold=threshold, left=yes, right=no, missing_left=missing,
        values=value[:, None], targets=np.array([int(rng.integers(targets))]),
    )  # fmt: skip


def forest_of(seed, targets, trees=6):
    rng = np.random.default_rng(seed)
    made = joined([grown(rng, 4, targets) for _ in range(trees)], rng.normal(size=targets))
    return replace(made, above=rng.random(len(made.tree)) < 0.3)


def walked(forest, rows):
    """What the trees add up to, one row and one tree at a time."""
    sums = np.tile(forest.base, (len(rows), 1))
    starts = np.flatnonzero(forest.place == 0)
    for row, values in enumerate(rows):
        for start in starts:
            at = start
            while forest.left[at] >= 0:
                value, cut = values[forest.feature[at]], forest.threshold[at]
                goes = value >= cut if forest.above[at] else value <= cut
                goes = forest.missing_left[at] if np.isnan(value) else goes
                at = start + (forest.left[at] if goes else forest.right[at])
            for entry in np.flatnonzero(forest.leaf == at):
                sums[row, forest.target[entry]] += forest.value[entry]
    return sums


def model(nodes, outputs, opset=5):
    described = onnx.helper.make_tensor_value_info
    return onnx.helper.make_model(
        onnx.helper.make_graph(
            nodes.nodes, "trees", [described("x", 1, ["N", COLUMNS])],
            [described(name, kind, None) for name, kind in outputs.items()], nodes.constants,
        ),
        opset_imports=[onnx.helper.make_opsetid(*one) for one in (("", 21), ("ai.onnx.ml", opset))],
        ir_version=10,
    )  # fmt: skip


def asked(proto, rows):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options)
    return session.run(None, {"x": rows.astype(np.float32)})


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    table = rng.integers(-3, 4, (150, COLUMNS)) + rng.choice([0, 0.5], (150, COLUMNS))
    table[rng.random(table.shape) < 0.2] = np.nan
    return table


@pytest.mark.parametrize("opset", [3, 5])
@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_the_runtime_walks_the_trees_as_they_are(rows, seed, targets, opset):
    forest, nodes = forest_of(seed, targets), Nodes(["x"], opset_ml=opset)
    made = regressor(nodes, "x", forest, targets)
    (answer,) = asked(model(nodes, {made: 1}, opset), rows)
    np.testing.assert_allclose(answer, walked(forest, rows), atol=1e-5)


@given(st.integers(0, 10_000), st.integers(1, 3))
@settings(max_examples=20)
def test_the_operator_read_back_in_the_old_form_says_the_same(seed, targets):
    forest, nodes = forest_of(seed, targets, trees=3), Nodes(["x"])
    made = regressor(nodes, "x", forest, targets)
    rows = np.random.default_rng(seed).integers(-3, 4, (20, COLUMNS)).astype(float)
    proto = model(nodes, {made: 1})
    (before,) = asked(proto, rows)
    node = proto.graph.node[0]
    attrs = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    tensors = ("nodes_modes", "nodes_splits", "leaf_weights")
    attrs |= {name: onnx.numpy_helper.to_array(attrs[name]) for name in tensors}
    old = onnx.helper.make_node(
        "TreeEnsembleRegressor", ["x"], node.output, domain="ai.onnx.ml", **in_old_form(attrs)
    )
    node.CopyFrom(old)
    for entry in proto.opset_import:
        entry.version = 3 if entry.domain else 21
    np.testing.assert_allclose(asked(proto, rows)[0], before, atol=1e-6)


@pytest.mark.parametrize(
    ("classes", "post"),
    [(("no", "yes"), "LOGISTIC"), ((1, 2, 3), "SOFTMAX"), (("a", "b", "c"), "NONE")],
)
def test_both_operator_sets_decide_alike(rows, classes, post):
    forest = forest_of(5, 1 if len(classes) == 2 else 3)
    answers = []
    for opset in (3, 5):
        nodes = Nodes(["x"], opset_ml=opset)
        label, shares = classifier(nodes, "x", forest, classes, post=post)
        kind = 8 if isinstance(classes[0], str) else 7
        answers.append(asked(model(nodes, {label: kind, shares: 1}, opset), rows))
    assert answers[0][0].tolist() == answers[1][0].tolist()
    np.testing.assert_allclose(answers[0][1], answers[1][1], atol=1e-6)


def test_leaves_that_say_the_same_are_written_once():
    forest, nodes = forest_of(1, 1, trees=20), Nodes(["x"])
    regressor(nodes, "x", forest, 1)
    (weights,) = (one for one in nodes.nodes[0].attribute if one.name == "leaf_weights")
    assert len(onnx.numpy_helper.to_array(weights.t)) <= 5 < len(np.unique(forest.leaf))


def test_a_leaf_that_adds_to_two_targets_needs_the_older_operator():
    tree = Tree(
        feature=np.array([0, 0, 0]), threshold=np.zeros(3), left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]), missing_left=np.zeros(3, dtype=bool),
        values=np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.5]]), targets=np.array([0, 1]),
    )  # fmt: skip
    assert not fits(joined([tree], np.zeros(2)))
    pure = replace(tree, values=np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]))
    assert fits(joined([pure], np.zeros(2)))
