"""What Apple's compiler would refuse, and what its published validator does not look at.

Each rule is a small function over one stage, or over a whole model, that tells its faults in
words; `RULES` is the table of them. A model is a tree: pipelines hold stages.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lastmile.exporting.coreml.schema import CLASSIC, PROGRAM
from lastmile.exporting.signature.identifiers import RESERVED

_PIPELINES = ("pipelineClassifier", "pipelineRegressor", "pipeline")
_MOST_STAGES = 10_000


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that a model breaks, and where."""

    rule: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def check(spec: Any) -> tuple[Fault, ...]:
    """Every fault of a model, empty when it is sound."""
    return (*structure_faults(spec), *(Fault("names", "model", told) for told in names(spec)))


def structure_faults(spec: Any) -> tuple[Fault, ...]:
    """The faults that make a model contradict itself, names apart."""
    return tuple(
        Fault(name, where, message)
        for where, model in _models(spec, "model")
        for name, rule in RULES.items()
        for message in rule(model)
    )


def stages_of(model: Any) -> Any:
    """The stages of a pipeline of any kind; empty for every other model."""
    kind = model.WhichOneof("Type")
    if kind not in _PIPELINES:
        return ()
    inner = getattr(model, kind)
    return (inner if kind == "pipeline" else inner.pipeline).models


def _models(model: Any, where: str) -> Iterator[tuple[str, Any]]:
    yield where, model
    for number, stage in enumerate(stages_of(model)):
        yield from _models(stage, f"{where}, stage {number} ({stage.WhichOneof('Type')})")


Rule = Callable[[Any], Iterator[str]]


def _shape(feature: Any) -> tuple[Any, ...]:
    """What two ends of a wire must have in common; whether it is optional does not matter."""
    kind = feature.type.WhichOneof("Type")
    if kind == "multiArrayType":
        array = feature.type.multiArrayType
        return kind, array.dataType, tuple(array.shape)
    if kind == "dictionaryType":
        return kind, feature.type.dictionaryType.WhichOneof("KeyType")
    return (kind,)


def _width(feature: Any) -> int | None:
    """The number of elements of a number or a one-dimensional array, else none."""
    kind = feature.type.WhichOneof("Type")
    if kind in ("doubleType", "int64Type"):
        return 1
    if kind == "multiArrayType" and len(feature.type.multiArrayType.shape) == 1:
        return int(feature.type.multiArrayType.shape[0])
    return None


def wires(model: Any) -> Iterator[str]:
    """Each stage finds its inputs under their names and types; the outputs are made by a stage."""
    stages = stages_of(model)
    if model.WhichOneof("Type") not in _PIPELINES:
        return
    if not 0 < len(stages) <= _MOST_STAGES:
        yield "a pipeline without stages, or with too many"
    table = {one.name: _shape(one) for one in model.description.input}
    for number, stage in enumerate(stages):
        for one in stage.description.input:
            if one.name not in table:
                yield f"stage {number} reads `{one.name}`, which nothing makes"
            elif table[one.name] != _shape(one):
                yield f"stage {number} reads `{one.name}` as another type than it has"
        table.update({one.name: _shape(one) for one in stage.description.output})
    for one in model.description.output:
        if table.get(one.name) != _shape(one):
            yield f"the output `{one.name}` is not made in its type"


def features(model: Any) -> Iterator[str]:
    """Names are unique and there, arrays have a known size, and there is something to give."""
    for side in ("input", "output"):
        declared = getattr(model.description, side)
        names = [one.name for one in declared]
        if len(set(names)) != len(names) or "" in names:
            yield f"two {side}s have one name, or one has none"
        for one in declared:
            if one.type.WhichOneof("Type") is None:
                yield f"`{one.name}` has no type"
            array = one.type.multiArrayType
            if one.type.WhichOneof("Type") == "multiArrayType" and not array.shape:
                yield f"the array `{one.name}` has no shape"
    if not model.description.output:
        yield "it has no outputs"


def predicted(model: Any) -> Iterator[str]:
    """What is named as the prediction is an output."""
    outputs = {one.name for one in model.description.output}
    for field in ("predictedFeatureName", "predictedProbabilitiesName"):
        name = getattr(model.description, field)
        if name and name not in outputs:
            yield f"the predicted feature `{name}` is no output"


def version(model: Any) -> Iterator[str]:
    """The specification version is high enough for the message and the stages."""
    least = PROGRAM if model.WhichOneof("Type") == "mlProgram" else CLASSIC
    least = max([least, *(stage.specificationVersion for stage in stages_of(model))])
    if model.specificationVersion < least:
        yield f"specification version {model.specificationVersion} is below {least}"


def vectorizer(model: Any) -> Iterator[str]:
    """The output is as long as the inputs together, and every input is in the list."""
    if model.WhichOneof("Type") != "featureVectorizer":
        return
    sizes = {one.inputColumn: one.inputDimensions for one in model.featureVectorizer.inputList}
    for one in model.description.input:
        width = _width(one)
        if one.name not in sizes or (width is not None and sizes[one.name] != width):
            yield f"the list does not have `{one.name}` in its length"
    for one in model.description.output:
        if _width(one) != sum(entry.inputDimensions for entry in model.featureVectorizer.inputList):
            yield f"`{one.name}` is not as long as its parts"


