"""Every rule of the checker is broken, in a model that is sound otherwise."""

import math

import pytest
from tests.witness.zoo import ZOO

from lastmile.errors import PackageBroken
from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.coreml.check import OUTER, RULES, check, stages_of, structure_faults
from lastmile.exporting.coreml.check.fault import PREDICTING
from lastmile.exporting.coreml.reference import evaluate
from lastmile.exporting.coreml.schema import new_model


def given(model, at=0):
    return model.description.input[at]


def made(model, at=0):
    return model.description.output[at]


def array(feature):
    return feature.type.multiArrayType


def trees(model):
    return model.treeEnsembleClassifier.treeEnsemble


def branch(model):
    return next(node for node in trees(model).nodes if node.nodeBehavior == 0)


def leaf(model):
    return next(node for node in trees(model).nodes if node.nodeBehavior == 6)


def block(model):
    (function,) = model.mlProgram.functions.values()
    (body,) = function.block_specializations.values()
    return body


def nested(model, depth):
    for _ in range(depth):
        outer = new_model()
        outer.description.CopyFrom(model.description)
        outer.pipeline.models.add().CopyFrom(model)
        model = outer
    return model


FOREST, LINE, CHAIN = "tree classifier", "linear classifier", "chain"
SVC, SVR, KNN = "support vector classifier", "support vector regressor, rbfKernel", (
    "nearest neighbours")  # fmt: skip

