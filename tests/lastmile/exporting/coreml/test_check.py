"""Every rule of the checker is broken once, in a model that is sound otherwise."""

import pytest

from lastmile.errors import PackageBroken
from lastmile.exporting.coreml import check, to_coreml
from lastmile.exporting.coreml.check import RULES, stages_of
from lastmile.exporting.coreml.reference import evaluate
from lastmile.exporting.signature import Kind, Output, Task

TREE = (
    "TreeEnsembleClassifier<nodes_treeids=[0,0,0], nodes_nodeids=[0,1,2], "
    'nodes_modes=["BRANCH_LEQ","LEAF","LEAF"], nodes_featureids=[1,0,0], '
    "nodes_values=[0.5,0.,0.], nodes_truenodeids=[1,0,0], nodes_falsenodeids=[2,0,0], "
    "class_treeids=[0,0], class_nodeids=[1,2], class_ids=[0,0], class_weights=[0.25,1.], "
    'classlabels_strings=["no","yes"]>'
)
BODY = f"""
    hot = OneHotEncoder<cats_strings=["a", "b"]>(k)
    flat = Flatten(hot)
    both = Concat<axis=1>(c0, c1)
    filled = Imputer<imputed_value_floats=[1., 2.], replaced_value_float=nan>(both)
    s = Scaler<offset=[1., 1.], scale=[2., 2.]>(filled)
    again = Imputer<imputed_value_floats=[1., 2.], replaced_value_float=0.5>(s)
    one = Constant<value_ints=[1]>()
    picked = ArrayFeatureExtractor(again, one)
    x = Concat<axis=1>(again, picked, flat)
    label, probabilities = {TREE}(x)
"""
LINEAR = """
    both = Concat<axis=1>(c0, c1)
    label, probabilities = LinearClassifier<coefficients=[1.,2.,3.,4.,5.,6.],
        intercepts=[1.,2.,3.], post_transform="SOFTMAX", classlabels_ints=[1,2,3]>(both)
"""


def classifier(graph_of, body, columns, classes):
    kind = Kind.STRING if isinstance(classes[0], str) else Kind.INT
    outputs = (
        Output(name="label", kind=kind, classes=classes),
        Output(name="probabilities", kind=Kind.FLOAT, width=len(classes), classes=classes),
    )
    return graph_of(body, columns=columns, concat=False, outputs=outputs, task=Task.CLASSIFY)


@pytest.fixture(scope="module")
def sound(graph_of):
    floats = [("c0", Kind.FLOAT), ("c1", Kind.FLOAT)]
    tree = classifier(graph_of, BODY, [*floats, ("k", Kind.STRING)], ("no", "yes"))
    linear = classifier(graph_of, LINEAR, floats, (1, 2, 3))
    program = graph_of("value = Sin(raw)")
    return {
        "tree": to_coreml(tree, name="m").spec,
        "linear": to_coreml(linear, name="m").spec,
        "program": to_coreml(program, name="m").spec,
    }


def first(spec, kind):
    return next(stage for stage in stages_of(spec) if stage.WhichOneof("Type") == kind)


def trees(spec):
    return first(spec, "treeEnsembleClassifier").treeEnsembleClassifier


