"""Linear models, support vectors, neighbours: sizes that fit, and class labels."""

from collections.abc import Iterator
from typing import Any

from lastmile.exporting.coreml.check.fault import (
    CLASSIFIERS,
    Rule,
    classes_of,
    finite,
    kind_of,
    shape_of,
    type_of,
    width_in,
)

_GLM = ("glmClassifier", "glmRegressor")
_SVM = ("supportVectorClassifier", "supportVectorRegressor")
_KNN = ("kNearestNeighborsClassifier",)


def classes(model: Any) -> Iterator[str]:
    """There are two class labels or more, each once; of neighbours there may be one of a kind."""
    labels = classes_of(model)
    once = kind_of(model) not in _KNN
    if not labels or (once and (len(set(labels)) != len(labels) or len(labels) < 2)):
        yield "fewer than two classes, or one twice"


def class_types(model: Any) -> Iterator[str]:
    """Label and dictionary have the type of the class labels."""
    text = any(isinstance(label, str) for label in classes_of(model))
    wanted = {("stringType",), ("dictionaryType", "stringKeyType")} if text else {
        ("int64Type",), ("dictionaryType", "int64KeyType")}  # fmt: skip
    if not {shape_of(one) for one in model.description.output} <= wanted:
        yield "the outputs have not the type of the classes"


def _message(model: Any) -> Any:
    return getattr(model, kind_of(model))


def glm_weights(model: Any) -> Iterator[str]:
    """Each row of weights is as long as the input."""
    width = width_in(model)
    if width is not None and any(len(row.value) != width for row in _message(model).weights):
        yield "the weights do not fit the array"


def glm_offsets(model: Any) -> Iterator[str]:
    """Each row of weights has an offset, and there is one."""
    message = _message(model)
    if len(message.offset) != len(message.weights) or not message.weights:
        yield "not every row of weights has an offset"


def glm_finite(model: Any) -> Iterator[str]:
    """Weights and offsets are finite."""
    message = _message(model)
    if not finite(message.offset) or not all(finite(row.value) for row in message.weights):
        yield "a weight that is not a finite number"


def glm_rows(model: Any) -> Iterator[str]:
    """A class fewer than there are, or one against the rest; a probit only for two."""
    message, count = model.glmClassifier, len(classes_of(model))
    rows = len(message.weights)
    wanted = count if message.classEncoding == message.OneVsRest and count > 2 else count - 1
    if rows != wanted:
        yield f"{rows} rows of weights for {count} classes"
    if message.postEvaluationTransform not in (0, 1) or message.classEncoding not in (0, 1):
        yield "a transform or encoding that does not exist"
    elif message.postEvaluationTransform == message.Probit and count > 2:
        yield "a probit of more than two classes"


def glm_one(model: Any) -> Iterator[str]:
    """A linear regressor has one row, one transform that exists, and gives a number."""
    if len(model.glmRegressor.weights) > 1:
        yield "a linear regressor has one row of weights"
    if model.glmRegressor.postEvaluationTransform not in (0, 1, 2):
        yield "a transform that does not exist"
    for one in model.description.output:
        if type_of(one) != "doubleType":
            yield f"`{one.name}` is no number"


def kernel(model: Any) -> Iterator[str]:
    """There is a kernel, and its parameters are finite and not negative."""
    message = _message(model).kernel
    kind = message.WhichOneof("kernel")
    if kind is None:
        yield "it has no kernel"
        return
    inner = getattr(message, kind)
    gamma, degree = getattr(inner, "gamma", 0.0), getattr(inner, "degree", 0)
    if not finite([gamma, getattr(inner, "c", 0.0)]) or gamma < 0 or degree < 0:
        yield "a parameter of the kernel is negative, or no finite number"


def vectors_of(model: Any) -> list[Any]:
    """The support vectors of a message, dense or sparse."""
    message = _message(model)
    kind = message.WhichOneof("supportVectors")
    return list(getattr(message, kind).vectors) if kind else []


