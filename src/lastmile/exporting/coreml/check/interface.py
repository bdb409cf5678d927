"""Inputs and outputs, the wires between stages, versions, and names that Xcode can use."""

import re
from collections.abc import Iterator
from typing import Any

from lastmile.exporting.coreml.check.fault import (
    DEEPEST,
    PIPELINES,
    PREDICTING,
    Rule,
    kind_of,
    shape_of,
    stages_of,
    type_of,
)
from lastmile.exporting.coreml.schema import CLASSIC, PROGRAM
from lastmile.exporting.signature.identifiers import RESERVED

_MOST_STAGES = 10_000
_FLOAT16, _INT8 = 65552, 131080
_ARRAYS = {65568: CLASSIC, 65600: CLASSIC, 131104: CLASSIC, _FLOAT16: 7, _INT8: 10}
"""Element types of arrays, with the specification version that brought each."""

_SINCE = {"mlProgram": PROGRAM, "kNearestNeighborsClassifier": 4}
"""Model types that came after the first specification version."""

_SIDES = ("input", "output")


def _declared(model: Any) -> Iterator[Any]:
    for side in _SIDES:
        yield from getattr(model.description, side)


def named(model: Any) -> Iterator[str]:
    """Inputs have different names, and so have outputs; none is empty."""
    for side in _SIDES:
        names = [one.name for one in getattr(model.description, side)]
        if len(set(names)) != len(names) or "" in names:
            yield f"two {side}s have one name, or one has none"


def typed(model: Any) -> Iterator[str]:
    """Every feature has a type."""
    yield from (f"`{one.name}` has no type" for one in _declared(model) if not type_of(one))


def shaped(model: Any) -> Iterator[str]:
    """Arrays have a known shape of positive sizes."""
    for one in _declared(model):
        array = one.type.multiArrayType
        if type_of(one) != "multiArrayType" or array.WhichOneof("ShapeFlexibility"):
            continue
        if not array.shape:
            yield f"the array `{one.name}` has no shape"
        elif min(array.shape) < 1:
            yield f"the array `{one.name}` has the shape {tuple(array.shape)}"


def elements(model: Any) -> Iterator[str]:
    """The element type of an array exists in this specification version."""
    for one in _declared(model):
        element = one.type.multiArrayType.dataType
        if type_of(one) != "multiArrayType":
            continue
        if element not in _ARRAYS:
            yield f"the array `{one.name}` has no element type"
        elif model.specificationVersion < _ARRAYS[element]:
            yield f"the elements of `{one.name}` need specification version {_ARRAYS[element]}"


def gives(model: Any) -> Iterator[str]:
    """A model has outputs."""
    if not model.description.output:
        yield "it has no outputs"


def model_type(model: Any) -> Iterator[str]:
    """A model is of some type."""
    if not kind_of(model):
        yield "it has no model type"


def stages(model: Any) -> Iterator[str]:
    """A pipeline has stages, not too many, and not pipelines inside each other without end."""
    if not 0 < len(stages_of(model)) <= _MOST_STAGES:
        yield "a pipeline without stages, or with too many"
    level, depth = [model], 0
    while level and depth <= DEEPEST:
        level = [stage for one in level for stage in stages_of(one)]
        depth += 1
    if level:
        yield f"pipelines stand inside each other more than {DEEPEST} deep"


def stage_names(model: Any) -> Iterator[str]:
    """The stages' names, where there are any, are as many as the stages, and differ."""
    kind = kind_of(model)
    inner = model.pipeline if kind == "pipeline" else getattr(model, kind).pipeline
    if inner.names and (
        len(inner.names) != len(inner.models) or len(set(inner.names)) != len(inner.names)
    ):
        yield "the names of its stages are not one for each"


def wires(model: Any) -> Iterator[str]:
    """Each stage finds its inputs under their names and types; the outputs are made by a stage."""
    table = {one.name: shape_of(one) for one in model.description.input}
    for number, stage in enumerate(stages_of(model)):
        for one in stage.description.input:
            if one.name not in table:
                yield f"stage {number} reads `{one.name}`, which nothing makes"
            elif table[one.name] != shape_of(one):
                yield f"stage {number} reads `{one.name}` as another type than it has"
        table.update({one.name: shape_of(one) for one in stage.description.output})
    for one in model.description.output:
        if table.get(one.name) != shape_of(one):
            yield f"the output `{one.name}` is not made in its type"


def predicted(model: Any) -> Iterator[str]:
    """What is named as the prediction is an output."""
    outputs = {one.name for one in model.description.output}
    for field in ("predictedFeatureName", "predictedProbabilitiesName"):
        name = getattr(model.description, field)
        if name and name not in outputs:
            yield f"the predicted feature `{name}` is no output"


