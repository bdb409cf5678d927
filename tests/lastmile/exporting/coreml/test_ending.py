"""How models end and begin: outputs of every kind, one array of columns, the highest iOS."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import OneClassSVM

from lastmile.errors import BadDefinition, NotExportable
from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.signature import Kind, Output, Task


def outputs_of(package):
    return {one.name: one.type.WhichOneof("Type") for one in package.spec.description.output}


def test_outliers_are_a_whole_number_and_a_score(weather, fitted):
    pipeline = make_pipeline(SimpleImputer(), OneClassSVM(nu=0.2))
    rows = weather[["warm", "wind"]]
    graph = to_onnx(fitted(pipeline, rows, None), rows)
    package = to_coreml(graph, name="m")
    assert outputs_of(package) == {"label": "int64Type", "score": "doubleType"}
    assert package.spec.WhichOneof("Type") == "pipeline"
    assert package.run(weather)["label"].tolist() == graph.run(weather)["label"].tolist()


def test_clusters_are_numbered_from_0_on(weather, fitted):
    pipeline = make_pipeline(SimpleImputer(), KMeans(3, random_state=0))
    rows = weather[["warm", "wind"]]
    graph = to_onnx(fitted(pipeline, rows, None), rows)
    package = to_coreml(graph, name="m")
    assert outputs_of(package)["label"] == "int64Type"
    assert set(package.run(weather)["label"].tolist()) == {0, 1, 2}
    assert package.run(weather)["label"].tolist() == graph.run(weather)["label"].tolist()


def test_each_of_several_labels_has_its_own_dictionary(weather, goals, fitted):
    both = np.column_stack([goals["two texts"], goals["three texts"]])
    pipeline = make_pipeline(SimpleImputer(), MultiOutputClassifier(LogisticRegression()))
    graph = to_onnx(fitted(pipeline, weather[["warm", "wind"]], both), weather)
    package = to_coreml(graph, name="m")
    assert outputs_of(package) == {
        "label_1": "stringType", "probabilities_1": "dictionaryType",
        "label_2": "stringType", "probabilities_2": "dictionaryType",
    }  # fmt: skip
    ours, theirs = package.run(weather), graph.run(weather)
    assert list(ours) == list(theirs)
    for name, answer in theirs.items():
        if name.startswith("label"):
            assert ours[name].tolist() == answer.tolist()
        else:
            np.testing.assert_allclose(ours[name], answer, atol=1e-6)


def test_an_array_is_never_called_as_the_builder_calls_an_operation(graph_of, numbers):
    """The graph's `concat_1` is not what coremltools calls the second concatenation."""
    body = (
        "a = Sin(raw)\nconcat_1 = Concat<axis=1>(a, a)\nb = Cos(raw)\n"
        "concat_2 = Concat<axis=1>(b, b)\nt = Concat<axis=1>(concat_1, concat_2)\n"
        "label = ArgMax<axis=1, keepdims=0>(concat_1)\nscore = Identity(t)"
    )
    graph = graph_of(
        body,
        task=Task.CLUSTER,
        outputs=(
            Output(name="label", kind=Kind.INT),
            Output(name="score", kind=Kind.FLOAT, width=16),
        ),
    )
    ours, theirs = to_coreml(graph, name="m").run(numbers), graph.run(numbers)
    assert ours["label"].tolist() == theirs["label"].tolist()
    np.testing.assert_allclose(ours["score"], theirs["score"], rtol=1e-6)


def test_one_array_holds_all_columns_in_their_order(weather, goals, fitted):
    pipeline = make_pipeline(SimpleImputer(), LogisticRegression())
    fitted(pipeline, weather[["warm", "wind", "month"]], goals["two texts"])
    graph = to_onnx(pipeline, weather)
    package = to_coreml(graph, name="m", inputs="vector")
    (entrance,) = package.spec.description.input
    assert (entrance.name, list(entrance.type.multiArrayType.shape)) == ("features", [3])
    assert entrance.shortDescription == "3 numbers: warm, wind, month"
    assert package.run(weather)["label"].tolist() == graph.run(weather)["label"].tolist()


def test_an_array_takes_no_texts(graph_of):
    body = 'h = OneHotEncoder<cats_strings=["a", "b"]>(k)\nvalue = Flatten(h)'
    graph = graph_of(body, columns=[("k", Kind.STRING)], concat=False)
    with pytest.raises(NotExportable, match="it holds texts"):
        to_coreml(graph, name="m", inputs="vector")


def test_a_highest_ios_is_kept_or_the_stage_and_its_step_are_told(graph_of):
    assert to_coreml(graph_of("value = Scaler<offset=[1.], scale=[2.]>(raw)"), name="m",
                     minimum_ios="11").minimum_ios == "11"  # fmt: skip
    graph = graph_of("value = Tanh(raw)")
    assert to_coreml(graph, name="m", minimum_ios="15.1").minimum_ios == "15"
    with pytest.raises(NotExportable, match=r"stage `program`.*iOS 14.*Tanh"):
        to_coreml(graph, name="m", minimum_ios="14")


@pytest.mark.parametrize("wrong", [{"minimum_ios": "new"}, {"inputs": "tables"}], ids=str)
def test_an_option_that_is_none_is_refused(wrong, graph_of):
    with pytest.raises(BadDefinition):
        to_coreml(graph_of("value = Tanh(raw)"), name="m", **wrong)