BROKEN = {
    "no model type": ("type", "scaler", lambda m: m.ClearField("scaler")),
    "two inputs of one name": ("named", "vectorizer", lambda m: setattr(given(m), "name", "b")),
    "an input without a name": ("named", "scaler", lambda m: setattr(given(m), "name", "")),
    "a feature without a type": ("typed", "scaler", lambda m: given(m).ClearField("type")),
    "an array without a shape": ("shaped", "scaler", lambda m: array(given(m)).ClearField("shape")),
    "an array of a negative size": ("shaped", "scaler", lambda m: array(
        given(m)).shape.__setitem__(0, -3)),
    "elements of no type": ("elements", "scaler", lambda m: setattr(
        array(given(m)), "dataType", 0)),
    "elements of 16 bits before their time": ("elements", "scaler", lambda m: setattr(
        array(given(m)), "dataType", 65552)),
    "no outputs": ("gives", "scaler", lambda m: m.description.ClearField("output")),
    "no stages": ("stages", CHAIN, lambda m: m.pipelineClassifier.pipeline.ClearField("models")),
    "pipelines without end": ("stages", CHAIN, lambda m: m.CopyFrom(nested(m, 25))),
    "a name for fewer stages": ("stage_names", CHAIN, lambda m: (
        m.pipelineClassifier.pipeline.names.pop())),
    "stages of one name": ("stage_names", CHAIN, lambda m: (
        m.pipelineClassifier.pipeline.names.__setitem__(0, "join"))),
    "a stage that reads nothing": ("wires", CHAIN, lambda m: setattr(
        given(stages_of(m)[3]), "name", "nothing")),
    "a wire of two types": ("wires", CHAIN, lambda m: setattr(
        array(given(stages_of(m)[3])), "dataType", 65568)),
    "a wire of two lengths": ("wires", CHAIN, lambda m: array(
        given(stages_of(m)[3])).shape.__setitem__(0, 4)),
    "an output that nothing makes": ("wires", CHAIN, lambda m: setattr(made(m, 1), "name", "?")),
    "a prediction that is no output": ("predicted", LINE, lambda m: setattr(
        m.description, "predictedFeatureName", "guess")),
    "a classifier without a prediction": ("predicts", LINE, lambda m: m.description.ClearField(
        "predictedFeatureName")),
    "a regressor without a prediction": ("predicts", "tree regressor of columns", lambda m: (
        m.description.ClearField("predictedFeatureName"))),
    "a text that is predicted by a regressor": ("predicted_type", SVR, lambda m: made(
        m).type.stringType.SetInParent()),
    "a number that is predicted by a classifier": ("predicted_type", LINE, lambda m: made(
        m).type.doubleType.SetInParent()),
    "a dictionary that is the prediction": ("predicted_type", FOREST, lambda m: setattr(
        m.description, "predictedFeatureName", "shares")),
    "a text for the probabilities": ("predicted_type", FOREST, lambda m: setattr(
        m.description, "predictedProbabilitiesName", "label")),
    "an optional text that is encoded": ("optional", CHAIN, lambda m: setattr(
        given(m, 1).type, "isOptional", True)),
    "an encoder of an optional text": ("optional_stage", "one-hot", lambda m: setattr(
        given(m).type, "isOptional", True)),
    "neighbours before their time": ("version", KNN, lambda m: setattr(
        m, "specificationVersion", 3)),
    "a version below that of a stage": ("version", CHAIN, lambda m: setattr(
        stages_of(m)[0], "specificationVersion", 5)),
    "a word of Swift": ("swift_names", "scaler", lambda m: setattr(given(m), "name", "class")),
    "a name with a hyphen": ("swift_names", "scaler", lambda m: setattr(given(m), "name", "x-0")),

    "a text in a vectorizer": ("takes", "vectorizer", lambda m: given(
        m).type.stringType.SetInParent()),
    "a scaler of two inputs": ("one_way", "scaler", lambda m: m.description.input.add(
        name="z").type.doubleType.SetInParent()),
    "a vectorizer with a length too many": ("vectorizer_list", "vectorizer", lambda m: setattr(
        m.featureVectorizer.inputList[0], "inputDimensions", 7)),
    "a vectorizer that forgets an input": ("vectorizer_list", "vectorizer", lambda m: (
        m.featureVectorizer.inputList.pop())),
    "a vectorizer of something else": ("vectorizer_list", "vectorizer", lambda m: (
        m.featureVectorizer.inputList.add(inputColumn="z", inputDimensions=1))),
    "a vectorizer that gives too few": ("vectorizer_length", "vectorizer", lambda m: array(
        made(m)).shape.__setitem__(0, 3)),
    "categories of another type": ("one_hot_type", "one-hot", lambda m: (
        m.oneHotEncoder.int64Categories.vector.append(1))),
    "a category too many": ("one_hot_length", "one-hot", lambda m: (
        m.oneHotEncoder.stringCategories.vector.append("d"))),
    "an array where a dictionary comes": ("one_hot_length", "one-hot", lambda m: setattr(
        m.oneHotEncoder, "outputSparse", True)),
    "a category twice": ("one_hot_twice", "one-hot", lambda m: (
        m.oneHotEncoder.stringCategories.vector.__setitem__(0, "b"))),
    "a table of other keys": ("mapping_types", "mapping", lambda m: given(
        m).type.int64Type.SetInParent()),
    "a table of other values": ("mapping_types", "mapping", lambda m: made(
        m).type.stringType.SetInParent()),
    "an unknown value of another type": ("mapping_types", "mapping", lambda m: setattr(
        m.categoricalMapping, "strValue", "x")),
    "no table": ("mapping_types", "mapping", lambda m: m.categoricalMapping.ClearField(
        "stringToInt64Map")),
    "a scale too many": ("scaler_length", "scaler", lambda m: m.scaler.scaleValue.append(1.0)),
    "an endless scale": ("scaler_finite", "scaler", lambda m: m.scaler.scaleValue.__setitem__(
        0, math.inf)),
    "an imputed text for a number": ("imputer_type", "imputer", lambda m: setattr(
        m.imputer, "imputedStringValue", "x")),
    "an imputed value too many": ("imputer_length", "imputer of an array", lambda m: (
        m.imputer.imputedDoubleArray.vector.append(1.0))),
    "a norm that is none": ("norm", "normalizer", lambda m: setattr(m.normalizer, "normType", 7)),
    "a position outside": ("extractor_range", "extractor", lambda m: (
        m.arrayFeatureExtractor.extractIndex.__setitem__(0, 3))),
    "no position": ("extractor_range", "extractor", lambda m: (
        m.arrayFeatureExtractor.ClearField("extractIndex"))),
    "a position too many": ("extractor_length", "extractor", lambda m: (
        m.arrayFeatureExtractor.extractIndex.append(1))),
    "keys of another type": ("dict_vectorizer", "dictionary vectorizer", lambda m: stages_of(m)[
        0].dictVectorizer.int64ToIndex.vector.append(1)),
    "a dictionary vectorizer of an array": ("dict_output", "dictionary vectorizer", lambda m: array(
        made(stages_of(m)[0])).shape.append(3)),

    "no trees": ("trees", FOREST, lambda m: trees(m).ClearField("nodes")),
    "a node twice": ("trees", FOREST, lambda m: trees(m).nodes.add().CopyFrom(trees(m).nodes[0])),
    "a child that is not there": ("trees", FOREST, lambda m: setattr(
        branch(m), "trueChildNodeId", 99)),
    "a circle": ("trees", FOREST, lambda m: setattr(
        branch(m), "falseChildNodeId", branch(m).nodeId)),
    "a branch of no kind": ("trees", FOREST, lambda m: setattr(branch(m), "nodeBehavior", 9)),
    "a branch on nothing": ("trees", FOREST, lambda m: setattr(
        branch(m), "branchFeatureIndex", 99)),
    "an infinite threshold": ("trees", FOREST, lambda m: setattr(
        branch(m), "branchFeatureValue", math.inf)),
    "a leaf that is no number": ("trees", FOREST, lambda m: setattr(
        leaf(m).evaluationInfo[0], "evaluationValue", math.nan)),
    "a leaf for another score": ("trees", FOREST, lambda m: setattr(
        leaf(m).evaluationInfo[0], "evaluationIndex", 3)),
    "a leaf without a value": ("trees", FOREST, lambda m: leaf(m).ClearField("evaluationInfo")),
    "a leaf that adds twice": ("trees", FOREST, lambda m: leaf(m).evaluationInfo.add(
        evaluationIndex=0, evaluationValue=1.0)),
    "a base value too few": ("base_values", FOREST, lambda m: trees(
        m).basePredictionValue.append(1.0)),
    "a base value without end": ("base_values", "tree regressor", lambda m: (
        m.treeEnsembleRegressor.treeEnsemble.basePredictionValue.__setitem__(0, math.inf))),
    "scores for other classes": ("scores", FOREST, lambda m: setattr(
        trees(m), "numPredictionDimensions", 4)),
    "no scores": ("scores", FOREST, lambda m: setattr(trees(m), "numPredictionDimensions", 0)),
    "a transform that is none": ("transform", FOREST, lambda m: setattr(
        m.treeEnsembleClassifier, "postEvaluationTransform", 9)),

    "a class twice": ("classes", LINE, lambda m: (
        m.glmClassifier.stringClassLabels.vector.__setitem__(0, "no"))),
    "no class": ("classes", KNN, lambda m: m.kNearestNeighborsClassifier.ClearField(
        "stringClassLabels")),
    "classes of another type": ("class_types", LINE, lambda m: (
        m.glmClassifier.int64ClassLabels.vector.extend([1, 2, 3]))),
    "a weight too many": ("glm_weights", LINE, lambda m: (
        m.glmClassifier.weights[0].value.append(1))),
    "an offset too many": ("glm_offsets", LINE, lambda m: m.glmClassifier.offset.append(1.0)),
    "an endless weight": ("glm_finite", LINE, lambda m: (
        m.glmClassifier.weights[0].value.__setitem__(0, math.nan))),
    "a row of weights too few": ("glm_rows", LINE, lambda m: (
        m.glmClassifier.weights.pop(), m.glmClassifier.offset.pop())),
    "a probit of three classes": ("glm_rows", LINE, lambda m: setattr(
        m.glmClassifier, "postEvaluationTransform", 1)),
    "an encoding that is none": ("glm_rows", LINE, lambda m: setattr(
        m.glmClassifier, "classEncoding", 5)),
    "a linear regressor of two rows": ("glm_one", "linear regressor", lambda m: (
        m.glmRegressor.weights.add(value=[1.0, 1.0, 1.0]), m.glmRegressor.offset.append(1.0))),
    "a linear regressor that gives an array": ("glm_one", "linear regressor", lambda m: array(
        made(m)).shape.append(1)),
    "no kernel": ("kernel", SVR, lambda m: m.supportVectorRegressor.ClearField("kernel")),
    "a negative gamma": ("kernel", SVR, lambda m: setattr(
        m.supportVectorRegressor.kernel.rbfKernel, "gamma", -1.0)),
    "a support vector too long": ("svm_vectors", SVR, lambda m: (
        m.supportVectorRegressor.denseSupportVectors.vectors[0].values.append(1.0))),
    "a sparse vector from zero": ("svm_vectors", "sparse support vectors", lambda m: setattr(
        m.supportVectorRegressor.sparseSupportVectors.vectors[0].nodes[0], "index", 0)),
    "a coefficient too few": ("svm_coefficients", SVR, lambda m: (
        m.supportVectorRegressor.coefficients.alpha.pop())),
    "vectors of no class": ("svm_coefficients", SVC, lambda m: (
        m.supportVectorClassifier.numberOfSupportVectorsPerClass.__setitem__(0, 5))),
    "an offset too few": ("svm_pairs", SVC, lambda m: m.supportVectorClassifier.rho.pop()),
    "half of the probabilities": ("svm_pairs", SVC, lambda m: (
        m.supportVectorClassifier.probA.extend([1.0, 1.0, 1.0]))),
    "a sample too long": ("neighbours", KNN, lambda m: m.kNearestNeighborsClassifier
        .nearestNeighborsIndex.floatSamples[0].vector.append(1.0)),
    "a sample without a label": ("neighbours", KNN, lambda m: (
        m.kNearestNeighborsClassifier.stringClassLabels.vector.pop())),
    "no neighbour": ("neighbours", KNN, lambda m: setattr(
        m.kNearestNeighborsClassifier.numberOfNeighbors, "defaultValue", 0)),

    "a program of 64-bit arrays": ("arrays", "program", lambda m: setattr(
        array(given(m)), "dataType", 65600)),
    "a program of numbers": ("arrays", "program", lambda m: given(m).type.doubleType.SetInParent()),
    "a program without a function": ("main", "program", lambda m: m.mlProgram.functions.clear()),
    "a function without a body": ("main", "program", lambda m: setattr(
        m.mlProgram.functions["main"], "opset", "CoreML99")),
    "a function that gives something else": ("ends", "program", lambda m: (
        block(m).outputs.__setitem__(0, "else"))),
    "a function that reads something else": ("ends", "program", lambda m: setattr(
        m.mlProgram.functions["main"].inputs[0], "name", "else")),
    "operations in a wrong order": ("order", "program", lambda m: (
        block(m).operations.add().CopyFrom(block(m).operations[0]),
        block(m).operations.pop(0))),
    "weights from elsewhere": ("weights", "program", lambda m: setattr(
        block(m).operations[0].attributes["val"].blobFileValue, "fileName",
        "@model_path/weights/../../../etc/passwd")),
}  # fmt: skip


