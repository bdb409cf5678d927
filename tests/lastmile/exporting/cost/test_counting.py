"""Costs against graphs counted by hand."""

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from lastmile.errors import RowsRefused
from lastmile.exporting.cost import cost_of, cost_of_file
from lastmile.exporting.cost.page import cost_page
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.onnx.options import Options


def saved(tmp_path, nodes, constants, shape, inputs=(("x", ["N", 3]),)):
    graph = helper.make_graph(
        nodes,
        "counted",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in inputs],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    path = tmp_path / "counted.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    )
    return path


def test_a_product_of_matrices_by_hand(tmp_path):
    weights = np.ones((3, 5), np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["made"]),
        helper.make_node("Add", ["made", "b"], ["y"]),
    ]
    constants = {"w": weights, "b": np.ones(5, np.float32)}
    add, product = sorted(
        cost_of_file(saved(tmp_path, nodes, constants, ["N", 5])).steps, key=lambda step: step.step
    )

    assert (product.step, product.operators, product.multiply_adds) == ("MatMul", 1, 15)
    assert product.bytes_read == 4 * (3 + 15)
    assert (add.multiply_adds, add.bytes_read) == (5, 4 * (5 + 5))


def test_what_rewrites_made_counts_for_the_step_that_it_stands_for():
    texts = pd.DataFrame({"city": ["Oslo", "Rome", "Łódź"] * 20, "on": ["a", "b"] * 30})
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city", "on"]))
    estimator = make_pipeline(columns, LogisticRegression()).fit(texts, texts["on"])
    (step,) = cost_of(to_onnx(estimator, texts), texts).steps

    assert step.step == "logisticregression (LogisticRegression)", "texts became its weights"
    assert step.operators == 4


def test_a_gather_reads_only_what_it_gives(tmp_path):
    nodes = [helper.make_node("Gather", ["table", "at"], ["y"])]
    constants = {"table": np.zeros((1000, 4), np.float32), "at": np.array([7])}
    (gather,) = cost_of_file(saved(tmp_path, nodes, constants, [1, 4])).steps

    assert gather.bytes_read == 4 * 4 + 8
    assert gather.size > 16_000


@pytest.fixture(scope="module")
def rows():
    return pd.DataFrame({"x": np.arange(64, dtype=np.float64)})


@pytest.mark.parametrize("trees", [3, 5])
def test_nodes_visited_by_rows_are_those_of_scikit_learns_own_path(rows, trees):
    targets = np.sin(rows["x"] / 7)
    forest = RandomForestRegressor(5, random_state=0).fit(rows, targets)
    paths, _ = forest.decision_path(rows)
    graph = to_onnx(forest, rows, options=Options(trees=trees))

    assert cost_of(graph, rows).total.visited == pytest.approx(paths.sum() / len(rows))


def test_without_rows_each_split_sends_half_either_way(rows, tmp_path):
    tree = DecisionTreeRegressor(max_leaf_nodes=3).fit(rows, rows["x"] ** 2)
    graph = to_onnx(tree, rows)
    graph.save(tmp_path / "tree.onnx")
    found = cost_of_file(tmp_path / "tree.onnx")

    # the root, one of its children, and half of the time a grandchild
    assert found.total.visited == 1 + 1 + 0.5
    assert found.rows == 0


def test_every_operator_belongs_to_a_step_of_the_pipeline(rows):
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, rows["x"] > 30)
    graph = to_onnx(estimator, rows)
    found = cost_of(graph, rows)

    steps = {step.step for step in found.steps}
    assert "logisticregression (LogisticRegression)" in steps
    assert steps <= {
        "standardscaler (StandardScaler)",
        "logisticregression (LogisticRegression)",
        "answer",
    }
    assert found.total.operators == len(graph.proto.graph.node)
    assert sum(step["share"] for step in found.to_dict()["steps"]) == pytest.approx(1, abs=1e-3)


def test_a_larger_estimator_costs_more(rows):
    small, large = (
        cost_of(to_onnx(one.fit(rows, rows["x"]), rows), rows).total
        for one in (
            HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=2),
            HistGradientBoostingRegressor(max_iter=50, min_samples_leaf=2),
        )
    )
    assert large.weight > small.weight
    assert large.visited > 5 * small.visited


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "no.onnx").write_bytes(b"\x08\x01nonsense")
    with pytest.raises(RowsRefused, match="cannot be counted"):
        cost_of_file(tmp_path / "no.onnx")


def test_the_page_holds_the_table_and_nothing_foreign(rows):
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, rows["x"] > 30)
    page = cost_page("<What> it costs", cost_of(to_onnx(estimator, rows), rows))

    assert "default-src 'none'" in page
    assert "&lt;What&gt;" in page
    assert "http://" not in page
    assert "<script" not in page
    assert "logisticregression (LogisticRegression)" in page
