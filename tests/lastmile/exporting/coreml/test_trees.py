"""Tree ensembles of every shape against ONNX Runtime, and ties against scikit-learn."""

import warnings

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from lastmile.errors import NotExportable
from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.onnx import Graph
from lastmile.exporting.signature import Column, Kind, Output, Signature, Task

MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]


def random_trees(rng, *, trees, scores, owner, modes=MODES, sign=1.0):
    """Attributes of complete trees of depth 3 over four columns, with whole-number thresholds."""
    nodes = {name: [] for name in ("treeids", "nodeids", "modes", "featureids", "values",
                                   "truenodeids", "falsenodeids",
                                   "missing_value_tracks_true")}  # fmt: skip
    leaves = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(trees):
        for node in range(15):
            leaf = node >= 7
            row = (tree, node, "LEAF" if leaf else str(rng.choice(modes)),
                   0 if leaf else int(rng.integers(4)),
                   0.0 if leaf else float(rng.integers(-2, 3)),
                   0 if leaf else 2 * node + 1, 0 if leaf else 2 * node + 2,
                   0 if leaf else int(rng.integers(2)))  # fmt: skip
            for name, value in zip(nodes, row, strict=True):
                nodes[name].append(value)
            for score in range(scores) if leaf else ():
                row = (tree, node, score, float(np.float32(sign * rng.uniform(-1, 1))))
                for name, value in zip(leaves, row, strict=True):
                    leaves[name].append(value)
    return {f"nodes_{name}": values for name, values in nodes.items()} | {
        f"{owner}_{name}": values for name, values in leaves.items()
    }


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    table = rng.integers(-3, 4, (400, 4)).astype(float)
    table[rng.random(table.shape) < 0.15] = np.nan
    return pd.DataFrame(table, columns=list("abcd"))


def graph(op, attributes, outputs, task):
    columns = tuple(Column(name=n, identifier=n, kind=Kind.FLOAT) for n in "abcd")
    types = {Kind.FLOAT: 1, Kind.INT: 7, Kind.STRING: 8}
    nodes = [
        onnx.helper.make_node("Concat", list("abcd"), ["x"], axis=1),
        onnx.helper.make_node(op, ["x"], [o.name for o in outputs], domain="ai.onnx.ml",
                              name="trees", **attributes),
    ]  # fmt: skip
    made = onnx.helper.make_graph(
        nodes, "trees",
        [onnx.helper.make_tensor_value_info(n, 1, [None, 1]) for n in "abcd"],
        [onnx.helper.make_tensor_value_info(o.name, types[o.kind], None) for o in outputs],
    )  # fmt: skip
    opsets = [onnx.helper.make_opsetid("", 21), onnx.helper.make_opsetid("ai.onnx.ml", 3)]
    proto = onnx.helper.make_model(made, opset_imports=opsets, ir_version=10)
    return Graph(proto, Signature(task=task, columns=columns, outputs=outputs))


def regressor(attributes, targets):
    outputs = (Output(name="value", kind=Kind.FLOAT, width=targets),)
    return graph("TreeEnsembleRegressor", attributes, outputs, Task.REGRESS)


def classifier(attributes, classes):
    text = isinstance(classes[0], str)
    named = {"classlabels_strings" if text else "classlabels_int64s": classes}
    outputs = (
        Output(name="label", kind=Kind.STRING if text else Kind.INT, classes=tuple(classes)),
        Output(name="probabilities", kind=Kind.FLOAT, width=len(classes), classes=tuple(classes)),
    )
    return graph("TreeEnsembleClassifier", {**attributes, **named}, outputs, Task.CLASSIFY)


def same(made, frame, atol=1e-6):
    ours, theirs = to_coreml(made, name="trees").run(frame), made.run(frame)
    for name, answer in ours.items():
        if name == "label":
            assert answer.tolist() == theirs[name].tolist()
        else:
            np.testing.assert_allclose(answer, theirs[name], rtol=1e-6, atol=atol)


@pytest.mark.parametrize("mode", [*MODES, "all of them"])
@pytest.mark.parametrize("targets", [1, 3])
def test_every_kind_of_branch_and_every_direction_of_missing_numbers(rows, mode, targets):
    rng = np.random.default_rng(11)
    modes = MODES if mode == "all of them" else [mode]
    attributes = random_trees(rng, trees=7, scores=targets, owner="target", modes=modes)
    same(regressor({**attributes, "n_targets": targets}, targets), rows)


REGRESSORS = {
    "base values": {"base_values": [2.5]},
    "a mean of the trees": {"aggregate_function": "AVERAGE"},
    "a sum, said": {"aggregate_function": "SUM", "post_transform": "NONE"},
}


@pytest.mark.parametrize("case", REGRESSORS)
def test_a_regressor_with(case, rows):
    attributes = random_trees(np.random.default_rng(12), trees=5, scores=1, owner="target")
    same(regressor({"n_targets": 1, **attributes, **REGRESSORS[case]}, 1), rows)