@pytest.fixture(scope="module")
def program(graph_of):
    return stages_of(to_coreml(graph_of("value = Sin(raw)"), name="m").spec)[1]


@pytest.mark.parametrize("case", BROKEN)
def test_a_fault_is_found_and_placed(case, program):
    rule, which, harm = BROKEN[case]
    model, rows = (type(program)(), {}) if which == "program" else ZOO[which]()
    if which == "program":
        model.CopyFrom(program)
    assert check(model) == ()
    harm(model)
    found = check(model)
    assert rule in {fault.rule for fault in found}
    assert all(str(fault).startswith("model") for fault in found)
    if structure_faults(model):
        with pytest.raises(PackageBroken):
            evaluate(model, rows)


def test_every_rule_is_broken_once():
    assert {rule for rule, _, _ in BROKEN.values()} == {rule.name for rule in (*RULES, *OUTER)}


def test_every_type_that_is_called_a_regressor_or_classifier_has_to_name_its_prediction():
    """Apple's own classifier of texts has a fixed interface."""
    types = {field.name for field in new_model().DESCRIPTOR.oneofs_by_name["Type"].fields}
    called = {name for name in types if name.endswith(("Regressor", "Classifier"))}
    assert set(PREDICTING) == called - {"textClassifier"}


def test_every_rule_says_where_it_is_known_from():
    assert all(rule.source and rule.faults.__doc__ for rule in (*RULES, *OUTER))
    names = [rule.name for rule in (*RULES, *OUTER)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ZOO)
def test_a_sound_model_has_no_faults(name):
    assert check(ZOO[name]()[0]) == ()


def test_a_fault_inside_a_pipeline_says_in_which_stage():
    model, _ = ZOO["chain"]()
    stages_of(model)[3].scaler.scaleValue.append(1.0)
    told = [str(fault) for fault in check(model)]
    assert told == ["model, stage 3 (scaler): shift or scale does not fit the array"]
