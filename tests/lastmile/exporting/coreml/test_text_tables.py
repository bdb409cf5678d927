"""All that a graph does to one text alone becomes one table."""

import numpy as np
import pandas as pd
import pytest
from skl2onnx import to_onnx as plain_skl2onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from lastmile.errors import NotExportable, PackageBroken
from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.coreml.check import stages_of
from lastmile.exporting.coreml.foreign import adopted
from lastmile.exporting.coreml.text_tables import table_of
from lastmile.exporting.evidence.probe import probe
from lastmile.exporting.signature import Kind

ROWS = pd.DataFrame({"k": ["a", "b", "", "c", "z"], "m": ["", "b", "a", "q", "a"]}, dtype=object)
CONSTANTS = (
    'gone = Constant<value_string="">()\nfill = Constant<value_string="b">()\n'
    "one = Constant<value_float=1.0>()\nhalf = Constant<value_float=0.5>()\n"
    "first = Constant<value_ints=[0]>()\nsecond = Constant<value_ints=[1]>()\n"
    "across = Constant<value_ints=[1]>()\nwide = Constant<value_ints=[-1, 3]>()\n"
)
FILLED = CONSTANTS + "e = Equal(k, gone)\nw = Where(e, fill, k)\n"
FLAT = "value = Cast<to=1>(out)"


def hot(value, **attributes):
    told = "".join(f", {key}={text}" for key, text in attributes.items())
    return f'o = OneHotEncoder<cats_strings=["a", "b", "c"]{told}>({value})\n'


KINDS = {
    "codes of what was filled in": (
        FILLED + 'value = LabelEncoder<keys_strings=["a", "b"], values_floats=[3., 7.], '
        "default_float=-1.0>(w)",
        ["categoricalMapping"],
    ),
    "fractions of what was filled in": (
        FILLED + 'value = LabelEncoder<keys_strings=["a", "b"], values_floats=[0.5, 7.25], '
        "default_float=-1.0>(w)",
        ["categoricalMapping", "treeEnsembleRegressor"],
    ),
    "zeros and a one of what was filled in": (
        FILLED + hot("w") + "value = Flatten(o)",
        ["categoricalMapping", "oneHotEncoder"],
    ),
    "zeros and a one of what is not filled in": (
        CONSTANTS + hot("k") + "value = Flatten(o)",
        ["oneHotEncoder"],
    ),
    "what is filled in with something unknown": (
        FILLED.replace('"b"', '"unknown"') + hot("w") + "value = Flatten(o)",
        ["oneHotEncoder"],
    ),
    "whether it is missing": (FILLED + "out = Identity(e)\n" + FLAT, ["categoricalMapping"]),
    "a column more for unknown ones": (
        FILLED + hot("w") + "r = Reshape(o, wide)\ns = ReduceSum(r, across)\n"
        "d = Sub(one, s)\nc = Concat<axis=1>(r, d)\n"
        "t = Constant<value = float[4,3] {1., 0., 0., 1., 0., 0., 0., 1., 0., 0., 0., 1.}>()\n"
        "value = MatMul(c, t)",
        ["categoricalMapping", "oneHotEncoder"],
    ),
    "several numbers": (
        FILLED + 'i = LabelEncoder<keys_strings=["a", "b"], values_int64s=[0, 2], '
        "default_int64=1>(w)\n"
        "t = Constant<value = float[3,2] {0.5, 0.0, 0.0, 1.0, 0.0, 0.0}>()\n"
        "flat = Constant<value_ints=[-1]>()\nj = Reshape(i, flat)\nvalue = Gather<axis=0>(t, j)",
        ["categoricalMapping", "treeEnsembleRegressor"],
    ),
    "missing numbers": (
        FILLED + 'l = LabelEncoder<keys_strings=["a", "b"], values_floats=[0., 1.], '
        "default_float=2.0>(w)\nn = Equal(l, one)\n"
        "nan = Constant<value = float {nan}>()\nvalue = Where(n, nan, l)",
        ["categoricalMapping", "treeEnsembleRegressor", "imputer"],
    ),
    "a text that is asked about twice": (
        FILLED + hot("w") + "r = Reshape(o, wide)\n"
        'l = LabelEncoder<keys_strings=["a"], values_floats=[1.], default_float=0.0>(k)\n'
        "value = Concat<axis=1>(r, l)",
        ["categoricalMapping", "oneHotEncoder", "categoricalMapping", "featureVectorizer"],
    ),
}


@pytest.mark.parametrize("case", KINDS)
def test_steps_become_the_fewest_stages_that_answer_alike(case, graph_of):
    body, kinds = KINDS[case]
    graph = graph_of(body, columns=[("k", Kind.STRING)], concat=False)
    package = to_coreml(graph, name="m")
    assert [stage.WhichOneof("Type") for stage in stages_of(package.spec)] == kinds
    assert package.minimum_ios == "11"
    theirs, ours = graph.run(ROWS)["value"], package.run(ROWS)["value"]
    assert theirs.shape[0] == len(ROWS)
    np.testing.assert_array_equal(ours, theirs)