def predicts(model: Any) -> Iterator[str]:
    """A classifier or regressor names its prediction."""
    if not model.description.predictedFeatureName:
        yield "it does not name its prediction (`predictedFeatureName`)"


def predicted_type(model: Any) -> Iterator[str]:
    """A regressor predicts numbers; a classifier a text or a whole number, with shares of each."""
    regressor = kind_of(model).endswith("Regressor")
    label = ("doubleType", "multiArrayType") if regressor else ("stringType", "int64Type")
    named = (
        (model.description.predictedFeatureName, label),
        (model.description.predictedProbabilitiesName, ("dictionaryType", "multiArrayType")),
    )
    types = {one.name: type_of(one) for one in model.description.output}
    for name, allowed in named:
        if name in types and types[name] not in allowed:
            yield f"`{name}` of the type {types[name]} is no prediction of a {kind_of(model)}"


def optional(model: Any) -> Iterator[str]:
    """An optional input is read only by stages that can do without it."""
    free = {one.name for one in model.description.input if one.type.isOptional}
    for number, stage in enumerate(stages_of(model)):
        for one in stage.description.input:
            if one.name in free and kind_of(stage) not in _WITHOUT:
                yield f"`{one.name}` is optional, but stage {number} cannot do without it"
        free -= {one.name for one in stage.description.output}


def optional_stage(model: Any) -> Iterator[str]:
    """A type of model that cannot do without an input does not declare it optional."""
    for one in model.description.input:
        if one.type.isOptional:
            yield f"`{one.name}` is optional, which a {kind_of(model)} does not allow"


_WITHOUT = frozenset(
    {"imputer", "treeEnsembleClassifier", "treeEnsembleRegressor", "identity", "mlProgram",
     "neuralNetwork", "neuralNetworkClassifier", "neuralNetworkRegressor", *PIPELINES}
)  # fmt: skip
_DEMANDING = (
    "oneHotEncoder", "categoricalMapping", "dictVectorizer", "featureVectorizer", "scaler",
    "normalizer", "arrayFeatureExtractor", "glmClassifier", "glmRegressor",
    "supportVectorClassifier", "supportVectorRegressor", "kNearestNeighborsClassifier",
)  # fmt: skip


def version(model: Any) -> Iterator[str]:
    """The specification version is high enough for the message and the stages."""
    least = _SINCE.get(kind_of(model), CLASSIC)
    least = max([least, *(stage.specificationVersion for stage in stages_of(model))])
    if model.specificationVersion < least:
        yield f"specification version {model.specificationVersion} is below {least}"


def swift_names(model: Any) -> Iterator[str]:
    """The outer names can be written in Swift, in which Xcode generates a class from them."""
    outputs = {one.name for one in model.description.output}
    for name in [one.name for one in model.description.input] + sorted(outputs):
        word = name in RESERVED and name not in outputs
        if word or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            yield f"`{name}` is no name in Swift"


RULES = (
    Rule("type", model_type, "coremltools: Model validator"),
    Rule("named", named, "coremltools: interface validator"),
    Rule("typed", typed, "coremltools: interface validator"),
    Rule("shaped", shaped, "FeatureTypes.proto; device: arrays between stages have exact shapes"),
    Rule("elements", elements, "FeatureTypes.proto and Model.proto, by version"),
    Rule("gives", gives, "coremltools: interface validator"),
    Rule("stages", stages, "coremltools: Pipeline validator", PIPELINES),
    Rule("stage_names", stage_names, "coremltools: Pipeline validator", PIPELINES,
         contradicts=False),
    Rule("wires", wires, "coremltools: Pipeline validator", PIPELINES),
    Rule("predicted", predicted, "device: turicreate#61, #174, #3255"),
    Rule("predicts", predicts, "Model.proto; coremltools: regressor and classifier interfaces",
         PREDICTING),
    Rule("predicted_type", predicted_type,
         "coremltools: regressor and classifier interfaces; pipelines and trees not validated",
         PREDICTING),
    Rule("optional", optional, "coremltools: each validator; an outer optional is not looked at",
         PIPELINES, contradicts=False),
    Rule("optional_stage", optional_stage, "coremltools: each validator", _DEMANDING,
         contradicts=False),
    Rule("version", version, "Model.proto; coremltools: make_pipeline takes the highest",
         contradicts=False),
)  # fmt: skip

OUTER = (
    Rule("swift_names", swift_names, "device: coremltools#117, turicreate#53, tf-coreml#64"),
)  # fmt: skip
