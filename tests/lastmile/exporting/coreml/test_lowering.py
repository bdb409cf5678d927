"""What becomes a stage, what a program, what is refused, and what a person reads in Xcode."""

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from lastmile.errors import NotExportable
from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.coreml.check import stages_of
from lastmile.exporting.onnx import Graph, to_onnx
from lastmile.exporting.signature import Column, Kind, Output, Signature, Task, read_signature


def kinds(package):
    return [stage.WhichOneof("Type") for stage in stages_of(package.spec)]


@pytest.fixture(scope="module")
def small(weather, goals, fitted):
    """A pipeline with a final step of one's choice."""

    def make(*steps):
        columns = ColumnTransformer(
            [
                ("num", SimpleImputer(), ["warm", "wind"]),
                ("text", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["sky"]),
            ]
        )
        pipeline = fitted(make_pipeline(columns, *steps), weather, goals["two texts"])
        return pipeline, to_onnx(pipeline, weather)

    return make


def test_classic_operators_are_stages_in_the_order_of_the_graph(small):
    _, graph = small(LogisticRegression())
    assert kinds(to_coreml(graph, name="m")) == [
        "imputer", "imputer", "oneHotEncoder", "featureVectorizer", "glmClassifier",
    ]  # fmt: skip


def test_a_program_is_closed_before_a_forest_and_the_forest_follows_it(small):
    _, graph = small(PCA(2), RandomForestClassifier(3, random_state=0))
    found = kinds(to_coreml(graph, name="m"))
    assert found[-3:] == ["mlProgram", "featureVectorizer", "treeEnsembleClassifier"]
    assert found.count("mlProgram") == 1


def test_two_programs_have_weight_files_of_their_own(graph_of):
    many = ", ".join(str(float(at)) for at in range(16))
    body = (
        f"c = Constant<value = float[4,4] {{{many}}}>()\n"
        "x = MatMul(raw, c)\nt = TreeEnsembleRegressor<n_targets=4, nodes_treeids=[0], "
        'nodes_nodeids=[0], nodes_modes=["LEAF"], nodes_featureids=[0], nodes_values=[0.], '
        "nodes_truenodeids=[0], nodes_falsenodeids=[0], target_treeids=[0], target_nodeids=[0], "
        "target_ids=[2], target_weights=[3.]>(x)\nvalue = MatMul(t, c)"
    )
    graph = graph_of(body)
    package = to_coreml(graph, name="m")
    assert len(package.weights) == kinds(package).count("mlProgram") == 2
    row = pd.DataFrame({f"c{at}": [1.0] for at in range(4)})
    assert package.run(row)["value"].tolist() == [[24.0, 27.0, 30.0, 33.0]]


