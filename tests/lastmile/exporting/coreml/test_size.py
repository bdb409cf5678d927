"""Smaller forms: trees as packed tensors, weights of fewer bits; and what they cost."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor

from lastmile.errors import NotExportable
from lastmile.exporting.coreml import load_package, to_coreml
from lastmile.exporting.coreml.check import stages_of
from lastmile.exporting.coreml.reference.quantized import affine_dequantize, lut_to_dense
from lastmile.exporting.coreml.weights import SCHEMES
from lastmile.exporting.evidence.probe import probe
from lastmile.exporting.onnx import to_onnx


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    table = rng.normal(size=(400, 4)).astype(np.float32).astype(float)
    return pd.DataFrame(table, columns=["a", "b", "c", "d"])


FORESTS = {
    "a forest of two classes": (RandomForestClassifier(20, random_state=0), 2),
    "a forest of three classes": (RandomForestClassifier(20, random_state=0), 3),
    "a forest of one number": (RandomForestRegressor(10, random_state=0), 0),
    "boosting of two classes": (GradientBoostingClassifier(random_state=0), 2),
    "boosting of three classes": (GradientBoostingClassifier(random_state=0), 3),
    "boosting that knows missing numbers": (HistGradientBoostingRegressor(max_iter=120), 0),
}


def goal(rows, classes):
    rows = rows.fillna(0.5)
    score = rows["a"] * rows["b"] + rows["c"]
    return pd.qcut(score, classes, labels=False) if classes else score


@pytest.mark.parametrize("case", FORESTS)
def test_packed_trees_are_smaller_and_answer_the_same(case, rows):
    estimator, classes = FORESTS[case]
    if "missing" in case:
        rows = rows.mask(np.random.default_rng(5).random(rows.shape) < 0.1)
    estimator.fit(rows, goal(rows, classes))
    graph = to_onnx(estimator, rows)
    own, packed = (to_coreml(graph, name="m", prefer=prefer) for prefer in ("exact", "size"))
    assert packed.size < own.size
    assert packed.minimum_ios == "15"
    assert "treeEnsemble" not in str([one.WhichOneof("Type") for one in stages_of(packed.spec)])
    assert probe(graph, packed).holds
    ours, theirs = packed.run(rows), graph.run(rows)
    for name, answer in theirs.items():
        if name == "label":
            assert ours[name].tolist() == answer.tolist()
        else:
            np.testing.assert_allclose(ours[name], answer, rtol=1e-5, atol=1e-6)


def test_a_few_stumps_stay_a_message_which_is_smaller(rows):
    estimator = GradientBoostingClassifier(n_estimators=2, max_depth=1).fit(rows, goal(rows, 2))
    package = to_coreml(to_onnx(estimator, rows), name="m", prefer="size")
    assert package.minimum_ios == "11"


def test_packed_trees_are_not_made_for_an_ios_that_cannot_read_them(rows):
    estimator = RandomForestClassifier(20, random_state=0).fit(rows, goal(rows, 2))
    package = to_coreml(to_onnx(estimator, rows), name="m", prefer="size", minimum_ios="14")
    assert package.minimum_ios == "11"


@pytest.fixture(scope="module")
def network(rows):
    network = MLPRegressor(hidden_layer_sizes=(40, 40), max_iter=300, random_state=0)
    return to_onnx(network.fit(rows, goal(rows, 0)), rows)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_smaller_weights_cost_digits_and_are_read_again(scheme, network, rows, tmp_path):
    exact, smaller = (to_coreml(network, name="m", weights=one) for one in ("", scheme))
    assert smaller.size < 0.75 * exact.size
    assert (exact.minimum_ios, smaller.minimum_ios) == ("15", "16")
    probed = probe(network, smaller)
    assert 1e-5 < probed.largest_absolute < 10
    smaller.save(tmp_path / "m.mlpackage")
    again = load_package(tmp_path / "m.mlpackage", network.signature).run(rows)
    assert again["value"].tolist() == smaller.run(rows)["value"].tolist()


def test_smaller_weights_of_neighbours_are_evaluated(rows):
    """Their program picks rows of a table, by the operation as iOS 16 has it."""
    graph = to_onnx(KNeighborsRegressor().fit(rows, rows["a"]), rows)
    exact, smaller = (to_coreml(graph, name="m", weights=one) for one in ("", "linear8"))
    assert smaller.size < exact.size
    assert smaller.minimum_ios == "16"
    apart = np.abs(smaller.run(rows)["value"] - exact.run(rows)["value"])
    assert np.median(apart) < 0.1 * rows["a"].std()


def test_tensors_that_cannot_be_smaller_are_told_with_the_reason(graph_of):
    nan = ", ".join(["nan"] * 300)
    body = f"w = Constant<value = float[4,75] {{{nan}}}>()\nvalue = MatMul(raw, w)"
    with pytest.raises(NotExportable, match=r"weights = palettize4.*does not make them smaller"):
        to_coreml(graph_of(body), name="m", weights="palettize4")


def test_weights_that_cannot_be_smaller_are_told(rows):
    estimator = RandomForestClassifier(3, random_state=0).fit(rows, goal(rows, 2))
    with pytest.raises(NotExportable, match="weights = linear8"):
        to_coreml(to_onnx(estimator, rows), name="m", weights="linear8")


def test_smaller_weights_are_refused_below_ios_16(network):
    with pytest.raises(NotExportable, match=r"iOS 15.*iOS 16.*its weights are to be linear8"):
        to_coreml(network, name="m", weights="linear8", minimum_ios="15")


# --- what smaller weights stand for, against coremltools' own reading


def inferred(name, **attributes):
    import coremltools as ct
    from coremltools.converters.mil import Builder as mb
    from coremltools.converters.mil.mil import Function

    with Function({}, opset_version=ct.target.iOS16):
        made = getattr(mb, name)(**attributes)
    return made.op.materialized_val_inference()


def test_whole_numbers_with_a_scale_mean_what_coremltools_says():
    held = {
        "quantized_data": np.array([[1, -3, 127], [0, 5, -128]], np.int8),
        "zero_point": np.int8(2),
        "scale": np.array([0.5, 0.25], np.float32),
        "axis": np.int32(0),
    }
    theirs = inferred("constexpr_affine_dequantize", **held)
    assert affine_dequantize(held).tolist() == theirs.tolist()


def test_positions_in_a_table_mean_what_coremltools_says():
    places = np.array([3, 0, 7, 1, 2, 6, 15, 4], np.uint8)
    bits = np.unpackbits(places[:, None], axis=1, bitorder="little")[:, :4].ravel()
    held = {
        "indices": np.packbits(bits, bitorder="little"),
        "lut": np.linspace(-1, 1, 16).astype(np.float32),
        "shape": np.array([2, 4], np.uint32),
    }
    theirs = inferred("constexpr_lut_to_dense", **held)
    assert (
        lut_to_dense(held).tolist() == theirs.tolist() == held["lut"][places].reshape(2, 4).tolist()
    )
