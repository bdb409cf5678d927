"""What the rules are made of: a fault, a rule, and what they all read from a model."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

PIPELINES = ("pipelineClassifier", "pipelineRegressor", "pipeline")
CLASSIFIERS = (
    "treeEnsembleClassifier", "glmClassifier", "supportVectorClassifier",
    "kNearestNeighborsClassifier",
)  # fmt: skip
PREDICTING = (
    *CLASSIFIERS, "pipelineClassifier", "neuralNetworkClassifier", "pipelineRegressor",
    "treeEnsembleRegressor", "glmRegressor", "supportVectorRegressor", "neuralNetworkRegressor",
    "bayesianProbitRegressor",
)  # fmt: skip
"""The model types that `Model.proto` calls regressors and classifiers."""
DEEPEST = 20
"""Pipelines in pipelines beyond this depth are not read."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that a model breaks, and where."""

    rule: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold for a model or a stage.

    faults: tells in words where it does not. kinds: the model types that it looks at, empty for
    all. source: where it is known from. contradicts: a model that breaks it contradicts itself, so
    that there is nothing to evaluate.
    """

    name: str
    faults: Callable[[Any], Iterator[str]]
    source: str
    kinds: tuple[str, ...] = ()
    contradicts: bool = True


def kind_of(model: Any) -> str:
    """The type of a model, empty where it has none."""
    return str(model.WhichOneof("Type") or "")


def stages_of(model: Any) -> Any:
    """The stages of a pipeline of any kind; empty for every other model."""
    kind = model.WhichOneof("Type")
    if kind not in PIPELINES:
        return ()
    inner = getattr(model, kind)
    return (inner if kind == "pipeline" else inner.pipeline).models


def type_of(feature: Any) -> str:
    """The type of a feature, empty where it has none."""
    return str(feature.type.WhichOneof("Type") or "")


def shape_of(feature: Any) -> tuple[Any, ...]:
    """What two ends of a wire must have in common; whether it is optional does not matter."""
    kind = type_of(feature)
    if kind == "multiArrayType":
        array = feature.type.multiArrayType
        return kind, array.dataType, tuple(array.shape)
    if kind == "dictionaryType":
        return kind, feature.type.dictionaryType.WhichOneof("KeyType")
    return (kind,)


def width_of(feature: Any) -> int | None:
    """The number of elements of a number or an array, none where it is not fixed."""
    kind = type_of(feature)
    if kind in ("doubleType", "int64Type"):
        return 1
    if kind == "multiArrayType" and len(feature.type.multiArrayType.shape) >= 1:
        return int(math.prod(feature.type.multiArrayType.shape))
    return None


def width_in(model: Any) -> int | None:
    """The number of elements of all inputs together, none where it is not fixed."""
    widths = [width_of(one) for one in model.description.input]
    return None if None in widths else sum(width for width in widths if width)


def classes_of(model: Any) -> list[Any]:
    """The class labels of a classifier's message; of neighbours, one for each sample."""
    message = getattr(model, kind_of(model))
    kind = message.WhichOneof("ClassLabels")
    return list(getattr(message, kind).vector) if kind else []


def finite(numbers: Any) -> bool:
    """Whether all are finite numbers."""
    return all(map(math.isfinite, numbers))