def svm_vectors(model: Any) -> Iterator[str]:
    """Dense vectors are as long as the input; sparse ones count from 1 and stay inside."""
    width = width_in(model)
    if width is None:
        return
    if _message(model).WhichOneof("supportVectors") == "sparseSupportVectors":
        indices = [node.index for vector in vectors_of(model) for node in vector.nodes]
        if indices and not 1 <= min(indices) <= max(indices) <= width:
            yield "a support vector with a position outside of the array"
    elif any(len(vector.values) != width for vector in vectors_of(model)):
        yield "a support vector that does not fit the array"


def svm_coefficients(model: Any) -> Iterator[str]:
    """As many coefficients as support vectors, in a row for each class but one."""
    message, count = _message(model), len(vectors_of(model))
    if kind_of(model) == "supportVectorRegressor":
        rows = [message.coefficients]
    else:
        rows = list(message.coefficients)
        if len(rows) != len(classes_of(model)) - 1:
            yield "not one row of coefficients fewer than classes"
        if sum(message.numberOfSupportVectorsPerClass) != count or any(
            one < 0 for one in message.numberOfSupportVectorsPerClass
        ):
            yield "the support vectors are not counted by class"
        if len(message.numberOfSupportVectorsPerClass) != len(classes_of(model)):
            yield "the support vectors are not counted for each class"
    if any(len(row.alpha) != count for row in rows):
        yield "the coefficients are not one for each support vector"


def svm_pairs(model: Any) -> Iterator[str]:
    """An offset for each pair of classes; for probabilities two more numbers for each."""
    message, count = model.supportVectorClassifier, len(classes_of(model))
    pairs = count * (count - 1) // 2
    if len(message.rho) != pairs:
        yield "not one offset for each pair of classes"
    if {len(message.probA), len(message.probB)} not in ({0}, {pairs}):
        yield "the numbers for probabilities are not two for each pair of classes"


def neighbours(model: Any) -> Iterator[str]:
    """Each sample has its length and a label; the number of neighbours is allowed."""
    message = model.kNearestNeighborsClassifier
    index = message.nearestNeighborsIndex
    if index.numberOfDimensions != (width_in(model) or index.numberOfDimensions):
        yield "samples of another length than the array"
    if any(len(sample.vector) != index.numberOfDimensions for sample in index.floatSamples):
        yield "a sample of another length"
    if len(classes_of(model)) != len(index.floatSamples):
        yield "not every sample has a label"
    if index.WhichOneof("DistanceFunction") is None or index.WhichOneof("IndexType") is None:
        yield "it has no distance or no index"
    if (
        index.WhichOneof("IndexType") == "singleKdTreeIndex"
        and index.singleKdTreeIndex.leafSize < 1
    ):
        yield "a tree without room in its leaves"
    if message.numberOfNeighbors.defaultValue < 1:
        yield "fewer than one neighbour"


_SVC = ("supportVectorClassifier",)

RULES = (
    Rule("classes", classes, "coremltools: classifier validators", CLASSIFIERS),
    Rule("class_types", class_types, "coremltools: classifier validators", CLASSIFIERS),
    Rule("glm_weights", glm_weights, "GLM*.proto; not validated against the input", _GLM),
    Rule("glm_offsets", glm_offsets, "coremltools: GLM validators", _GLM),
    Rule("glm_finite", glm_finite, "not validated", _GLM, contradicts=False),
    Rule("glm_rows", glm_rows, "coremltools: GLMClassifier validator", ("glmClassifier",)),
    Rule("glm_one", glm_one, "coremltools: GLMRegressor validator; two rows are not looked at",
         ("glmRegressor",)),
    Rule("kernel", kernel, "coremltools: SVM validators", _SVM),
    Rule("svm_vectors", svm_vectors, "SVM.proto; not validated against the input", _SVM),
    Rule("svm_coefficients", svm_coefficients, "coremltools: SVM validators", _SVM),
    Rule("svm_pairs", svm_pairs, "coremltools: SupportVectorClassifier validator", _SVC),
    Rule("neighbours", neighbours, "coremltools: KNearestNeighborsClassifier validator", _KNN),
)  # fmt: skip
