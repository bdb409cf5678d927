"""Splits by category are columns of their own, those of one column of categories side by side."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from lastmile.exporting.evidence import gather_evidence
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.onnx.nodes import Nodes
from lastmile.exporting.onnx.trees import Categories, Tree, joined


def split(feature):
    """A tree of one split on a column."""
    return Tree(
        feature=np.array([feature, 0, 0]), threshold=np.array([0.5, 0.0, 0.0]),
        left=np.array([1, -1, -1]), right=np.array([2, -1, -1]),
        missing_left=np.zeros(3, dtype=bool), values=np.array([[0.0], [1.0], [2.0]]),
        targets=np.array([0]),
    )  # fmt: skip


def test_columns_of_one_feature_stand_together_in_the_order_in_which_they_were_asked_for():
    categories = Categories(3, {0: 2, 2: 2})
    asked = [
        (2, [True, False, False, True]),
        (0, [True, True, False, True]),
        (2, [False, True, False, True]),
        (0, [False, True, True, True]),
        (2, [True, False, False, True]),
    ]
    places = [categories.column(feature, np.array(left)) for feature, left in asked]
    assert places == [3, 4, 5, 6, 3]
    forest = joined([split(place) for place in places] + [split(1)], np.zeros(1))

    made = categories.grouped(forest).feature[forest.splits].tolist()

    assert made == [5, 3, 6, 4, 5, 1]
    parts = categories.columns(Nodes(), {0: "first", 2: "third"})
    assert [part.width for part in parts] == [2, 2]


def test_a_forest_without_splits_by_category_stays_as_it_is():
    categories = Categories(3, {})
    forest = joined([split(2)], np.zeros(1))
    assert categories.grouped(forest).feature.tolist() == forest.feature.tolist()
    assert categories.columns(Nodes(), {}) == ()


def test_a_graph_looks_a_column_of_categories_up_once():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {name: pd.Categorical(rng.choice(list("abcdefg"), 300)) for name in ("k", "m")}
    ).assign(z=rng.normal(size=300).astype(np.float32).astype(float))
    goal = rows.k.isin(["a", "d"]).astype(int) + rows.m.isin(["b", "c"]) + (rows.z > 0) > 1
    model = HistGradientBoostingClassifier(max_iter=20).fit(rows, goal)

    graph = to_onnx(model, rows)

    gathered = [node for node in graph.proto.graph.node if node.op_type == "Gather"]
    assert len(gathered) <= 3  # two columns of categories, and the label
    assert gather_evidence(model, graph.signature, graph, None, rows).holds
