"""Which models depend on a question: tests over the stages of a model."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from lastmile.exporting.coreml.check import stages_of

Depends = Callable[[list[Any]], bool]

_CURVES = {
    "erf", "exp", "gelu", "log", "pow", "reduce_log_sum_exp", "sigmoid", "softmax", "softplus",
    "tanh",
}  # fmt: skip
_RANKS = {"argsort", "classify", "reduce_argmax", "reduce_argmin", "topk"}
_SUMS = {
    "cumsum", "einsum", "linear", "matmul", "reduce_l1_norm", "reduce_l2_norm", "reduce_mean",
    "reduce_sum", "reduce_sum_square",
}  # fmt: skip
_FLOAT16 = 10


def leaves(model: Any) -> Iterator[Any]:
    """The stages that are no pipelines themselves, in order."""
    inner = stages_of(model)
    if not inner:
        yield model
    for stage in inner:
        yield from leaves(stage)


def kind_of(stage: Any) -> str:
    """The type of a stage."""
    return str(stage.WhichOneof("Type"))


def any_stage(asks: Callable[[Any], bool]) -> Depends:
    """Whether one of the stages is as `asks` says."""
    return lambda stages: any(asks(stage) for stage in stages)


def replaces_nan(stage: Any) -> bool:
    """Whether it fills missing numbers."""
    if kind_of(stage) != "imputer" or not stage.imputer.HasField("replaceDoubleValue"):
        return False
    return math.isnan(stage.imputer.replaceDoubleValue)


def puts_nan(stage: Any) -> bool:
    """Whether it makes a missing number of another one."""
    if kind_of(stage) != "imputer":
        return False
    held = (stage.imputer.imputedDoubleValue, *stage.imputer.imputedDoubleArray.vector)
    return any(map(math.isnan, held))


def adds_several(stage: Any) -> bool:
    """Whether its trees give an array of numbers."""
    outputs = stage.description.output
    return kind_of(stage) == "treeEnsembleRegressor" and any(
        one.type.WhichOneof("Type") == "multiArrayType" for one in outputs
    )


def knows_empty(stage: Any) -> bool:
    """Whether the empty text is one of its categories."""
    if kind_of(stage) == "oneHotEncoder":
        return "" in stage.oneHotEncoder.stringCategories.vector
    if kind_of(stage) == "categoricalMapping":
        return "" in stage.categoricalMapping.stringToInt64Map.map
    return False


def nodes_of(stage: Any) -> Any:
    """The nodes of its trees, none where it has no trees."""
    kind = kind_of(stage)
    return getattr(stage, kind).treeEnsemble.nodes if kind.startswith("treeEnsemble") else ()


def votes(stage: Any) -> bool:
    """Whether its trees vote by shares, which may be equal."""
    return kind_of(stage) == "treeEnsembleClassifier" and (
        stage.treeEnsembleClassifier.postEvaluationTransform == 0
    )


def routes_nan(stages: list[Any]) -> bool:
    """Whether NaN may reach trees that know missing values: raw, or put in by an imputer."""
    made = {one.name for stage in stages for one in stage.description.output}
    raw = any(
        one.name not in made and one.type.WhichOneof("Type") == "doubleType"
        for stage in stages
        if not replaces_nan(stage)
        for one in stage.description.input
    )
    return (raw or any(map(puts_nan, stages))) and any(
        node.missingValueTracksTrueChild for stage in stages for node in nodes_of(stage)
    )


def narrows(stages: list[Any]) -> bool:
    """Whether classic stages and programs hand arrays to each other."""
    return len({kind_of(stage) == "mlProgram" for stage in stages}) == 2


def of_kind(*kinds: str) -> Depends:
    """Whether a stage is of one of these model types."""
    return any_stage(lambda stage: kind_of(stage) in kinds)


def nan_in_program(stages: list[Any]) -> bool:
    """Whether a missing number may reach a program."""
    filled = any_stage(replaces_nan)(stages) and not any_stage(puts_nan)(stages)
    return of_kind("mlProgram")(stages) and not filled


def sums(stage: Any) -> bool:
    """Whether several trees are added up."""
    return len({node.treeId for node in nodes_of(stage)}) > 1


def curved(stage: Any) -> bool:
    """Whether it computes powers of e, whose last digits libraries do not agree on."""
    kind = kind_of(stage)
    if kind == "mlProgram":
        return any(operation.type in _CURVES for operation in _operations(stage))
    if kind.startswith("treeEnsemble"):
        return bool(getattr(stage, kind).postEvaluationTransform != 0)
    return kind in ("glmClassifier", "supportVectorClassifier", "supportVectorRegressor")


def ranks(stage: Any) -> bool:
    """Whether a program looks for the largest or the smallest of some numbers."""
    return any(operation.type in _RANKS for operation in _operations(stage))


def adds_up(stage: Any) -> bool:
    """Whether a program sums numbers."""
    return any(operation.type in _SUMS for operation in _operations(stage))


def _operations(stage: Any) -> Iterator[Any]:
    for function in stage.mlProgram.functions.values():
        for block in function.block_specializations.values():
            yield from block.operations


def squeezed(stage: Any) -> bool:
    """Whether a program has numbers of 16 bits or fewer."""
    return any(
        operation.type.startswith("constexpr")
        or any(output.type.tensorType.dataType == _FLOAT16 for output in operation.outputs)
        for operation in _operations(stage)
    )


def whole_into_floats(stages: list[Any]) -> bool:
    """Whether a raw whole number is read by a stage that makes a float of it."""
    made = {one.name for stage in stages for one in stage.description.output}
    return any(
        one.type.WhichOneof("Type") == "int64Type" and one.name not in made
        for stage in stages
        if kind_of(stage) in ("featureVectorizer", "scaler") or nodes_of(stage)
        for one in stage.description.input
    )


def machine_with_chances(stage: Any) -> bool:
    """Whether it is a support vector machine that gives probabilities."""
    if kind_of(stage) != "supportVectorClassifier":
        return False
    return bool(stage.supportVectorClassifier.probA)