def test_texts_that_are_joined_and_taken_apart_have_a_table_each(graph_of):
    body = (
        CONSTANTS + "j = Concat<axis=1>(k, m)\ne = Equal(j, gone)\nw = Where(e, fill, j)\n"
        "x = ArrayFeatureExtractor(w, second)\n" + hot("x") + "r = Reshape(o, wide)\n"
        "y = ArrayFeatureExtractor(w, first)\n"
        'l = LabelEncoder<keys_strings=["a"], values_floats=[4.], default_float=0.0>(y)\n'
        "value = Concat<axis=1>(r, l)"
    )
    graph = graph_of(body, columns=[("k", Kind.STRING), ("m", Kind.STRING)], concat=False)
    package = to_coreml(graph, name="m")
    np.testing.assert_array_equal(package.run(ROWS)["value"], graph.run(ROWS)["value"])


def test_two_texts_side_by_side_are_encoded_each_by_itself(graph_of):
    body = 'j = Concat<axis=1>(k, m)\no = OneHotEncoder<cats_strings=["a", "b"]>(j)\n'
    body += "s = ReduceSum(o, across)\nvalue = Flatten(s)"
    graph = graph_of(
        CONSTANTS + body, columns=[("k", Kind.STRING), ("m", Kind.STRING)], concat=False
    )
    package = to_coreml(graph, name="m")
    np.testing.assert_array_equal(package.run(ROWS)["value"], graph.run(ROWS)["value"])


def test_an_encoder_that_refuses_unknown_texts_refuses_them_behind_an_imputer_too(graph_of):
    body = FILLED + hot("w", zeros=0) + "value = Flatten(o)"
    graph = graph_of(body, columns=[("k", Kind.STRING)], concat=False)
    package = to_coreml(graph, name="m")
    known = ROWS[ROWS.k != "z"]
    np.testing.assert_array_equal(package.run(known)["value"], graph.run(known)["value"])
    with pytest.raises(PackageBroken, match="an unknown category"):
        package.run(ROWS)


def test_what_core_ml_has_no_form_of_is_named_before_what_is_done_to_its_text(graph_of):
    body = FILLED + (
        "flat = Constant<value_ints=[-1]>()\nt = Reshape(w, flat)\n"
        "s, n = StringSplit(t)\nvalue = Cast<to=1>(n)"
    )
    graph = graph_of(body, columns=[("k", Kind.STRING)], concat=False)
    with pytest.raises(NotExportable, match="StringSplit"):
        to_coreml(graph, name="m")


def test_many_categories_are_one_encoder(graph_of):
    names = [f"city {number}" for number in range(3_000)]
    listed = ", ".join(f'"{name}"' for name in names)
    body = f"o = OneHotEncoder<cats_strings=[{listed}]>(k)\nvalue = Flatten(o)"
    graph = graph_of(body, columns=[("k", Kind.STRING)], concat=False)
    (stage,) = stages_of(to_coreml(graph, name="m").spec)
    assert list(stage.oneHotEncoder.stringCategories.vector) == names


def test_rows_that_are_alike_are_one():
    nan = np.array([[np.nan, 0.0]])
    table = table_of({"a": nan, "b": np.array([[0.0, 1.0]]), "c": -nan}, np.array([[-0.0, 1.0]]))
    assert table.texts == {"a": 0, "b": 1, "c": 0}
    assert (table.unknown, len(table.rows), table.width, table.kind) == (1, 2, 2, Kind.FLOAT)
    assert table.rows[1].places.tolist() == [1]


# --- what skl2onnx writes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(handle_unknown="ignore"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    ],
    ids=["zeros and ones", "codes"],
)
@pytest.mark.parametrize("strategy", ["most_frequent", "constant"])
def test_imputers_of_texts_that_skl2onnx_wrote_are_converted(strategy, encoder):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({name: rng.choice(["a", "b", "c", ""], 200) for name in ("k", "m")})
    rows = rows.astype(object).assign(z=rng.normal(size=200).astype(np.float32))
    texts = make_pipeline(
        SimpleImputer(missing_values="", strategy=strategy, fill_value="none"), encoder
    )
    columns = make_column_transformer((texts, ["k", "m"]), ("passthrough", ["z"]))
    model = make_pipeline(columns, LogisticRegression())
    model.fit(rows, (rows.k == "b") ^ (rows.z > 0))
    types = [("k", StringTensorType([None, 1])), ("m", StringTensorType([None, 1])),
             ("z", FloatTensorType([None, 1]))]  # fmt: skip
    proto = plain_skl2onnx(model, initial_types=types, target_opset={"": 21, "ai.onnx.ml": 3},
                           options={"zipmap": False})  # fmt: skip
    graph = adopted(proto)
    package = to_coreml(graph, name="m")
    assert probe(graph, package).holds
    assert package.minimum_ios == "11"
    asked = pd.concat([rows, rows.assign(k="unseen"), rows.assign(k="", m="")])
    assert package.run(asked)["label"].tolist() == graph.run(asked)["label"].tolist()