BROKEN = {
    "a stage that reads nothing": ("tree", "wires", lambda s: setattr(
        first(s, "scaler").description.input[0], "name", "nothing")),
    "a wire of two types": ("tree", "wires", lambda s: first(
        s, "scaler").description.input[0].type.doubleType.SetInParent()),
    "an output that nothing makes": ("tree", "wires", lambda s: setattr(
        s.description.output[0], "name", "nobody")),
    "no stages": ("tree", "wires", lambda s: s.pipelineClassifier.pipeline.ClearField("models")),
    "two inputs of one name": ("tree", "features", lambda s: s.description.input.add().CopyFrom(
        s.description.input[0])),
    "a feature without a type": ("tree", "features", lambda s: s.description.input[0].ClearField(
        "type")),
    "an array without a shape": ("tree", "features", lambda s: first(
        s, "scaler").description.input[0].type.multiArrayType.ClearField("shape")),
    "no outputs": ("tree", "features", lambda s: first(
        s, "scaler").description.ClearField("output")),
    "a prediction that is no output": ("tree", "predicted", lambda s: setattr(
        s.description, "predictedFeatureName", "guess")),
    "a version below that of a stage": ("program", "version", lambda s: setattr(
        s, "specificationVersion", 5)),
    "a vectorizer with a length too many": ("tree", "vectorizer", lambda s: setattr(
        first(s, "featureVectorizer").featureVectorizer.inputList[0], "inputDimensions", 7)),
    "a vectorizer that forgets an input": ("tree", "vectorizer", lambda s: setattr(
        first(s, "featureVectorizer").featureVectorizer.inputList[0], "inputColumn", "x")),
    "categories of another type": ("tree", "one_hot", lambda s: first(
        s, "oneHotEncoder").oneHotEncoder.int64Categories.vector.append(1)),
    "a category too many": ("tree", "one_hot", lambda s: first(
        s, "oneHotEncoder").oneHotEncoder.stringCategories.vector.append("c")),
    "a scale too many": ("tree", "lengths", lambda s: first(
        s, "scaler").scaler.scaleValue.append(1.0)),
    "an imputed value too many": ("tree", "lengths", lambda s: next(
        one for one in stages_of(s) if one.imputer.HasField("imputedDoubleArray")
    ).imputer.imputedDoubleArray.vector.append(1.0)),
    "a weight too many": ("linear", "lengths", lambda s: first(
        s, "glmClassifier").glmClassifier.weights[0].value.append(1.0)),
    "an offset too many": ("linear", "lengths", lambda s: first(
        s, "glmClassifier").glmClassifier.offset.append(1.0)),
    "a position outside": ("tree", "extractor", lambda s: first(
        s, "arrayFeatureExtractor").arrayFeatureExtractor.extractIndex.append(2)),
    "a branch on nothing": ("tree", "trees", lambda s: setattr(
        trees(s).treeEnsemble.nodes[0], "branchFeatureIndex", 99)),
    "an infinite threshold": ("tree", "trees", lambda s: setattr(
        trees(s).treeEnsemble.nodes[0], "branchFeatureValue", float("inf"))),
    "scores for other classes": ("tree", "trees", lambda s: setattr(
        trees(s).treeEnsemble, "numPredictionDimensions", 3)),
    "no trees": ("tree", "trees", lambda s: trees(s).treeEnsemble.ClearField("nodes")),
    "a class twice": ("linear", "classes", lambda s: first(
        s, "glmClassifier").glmClassifier.int64ClassLabels.vector.append(3)),
    "classes of another type": ("linear", "classes", lambda s: first(
        s, "glmClassifier").glmClassifier.stringClassLabels.vector.extend(["a", "b", "c"])),
    "a program of 64-bit arrays": ("program", "programs", lambda s: setattr(
        first(s, "mlProgram").description.input[0].type.multiArrayType, "dataType", 65600)),
    "a program without a function": ("program", "programs", lambda s: first(
        s, "mlProgram").mlProgram.functions.clear()),
    "a word of Swift": (
        "tree",
        "names",
        lambda s: setattr(s.description.input[0], "name", "class"),
    ),
    "a name with a hyphen": ("tree", "names", lambda s: setattr(
        s.description.input[0], "name", "c-0")),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_fault_is_found_and_placed(case, sound):
    which, rule, harm = BROKEN[case]
    spec = type(sound[which])()
    spec.CopyFrom(sound[which])
    harm(spec)
    found = check(spec)
    assert rule in {fault.rule for fault in found}
    assert all(str(fault).startswith("model") for fault in found)
    if rule != "names":
        with pytest.raises(PackageBroken):
            evaluate(spec, {})


def test_a_sound_model_has_no_faults(sound):
    assert [check(spec) for spec in sound.values()] == [(), (), ()]


def test_no_rule_is_dead():
    assert {rule for _, rule, _ in BROKEN.values()} == {*RULES, "names"}