def one_hot(model: Any) -> Iterator[str]:
    """The categories have the type of the input and the number of the output."""
    if model.WhichOneof("Type") != "oneHotEncoder":
        return
    message = model.oneHotEncoder
    text = message.WhichOneof("CategoryType") == "stringCategories"
    categories = (message.stringCategories if text else message.int64Categories).vector
    wanted = "stringType" if text else "int64Type"
    for one in model.description.input:
        if one.type.WhichOneof("Type") != wanted:
            yield f"`{one.name}` has not the type of the categories"
    for one in model.description.output:
        if not message.outputSparse and _width(one) != len(categories):
            yield f"`{one.name}` is not as long as there are categories"


def lengths(model: Any) -> Iterator[str]:
    """Scalers, imputers and linear models have as many numbers as their input has elements."""
    kind = model.WhichOneof("Type")
    width = sum(_width(one) or 0 for one in model.description.input)
    if kind == "scaler":
        held = [len(model.scaler.shiftValue), len(model.scaler.scaleValue)]
        if not set(held) <= {0, 1, width}:
            yield "shift or scale does not fit the array"
    elif kind == "imputer" and model.imputer.WhichOneof("ImputedValue") == "imputedDoubleArray":
        if len(model.imputer.imputedDoubleArray.vector) != width:
            yield "the imputed values do not fit the array"
    elif kind in ("glmClassifier", "glmRegressor"):
        message = getattr(model, kind)
        if any(len(row.value) != width for row in message.weights):
            yield "the weights do not fit the array"
        if len(message.offset) != len(message.weights) or not message.weights:
            yield "not every row of weights has an offset"


def extractor(model: Any) -> Iterator[str]:
    """The positions lie in the array."""
    if model.WhichOneof("Type") == "arrayFeatureExtractor":
        width = sum(_width(one) or 0 for one in model.description.input)
        if any(index >= width for index in model.arrayFeatureExtractor.extractIndex):
            yield "a position outside of the array"


def trees(model: Any) -> Iterator[str]:
    """Features exist, thresholds are finite, and there are as many scores as classes."""
    kind = model.WhichOneof("Type")
    if kind not in ("treeEnsembleClassifier", "treeEnsembleRegressor"):
        return
    ensemble = getattr(model, kind).treeEnsemble
    width = sum(_width(one) or 0 for one in model.description.input)
    if not ensemble.nodes:
        yield "it has no trees"
    inner = [node for node in ensemble.nodes if node.nodeBehavior != node.LeafNode]
    if any(node.branchFeatureIndex >= width for node in inner):
        yield "a branch on a feature that does not exist"
    if not all(math.isfinite(node.branchFeatureValue) for node in inner):
        yield "a threshold that is not a finite number"
    if kind == "treeEnsembleClassifier":
        classes, scores = len(_classes(model)), ensemble.numPredictionDimensions
        if scores != classes and (classes, scores) != (2, 1):
            yield f"{scores} scores for {classes} classes"


def classes(model: Any) -> Iterator[str]:
    """Class labels differ, and label and dictionary have their type."""
    kind = model.WhichOneof("Type")
    if kind not in ("treeEnsembleClassifier", "glmClassifier"):
        return
    labels = _classes(model)
    if len(set(labels)) != len(labels) or len(labels) < 2:
        yield "fewer than two classes, or one twice"
    text = any(isinstance(label, str) for label in labels)
    wanted = {("stringType",), ("dictionaryType", "stringKeyType")} if text else {
        ("int64Type",), ("dictionaryType", "int64KeyType")}  # fmt: skip
    if not {_shape(one) for one in model.description.output} <= wanted:
        yield "the outputs have not the type of the classes"


def _classes(model: Any) -> list[Any]:
    message = getattr(model, model.WhichOneof("Type"))
    kind = message.WhichOneof("ClassLabels")
    return list(getattr(message, kind).vector) if kind else []


def programs(model: Any) -> Iterator[str]:
    """A program's arrays are FLOAT32 or INT32, and it has the function `main`."""
    if model.WhichOneof("Type") != "mlProgram":
        return
    if "main" not in model.mlProgram.functions:
        yield "it has no function `main`"
    for one in (*model.description.input, *model.description.output):
        kind, *rest = _shape(one)
        array = one.type.multiArrayType
        if kind == "multiArrayType" and rest[0] not in (array.FLOAT32, array.INT32):
            yield f"`{one.name}` is an array of a type that a program does not take"


def names(model: Any) -> Iterator[str]:
    """The outer names can be written in Swift, in which Xcode generates a class from them."""
    outputs = {one.name for one in model.description.output}
    for name in [one.name for one in model.description.input] + sorted(outputs):
        word = name in RESERVED and name not in outputs
        if word or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            yield f"`{name}` is no name in Swift"


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        features, wires, predicted, version, vectorizer, one_hot, lengths, extractor, trees,
        classes, programs,
    )
}  # fmt: skip