def binary(sign):
    """One score: a share of all trees where no leaf is negative, else a margin."""
    rng = np.random.default_rng(13)
    attributes = random_trees(rng, trees=6, scores=1, owner="class", sign=sign)
    if sign == 0:
        attributes["class_weights"] = [float(np.float32(abs(w) / 6)) for w in random_trees(
            rng, trees=6, scores=1, owner="class")["class_weights"]]  # fmt: skip
    return attributes


@pytest.mark.parametrize("classes", [["no", "yes"], [3, 7]], ids=["texts", "numbers"])
@pytest.mark.parametrize(
    ("sign", "more"),
    [(0, {}), (1, {}), (1, {"post_transform": "LOGISTIC"}),
     (1, {"post_transform": "LOGISTIC", "base_values": [0.25]})],
    ids=["shares", "margins", "sigmoid", "sigmoid and base"],
)  # fmt: skip
def test_two_classes_by_one_score(rows, classes, sign, more):
    same(classifier({**binary(sign), **more}, classes), rows)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX"])
@pytest.mark.parametrize("count", [3, 4])
def test_a_score_for_each_class(rows, transform, count):
    attributes = random_trees(np.random.default_rng(14), trees=6, scores=count, owner="class")
    classes = [f"k{at}" for at in range(count)]
    same(classifier({**attributes, "post_transform": transform}, classes), rows)


REFUSED = {
    "a probit": (3, {"post_transform": "PROBIT"}, "it ends in PROBIT"),
    "a sigmoid for each class": (3, {"post_transform": "LOGISTIC"}, "a sigmoid for each class"),
    "two margins": (2, {"post_transform": "SOFTMAX"}, "two margins"),
    "base values for other classes": (3, {"base_values": [1.0, 2.0]}, "do not fit"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_classifier_is_refused_by_its_name_for(case):
    count, more, reason = REFUSED[case]
    attributes = random_trees(np.random.default_rng(15), trees=2, scores=count, owner="class")
    made = classifier({**attributes, **more}, [f"k{at}" for at in range(count)])
    with pytest.raises(NotExportable, match=reason) as raised:
        to_coreml(made, name="trees")
    assert "`trees` (ai.onnx.ml:TreeEnsembleClassifier)" in str(raised.value)


@pytest.mark.parametrize("together", ["MIN", "MAX"])
def test_a_regressor_that_takes_an_extreme_of_the_trees_is_refused(together):
    attributes = random_trees(np.random.default_rng(16), trees=2, scores=1, owner="target")
    with pytest.raises(NotExportable, match=f"takes the {together} of the trees"):
        to_coreml(regressor({**attributes, "aggregate_function": together}, 1), name="trees")


@pytest.mark.parametrize("trees", [4, 10, 14, 100])
@pytest.mark.parametrize("labels", [["b", "a"], ["c", "a", "b"]], ids=["two", "three"])
def test_ties_of_pure_leaves_go_to_the_first_class_as_in_scikit_learn(trees, labels):
    """The graph comes straight from skl2onnx, whose 32-bit shares leave ties to chance."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    rng = np.random.default_rng(trees)
    frame = pd.DataFrame(rng.integers(0, 8, (400, 2)).astype(float), columns=["a", "b"])
    goal = rng.choice(labels, len(frame))
    forest = RandomForestClassifier(trees, random_state=0).fit(frame, goal)
    for tree in forest.estimators_:
        values = tree.tree_.value
        values[:] = values == values.max(axis=2, keepdims=True)
        values[:] = values * (np.cumsum(values, axis=2) == 1)
    columns = ["a", "b"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        proto = convert_sklearn(
            forest, initial_types=[("x", FloatTensorType([None, 2]))],
            target_opset={"": 21, "ai.onnx.ml": 3}, options={"zipmap": False},
        )  # fmt: skip
    proto.graph.node.insert(0, onnx.helper.make_node("Concat", columns, ["x"], axis=1))
    del proto.graph.input[:]
    proto.graph.input.extend(
        onnx.helper.make_tensor_value_info(name, 1, [None, 1]) for name in columns
    )
    classes = tuple(forest.classes_.tolist())
    signature = Signature(
        task=Task.CLASSIFY,
        columns=tuple(Column(name=n, identifier=n, kind=Kind.FLOAT) for n in columns),
        outputs=(
            Output(name="label", kind=Kind.STRING, classes=classes),
            Output(name="probabilities", kind=Kind.FLOAT, width=len(classes), classes=classes),
        ),
    )
    answer = to_coreml(Graph(proto, signature), name="ties").run(frame)
    expected = forest.predict_proba(frame)
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-12)
    assert (answer["label"] == forest.predict(frame)).all()
    best = np.sort(expected, axis=1)
    assert trees == 100 or (best[:, -1] - best[:, -2] < 1e-9).any()  # there are ties to decide
