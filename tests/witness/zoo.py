"""A small sound model of every classic kind, made number by number, with rows to ask it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lastmile.exporting.coreml.reference import Dictionary
from lastmile.exporting.coreml.schema import new_model

DOUBLE, FLOAT32 = 65600, 65568
ROWS = 12

Model = tuple[Any, dict[str, Any]]


def declare(feature: Any, kind: str, width: int = 0) -> None:
    """Give a feature the type `kind`; with a width it is an array of `kind`."""
    if width:
        feature.type.multiArrayType.shape.append(width)
        feature.type.multiArrayType.dataType = FLOAT32 if kind == "float32" else DOUBLE
    elif kind in ("stringKeyType", "int64KeyType"):
        getattr(feature.type.dictionaryType, kind).SetInParent()
    else:
        getattr(feature.type, kind).SetInParent()


def model_of(
    inputs: Sequence[tuple[str, str, int]], outputs: Sequence[tuple[str, str, int]]
) -> Any:
    """An empty model of these features: name, kind, width."""
    model = new_model()
    for name, kind, width in inputs:
        declare(model.description.input.add(name=name), kind, width)
    for name, kind, width in outputs:
        declare(model.description.output.add(name=name), kind, width)
    return model


def numbers(width: int = 0, *, gaps: bool = False) -> np.ndarray:
    """Rows of numbers that 32 bits hold, two of them equal, the last of zeros."""
    table = np.random.default_rng(width).normal(0, 2, (ROWS, max(width, 1))).astype(np.float32)
    table[1] = table[0]
    table[-1] = 0
    table = table.astype(np.float64)
    if gaps:
        table[3] = np.nan
    return table if width else table[:, 0]


def texts() -> np.ndarray:
    return np.array(["a", "b", "", "c", "a", "z"] * 2, dtype=object)


def imputer() -> Model:
    model = model_of([("x", "doubleType", 0)], [("y", "doubleType", 0)])
    model.imputer.replaceDoubleValue = float("nan")
    model.imputer.imputedDoubleValue = 1.5
    return model, {"x": numbers(gaps=True)}


def imputer_of_an_array() -> Model:
    model = model_of([("x", "double", 3)], [("y", "double", 3)])
    model.imputer.replaceDoubleValue = float("nan")
    model.imputer.imputedDoubleArray.vector.extend([1.0, 2.0, 3.0])
    return model, {"x": numbers(3, gaps=True)}


def imputer_of_texts() -> Model:
    model = model_of([("x", "stringType", 0)], [("y", "stringType", 0)])
    model.imputer.replaceStringValue = ""
    model.imputer.imputedStringValue = "none"
    return model, {"x": texts()}


def imputer_that_puts_in_nan() -> Model:
    model = model_of([("x", "double", 3)], [("y", "double", 3)])
    model.imputer.replaceDoubleValue = 0.0
    model.imputer.imputedDoubleArray.vector.extend([float("nan"), 2.0, float("nan")])
    return model, {"x": numbers(3)}


def one_hot() -> Model:
    model = model_of([("x", "stringType", 0)], [("y", "double", 3)])
    model.oneHotEncoder.stringCategories.vector.extend(["a", "b", ""])
    model.oneHotEncoder.handleUnknown = model.oneHotEncoder.IgnoreUnknown
    return model, {"x": texts()}


def one_hot_of_numbers() -> Model:
    model = model_of([("x", "int64Type", 0)], [("y", "double", 2)])
    model.oneHotEncoder.int64Categories.vector.extend([3, 1])
    model.oneHotEncoder.handleUnknown = model.oneHotEncoder.IgnoreUnknown
    return model, {"x": np.arange(ROWS) % 4}


def sparse_one_hot() -> Model:
    """A sparse encoder, and a vectorizer that spreads its dictionary."""
    model = model_of([("x", "stringType", 0)], [("y", "double", 3)])
    first = model_of([("x", "stringType", 0)], [("hot", "int64KeyType", 0)])
    first.oneHotEncoder.stringCategories.vector.extend(["a", "b", "c"])
    first.oneHotEncoder.handleUnknown = first.oneHotEncoder.IgnoreUnknown
    first.oneHotEncoder.outputSparse = True
    second = model_of([("hot", "int64KeyType", 0)], [("y", "double", 3)])
    second.featureVectorizer.inputList.add(inputColumn="hot", inputDimensions=3)
    model.pipeline.models.extend([first, second])
    return model, {"x": texts()}


def mapping() -> Model:
    model = model_of([("x", "stringType", 0)], [("y", "int64Type", 0)])
    model.categoricalMapping.stringToInt64Map.map.update({"a": 7, "b": 9, "": 4})
    model.categoricalMapping.int64Value = -1
    return model, {"x": texts()}


def mapping_to_texts() -> Model:
    model = model_of([("x", "int64Type", 0)], [("y", "stringType", 0)])
    model.categoricalMapping.int64ToStringMap.map.update({0: "zero", 1: "one"})
    model.categoricalMapping.strValue = "many"
    return model, {"x": np.arange(ROWS) % 4}


def dict_vectorizer() -> Model:
    """A dictionary of texts, its keys in places, spread into an array."""
    model = model_of([("x", "stringKeyType", 0)], [("y", "double", 3)])
    first = model_of([("x", "stringKeyType", 0)], [("placed", "int64KeyType", 0)])
    first.dictVectorizer.stringToIndex.vector.extend(["b", "a", "c"])
    second = model_of([("placed", "int64KeyType", 0)], [("y", "double", 3)])
    second.featureVectorizer.inputList.add(inputColumn="placed", inputDimensions=3)
    model.pipeline.models.extend([first, second])
    values = numbers(2)
    values[2:5, 1] = np.nan
    return model, {"x": Dictionary(("a", "b"), values)}


def vectorizer() -> Model:
    model = model_of(
        [("a", "doubleType", 0), ("b", "int64Type", 0), ("c", "double", 2)], [("y", "double", 4)]
    )
    for name, width in (("c", 2), ("a", 1), ("b", 1)):
        model.featureVectorizer.inputList.add(inputColumn=name, inputDimensions=width)
    return model, {"a": numbers(), "b": np.arange(ROWS), "c": numbers(2)}


def scaler() -> Model:
    model = model_of([("x", "double", 3)], [("y", "double", 3)])
    model.scaler.shiftValue.extend([1.0, -2.0, 0.5])
    model.scaler.scaleValue.extend([2.0, 0.25, -1.0])
    return model, {"x": numbers(3)}


def normalizer() -> Model:
    model = model_of([("x", "double", 3)], [("y", "double", 3)])
    model.normalizer.normType = model.normalizer.L2
    return model, {"x": numbers(3)}


def normalizer_l1() -> Model:
    model, rows = normalizer()
    model.normalizer.normType = model.normalizer.L1
    return model, rows


def extractor() -> Model:
    model = model_of([("x", "double", 3)], [("y", "double", 2)])
    model.arrayFeatureExtractor.extractIndex.extend([2, 0])
    return model, {"x": numbers(3)}


def regressor(
    inputs: Sequence[tuple[str, str, int]],
    outputs: Sequence[tuple[str, str, int]] = (("y", "doubleType", 0),),
) -> Any:
    """A model of these features that names its first output as the prediction."""
    model = model_of(inputs, outputs)
    model.description.predictedFeatureName = outputs[0][0]
    return model


def glm_regressor() -> Model:
    model = regressor([("x", "double", 3)])
    model.glmRegressor.weights.add(value=[1.0, -2.0, 0.5])
    model.glmRegressor.offset.append(0.25)
    return model, {"x": numbers(3)}


def glm_logit_regressor() -> Model:
    model, rows = glm_regressor()
    model.glmRegressor.postEvaluationTransform = model.glmRegressor.Logit
    return model, rows


CLASS_OUTPUTS = [("label", "stringType", 0), ("shares", "stringKeyType", 0)]
NAMES = ["yes", "no", "perhaps"]


def classifier(inputs: Sequence[tuple[str, str, int]], *, dictionary: bool = True) -> Any:
    model = model_of(inputs, CLASS_OUTPUTS if dictionary else CLASS_OUTPUTS[:1])
    model.description.predictedFeatureName = "label"
    if dictionary:
        model.description.predictedProbabilitiesName = "shares"
    return model


def glm_classifier(classes: int = 3, *, rest: bool = False) -> Model:
    model = classifier([("x", "double", 3)])
    message = model.glmClassifier
    drawn = np.random.default_rng(4).normal(size=(3, 4))
    for row in drawn[: classes if rest and classes > 2 else classes - 1]:
        message.weights.add(value=row[:3].tolist())
        message.offset.append(row[3])
    message.classEncoding = message.OneVsRest if rest else message.ReferenceClass
    message.stringClassLabels.vector.extend(NAMES[:classes])
    return model, {"x": numbers(3)}


def grow(message: Any, *, trees: int, depth: int, width: int, scores: int, leaves: str = "any"):
    """Full trees with random branches; the leaves add to every score, with all nodes shuffled."""
    chance = np.random.default_rng(trees * 10 + scores)
    message.numPredictionDimensions = scores
    nodes = []
    for tree in range(trees):
        inner = 2**depth - 1
        for node in range(2 * inner + 1):
            made = type(message.nodes.add())(treeId=tree, nodeId=node)
            del message.nodes[-1]
            if node < inner:
                made.nodeBehavior = 0
                made.branchFeatureIndex = int(chance.integers(width))
                made.branchFeatureValue = float(np.float32(chance.normal()))
                made.trueChildNodeId, made.falseChildNodeId = 2 * node + 1, 2 * node + 2
                made.missingValueTracksTrueChild = bool(chance.integers(2))
            else:
                made.nodeBehavior = 6
                values = chance.dirichlet(np.ones(scores)) if leaves == "shares" else (
                    chance.normal(size=scores))  # fmt: skip
                for score, value in enumerate(np.float32(values / trees).tolist()):
                    made.evaluationInfo.add(evaluationIndex=score, evaluationValue=value)
            nodes.append(made)
    message.nodes.extend(nodes[at] for at in chance.permutation(len(nodes)))


def tree_regressor() -> Model:
    model = regressor([("x", "double", 3)])
    grow(model.treeEnsembleRegressor.treeEnsemble, trees=3, depth=3, width=3, scores=1)
    model.treeEnsembleRegressor.treeEnsemble.basePredictionValue.append(0.5)
    return model, {"x": numbers(3, gaps=True)}


def tree_regressor_of_columns() -> Model:
    """Columns of their own instead of an array, and two scores."""
    inputs = [("a", "doubleType", 0), ("b", "int64Type", 0)]
    model = regressor(inputs, [("y", "double", 2)])
    ensemble = model.treeEnsembleRegressor.treeEnsemble
    grow(ensemble, trees=2, depth=2, width=2, scores=2)
    for node in ensemble.nodes:
        node.missingValueTracksTrueChild = node.nodeBehavior == 0
    return model, {"a": numbers(gaps=True), "b": np.arange(ROWS) - 4}


def tree_classifier() -> Model:
    model = classifier([("x", "double", 3)])
    message = model.treeEnsembleClassifier
    grow(message.treeEnsemble, trees=4, depth=3, width=3, scores=3, leaves="shares")
    message.stringClassLabels.vector.extend(NAMES)
    return model, {"x": numbers(3, gaps=True)}


def tree_softmax() -> Model:
    model = classifier([("x", "double", 3)])
    message = model.treeEnsembleClassifier
    grow(message.treeEnsemble, trees=3, depth=2, width=3, scores=3)
    message.treeEnsemble.basePredictionValue.extend([0.5, -0.5, 0.0])
    message.postEvaluationTransform = 1
    message.stringClassLabels.vector.extend(NAMES)
    return model, {"x": numbers(3)}


def tree_logistic() -> Model:
    model = classifier([("x", "double", 3)])
    message = model.treeEnsembleClassifier
    grow(message.treeEnsemble, trees=3, depth=2, width=3, scores=1)
    message.treeEnsemble.basePredictionValue.append(0.25)
    message.postEvaluationTransform = 2
    message.stringClassLabels.vector.extend(NAMES[:2])
    return model, {"x": numbers(3)}


def _support(message: Any, count: int, *, sparse: bool = False) -> None:
    for row in np.random.default_rng(6).normal(size=(count, 3)):
        if sparse:
            vector = message.sparseSupportVectors.vectors.add()
            for at in (0, 2):
                vector.nodes.add(index=at + 1, value=row[at])
        else:
            message.denseSupportVectors.vectors.add(values=row.tolist())


def _kernel(message: Any, kind: str) -> None:
    inner = getattr(message.kernel, kind)
    inner.SetInParent()
    if kind != "linearKernel":
        inner.gamma = 0.5
    if kind in ("polyKernel", "sigmoidKernel"):
        inner.c = 0.75
    if kind == "polyKernel":
        inner.degree = 3


def svm_regressor(kind: str = "rbfKernel") -> Model:
    model = regressor([("x", "double", 3)])
    message = model.supportVectorRegressor
    _kernel(message, kind)
    _support(message, 5)
    message.coefficients.alpha.extend([0.5, -1.0, 0.25, 1.0, -0.75])
    message.rho = 0.125
    return model, {"x": numbers(3)}


def svm_classifier(kind: str = "rbfKernel", *, chances: bool = False) -> Model:
    model = classifier([("x", "double", 3)], dictionary=chances)
    message = model.supportVectorClassifier
    _kernel(message, kind)
    _support(message, 6)
    message.numberOfSupportVectorsPerClass.extend([2, 2, 2])
    for row in np.random.default_rng(8).normal(size=(2, 6)):
        message.coefficients.add(alpha=row.tolist())
    message.rho.extend([0.25, -0.5, 0.125])
    if chances:
        message.probA.extend([-1.0, -1.5, -0.5])
        message.probB.extend([0.1, -0.2, 0.3])
    message.stringClassLabels.vector.extend(NAMES)
    return model, {"x": numbers(3)}


def svm_of_sparse_vectors() -> Model:
    model, rows = svm_regressor("linearKernel")
    model.supportVectorRegressor.ClearField("denseSupportVectors")
    _support(model.supportVectorRegressor, 5, sparse=True)
    return model, rows


def neighbours() -> Model:
    model = classifier([("x", "float32", 3)], dictionary=False)
    model.specificationVersion = 4
    message = model.kNearestNeighborsClassifier
    index = message.nearestNeighborsIndex
    index.numberOfDimensions = 3
    index.linearIndex.SetInParent()
    index.squaredEuclideanDistance.SetInParent()
    for row in np.random.default_rng(9).normal(0, 2, (15, 3)).astype(np.float32):
        index.floatSamples.add(vector=row.tolist())
    message.stringClassLabels.vector.extend(NAMES * 5)
    message.uniformWeighting.SetInParent()
    message.numberOfNeighbors.defaultValue = 5
    message.numberOfNeighbors.range.minValue = 1
    message.numberOfNeighbors.range.maxValue = 15
    return model, {"x": numbers(3)}


def chain() -> Model:
    """Columns filled, encoded, side by side, scaled, and a linear classifier."""
    inputs = [("size", "doubleType", 0), ("sky", "stringType", 0)]
    model = classifier(inputs)
    filled = model_of(inputs[:1], [("filled", "doubleType", 0)])
    filled.imputer.replaceDoubleValue = float("nan")
    filled.imputer.imputedDoubleValue = 1.5
    hot = model_of(inputs[1:], [("hot", "double", 2)])
    hot.oneHotEncoder.stringCategories.vector.extend(["a", "b"])
    hot.oneHotEncoder.handleUnknown = hot.oneHotEncoder.IgnoreUnknown
    both = model_of([("filled", "doubleType", 0), ("hot", "double", 2)], [("both", "double", 3)])
    for name, width in (("filled", 1), ("hot", 2)):
        both.featureVectorizer.inputList.add(inputColumn=name, inputDimensions=width)
    scaled = model_of([("both", "double", 3)], [("x", "double", 3)])
    scaled.scaler.shiftValue.extend([1.0, 0.0, 0.0])
    scaled.scaler.scaleValue.extend([0.5, 1.0, 1.0])
    last, _ = glm_classifier()
    model.pipelineClassifier.pipeline.models.extend([filled, hot, both, scaled, last])
    model.pipelineClassifier.pipeline.names.extend(["fill", "encode", "join", "scale", "decide"])
    return model, {"size": numbers(gaps=True), "sky": texts()}


ZOO: dict[str, Callable[[], Model]] = {
    "imputer": imputer,
    "imputer of an array": imputer_of_an_array,
    "imputer of texts": imputer_of_texts,
    "imputer that puts in NaN": imputer_that_puts_in_nan,
    "one-hot": one_hot,
    "one-hot of numbers": one_hot_of_numbers,
    "sparse one-hot": sparse_one_hot,
    "mapping": mapping,
    "mapping to texts": mapping_to_texts,
    "dictionary vectorizer": dict_vectorizer,
    "vectorizer": vectorizer,
    "scaler": scaler,
    "normalizer": normalizer,
    "normalizer L1": normalizer_l1,
    "extractor": extractor,
    "linear regressor": glm_regressor,
    "linear regressor with logit": glm_logit_regressor,
    "linear classifier": glm_classifier,
    "linear classifier of two": lambda: glm_classifier(2),
    "linear classifier against the rest": lambda: glm_classifier(rest=True),
    "tree regressor": tree_regressor,
    "tree regressor of columns": tree_regressor_of_columns,
    "tree classifier": tree_classifier,
    "tree classifier with softmax": tree_softmax,
    "tree classifier with sigmoid": tree_logistic,
    **{f"support vector regressor, {kind}": (lambda kind=kind: svm_regressor(kind))
       for kind in ("linearKernel", "rbfKernel", "polyKernel", "sigmoidKernel")},
    "support vector classifier": svm_classifier,
    "support vector classifier with probabilities": lambda: svm_classifier(chances=True),
    "sparse support vectors": svm_of_sparse_vectors,
    "nearest neighbours": neighbours,
    "chain": chain,
}  # fmt: skip
"""Every kind by a name; each call makes the model anew, with rows for its inputs."""