REFUSED = {
    "an operator without a form": ("x = Mish(raw)\nvalue = Identity(x)", "Mish"),
    "a loop": ("value = NonZero(raw)", "depends on the row"),
    "a division of whole numbers": (
        "i = Cast<to=7>(raw)\nj = Div(i, i)\nvalue = Cast<to=1>(j)", "divides whole numbers"),
    "a cast to a text": ("t = Cast<to=8>(raw)\nvalue = Cast<to=1>(t)", "casts to STRING"),
    "a shape from the row": (
        "i = Cast<to=7>(raw)\nvalue = Reshape(raw, i)", "computed from the row"),
    "the last of equal elements": (
        "x = Sin(raw)\na = ArgMax<axis=1, select_last_index=1>(x)\nvalue = Cast<to=1>(a)",
        "last of equal"),
    "a value that nothing makes": ("value = Sin(nothing)", "nothing makes"),
    "an output that nothing makes": ("x = Sin(raw)", "nothing makes `value`"),
    "a constant answer": ("value = Constant<value_floats=[1.0]>()", "its output is a constant"),
    "a shape that does not fit": (
        "x = Sin(raw)\nc = Constant<value = float[3,1] {1., 2., 3.}>()\nvalue = MatMul(x, c)",
        "coremltools does not build it"),
    "a zip map": ("x = Sin(raw)\nvalue = ZipMap<classlabels_int64s=[1,2,3,4]>(x)",
                  "export without it"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_exact_form_is_refused_with_the_reason(case, graph_of):
    body, reason = REFUSED[case]
    with pytest.raises(NotExportable, match=reason):
        to_coreml(graph_of(body), name="m")


def test_a_text_that_is_computed_with_is_refused(graph_of):
    body = "e = Equal(k, m)\nvalue = Cast<to=1>(e)"
    graph = graph_of(body, columns=[("k", Kind.STRING), ("m", Kind.STRING)], concat=False)
    with pytest.raises(NotExportable, match=r"Equal.*texts only to look them up"):
        to_coreml(graph, name="m")


def test_a_label_that_is_decided_by_other_numbers_than_its_probabilities_is_given(
    weather, goals, fitted
):
    columns = ColumnTransformer([("num", SimpleImputer(), ["warm", "wind"])])
    pipeline = make_pipeline(columns, OneVsRestClassifier(LogisticRegression()))
    fitted(pipeline, weather, goals["three texts"])
    graph = to_onnx(pipeline, weather)
    package = to_coreml(graph, name="m")
    assert kinds(package)[-2:] == ["mlProgram", "mlProgram"]
    assert set(package.run(weather)) == set(graph.run(weather)) == {"label", "probabilities"}
    assert package.run(weather)["label"].tolist() == graph.run(weather)["label"].tolist()


def test_a_column_that_is_called_like_an_output_is_refused(graph_of):
    graph = graph_of("value = Identity(raw)")
    columns = (Column(name="value", identifier="value", kind=Kind.FLOAT),)
    changed = Signature(task=Task.TRANSFORM, columns=columns, outputs=graph.signature.outputs)
    graph.proto.graph.input[0].name = "value"
    with pytest.raises(NotExportable):
        to_coreml(Graph(graph.proto, changed), name="m")


def test_the_same_column_twice_in_one_array_has_two_names(graph_of, numbers):
    graph = graph_of("d = Concat<axis=1>(raw, raw)\nvalue = Scaler<offset=[0.], scale=[2.]>(d)")
    package = to_coreml(graph, name="m")
    assert kinds(package).count("identity") == 4
    np.testing.assert_allclose(package.run(numbers)["value"], np.tile(numbers * 2, 2))


def test_a_boolean_column_enters_as_a_whole_number(graph_of):
    graph = graph_of(
        "f = Cast<to=1>(k)\nvalue = Scaler<offset=[0.5], scale=[2.]>(f)",
        columns=[("k", Kind.BOOL)], concat=False,
    )  # fmt: skip
    package = to_coreml(graph, name="m")
    assert package.spec.description.input[0].type.WhichOneof("Type") == "int64Type"
    answer = package.run(pd.DataFrame({"k": [True, False]}))
    assert answer["value"].tolist() == [[1.0], [-1.0]]


def test_an_error_for_unknown_categories_stays_one(graph_of):
    graph = graph_of(
        'o = OneHotEncoder<cats_strings=["a"], zeros=0>(k)\nvalue = Flatten(o)',
        columns=[("k", Kind.STRING)], concat=False,
        outputs=(Output(name="value", kind=Kind.FLOAT, width=1),),
    )  # fmt: skip
    package = to_coreml(graph, name="m")
    assert stages_of(package.spec)[0].oneHotEncoder.handleUnknown == 0


LINEAR = {
    "one row of two classes": (
        'coefficients=[1.,-2.], intercepts=[0.5], post_transform="LOGISTIC", '
        "classlabels_ints=[4,7]", (4, 7), ""),
    "two rows that are no opposites, normalized": (
        'coefficients=[1.,-2.,0.5,1.], intercepts=[0.5,0.], post_transform="LOGISTIC", '
        "classlabels_ints=[4,7]", (4, 7), "n"),
    "a sigmoid for each class, normalized": (
        'coefficients=[1.,-2.,0.5,1.,0.,1.], intercepts=[0.5,0.,-1.], post_transform="LOGISTIC", '
        "classlabels_ints=[4,7,9]", (4, 7, 9), "n"),
    "a softmax": (
        'coefficients=[1.,-2.,0.5,1.,0.,1.], intercepts=[0.5,0.,-1.], post_transform="SOFTMAX", '
        "classlabels_ints=[4,7,9]", (4, 7, 9), ""),
}  # fmt: skip


@pytest.mark.parametrize("inside", ["", "Sin"], ids=["as a stage", "in a program"])
@pytest.mark.parametrize("case", LINEAR)
def test_a_linear_classifier_answers_as_onnx_runtime(case, inside, graph_of):
    attributes, classes, normalized = LINEAR[case]
    last = 'probabilities = Normalizer<norm="L1">(p)' if normalized else "probabilities=Identity(p)"
    first = "x = Sin(raw)" if inside else "x = Identity(raw)"
    outputs = (
        Output(name="label", kind=Kind.INT, classes=classes),
        Output(name="probabilities", kind=Kind.FLOAT, width=len(classes), classes=classes),
    )
    graph = graph_of(
        f"{first}\nlabel, p = LinearClassifier<{attributes}>(x)\n{last}",
        columns=[("c0", Kind.FLOAT), ("c1", Kind.FLOAT)], outputs=outputs, task=Task.CLASSIFY,
    )  # fmt: skip
    del graph.proto.graph.output[:]
    graph.proto.graph.output.extend([
        onnx.helper.make_tensor_value_info("label", 7, None),
        onnx.helper.make_tensor_value_info("probabilities", 1, None),
    ])  # fmt: skip
    rows = pd.DataFrame(np.random.default_rng(1).normal(0, 2, (40, 2)), columns=["c0", "c1"])
    package = to_coreml(graph, name="m")
    ours, theirs = package.run(rows), graph.run(rows)
    two_rows = case.startswith("two rows that are no opposites")  # Core ML has one for two classes
    assert package.minimum_ios == ("15" if inside or two_rows else "11")
    assert ours["label"].tolist() == theirs["label"].tolist()
    np.testing.assert_allclose(ours["probabilities"], theirs["probabilities"], atol=2e-6)


# --- what a person reads ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def described(small, weather):
    pipeline, _ = small(LogisticRegression())
    plain = read_signature(pipeline, weather)
    columns = tuple(
        Column(name=c.name, identifier=c.identifier, kind=c.kind, known=c.known,
               help="How warm it gets" if c.name == "warm" else "",
               unit="°C" if c.name == "warm" else "")
        for c in plain.columns
    )  # fmt: skip
    signature = Signature(task=plain.task, columns=columns, outputs=plain.outputs)
    graph = to_onnx(pipeline, weather, signature=signature)
    metadata = {"title": "Rain tomorrow", "description": "From today's weather.",
                "author": "A team", "license": "Apache-2.0", "version": "1.2.0"}  # fmt: skip
    return to_coreml(graph, name="rain", metadata=metadata).spec.description


def test_inputs_are_the_raw_columns_with_their_help_and_unit(described):
    read = {one.name: (one.type.WhichOneof("Type"), one.shortDescription)
            for one in described.input}  # fmt: skip
    assert read == {
        "warm": ("doubleType", "How warm it gets; in °C; required"),
        "wind": ("doubleType", "wind; required"),
        "sky": ("stringType", "sky; required"),
    }


def test_outputs_are_a_label_and_a_dictionary_of_the_classes(described):
    assert described.predictedFeatureName == "label"
    assert described.predictedProbabilitiesName == "probabilities"
    assert [one.shortDescription for one in described.output] == [
        "the class, one of dry, wet", "the probability of each class",
    ]  # fmt: skip


def test_metadata_is_that_of_the_definition(described):
    meta = described.metadata
    assert meta.shortDescription == "Rain tomorrow. From today's weather"
    assert (meta.author, meta.license, meta.versionString) == ("A team", "Apache-2.0", "1.2.0")


# --- what only a device can tell -------------------------------------------------------------


def words(package):
    return " ".join(package.unknowns)


def test_open_questions_are_those_of_this_model_only(small, graph_of):
    _, logistic = small(LogisticRegression())
    _, reduced = small(PCA(2), LogisticRegression())
    _, forest = small(RandomForestClassifier(3, random_state=0))
    plain = graph_of("value = Scaler<offset=[0.], scale=[2.]>(raw)")
    assert to_coreml(plain, name="m").unknowns == ()
    assert len(to_coreml(logistic, name="m").unknowns) == 2
    assert "NaN in a single number" in words(to_coreml(logistic, name="m"))
    assert "declared FLOAT32" in words(to_coreml(reduced, name="m"))
    assert "same share of the trees" in words(to_coreml(forest, name="m"))
    assert "routed by the trees" in words(to_coreml(forest, name="m"))
